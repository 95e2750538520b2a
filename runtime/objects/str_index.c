// str_index.c: the characters of a str: finding, decoding, slicing.
//
// In a str of ASCII the i-th character is the i-th byte; in others it is looked
// for from the start. The strs of one ASCII character are immortal.
// Mirrors Objects/unicodeobject.c (CPython 3.13); departs: UTF-8.

#include "rtcore_types.h"

#include "rt_errors.h"

#include <string.h>

enum { ASCII_CHARS = 128 };

// Written at start-up only.
static RtObject *ascii_chars[ASCII_CHARS];

int
RtStr_InitChars(void)
{
    for (int c = 1; c < ASCII_CHARS; c++) {
        char text[2] = { (char)c, '\0' };
        ascii_chars[c] = RtStr_InternStatic(text);
        if (ascii_chars[c] == NULL) {
            return -1;
        }
    }
    return 0;
}

uint32_t
RtUtf8_Decode(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    switch (RtUtf8_Width(*p)) {
    case 1: return *p;
    case 2: return (uint32_t)(*p & 0x1f) << 6 | (p[1] & 0x3f);
    case 3: return (uint32_t)(*p & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6
                   | (p[2] & 0x3f);
    default: return (uint32_t)(*p & 0x07) << 18
                    | (uint32_t)(p[1] & 0x3f) << 12
                    | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    }
}

int
RtUtf8_Encode(uint32_t c, char *to)
{
    rt_assert(c <= 0x10ffff);
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    int width = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = width - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    to[0] = (char)(first[width] | c);
    return width;
}

RtObject *
RtStr_FromChar(uint32_t c)
{
    if (c < ASCII_CHARS && ascii_chars[c] != NULL) {
        return ascii_chars[c];
    }
    char text[4];
    return RtStr_FromStringAndSize(text, RtUtf8_Encode(c, text));
}

RtObject *
RtStr_TryGetItem(RtObject *op, ssize_t at)
{
    if (at < 0 || at >= Rt_SIZE(op)) {
        return NULL;
    }
    const char *p = RtStr_DATA(op) + at;
    unsigned char first = (unsigned char)*p;
    if (first < ASCII_CHARS && ascii_chars[first] != NULL) {
        return ascii_chars[first];
    }
    return RtStr_FromStringAndSize(p, RtUtf8_Width(first));
}

ssize_t
RtStr_ByteOffset(RtObject *op, ssize_t i)
{
    if (RtStr_IsASCII(op)) {
        return i;
    }
    ssize_t at = 0;
    while (i-- > 0) {
        at += RtUtf8_Width((unsigned char)RtStr_DATA(op)[at]);
    }
    return at;
}

ssize_t
RtStr_CharIndex(RtObject *op, ssize_t at)
{
    if (RtStr_IsASCII(op)) {
        return at;
    }
    ssize_t i = 0;
    for (ssize_t b = 0; b < at; i++) {
        b += RtUtf8_Width((unsigned char)RtStr_DATA(op)[b]);
    }
    return i;
}

RtObject *
RtStr_Substring(RtObject *op, ssize_t start, ssize_t end)
{
    if (start == 0 && end >= RtStr_LENGTH(op) && RtStr_CheckExact(op)) {
        return Rt_NewRef(op);
    }
    if (start >= end) {
        return RtStr_FromStringAndSize("", 0);
    }
    ssize_t from = RtStr_ByteOffset(op, start);
    ssize_t to = RtStr_ByteOffset(op, end);
    return to - from == 1 ? RtStr_TryGetItem(op, from)
           : RtStr_FromStringAndSize(RtStr_DATA(op) + from, to - from);
}

// Every step-th character; the positions of all are noted first.
static RtObject *
stepped(RtObject *op, const RtSliceRange *range, ssize_t n)
{
    ssize_t *offsets = NULL;
    if (!RtStr_IsASCII(op)) {
        offsets = RtMem_Malloc(sizeof(ssize_t) * (size_t)RtStr_LENGTH(op));
        if (offsets == NULL) {
            return RtErr_NoMemory();
        }
        ssize_t at = 0;
        for (ssize_t i = 0; i < RtStr_LENGTH(op); i++) {
            offsets[i] = at;
            at += RtUtf8_Width((unsigned char)RtStr_DATA(op)[at]);
        }
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t i = 0; i < n; i++) {
        ssize_t at = range->start + i * range->step;
        at = offsets == NULL ? at : offsets[at];
        const char *p = RtStr_DATA(op) + at;
        RtStrWriter_Write(&w, p, RtUtf8_Width((unsigned char)*p));
    }
    RtMem_Free(offsets);
    return RtStrWriter_Finish(&w);
}

RtObject *
RtStr_GetSlice(RtObject *op, RtObject *slice)
{
    RtSliceRange range;
    if (RtSlice_Unpack(slice, &range) < 0) {
        return NULL;
    }
    ssize_t n = RtSlice_Adjust(&range, RtStr_LENGTH(op));
    if (n == 0) {
        return RtStr_FromStringAndSize("", 0);
    }
    return range.step == 1 ? RtStr_Substring(op, range.start, range.stop)
                           : stepped(op, &range, n);
}
