// format_spec.c: the small language of format specifications, and numbers and
// text laid out by it.
//
// A specification is parsed into a struct on the caller's stack; nothing is
// shared.
// Mirrors Python/formatter_unicode.c (CPython 3.13); departs: 'n' is as without
// a locale.

#include "rtcore_format.h"

#include "rt_errors.h"
#include "rtcore_long.h"

#include <math.h>
#include <string.h>

void
RtFormatSpec_Init(RtFormatSpec *spec)
{
    memset(spec, 0, sizeof(*spec));
    spec->fill[0] = ' ';
    spec->fill_size = 1;
    spec->width = -1;
    spec->precision = -1;
}

// ---------------------------------------------------------------------------
// Parsing.

static bool
is_align(char c)
{
    return c == '<' || c == '>' || c == '=' || c == '^';
}

// Digits at *p; -1 if there are none, -2 with ValueError.
static ssize_t
parse_number(const char **p, const char *end)
{
    ssize_t value = -1;
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        value = (value < 0 ? 0 : value) * 10 + (**p - '0');
        if (value > INT32_MAX) {
            RtErr_SetString(&RtExc_ValueError,
                            "Too many decimal digits in format string");
            return -2;
        }
    }
    return value;
}

static const char *
parse_align(RtFormatSpec *spec, const char *p, const char *end)
{
    if (p == end) {
        return p;
    }
    int width = RtUtf8_Width((unsigned char)*p);
    if (end - p > width && is_align(p[width])) {
        memcpy(spec->fill, p, (size_t)width);
        spec->fill_size = width;
        spec->align = p[width];
        return p + width + 1;
    }
    if (is_align(*p)) {
        spec->align = *p++;
    }
    return p;
}

static const char *
parse_flags(RtFormatSpec *spec, const char *p, const char *end,
            bool fill_given)
{
    if (p < end && (*p == '+' || *p == '-' || *p == ' ')) {
        spec->sign = *p++;
    }
    if (p < end && *p == 'z') {
        spec->no_negative_zero = true;
        p++;
    }
    if (p < end && *p == '#') {
        spec->alternate = true;
        p++;
    }
    if (p < end && *p == '0') {
        if (!fill_given) {
            spec->fill[0] = '0';
            spec->fill_size = 1;
            if (spec->align == '\0') {
                spec->align = '=';
            }
        }
        p++;
    }
    return p;
}

static int
invalid(RtObject *text, RtObject *op)
{
    RtErr_Format(&RtExc_ValueError,
                 "Invalid format specifier '%s' for object of type '%s'",
                 RtStr_AsUTF8(text), Rt_TYPE(op)->tp_name);
    return -1;
}

static int
parse_grouping(RtFormatSpec *spec, const char **p, const char *end)
{
    while (*p < end && (**p == ',' || **p == '_')) {
        if (spec->grouping != '\0') {
            RtErr_Format(&RtExc_ValueError, spec->grouping == **p
                         ? "Cannot specify '%c' with '%c'."
                         : "Cannot specify both ',' and '_'.",
                         spec->grouping, **p);
            return -1;
        }
        spec->grouping = *(*p)++;
    }
    return 0;
}

int
RtFormatSpec_Parse(RtFormatSpec *spec, RtObject *text, RtObject *op)
{
    const char *start = RtStr_AsUTF8(text);
    const char *end = start + Rt_SIZE(text);
    RtFormatSpec_Init(spec);
    const char *p = parse_align(spec, start, end);
    p = parse_flags(spec, p, end, p - start > 1);
    spec->width = parse_number(&p, end);
    if (spec->width == -2 || parse_grouping(spec, &p, end) < 0) {
        return -1;
    }
    if (p < end && *p == '.') {
        p++;
        spec->precision = parse_number(&p, end);
        if (spec->precision == -1) {
            RtErr_SetString(&RtExc_ValueError,
                            "Format specifier missing precision");
        }
        if (spec->precision < 0) {
            return -1;
        }
    }
    if (p < end) {
        spec->type = RtUtf8_Decode(p);
        p += RtUtf8_Width((unsigned char)*p);
    }
    if (p < end) {
        return invalid(text, op);
    }
    if (spec->grouping != '\0' && spec->type != '\0' &&
        (spec->type >= 0x80 ||
         strchr(spec->grouping == ',' ? "deEfFgG%" : "deEfFgG%boxX",
                (int)spec->type) == NULL))
    {
        char code[5] = { 0 };
        (void)RtUtf8_Encode(spec->type, code);
        RtErr_Format(&RtExc_ValueError, "Cannot specify '%c' with '%s'.",
                     spec->grouping, code);
        return -1;
    }
    return 0;
}

int
RtFormat_UnknownCode(const RtFormatSpec *spec, const char *type_name)
{
    if (spec->type > 32 && spec->type < 128) {
        RtErr_Format(&RtExc_ValueError, "Unknown format code '%c' for object "
                     "of type '%s'", (int)spec->type, type_name);
    }
    else {
        RtErr_Format(&RtExc_ValueError, "Unknown format code '\\x%x' for "
                     "object of type '%s'", (unsigned)spec->type, type_name);
    }
    return -1;
}

// ---------------------------------------------------------------------------
// Layout.

static void
write_fill(RtStrWriter *w, const RtFormatSpec *spec, ssize_t n)
{
    while (n-- > 0 && !w->failed) {
        RtStrWriter_Write(w, spec->fill, spec->fill_size);
    }
}

// How much of `total` fill characters goes to the left.
static ssize_t
left_part(char align, ssize_t total)
{
    return align == '>' ? total : align == '^' ? total / 2 : 0;
}

int
RtFormat_WriteStr(RtStrWriter *w, RtObject *op, const RtFormatSpec *spec)
{
    const char *why = NULL;
    if (spec->type != '\0' && spec->type != 's') {
        return RtFormat_UnknownCode(spec, Rt_TYPE(op)->tp_name);
    }
    if (spec->sign != '\0') {
        why = spec->sign == ' '
            ? "Space not allowed in string format specifier"
            : "Sign not allowed in string format specifier";
    }
    else if (spec->no_negative_zero) {
        why = "Negative zero coercion (z) not allowed in string format "
              "specifier";
    }
    else if (spec->alternate) {
        why = "Alternate form (#) not allowed in string format specifier";
    }
    else if (spec->align == '=' && spec->fill[0] != '0') {
        why = "'=' alignment not allowed in string format specifier";
    }
    if (why != NULL) {
        RtErr_SetString(&RtExc_ValueError, why);
        return -1;
    }
    if (spec->grouping != '\0') {
        RtErr_Format(&RtExc_ValueError, "Cannot specify '%c' with 's'.",
                     spec->grouping);
        return -1;
    }
    ssize_t length = RtStr_LENGTH(op);
    ssize_t size = Rt_SIZE(op);
    if (spec->precision >= 0 && spec->precision < length) {
        length = spec->precision;
        size = RtStr_ByteOffset(op, length);
    }
    ssize_t total = spec->width > length ? spec->width - length : 0;
    ssize_t left = left_part(spec->align, total);
    write_fill(w, spec, left);
    RtStrWriter_Write(w, RtStr_DATA(op), size);
    write_fill(w, spec, total - left);
    return 0;
}

// Digits that stand before a point, and what goes around them.
typedef struct Number {
    bool negative;
    const char *prefix;
    const char *digits;
    ssize_t ndigits;
    const char *rest;           // point, fraction, exponent, per cent
    ssize_t nrest;
    int group;                  // digits between separators
} Number;

static ssize_t
separators(const Number *n, ssize_t ndigits, char grouping)
{
    return grouping == '\0' || ndigits == 0 ? 0 : (ndigits - 1) / n->group;
}

// With `zeros` in front of them.
static void
write_digits(RtStrWriter *w, const Number *n, ssize_t zeros, char grouping)
{
    ssize_t total = zeros + n->ndigits;
    for (ssize_t i = 0; i < total && !w->failed; i++) {
        if (i > 0 && grouping != '\0' && (total - i) % n->group == 0) {
            RtStrWriter_Write(w, &grouping, 1);
        }
        RtStrWriter_Write(w, i < zeros ? "0" : &n->digits[i - zeros], 1);
    }
}

static void
write_number(RtStrWriter *w, const Number *n, const RtFormatSpec *spec)
{
    const char *sign = n->negative ? "-" : spec->sign == '+' ? "+"
                       : spec->sign == ' ' ? " " : "";
    char align = spec->align == '\0' ? '>' : spec->align;
    ssize_t around = (ssize_t)(strlen(sign) + strlen(n->prefix)) + n->nrest;
    ssize_t zeros = 0;
    if (align == '=' && spec->fill_size == 1 && spec->fill[0] == '0') {
        while (around + zeros + n->ndigits +
               separators(n, zeros + n->ndigits, spec->grouping) < spec->width)
        {
            zeros++;
        }
    }
    ssize_t length = around + zeros + n->ndigits +
                     separators(n, zeros + n->ndigits, spec->grouping);
    ssize_t total = spec->width > length ? spec->width - length : 0;
    ssize_t left = left_part(align, total);
    write_fill(w, spec, left);
    RtStrWriter_WriteString(w, sign);
    RtStrWriter_WriteString(w, n->prefix);
    if (align == '=') {
        write_fill(w, spec, total);
    }
    write_digits(w, n, zeros, spec->grouping);
    RtStrWriter_Write(w, n->rest, n->nrest);
    if (align != '=') {
        write_fill(w, spec, total - left);
    }
}

// ---------------------------------------------------------------------------
// int

static int
write_char(RtStrWriter *w, RtObject *op, const RtFormatSpec *spec)
{
    if (spec->sign != '\0' || spec->alternate) {
        RtErr_Format(&RtExc_ValueError, spec->sign != '\0'
                     ? "Sign not allowed with integer format specifier 'c'"
                     : "Alternate form (#) not allowed with integer format "
                       "specifier 'c'");
        return -1;
    }
    int64_t c = RtLong_AsInt64(op);
    if (c == -1 && RtErr_Occurred() != NULL) {
        return -1;
    }
    if (c < 0 || c > 0x10ffff) {
        RtErr_SetString(&RtExc_OverflowError,
                        "%c arg not in range(0x110000)");
        return -1;
    }
    RtObject *text = RtStr_FromChar((uint32_t)c);
    if (text == NULL) {
        return -1;
    }
    RtFormatSpec plain = *spec;
    plain.type = '\0';
    plain.align = plain.align == '=' ? '\0' : plain.align;
    int status = RtFormat_WriteStr(w, text, &plain);
    Rt_DECREF(text);
    return status;
}

static int
base_of(uint32_t type)
{
    switch (type) {
    case '\0': case 'd': case 'n': return 10;
    case 'b': return 2;
    case 'o': return 8;
    case 'x': case 'X': return 16;
    default: return 0;
    }
}

static void
to_upper(char *text, ssize_t size)
{
    for (ssize_t i = 0; i < size; i++) {
        if (text[i] >= 'a' && text[i] <= 'z') {
            text[i] = (char)(text[i] - 'a' + 'A');
        }
    }
}

// The digits with at least `precision` of them, as % has it.
static int
write_padded(RtStrWriter *w, Number *n, const RtFormatSpec *spec)
{
    ssize_t missing = spec->precision - n->ndigits;
    if (!spec->all_digits || missing <= 0) {
        write_number(w, n, spec);
        return 0;
    }
    RtStrWriter digits;
    RtStrWriter_Init(&digits);
    for (ssize_t i = 0; i < missing && !digits.failed; i++) {
        RtStrWriter_Write(&digits, "0", 1);
    }
    RtStrWriter_Write(&digits, n->digits, n->ndigits);
    n->digits = digits.data;
    n->ndigits = digits.size;
    bool failed = digits.failed;
    if (!failed) {
        write_number(w, n, spec);
    }
    RtStrWriter_Discard(&digits);
    if (failed) {
        (void)RtErr_NoMemory();
    }
    return failed ? -1 : 0;
}

int
RtFormat_WriteLong(RtStrWriter *w, RtObject *op, const RtFormatSpec *spec)
{
    int base = base_of(spec->type);
    if (base == 0 && spec->type == 'c') {
        return write_char(w, op, spec);
    }
    if (base == 0) {
        if (spec->type >= 128 || strchr("eEfFgG%", (int)spec->type) == NULL) {
            return RtFormat_UnknownCode(spec, Rt_TYPE(op)->tp_name);
        }
        double value = RtLong_ToDouble(op);
        return value == -1.0 && RtErr_Occurred() != NULL
            ? -1 : RtFormat_WriteDouble(w, value, spec);
    }
    if (spec->precision >= 0 && !spec->all_digits) {
        RtErr_SetString(&RtExc_ValueError, "Precision not allowed in integer "
                        "format specifier");
        return -1;
    }
    if (spec->no_negative_zero) {
        RtErr_SetString(&RtExc_ValueError, "Negative zero coercion (z) not "
                        "allowed in integer format specifier");
        return -1;
    }
    RtObject *text = RtLong_Format(op, base, false);
    if (text == NULL) {
        return -1;
    }
    static const char *const prefixes[] = { "", "0b", "0o", "0x", "0X" };
    bool upper = spec->type == 'X';
    int which = base == 2 ? 1 : base == 8 ? 2 : upper ? 4 : 3;
    bool negative = *RtStr_DATA(text) == '-';
    // Nobody else has the text yet.
    char *data = ((RtStrObject *)text)->data;
    if (upper) {
        to_upper(data, Rt_SIZE(text));
    }
    Number n = {
        .negative = negative,
        .prefix = base != 10 && spec->alternate ? prefixes[which] : "",
        .digits = data + negative,
        .ndigits = Rt_SIZE(text) - negative,
        .rest = "",
        .group = base == 10 ? 3 : 4,
    };
    int status = write_padded(w, &n, spec);
    Rt_DECREF(text);
    return status;
}

// ---------------------------------------------------------------------------
// float

static bool
is_zero_text(const char *text)
{
    for (; *text != '\0' && *text != 'e' && *text != 'E'; text++) {
        if (*text >= '1' && *text <= '9') {
            return false;
        }
    }
    return true;
}

static char *
double_text(double value, const RtFormatSpec *spec)
{
    bool bare = spec->type == '\0';
    int precision = spec->precision >= 0 ? (int)spec->precision : 6;
    char format = bare ? (spec->precision < 0 ? 'r' : 'g')
                  : spec->type == 'n' ? 'g'
                  : spec->type == '%' ? 'f' : (char)spec->type;
    if (spec->type == '%') {
        value *= 100;
    }
    return RtFloat_ToText(value, format, precision, spec->alternate, bare);
}

int
RtFormat_WriteDouble(RtStrWriter *w, double value, const RtFormatSpec *spec)
{
    if (spec->type >= 128 || (spec->type != '\0' &&
                              strchr("eEfFgGn%", (int)spec->type) == NULL))
    {
        return RtFormat_UnknownCode(spec, "float");
    }
    if (spec->precision > 100000) {
        RtErr_SetString(&RtExc_ValueError, "precision too big");
        return -1;
    }
    char *text = double_text(value, spec);
    if (text == NULL) {
        return -1;
    }
    Number n = { .prefix = "", .rest = "", .group = 3 };
    n.digits = text;
    if (*text == '-') {
        n.digits++;
        n.negative = !(spec->no_negative_zero && is_zero_text(text + 1));
    }
    const char *p = n.digits;
    while (*p != '\0' && *p != '.' && *p != 'e' && *p != 'E') {
        p++;
    }
    bool finite = isfinite(value);
    n.ndigits = finite ? p - n.digits : 0;
    RtStrWriter rest;
    RtStrWriter_Init(&rest);
    RtStrWriter_WriteString(&rest, finite ? p : n.digits);
    RtStrWriter_WriteString(&rest, spec->type == '%' ? "%" : "");
    n.rest = rest.data;
    n.nrest = rest.size;
    RtFormatSpec layout = *spec;
    if (!finite) {
        layout.grouping = '\0';
    }
    if (!rest.failed) {
        write_number(w, &n, &layout);
    }
    w->failed |= rest.failed;
    RtStrWriter_Discard(&rest);
    RtMem_Free(text);
    return 0;
}
