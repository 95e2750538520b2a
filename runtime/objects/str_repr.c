// str_repr.c: the repr of a str, and ascii().
//
// Characters that cannot be printed are escaped: controls, surrogates, and what
// separates or formats without being seen; ascii() escapes all beyond ASCII.
// Mirrors unicode_repr of Objects/unicodeobject.c (CPython 3.13); departs: what
// is not assigned in Unicode counts as printable.

#include "rtcore_types.h"

#include "rt_errors.h"

#include <stdio.h>
#include <string.h>

bool
RtChar_IsPrintable(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        { 0, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x600, 0x605 },
        { 0x61c, 0x61c }, { 0x6dd, 0x6dd }, { 0x70f, 0x70f },
        { 0x1680, 0x1680 }, { 0x180e, 0x180e }, { 0x2000, 0x200f },
        { 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x3000, 0x3000 },
        { 0xd800, 0xf8ff }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
        { 0xfffe, 0xffff }, { 0xe0000, 0x10ffff },
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c <= ranges[i][1]) {
            return c < ranges[i][0];
        }
    }
    return true;
}

void
RtStrWriter_WriteEscape(RtStrWriter *w, uint32_t c)
{
    char escape[12];
    const char *format = c < 0x100 ? "\\x%02x"
                         : c < 0x10000 ? "\\u%04x" : "\\U%08x";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int n = snprintf(escape, sizeof(escape), format, c);
#pragma GCC diagnostic pop
    RtStrWriter_Write(w, escape, n);
}

static void
write_char(RtStrWriter *w, uint32_t c, char quote, bool ascii)
{
    switch (c) {
    case '\n': RtStrWriter_Write(w, "\\n", 2); return;
    case '\r': RtStrWriter_Write(w, "\\r", 2); return;
    case '\t': RtStrWriter_Write(w, "\\t", 2); return;
    case '\\': RtStrWriter_Write(w, "\\\\", 2); return;
    default: break;
    }
    if (!RtChar_IsPrintable(c) || (ascii && c >= 0x80)) {
        RtStrWriter_WriteEscape(w, c);
        return;
    }
    if (c == (unsigned char)quote) {
        RtStrWriter_Write(w, "\\", 1);
    }
    char text[4];
    RtStrWriter_Write(w, text, RtUtf8_Encode(c, text));
}

RtObject *
RtStr_ReprOf(RtObject *op, bool ascii)
{
    const char *data = RtStr_DATA(op);
    size_t size = (size_t)Rt_SIZE(op);
    bool single = memchr(data, '\'', size) != NULL;
    char quote = single && memchr(data, '"', size) == NULL ? '"' : '\'';
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_Write(&w, &quote, 1);
    for (size_t i = 0; i < size;) {
        write_char(&w, RtUtf8_Decode(data + i), quote, ascii);
        i += (size_t)RtUtf8_Width((unsigned char)data[i]);
    }
    RtStrWriter_Write(&w, &quote, 1);
    return RtStrWriter_Finish(&w);
}

// What ascii(op) gives.
RtObject *
RtObject_ASCII(RtObject *op)
{
    RtObject *repr = RtObject_Repr(op);
    if (repr == NULL || RtStr_IsASCII(repr)) {
        return repr;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t i = 0; i < Rt_SIZE(repr);) {
        const char *p = RtStr_DATA(repr) + i;
        int width = RtUtf8_Width((unsigned char)*p);
        if (width == 1) {
            RtStrWriter_Write(&w, p, 1);
        }
        else {
            RtStrWriter_WriteEscape(&w, RtUtf8_Decode(p));
        }
        i += width;
    }
    Rt_DECREF(repr);
    return RtStrWriter_Finish(&w);
}
