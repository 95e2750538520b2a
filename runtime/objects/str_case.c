// str_case.c: methods of str about upper and lower case, and kinds of
// characters.
//
// All work on text that never changes.
// Mirrors Objects/unicodeobject.c (CPython 3.13); departs: as str_chars.c.

#include "rtcore_str_methods.h"

#include "rt_errors.h"

enum { SHARP_S = 0xdf, I_WITH_DOT = 0x130 };

static void
write_upper(RtStrWriter *w, uint32_t c)
{
    if (c == SHARP_S) {
        RtStrWriter_Write(w, "SS", 2);
        return;
    }
    RtStrWriter_WriteChar(
        w, c < 0x80 ? c - (c - 'a' < 26 ? 0x20 : 0) : RtChar_ToUpper(c));
}

static void
write_title(RtStrWriter *w, uint32_t c)
{
    if (c == SHARP_S) {
        RtStrWriter_Write(w, "Ss", 2);
        return;
    }
    RtStrWriter_WriteChar(w, RtChar_ToUpper(c));
}

static void
write_lower(RtStrWriter *w, uint32_t c)
{
    if (c == I_WITH_DOT) {
        RtStrWriter_Write(w, "i\xcc\x87", 3);
        return;
    }
    RtStrWriter_WriteChar(
        w, c < 0x80 ? c + (c - 'A' < 26 ? 0x20 : 0) : RtChar_ToLower(c));
}

static void
write_folded(RtStrWriter *w, uint32_t c)
{
    if (c == SHARP_S) {
        RtStrWriter_Write(w, "ss", 2);
        return;
    }
    if (c == I_WITH_DOT) {
        write_lower(w, c);
        return;
    }
    RtStrWriter_WriteChar(w, c == 0xb5 ? 0x3bc : c == 0x3c2 ? 0x3c3
                                               : RtChar_ToLower(c));
}

static void
write_swapped(RtStrWriter *w, uint32_t c)
{
    if (RtChar_IsUpper(c)) {
        write_lower(w, c);
    }
    else {
        write_upper(w, c);
    }
}

typedef void WriteChar(RtStrWriter *w, uint32_t c);

static RtObject *
map_chars(RtObject *self, WriteChar *write_first, WriteChar *write_others)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    if (p < end) {
        write_first(&w, RtUtf8_Next(&p));
    }
    while (p < end) {
        write_others(&w, RtUtf8_Next(&p));
    }
    return RtStrWriter_Finish(&w);
}

#define MAP_METHOD(name, first, others) \
    RtObject *RtStr_##name(RtObject *self, RtObject *const *args, \
                           ssize_t nargs) \
    { \
        (void)args, (void)nargs; \
        return map_chars(self, first, others); \
    }

MAP_METHOD(Upper, write_upper, write_upper)
MAP_METHOD(Lower, write_lower, write_lower)
MAP_METHOD(Casefold, write_folded, write_folded)
MAP_METHOD(Swapcase, write_swapped, write_swapped)
MAP_METHOD(Capitalize, write_title, write_lower)

RtObject *
RtStr_Title(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    bool inside = false;        // of a word
    while (p < end) {
        uint32_t c = RtUtf8_Next(&p);
        if (inside) {
            write_lower(&w, c);
        }
        else {
            write_title(&w, c);
        }
        inside = RtChar_IsUpper(c) || RtChar_IsLower(c);
    }
    return RtStrWriter_Finish(&w);
}

// ---------------------------------------------------------------------------
// Questions.

typedef bool Predicate(uint32_t c);

// Whether all characters are such; of an empty str `of_empty`.
static RtObject *
all_chars(RtObject *self, Predicate *is, bool of_empty)
{
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    if (p == end) {
        return RtBool_FromInt(of_empty);
    }
    while (p < end) {
        if (!is(RtUtf8_Next(&p))) {
            return Rt_False;
        }
    }
    return Rt_True;
}

#define ALL_METHOD(name, is, of_empty) \
    RtObject *RtStr_##name(RtObject *self, RtObject *const *args, \
                           ssize_t nargs) \
    { \
        (void)args, (void)nargs; \
        return all_chars(self, is, of_empty); \
    }

ALL_METHOD(IsSpace, RtChar_IsSpace, false)
ALL_METHOD(IsAlpha, RtChar_IsAlpha, false)
ALL_METHOD(IsDigit, RtChar_IsDigit, false)
ALL_METHOD(IsDecimal, RtChar_IsDecimal, false)
ALL_METHOD(IsNumeric, RtChar_IsNumeric, false)
ALL_METHOD(IsAlnum, RtChar_IsAlnum, false)
ALL_METHOD(IsPrintable, RtChar_IsPrintable, true)

// Some character has a case, and none the other.
static RtObject *
has_case(RtObject *self, Predicate *is, Predicate *is_other)
{
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    bool found = false;
    while (p < end) {
        uint32_t c = RtUtf8_Next(&p);
        if (is_other(c)) {
            return Rt_False;
        }
        found |= is(c);
    }
    return RtBool_FromInt(found);
}

RtObject *
RtStr_IsUpper(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return has_case(self, RtChar_IsUpper, RtChar_IsLower);
}

RtObject *
RtStr_IsLower(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return has_case(self, RtChar_IsLower, RtChar_IsUpper);
}

RtObject *
RtStr_IsTitle(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    bool inside = false;
    bool found = false;
    while (p < end) {
        uint32_t c = RtUtf8_Next(&p);
        bool upper = RtChar_IsUpper(c);
        bool cased = upper || RtChar_IsLower(c);
        if (cased && upper == inside) {
            return Rt_False;
        }
        inside = cased;
        found |= cased;
    }
    return RtBool_FromInt(found);
}

RtObject *
RtStr_IsASCIIMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtBool_FromInt(RtStr_IsASCII(self));
}

RtObject *
RtStr_IsIdentifier(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    for (bool first = true; p < end; first = false) {
        uint32_t c = RtUtf8_Next(&p);
        if (c != '_' && !RtChar_IsAlpha(c) &&
            (first || !RtChar_IsDecimal(c)))
        {
            return Rt_False;
        }
    }
    return RtBool_FromInt(Rt_SIZE(self) > 0);
}
