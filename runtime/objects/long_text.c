// long_text.c: ints from text and as text, in any base.
//
// Text and digits are the caller's; a result belongs to the calling thread
// until it is returned.
// Mirrors Objects/longobject.c (CPython 3.13); departs: digits are ASCII, the
// limit on decimal digits is fixed.

#include "rtcore_long.h"

#include "rt_errors.h"
#include "rtcore_bytes.h"

#include <gmp.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DECIMAL_DIGITS = 4300 };     // as in CPython: quadratic time

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static bool
is_power_of_2(int base)
{
    return (base & (base - 1)) == 0;
}

// ---------------------------------------------------------------------------
// To text.

static RtObject *
too_many_digits(const char *rest)
{
    RtErr_Format(&RtExc_ValueError, "Exceeds the limit (%d digits) for "
                 "integer string conversion%s; use "
                 "sys.set_int_max_str_digits() to increase the limit",
                 MAX_DECIMAL_DIGITS, rest);
    return NULL;
}

static const char *
prefix_of(int base)
{
    return base == 2 ? "0b" : base == 8 ? "0o" : base == 16 ? "0x" : "";
}

static RtObject *
format_compact(int64_t value, int base, bool prefix)
{
    char text[72];
    char *p = text + sizeof(text);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        *--p = digits[rest % (unsigned)base];
        rest /= (unsigned)base;
    } while (rest != 0);
    if (prefix) {
        const char *start = prefix_of(base);
        for (size_t i = strlen(start); i-- > 0;) {
            *--p = start[i];
        }
    }
    if (value < 0) {
        *--p = '-';
    }
    return RtStr_FromStringAndSize(p, text + sizeof(text) - p);
}

// `raw` has room for the digits and for what GMP wants besides.
static RtObject *
format_limbs(uint64_t *limb, ssize_t n, unsigned char *raw, int base,
             bool prefix, bool negative)
{
    size_t size = mpn_get_str(raw, base, (mp_limb_t *)limb, n);
    size_t skip = 0;
    while (skip < size && raw[skip] == 0) {
        skip++;
    }
    if (!is_power_of_2(base) && size - skip > MAX_DECIMAL_DIGITS) {
        return too_many_digits("");
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_WriteString(&w, negative ? "-" : "");
    RtStrWriter_WriteString(&w, prefix ? prefix_of(base) : "");
    for (size_t i = skip; i < size; i++) {
        RtStrWriter_Write(&w, &digits[raw[i]], 1);
    }
    return RtStrWriter_Finish(&w);
}

RtObject *
RtLong_Format(RtObject *op, int base, bool prefix)
{
    if (RtLong_IsCompact(op)) {
        return format_compact(RtLong_VALUE(op), base, prefix);
    }
    RtLongView view;
    RtLong_GetView(op, &view);
    // Longer than any that is allowed, whatever its digits are.
    if (!is_power_of_2(base) && view.size > MAX_DECIMAL_DIGITS / 4) {
        return too_many_digits("");
    }
    // The limbs are used up.
    size_t limbs_size = (size_t)(view.size + 1) * sizeof(uint64_t);
    size_t room = mpn_sizeinbase((const mp_limb_t *)view.limb, view.size,
                                 base) + 2;
    uint64_t *limb = RtMem_Malloc(limbs_size + room);
    if (limb == NULL) {
        return RtErr_NoMemory();
    }
    memcpy(limb, view.limb, (size_t)view.size * sizeof(uint64_t));
    RtObject *text = format_limbs(limb, view.size,
                                  (unsigned char *)limb + limbs_size, base,
                                  prefix, view.negative);
    RtMem_Free(limb);
    return text;
}

// ---------------------------------------------------------------------------
// From text.

static RtObject *
invalid_literal(RtObject *text, int base)
{
    RtObject *repr = RtObject_Repr(text);
    if (repr != NULL) {
        RtErr_Format(&RtExc_ValueError,
                     "invalid literal for int() with base %d: %s", base,
                     RtStr_AsUTF8(repr));
        Rt_DECREF(repr);
    }
    return NULL;
}

static int
digit_of(char c)
{
    const char *hit;
    if (c >= 'A' && c <= 'Z') {
        c = (char)(c - 'A' + 'a');
    }
    hit = c == '\0' ? NULL : strchr(digits, c);
    return hit == NULL ? 99 : (int)(hit - digits);
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The base that a prefix names, which is skipped; 10 or what was asked for.
static int
skip_prefix(const char **p, const char *end, int base)
{
    const char *s = *p;
    if (end - s < 2 || *s != '0') {
        return base == 0 ? 10 : base;
    }
    char mark = (char)(s[1] | 0x20);
    int named = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (named == 0 || (base != 0 && base != named)) {
        return base == 0 ? 10 : base;
    }
    s += 2;
    if (s < end && *s == '_') {
        s++;
    }
    *p = s;
    return named;
}

// Writes the digits' values to raw. Their number, or -1 if it is no number.
static ssize_t
read_digits(const char *p, const char *end, int base, unsigned char *raw)
{
    ssize_t n = 0;
    bool digit_before = false;
    for (; p < end; p++) {
        if (*p == '_' && digit_before) {
            digit_before = false;
            continue;
        }
        int digit = digit_of(*p);
        if (digit >= base) {
            return -1;
        }
        raw[n++] = (unsigned char)digit;
        digit_before = true;
    }
    return digit_before ? n : -1;
}

static RtObject *
from_digits(const unsigned char *raw, ssize_t n, int base, bool negative)
{
    while (n > 0 && *raw == 0) {
        raw++;
        n--;
    }
    if (n <= 12) {              // 36**12 < 2**63
        int64_t value = 0;
        for (ssize_t i = 0; i < n; i++) {
            value = value * base + raw[i];
        }
        return RtLong_FromInt64(negative ? -value : value);
    }
    // A digit has fewer than 6 bits.
    RtLongLimbs *limbs = RtLimbs_New(n * 6 / RT_LIMB_BITS + 2);
    if (limbs == NULL) {
        return NULL;
    }
    ssize_t size = mpn_set_str((mp_limb_t *)limbs->limb, raw, (size_t)n,
                               base);
    return RtLong_FromLimbs(limbs, size, negative);
}

static RtObject *
parse(RtObject *text, const char *p, const char *end, int asked)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    const char *start = p;
    int base = skip_prefix(&p, end, asked);
    unsigned char *raw = RtMem_Malloc((size_t)(end - p) + 1);
    if (raw == NULL) {
        return RtErr_NoMemory();
    }
    ssize_t n = read_digits(p, end, base, raw);
    // 010 would be octal in other languages.
    bool ambiguous = asked == 0 && p == start && n > 1 && raw[0] == 0;
    for (ssize_t i = 0; ambiguous && i < n; i++) {
        ambiguous = raw[i] == 0;
        if (!ambiguous) {
            n = -1;
        }
    }
    RtObject *result = NULL;
    if (n < 0) {
        result = invalid_literal(text, asked);
    }
    else if (!is_power_of_2(base) && n > MAX_DECIMAL_DIGITS) {
        char rest[64];
        snprintf(rest, sizeof(rest), ": value has %zd digits", n);
        result = too_many_digits(rest);
    }
    else {
        result = from_digits(raw, n, base, negative);
    }
    RtMem_Free(raw);
    return result;
}

RtObject *
RtLong_FromText(RtObject *text, int base)
{
    const char *p = RtStr_AsUTF8(text);
    const char *end = p + Rt_SIZE(text);
    while (p < end && is_space(*p)) {
        p++;
    }
    while (end > p && is_space(end[-1])) {
        end--;
    }
    return parse(text, p, end, base);
}

RtObject *
RtLong_FromString(const char *text, int base)
{
    RtObject *str = RtStr_FromString(text);
    if (str == NULL) {
        return NULL;
    }
    RtObject *result = RtLong_FromText(str, base);
    Rt_DECREF(str);
    return result;
}

bool
RtLong_FromBytesLike(RtObject *x, int base, RtObject **number)
{
    RtObject *text = RtBytes_AsText(x);
    *number = NULL;
    if (text == NULL) {
        return RtErr_Occurred() != NULL;
    }
    *number = RtLong_FromText(text, base);
    Rt_DECREF(text);
    if (*number == NULL && RtErr_ExceptionMatches(&RtExc_ValueError)) {
        RtErr_Clear();
        RtObject *bytes = RtBytes_FromLike(x);
        RtObject *shown = bytes == NULL ? NULL : RtObject_Repr(bytes);
        Rt_XDECREF(bytes);
        if (shown != NULL) {
            RtErr_Format(&RtExc_ValueError, "invalid literal for int() with "
                         "base %d: %s", base, RtStr_AsUTF8(shown));
            Rt_DECREF(shown);
        }
    }
    return true;
}
