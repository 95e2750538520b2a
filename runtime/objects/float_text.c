// float_text.c: floats as text and from text.
//
// The decimal digits come from the C library, which rounds exactly; here they
// are only arranged. The shortest text that gives the same double back has at
// most 17 digits; if 15 are enough, zeros at their end are what is too much
// (but for subnormal numbers, which have fewer).
// Mirrors Python/pystrtod.c and Python/dtoa.c (CPython 3.13); departs: uses the
// C library in the C locale.

#include "rtcore_types.h"

#include "rt_errors.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIGITS = 120, EXPONENT_ROOM = 32 };

// Decimal digits without a point, the first of which counts 10**(point - 1).
typedef struct Decimal {
    char *digits;
    int n;
    int point;
    bool negative;
} Decimal;

// Fills the digits, at least `precision` + EXPONENT_ROOM bytes.
static void
to_decimal(double value, int precision, Decimal *d)
{
    // d.ddddde+xx: the digits are moved to the front of the same bytes.
    char *text = d->digits;
    int size = snprintf(text, (size_t)precision + EXPONENT_ROOM, "%.*e",
                        precision - 1, fabs(value));
    char *e = memchr(text, 'e', (size_t)size);
    d->point = atoi(e + 1) + 1;
    d->n = precision;
    if (precision > 1) {
        memmove(text + 1, text + 2, (size_t)precision - 1);
    }
    text[precision] = '\0';
    d->negative = signbit(value) != 0;
}

static void
strip_zeros(Decimal *d)
{
    while (d->n > 1 && d->digits[d->n - 1] == '0') {
        d->n--;
    }
    d->digits[d->n] = '\0';
}

static bool
gives_back(double value, const Decimal *d)
{
    char text[MAX_DIGITS];
    snprintf(text, sizeof(text), "0.%se%d", d->digits, d->point);
    return strtod(text, NULL) == fabs(value);
}

// The doubles above a power of two are twice as far from it as those below: a
// text may give it back though the nearest of as many digits, which is smaller,
// does not.
static bool
next_gives_back(double value, Decimal *d)
{
    int exponent;
    if (frexp(fabs(value), &exponent) != 0.5 || d->digits[d->n - 1] == '9') {
        return false;
    }
    d->digits[d->n - 1]++;
    return gives_back(value, d);
}

static void
shortest(double value, Decimal *d)
{
    int first = fabs(value) < DBL_MIN ? 1 : 15;
    for (int precision = first; precision <= 17; precision++) {
        to_decimal(value, precision, d);
        if (precision == 17 || gives_back(value, d) ||
            next_gives_back(value, d))
        {
            break;
        }
    }
    strip_zeros(d);
}

// d.ddde+xx
static void
write_exponent(RtStrWriter *w, const Decimal *d, bool upper, bool keep_point)
{
    RtStrWriter_Write(w, d->digits, 1);
    if (d->n > 1 || keep_point) {
        RtStrWriter_Write(w, ".", 1);
        RtStrWriter_Write(w, d->digits + 1, d->n - 1);
    }
    char exponent[16];
    int n = snprintf(exponent, sizeof(exponent), "%c%+03d",
                     upper ? 'E' : 'e', d->point - 1);
    RtStrWriter_Write(w, exponent, n);
}

static void
write_zeros(RtStrWriter *w, int n)
{
    while (n-- > 0) {
        RtStrWriter_Write(w, "0", 1);
    }
}

// ddd.ddd
static void
write_fixed(RtStrWriter *w, const Decimal *d, bool keep_point, bool add_dot_0)
{
    int before = d->point < 0 ? 0 : d->point > d->n ? d->n : d->point;
    if (d->point <= 0) {
        RtStrWriter_Write(w, "0", 1);
    }
    RtStrWriter_Write(w, d->digits, before);
    write_zeros(w, d->point - d->n);
    if (before < d->n) {
        RtStrWriter_Write(w, ".", 1);
        write_zeros(w, -d->point);
        RtStrWriter_Write(w, d->digits + before, d->n - before);
    }
    else if (add_dot_0) {
        RtStrWriter_Write(w, ".0", 2);
    }
    else if (keep_point) {
        RtStrWriter_Write(w, ".", 1);
    }
}

// repr and 'g': whichever is shorter.
static void
write_general(RtStrWriter *w, double value, char format, int precision,
              bool alternate, bool add_dot_0)
{
    char small[MAX_DIGITS + EXPONENT_ROOM];
    char *digits = small;
    bool is_repr = format == 'r';
    if (!is_repr && precision > MAX_DIGITS) {
        digits = RtMem_Malloc((size_t)precision + EXPONENT_ROOM);
        if (digits == NULL) {
            w->failed = true;
            return;
        }
    }
    Decimal d = { digits, 0, 0, false };
    if (is_repr) {
        shortest(value, &d);
    }
    else {
        precision = precision == 0 ? 1 : precision;
        to_decimal(value, precision, &d);
        if (!alternate) {
            strip_zeros(&d);
        }
    }
    int last = is_repr ? 16 : precision - (add_dot_0 ? 1 : 0);
    if (d.negative) {
        RtStrWriter_Write(w, "-", 1);
    }
    if (d.point <= -4 || d.point > last) {
        write_exponent(w, &d, format == 'G', alternate);
    }
    else {
        write_fixed(w, &d, alternate, add_dot_0);
    }
    if (digits != small) {
        RtMem_Free(digits);
    }
}

static void
write_by_printf(RtStrWriter *w, double value, char format, int precision,
                bool alternate)
{
    char spec[8];
    char small[512];
    snprintf(spec, sizeof(spec), "%%%s.*%c", alternate ? "#" : "", format);
    // The format is one of eight that are made here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int size = snprintf(small, sizeof(small), spec, precision, value);
    if (size < (int)sizeof(small)) {
        RtStrWriter_Write(w, small, size);
        return;
    }
    char *text = RtMem_Malloc((size_t)size + 1);
    if (text == NULL) {
        w->failed = true;
        return;
    }
    snprintf(text, (size_t)size + 1, spec, precision, value);
#pragma GCC diagnostic pop
    RtStrWriter_Write(w, text, size);
    RtMem_Free(text);
}

static void
write_text(RtStrWriter *w, double value, char format, int precision,
           bool alternate, bool add_dot_0)
{
    bool upper = format >= 'A' && format <= 'Z';
    if (isnan(value)) {
        RtStrWriter_WriteString(w, upper ? "NAN" : "nan");
    }
    else if (isinf(value)) {
        RtStrWriter_WriteString(w, value < 0 ? "-" : "");
        RtStrWriter_WriteString(w, upper ? "INF" : "inf");
    }
    else if (format == 'r' || format == 'g' || format == 'G') {
        write_general(w, value, format, precision, alternate, add_dot_0);
    }
    else {
        write_by_printf(w, value, format, precision, alternate);
    }
}

char *
RtFloat_ToText(double value, char format, int precision, bool alternate,
               bool add_dot_0)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    write_text(&w, value, format, precision, alternate, add_dot_0);
    RtStrWriter_Write(&w, "", 1);
    char *text = w.failed ? NULL : RtMem_Malloc((size_t)w.size);
    if (text != NULL) {
        memcpy(text, w.data, (size_t)w.size);
    }
    else {
        (void)RtErr_NoMemory();
    }
    RtStrWriter_Discard(&w);
    return text;
}

// ---------------------------------------------------------------------------
// From text.

static bool
is_special(const char *p, const char *end)
{
    static const char *const names[] = { "inf", "infinity", "nan" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i]);
        if ((size_t)(end - p) == n && strncasecmp(p, names[i], n) == 0) {
            return true;
        }
    }
    return false;
}

// Copies a decimal number without its underscores. False: it is none.
static bool
copy_number(const char *p, const char *end, char *to)
{
    const char *start = p;
    if (p < end && (*p == '-' || *p == '+')) {
        *to++ = *p++;
    }
    if (is_special(p, end)) {
        memcpy(to, p, (size_t)(end - p));
        to[end - p] = '\0';
        return true;
    }
    bool digit_seen = false;
    for (; p < end; p++) {
        if (*p == '_') {
            if (p == start || p + 1 == end ||
                !isdigit((unsigned char)p[-1]) ||
                !isdigit((unsigned char)p[1]))
            {
                return false;
            }
            continue;
        }
        if (strchr("+-.eE0123456789", *p) == NULL || *p == '\0') {
            return false;
        }
        digit_seen |= isdigit((unsigned char)*p) != 0;
        *to++ = *p;
    }
    *to = '\0';
    return digit_seen;
}

RtObject *
RtFloat_FromText(RtObject *text)
{
    const char *p = RtStr_AsUTF8(text);
    const char *end = p + Rt_SIZE(text);
    while (p < end && isspace((unsigned char)*p)) {
        p++;
    }
    while (end > p && isspace((unsigned char)end[-1])) {
        end--;
    }
    char *copy = RtMem_Malloc((size_t)(end - p) + 1);
    if (copy == NULL) {
        return RtErr_NoMemory();
    }
    double value = 0.0;
    bool valid = copy_number(p, end, copy);
    if (valid) {
        char *stop;
        value = strtod(copy, &stop);
        valid = *stop == '\0' && stop != copy;
    }
    RtMem_Free(copy);
    if (valid) {
        return RtFloat_FromDouble(value);
    }
    RtObject *repr = RtObject_Repr(text);
    if (repr != NULL) {
        RtErr_Format(&RtExc_ValueError,
                     "could not convert string to float: %s",
                     RtStr_AsUTF8(repr));
        Rt_DECREF(repr);
    }
    return NULL;
}
