// test_format.c: format(), the operator % and str.format(), beside CPython.

#include "objects.h"

#include <math.h>

// The text that came, or "Type: message" of what was raised. Steals result.
static void
check_text(RtObject *result, const char *what, const char *wanted)
{
    char got[400];
    if (result == NULL) {
        RtObject *exc = RtErr_GetRaisedException();
        RtObject *text = RtObject_Str(exc);
        snprintf(got, sizeof(got), "%s: %s", Rt_TYPE(exc)->tp_name,
                 RtStr_AsUTF8(text));
        Rt_DECREF(text);
        Rt_DECREF(exc);
    }
    else {
        snprintf(got, sizeof(got), "%s", RtStr_AsUTF8(result));
        Rt_DECREF(result);
    }
    if (strcmp(got, wanted) != 0) {
        fprintf(stderr, "%s: got '%s', expected '%s'\n", what, got, wanted);
        exit(1);
    }
}

typedef enum Kind { INT, FLOAT, STR } Kind;

static const struct {
    Kind kind;
    const char *value;
    const char *spec;
    const char *result;         // of CPython
} rows[] = {
    { INT, "5", "", "5" },
    { INT, "5", "d", "5" },
    { INT, "5", "5", "    5" },
    { INT, "5", "05", "00005" },
    { INT, "5", "+d", "+5" },
    { INT, "5", " d", " 5" },
    { INT, "5", "<8", "5       " },
    { INT, "5", "^8", "   5    " },
    { INT, "5", ">8", "       5" },
    { INT, "5", "*^9", "****5****" },
    { INT, "5", "=+8", "+      5" },
    { INT, "5", "x", "5" },
    { INT, "5", "#x", "0x5" },
    { INT, "5", "#X", "0X5" },
    { INT, "5", "o", "5" },
    { INT, "5", "#b", "0b101" },
    { INT, "5", "010,", "00,000,005" },
    { INT, "5", "_x", "5" },
    { INT, "5", "_b", "101" },
    { INT, "5", "#018_x", "0x0_0000_0000_0005" },
    { INT, "5", ",", "5" },
    { INT, "5", "08.3f", "0005.000" },
    { INT, "5", ".2e", "5.00e+00" },
    { INT, "5", "%", "500.000000%" },
    { INT, "5", "c", "\005" },
    { INT, "5", "+09,d", "+0,000,005" },
    { INT, "5", "-", "5" },
    { INT, "5", "e", "5.000000e+00" },
    { INT, "5", "G", "5" },
    { INT, "5", "s",
      "ValueError: Unknown format code 's' for object of type 'int'" },
    { INT, "-42", "", "-42" },
    { INT, "-42", "d", "-42" },
    { INT, "-42", "5", "  -42" },
    { INT, "-42", "05", "-0042" },
    { INT, "-42", "+d", "-42" },
    { INT, "-42", " d", "-42" },
    { INT, "-42", "<8", "-42     " },
    { INT, "-42", "^8", "  -42   " },
    { INT, "-42", ">8", "     -42" },
    { INT, "-42", "*^9", "***-42***" },
    { INT, "-42", "=+8", "-     42" },
    { INT, "-42", "x", "-2a" },
    { INT, "-42", "#x", "-0x2a" },
    { INT, "-42", "#X", "-0X2A" },
    { INT, "-42", "o", "-52" },
    { INT, "-42", "#b", "-0b101010" },
    { INT, "-42", "010,", "-0,000,042" },
    { INT, "-42", "_x", "-2a" },
    { INT, "-42", "_b", "-10_1010" },
    { INT, "-42", "#018_x", "-0x0_0000_0000_002a" },
    { INT, "-42", ",", "-42" },
    { INT, "-42", "08.3f", "-042.000" },
    { INT, "-42", ".2e", "-4.20e+01" },
    { INT, "-42", "%", "-4200.000000%" },
    { INT, "-42", "c", "OverflowError: %c arg not in range(0x110000)" },
    { INT, "-42", "+09,d", "-0,000,042" },
    { INT, "-42", "-", "-42" },
    { INT, "-42", "e", "-4.200000e+01" },
    { INT, "-42", "G", "-42" },
    { INT, "-42", "s",
      "ValueError: Unknown format code 's' for object of type 'int'" },
    { INT, "1234567", "", "1234567" },
    { INT, "1234567", "d", "1234567" },
    { INT, "1234567", "5", "1234567" },
    { INT, "1234567", "05", "1234567" },
    { INT, "1234567", "+d", "+1234567" },
    { INT, "1234567", " d", " 1234567" },
    { INT, "1234567", "<8", "1234567 " },
    { INT, "1234567", "^8", "1234567 " },
    { INT, "1234567", ">8", " 1234567" },
    { INT, "1234567", "*^9", "*1234567*" },
    { INT, "1234567", "=+8", "+1234567" },
    { INT, "1234567", "x", "12d687" },
    { INT, "1234567", "#x", "0x12d687" },
    { INT, "1234567", "#X", "0X12D687" },
    { INT, "1234567", "o", "4553207" },
    { INT, "1234567", "#b", "0b100101101011010000111" },
    { INT, "1234567", "010,", "01,234,567" },
    { INT, "1234567", "_x", "12_d687" },
    { INT, "1234567", "_b", "1_0010_1101_0110_1000_0111" },
    { INT, "1234567", "#018_x", "0x0_0000_0012_d687" },
    { INT, "1234567", ",", "1,234,567" },
    { INT, "1234567", "08.3f", "1234567.000" },
    { INT, "1234567", ".2e", "1.23e+06" },
    { INT, "1234567", "%", "123456700.000000%" },
    { INT, "1234567", "c", "OverflowError: %c arg not in range(0x110000)" },
    { INT, "1234567", "+09,d", "+1,234,567" },
    { INT, "1234567", "-", "1234567" },
    { INT, "1234567", "e", "1.234567e+06" },
    { INT, "1234567", "G", "1.23457E+06" },
    { INT, "1234567", "s",
      "ValueError: Unknown format code 's' for object of type 'int'" },
    { INT, "255", "", "255" },
    { INT, "255", "d", "255" },
    { INT, "255", "5", "  255" },
    { INT, "255", "05", "00255" },
    { INT, "255", "+d", "+255" },
    { INT, "255", " d", " 255" },
    { INT, "255", "<8", "255     " },
    { INT, "255", "^8", "  255   " },
    { INT, "255", ">8", "     255" },
    { INT, "255", "*^9", "***255***" },
    { INT, "255", "=+8", "+    255" },
    { INT, "255", "x", "ff" },
    { INT, "255", "#x", "0xff" },
    { INT, "255", "#X", "0XFF" },
    { INT, "255", "o", "377" },
    { INT, "255", "#b", "0b11111111" },
    { INT, "255", "010,", "00,000,255" },
    { INT, "255", "_x", "ff" },
    { INT, "255", "_b", "1111_1111" },
    { INT, "255", "#018_x", "0x0_0000_0000_00ff" },
    { INT, "255", ",", "255" },
    { INT, "255", "08.3f", "0255.000" },
    { INT, "255", ".2e", "2.55e+02" },
    { INT, "255", "%", "25500.000000%" },
    { INT, "255", "c", "ÿ" },
    { INT, "255", "+09,d", "+0,000,255" },
    { INT, "255", "-", "255" },
    { INT, "255", "e", "2.550000e+02" },
    { INT, "255", "G", "255" },
    { INT, "255", "s",
      "ValueError: Unknown format code 's' for object of type 'int'" },
    { INT, "-1180591620717411303424", "", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "d", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "5", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "05", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "+d", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", " d", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "<8", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "^8", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", ">8", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "*^9", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "=+8", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "x", "-400000000000000000" },
    { INT, "-1180591620717411303424", "#x", "-0x400000000000000000" },
    { INT, "-1180591620717411303424", "#X", "-0X400000000000000000" },
    { INT, "-1180591620717411303424", "o", "-200000000000000000000000" },
    { INT, "-1180591620717411303424", "#b",
      "-0b100000000000000000000000000000000000000000000000000000000"
      "00000000000000" },
    { INT, "-1180591620717411303424", "010,",
      "-1,180,591,620,717,411,303,424" },
    { INT, "-1180591620717411303424", "_x", "-40_0000_0000_0000_0000" },
    { INT, "-1180591620717411303424", "_b",
      "-100_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_"
      "0000_0000_0000_0000_0000_0000" },
    { INT, "-1180591620717411303424", "#018_x", "-0x40_0000_0000_0000_0000" },
    { INT, "-1180591620717411303424", ",", "-1,180,591,620,717,411,303,424" },
    { INT, "-1180591620717411303424", "08.3f", "-1180591620717411303424.000" },
    { INT, "-1180591620717411303424", ".2e", "-1.18e+21" },
    { INT, "-1180591620717411303424", "%",
      "-118059162071741130342400.000000%" },
    { INT, "-1180591620717411303424", "c",
      "OverflowError: Python int too large to convert to C long" },
    { INT, "-1180591620717411303424", "+09,d",
      "-1,180,591,620,717,411,303,424" },
    { INT, "-1180591620717411303424", "-", "-1180591620717411303424" },
    { INT, "-1180591620717411303424", "e", "-1.180592e+21" },
    { INT, "-1180591620717411303424", "G", "-1.18059E+21" },
    { INT, "-1180591620717411303424", "s",
      "ValueError: Unknown format code 's' for object of type 'int'" },
    { FLOAT, "0.0", "", "0.0" },
    { FLOAT, "0.0", ".2f", "0.00" },
    { FLOAT, "0.0", "10.3f", "     0.000" },
    { FLOAT, "0.0", "<10.1f", "0.0       " },
    { FLOAT, "0.0", "^12.4g", "     0      " },
    { FLOAT, "0.0", "+.1e", "+0.0e+00" },
    { FLOAT, "0.0", "08.2f", "00000.00" },
    { FLOAT, "0.0", ",.2f", "0.00" },
    { FLOAT, "0.0", "_.1f", "0.0" },
    { FLOAT, "0.0", "g", "0" },
    { FLOAT, "0.0", ".3", "0.0" },
    { FLOAT, "0.0", ".0f", "0" },
    { FLOAT, "0.0", "#.0f", "0." },
    { FLOAT, "0.0", "%", "0.000000%" },
    { FLOAT, "0.0", ".1%", "0.0%" },
    { FLOAT, "0.0", "n", "0" },
    { FLOAT, "0.0", "E", "0.000000E+00" },
    { FLOAT, "0.0", "z.1f", "0.0" },
    { FLOAT, "0.0", "=+10.1f", "+      0.0" },
    { FLOAT, "0.0", ".15g", "0" },
    { FLOAT, "0.0", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "0.0", "#g", "0.00000" },
    { FLOAT, "0.0", "010", "00000000.0" },
    { FLOAT, "0.0", "F", "0.000000" },
    { FLOAT, "-0.0", "", "-0.0" },
    { FLOAT, "-0.0", ".2f", "-0.00" },
    { FLOAT, "-0.0", "10.3f", "    -0.000" },
    { FLOAT, "-0.0", "<10.1f", "-0.0      " },
    { FLOAT, "-0.0", "^12.4g", "     -0     " },
    { FLOAT, "-0.0", "+.1e", "-0.0e+00" },
    { FLOAT, "-0.0", "08.2f", "-0000.00" },
    { FLOAT, "-0.0", ",.2f", "-0.00" },
    { FLOAT, "-0.0", "_.1f", "-0.0" },
    { FLOAT, "-0.0", "g", "-0" },
    { FLOAT, "-0.0", ".3", "-0.0" },
    { FLOAT, "-0.0", ".0f", "-0" },
    { FLOAT, "-0.0", "#.0f", "-0." },
    { FLOAT, "-0.0", "%", "-0.000000%" },
    { FLOAT, "-0.0", ".1%", "-0.0%" },
    { FLOAT, "-0.0", "n", "-0" },
    { FLOAT, "-0.0", "E", "-0.000000E+00" },
    { FLOAT, "-0.0", "z.1f", "0.0" },
    { FLOAT, "-0.0", "=+10.1f", "-      0.0" },
    { FLOAT, "-0.0", ".15g", "-0" },
    { FLOAT, "-0.0", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "-0.0", "#g", "-0.00000" },
    { FLOAT, "-0.0", "010", "-0000000.0" },
    { FLOAT, "-0.0", "F", "-0.000000" },
    { FLOAT, "3.14159", "", "3.14159" },
    { FLOAT, "3.14159", ".2f", "3.14" },
    { FLOAT, "3.14159", "10.3f", "     3.142" },
    { FLOAT, "3.14159", "<10.1f", "3.1       " },
    { FLOAT, "3.14159", "^12.4g", "   3.142    " },
    { FLOAT, "3.14159", "+.1e", "+3.1e+00" },
    { FLOAT, "3.14159", "08.2f", "00003.14" },
    { FLOAT, "3.14159", ",.2f", "3.14" },
    { FLOAT, "3.14159", "_.1f", "3.1" },
    { FLOAT, "3.14159", "g", "3.14159" },
    { FLOAT, "3.14159", ".3", "3.14" },
    { FLOAT, "3.14159", ".0f", "3" },
    { FLOAT, "3.14159", "#.0f", "3." },
    { FLOAT, "3.14159", "%", "314.159000%" },
    { FLOAT, "3.14159", ".1%", "314.2%" },
    { FLOAT, "3.14159", "n", "3.14159" },
    { FLOAT, "3.14159", "E", "3.141590E+00" },
    { FLOAT, "3.14159", "z.1f", "3.1" },
    { FLOAT, "3.14159", "=+10.1f", "+      3.1" },
    { FLOAT, "3.14159", ".15g", "3.14159" },
    { FLOAT, "3.14159", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "3.14159", "#g", "3.14159" },
    { FLOAT, "3.14159", "010", "0003.14159" },
    { FLOAT, "3.14159", "F", "3.141590" },
    { FLOAT, "1234567.891", "", "1234567.891" },
    { FLOAT, "1234567.891", ".2f", "1234567.89" },
    { FLOAT, "1234567.891", "10.3f", "1234567.891" },
    { FLOAT, "1234567.891", "<10.1f", "1234567.9 " },
    { FLOAT, "1234567.891", "^12.4g", " 1.235e+06  " },
    { FLOAT, "1234567.891", "+.1e", "+1.2e+06" },
    { FLOAT, "1234567.891", "08.2f", "1234567.89" },
    { FLOAT, "1234567.891", ",.2f", "1,234,567.89" },
    { FLOAT, "1234567.891", "_.1f", "1_234_567.9" },
    { FLOAT, "1234567.891", "g", "1.23457e+06" },
    { FLOAT, "1234567.891", ".3", "1.23e+06" },
    { FLOAT, "1234567.891", ".0f", "1234568" },
    { FLOAT, "1234567.891", "#.0f", "1234568." },
    { FLOAT, "1234567.891", "%", "123456789.100000%" },
    { FLOAT, "1234567.891", ".1%", "123456789.1%" },
    { FLOAT, "1234567.891", "n", "1.23457e+06" },
    { FLOAT, "1234567.891", "E", "1.234568E+06" },
    { FLOAT, "1234567.891", "z.1f", "1234567.9" },
    { FLOAT, "1234567.891", "=+10.1f", "+1234567.9" },
    { FLOAT, "1234567.891", ".15g", "1234567.891" },
    { FLOAT, "1234567.891", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "1234567.891", "#g", "1.23457e+06" },
    { FLOAT, "1234567.891", "010", "1234567.891" },
    { FLOAT, "1234567.891", "F", "1234567.891000" },
    { FLOAT, "-2.5", "", "-2.5" },
    { FLOAT, "-2.5", ".2f", "-2.50" },
    { FLOAT, "-2.5", "10.3f", "    -2.500" },
    { FLOAT, "-2.5", "<10.1f", "-2.5      " },
    { FLOAT, "-2.5", "^12.4g", "    -2.5    " },
    { FLOAT, "-2.5", "+.1e", "-2.5e+00" },
    { FLOAT, "-2.5", "08.2f", "-0002.50" },
    { FLOAT, "-2.5", ",.2f", "-2.50" },
    { FLOAT, "-2.5", "_.1f", "-2.5" },
    { FLOAT, "-2.5", "g", "-2.5" },
    { FLOAT, "-2.5", ".3", "-2.5" },
    { FLOAT, "-2.5", ".0f", "-2" },
    { FLOAT, "-2.5", "#.0f", "-2." },
    { FLOAT, "-2.5", "%", "-250.000000%" },
    { FLOAT, "-2.5", ".1%", "-250.0%" },
    { FLOAT, "-2.5", "n", "-2.5" },
    { FLOAT, "-2.5", "E", "-2.500000E+00" },
    { FLOAT, "-2.5", "z.1f", "-2.5" },
    { FLOAT, "-2.5", "=+10.1f", "-      2.5" },
    { FLOAT, "-2.5", ".15g", "-2.5" },
    { FLOAT, "-2.5", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "-2.5", "#g", "-2.50000" },
    { FLOAT, "-2.5", "010", "-0000002.5" },
    { FLOAT, "-2.5", "F", "-2.500000" },
    { FLOAT, "1e+22", "", "1e+22" },
    { FLOAT, "1e+22", ".2f", "10000000000000000000000.00" },
    { FLOAT, "1e+22", "10.3f", "10000000000000000000000.000" },
    { FLOAT, "1e+22", "<10.1f", "10000000000000000000000.0" },
    { FLOAT, "1e+22", "^12.4g", "   1e+22    " },
    { FLOAT, "1e+22", "+.1e", "+1.0e+22" },
    { FLOAT, "1e+22", "08.2f", "10000000000000000000000.00" },
    { FLOAT, "1e+22", ",.2f", "10,000,000,000,000,000,000,000.00" },
    { FLOAT, "1e+22", "_.1f", "10_000_000_000_000_000_000_000.0" },
    { FLOAT, "1e+22", "g", "1e+22" },
    { FLOAT, "1e+22", ".3", "1e+22" },
    { FLOAT, "1e+22", ".0f", "10000000000000000000000" },
    { FLOAT, "1e+22", "#.0f", "10000000000000000000000." },
    { FLOAT, "1e+22", "%", "999999999999999983222784.000000%" },
    { FLOAT, "1e+22", ".1%", "999999999999999983222784.0%" },
    { FLOAT, "1e+22", "n", "1e+22" },
    { FLOAT, "1e+22", "E", "1.000000E+22" },
    { FLOAT, "1e+22", "z.1f", "10000000000000000000000.0" },
    { FLOAT, "1e+22", "=+10.1f", "+10000000000000000000000.0" },
    { FLOAT, "1e+22", ".15g", "1e+22" },
    { FLOAT, "1e+22", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "1e+22", "#g", "1.00000e+22" },
    { FLOAT, "1e+22", "010", "000001e+22" },
    { FLOAT, "1e+22", "F", "10000000000000000000000.000000" },
    { FLOAT, "1.5e-07", "", "1.5e-07" },
    { FLOAT, "1.5e-07", ".2f", "0.00" },
    { FLOAT, "1.5e-07", "10.3f", "     0.000" },
    { FLOAT, "1.5e-07", "<10.1f", "0.0       " },
    { FLOAT, "1.5e-07", "^12.4g", "  1.5e-07   " },
    { FLOAT, "1.5e-07", "+.1e", "+1.5e-07" },
    { FLOAT, "1.5e-07", "08.2f", "00000.00" },
    { FLOAT, "1.5e-07", ",.2f", "0.00" },
    { FLOAT, "1.5e-07", "_.1f", "0.0" },
    { FLOAT, "1.5e-07", "g", "1.5e-07" },
    { FLOAT, "1.5e-07", ".3", "1.5e-07" },
    { FLOAT, "1.5e-07", ".0f", "0" },
    { FLOAT, "1.5e-07", "#.0f", "0." },
    { FLOAT, "1.5e-07", "%", "0.000015%" },
    { FLOAT, "1.5e-07", ".1%", "0.0%" },
    { FLOAT, "1.5e-07", "n", "1.5e-07" },
    { FLOAT, "1.5e-07", "E", "1.500000E-07" },
    { FLOAT, "1.5e-07", "z.1f", "0.0" },
    { FLOAT, "1.5e-07", "=+10.1f", "+      0.0" },
    { FLOAT, "1.5e-07", ".15g", "1.5e-07" },
    { FLOAT, "1.5e-07", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "1.5e-07", "#g", "1.50000e-07" },
    { FLOAT, "1.5e-07", "010", "0001.5e-07" },
    { FLOAT, "1.5e-07", "F", "0.000000" },
    { FLOAT, "inf", "", "inf" },
    { FLOAT, "inf", ".2f", "inf" },
    { FLOAT, "inf", "10.3f", "       inf" },
    { FLOAT, "inf", "<10.1f", "inf       " },
    { FLOAT, "inf", "^12.4g", "    inf     " },
    { FLOAT, "inf", "+.1e", "+inf" },
    { FLOAT, "inf", "08.2f", "00000inf" },
    { FLOAT, "inf", ",.2f", "inf" },
    { FLOAT, "inf", "_.1f", "inf" },
    { FLOAT, "inf", "g", "inf" },
    { FLOAT, "inf", ".3", "inf" },
    { FLOAT, "inf", ".0f", "inf" },
    { FLOAT, "inf", "#.0f", "inf" },
    { FLOAT, "inf", "%", "inf%" },
    { FLOAT, "inf", ".1%", "inf%" },
    { FLOAT, "inf", "n", "inf" },
    { FLOAT, "inf", "E", "INF" },
    { FLOAT, "inf", "z.1f", "inf" },
    { FLOAT, "inf", "=+10.1f", "+      inf" },
    { FLOAT, "inf", ".15g", "inf" },
    { FLOAT, "inf", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "inf", "#g", "inf" },
    { FLOAT, "inf", "010", "0000000inf" },
    { FLOAT, "inf", "F", "INF" },
    { FLOAT, "nan", "", "nan" },
    { FLOAT, "nan", ".2f", "nan" },
    { FLOAT, "nan", "10.3f", "       nan" },
    { FLOAT, "nan", "<10.1f", "nan       " },
    { FLOAT, "nan", "^12.4g", "    nan     " },
    { FLOAT, "nan", "+.1e", "+nan" },
    { FLOAT, "nan", "08.2f", "00000nan" },
    { FLOAT, "nan", ",.2f", "nan" },
    { FLOAT, "nan", "_.1f", "nan" },
    { FLOAT, "nan", "g", "nan" },
    { FLOAT, "nan", ".3", "nan" },
    { FLOAT, "nan", ".0f", "nan" },
    { FLOAT, "nan", "#.0f", "nan" },
    { FLOAT, "nan", "%", "nan%" },
    { FLOAT, "nan", ".1%", "nan%" },
    { FLOAT, "nan", "n", "nan" },
    { FLOAT, "nan", "E", "NAN" },
    { FLOAT, "nan", "z.1f", "nan" },
    { FLOAT, "nan", "=+10.1f", "+      nan" },
    { FLOAT, "nan", ".15g", "nan" },
    { FLOAT, "nan", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "nan", "#g", "nan" },
    { FLOAT, "nan", "010", "0000000nan" },
    { FLOAT, "nan", "F", "NAN" },
    { FLOAT, "0.1", "", "0.1" },
    { FLOAT, "0.1", ".2f", "0.10" },
    { FLOAT, "0.1", "10.3f", "     0.100" },
    { FLOAT, "0.1", "<10.1f", "0.1       " },
    { FLOAT, "0.1", "^12.4g", "    0.1     " },
    { FLOAT, "0.1", "+.1e", "+1.0e-01" },
    { FLOAT, "0.1", "08.2f", "00000.10" },
    { FLOAT, "0.1", ",.2f", "0.10" },
    { FLOAT, "0.1", "_.1f", "0.1" },
    { FLOAT, "0.1", "g", "0.1" },
    { FLOAT, "0.1", ".3", "0.1" },
    { FLOAT, "0.1", ".0f", "0" },
    { FLOAT, "0.1", "#.0f", "0." },
    { FLOAT, "0.1", "%", "10.000000%" },
    { FLOAT, "0.1", ".1%", "10.0%" },
    { FLOAT, "0.1", "n", "0.1" },
    { FLOAT, "0.1", "E", "1.000000E-01" },
    { FLOAT, "0.1", "z.1f", "0.1" },
    { FLOAT, "0.1", "=+10.1f", "+      0.1" },
    { FLOAT, "0.1", ".15g", "0.1" },
    { FLOAT, "0.1", "d",
      "ValueError: Unknown format code 'd' for object of type 'float'" },
    { FLOAT, "0.1", "#g", "0.100000" },
    { FLOAT, "0.1", "010", "00000000.1" },
    { FLOAT, "0.1", "F", "0.100000" },
    { STR, "abc", "", "abc" },
    { STR, "abc", "10", "abc       " },
    { STR, "abc", "<6", "abc   " },
    { STR, "abc", ">6", "   abc" },
    { STR, "abc", "^7", "  abc  " },
    { STR, "abc", "*^7", "**abc**" },
    { STR, "abc", ".2", "ab" },
    { STR, "abc", "8.1", "a       " },
    { STR, "abc", "s", "abc" },
    { STR, "abc", "05", "abc00" },
    { STR, "abc", "d",
      "ValueError: Unknown format code 'd' for object of type 'str'" },
    { STR, "abc", "+",
      "ValueError: Sign not allowed in string format specifier" },
    { STR, "abc", "=5",
      "ValueError: '=' alignment not allowed in string format specifier" },
    { STR, "abc", "€>6", "€€€abc" },
    { STR, "", "", "" },
    { STR, "", "10", "          " },
    { STR, "", "<6", "      " },
    { STR, "", ">6", "      " },
    { STR, "", "^7", "       " },
    { STR, "", "*^7", "*******" },
    { STR, "", ".2", "" },
    { STR, "", "8.1", "        " },
    { STR, "", "s", "" },
    { STR, "", "05", "00000" },
    { STR, "", "d",
      "ValueError: Unknown format code 'd' for object of type 'str'" },
    { STR, "", "+",
      "ValueError: Sign not allowed in string format specifier" },
    { STR, "", "=5",
      "ValueError: '=' alignment not allowed in string format specifier" },
    { STR, "", "€>6", "€€€€€€" },
    { STR, "héllo", "", "héllo" },
    { STR, "héllo", "10", "héllo     " },
    { STR, "héllo", "<6", "héllo " },
    { STR, "héllo", ">6", " héllo" },
    { STR, "héllo", "^7", " héllo " },
    { STR, "héllo", "*^7", "*héllo*" },
    { STR, "héllo", ".2", "hé" },
    { STR, "héllo", "8.1", "h       " },
    { STR, "héllo", "s", "héllo" },
    { STR, "héllo", "05", "héllo" },
    { STR, "héllo", "d",
      "ValueError: Unknown format code 'd' for object of type 'str'" },
    { STR, "héllo", "+",
      "ValueError: Sign not allowed in string format specifier" },
    { STR, "héllo", "=5",
      "ValueError: '=' alignment not allowed in string format specifier" },
    { STR, "héllo", "€>6", "€héllo" },
};

static void
test_specs(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RtObject *value = Str(rows[i].value);
        if (rows[i].kind != STR) {
            value = New(rows[i].kind == INT ? &RtLong_Type : &RtFloat_Type, 1,
                        value);
        }
        RtObject *spec = Str(rows[i].spec);
        char what[200];
        snprintf(what, sizeof(what), "format(%s, '%s')", rows[i].value,
                 rows[i].spec);
        check_text(RtObject_Format(value, spec), what, rows[i].result);
        Rt_DECREF(spec);
        Rt_DECREF(value);
    }
}

static RtObject *
Dict(int n, ...)                        // steals keys and values
{
    va_list list;
    va_start(list, n);
    RtObject *dict = RtDict_New();
    for (int i = 0; i < n; i++) {
        RtObject *key = va_arg(list, RtObject *);
        CHECK(SetItem(dict, key, va_arg(list, RtObject *)) == 0);
    }
    va_end(list);
    return dict;
}

static void
Percent(const char *format, RtObject *values, const char *wanted)
{
    check_text(Binary(Str(format), values, RT_NB_REMAINDER), format, wanted);
}

static void
Format(const char *format, RtObject *values, const char *wanted)
{
    RtObject *text = Str(format);
    RtObject *name = Str("format");
    check_text(RtObject_CallMethod(text, name,
                                   ((RtTupleObject *)values)->ob_item,
                                   RtTuple_Size(values)), format, wanted);
    Rt_DECREF(name);
    Rt_DECREF(text);
    Rt_DECREF(values);
}

static void
test_percent(void)
{
    Percent("%d", Int(42), "42");
    Percent("%5d", Int(42), "   42");
    Percent("%-5d|", Int(42), "42   |");
    Percent("%05d", Int(-42), "-0042");
    Percent("%+d", Int(42), "+42");
    Percent("% d", Int(42), " 42");
    Percent("%x", Int(255), "ff");
    Percent("%#x", Int(255), "0xff");
    Percent("%#o", Int(8), "0o10");
    Percent("%X", Int(48879), "BEEF");
    Percent("%.5d", Int(42), "00042");
    Percent("%8.5d", Int(-42), "  -00042");
    Percent("%i", Int(7), "7");
    Percent("%u", Int(7), "7");
    Percent("%c", Int(65), "A");
    Percent("%s", Int(42), "42");
    Percent("%5s", Int(42), "   42");
    Percent("%-5s|", Int(42), "42   |");
    Percent("%%", Tuple(0), "%");
    Percent("%d%%", Int(5), "5%");
    Percent("%e", RtFloat_FromDouble(12345.678), "1.234568e+04");
    Percent("%.2f", RtFloat_FromDouble(2.675), "2.67");
    Percent("%10.3f|", RtFloat_FromDouble(3.14159), "     3.142|");
    Percent("%-10.1f|", RtFloat_FromDouble(3.14159), "3.1       |");
    Percent("%+.1e", RtFloat_FromDouble(12345.678), "+1.2e+04");
    Percent("%g", RtFloat_FromDouble(0.0001), "0.0001");
    Percent("%g", RtFloat_FromDouble(10000000000.0), "1e+10");
}

static void
test_percent_more(void)
{
    Percent("%G", RtFloat_FromDouble(1e-10), "1E-10");
    Percent("%010.2f", RtFloat_FromDouble(-3.14159), "-000003.14");
    Percent("%f", RtFloat_FromDouble(INFINITY), "inf");
    Percent("%05f", RtFloat_FromDouble(NAN), "00nan");
    Percent("%d", RtFloat_FromDouble(3.99), "3");
    Percent("%x", RtFloat_FromDouble(3.5),
          "TypeError: %x format: an integer is required, not float");
    Percent("%d", Str("x"),
          "TypeError: %d format: a real number is required, not str");
    Percent("%c", Str("ab"), "TypeError: %c requires int or char");
    Percent("%q", Int(1),
          "ValueError: unsupported format character 'q' (0x71) at index 1");
    Percent("%", Int(1), "ValueError: incomplete format");
    Percent("%s %s", Tuple(2, Int(1), Int(2)), "1 2");
    Percent("%s %s", Tuple(1, Int(1)),
          "TypeError: not enough arguments for format string");
    Percent("%s", Tuple(2, Int(1), Int(2)),
          "TypeError: not all arguments converted during string formatting");
    Percent("%*d|", Tuple(2, Int(5), Int(42)), "   42|");
    Percent("%-*d|", Tuple(2, Int(5), Int(42)), "42   |");
    Percent("%.*f", Tuple(2, Int(2), RtFloat_FromDouble(3.14159)), "3.14");
    Percent("%(a)s", Dict(1, Str("a"), Int(1)), "1");
    Percent("%(a)05.1f-%(b)s",
          Dict(2, Str("a"), RtFloat_FromDouble(1.25), Str("b"), Str("z")),
          "001.2-z");
    Percent("%(x)s", Dict(1, Str("a"), Int(1)), "KeyError: 'x'");
    Percent("%(a)s", Int(1), "TypeError: format requires a mapping");
    Percent("x%s%%y", Tuple(1, Int(1)), "x1%y");
    Percent("%r %a", Tuple(2, Str("hé"), Str("hé")), "'hé' 'h\\xe9'");
    Percent("%.2s", Str("abcdef"), "ab");
    Percent("%d", Rt_True, "1");
    Percent("%5.1s|", Str("abc"), "    a|");
    Percent("no", Tuple(0), "no");
    Percent("no", Tuple(1, Int(1)),
          "TypeError: not all arguments converted during string formatting");
    Percent("%s", Str("hé"), "hé");
}

static void
test_str_format(void)
{
    Format("{}", Tuple(1, Int(1)), "1");
    Format("{} {}", Tuple(2, Int(1), Int(2)), "1 2");
    Format("{1} {0}", Tuple(2, Int(1), Int(2)), "2 1");
    Format("{0!r:>6}", Tuple(1, Str("a")), "   'a'");
    Format("{:{}}", Tuple(2, Str("a"), Int(5)), "a    ");
    Format("{:{}.{}f}", Tuple(3, RtFloat_FromDouble(3.14159), Int(8), Int(2)),
          "    3.14");
    Format("{{}}", Tuple(0), "{}");
    Format("{", Tuple(0),
          "ValueError: Single '{' encountered in format string");
    Format("}", Tuple(0),
          "ValueError: Single '}' encountered in format string");
    Format("{0} {}",
          Tuple(2, Int(1), Int(2)),
          "ValueError: cannot switch from manual field specification t"
          "o automatic field numbering");
    Format("{} {0}",
          Tuple(2, Int(1), Int(2)),
          "ValueError: cannot switch from automatic field numbering to"
          " manual field specification");
    Format("{2}",
          Tuple(2, Int(1), Int(2)),
          "IndexError: Replacement index 2 out of range for positional"
          " args tuple");
    Format("{0[1]}", Tuple(1, List(3, Int(1), Int(2), Int(3))), "2");
    Format("{0[a]}", Tuple(1, Dict(1, Str("a"), Int(5))), "5");
    Format("{a}", Tuple(0), "KeyError: 'a'");
    Format("{!x}", Tuple(1, Int(1)),
          "ValueError: Unknown conversion specifier x");
    Format("{!r}", Tuple(1, Str("q")), "'q'");
    Format("{!a}", Tuple(1, Str("é")), "'\\xe9'");
    Format("{:>10}|{:<5}|", Tuple(2, Str("ab"), Str("c")), "        ab|c    |");
    Format("{0:,}", Tuple(1, Int(1234567)), "1,234,567");
    Format("{0:08.3f}", Tuple(1, RtFloat_FromDouble(3.14159)), "0003.142");
    Format("{!}", Tuple(1, Int(1)), "ValueError: unmatched '{' in format spec");
    Format("{:", Tuple(1, Int(1)), "ValueError: unmatched '{' in format spec");
    Format("{0[0}", Tuple(1, List(1, Int(1))),
          "ValueError: expected '}' before end of string");
    Format("a{0}b{0}c", Tuple(1, Str("x")), "axbxc");
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_specs, test_percent, test_percent_more, test_str_format,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
