// str_chars.c: what kind of character it is, and its other case.
//
// Tables for ASCII, Latin-1 and the alphabets whose letters come in two rows;
// nothing here has state.
// Mirrors Objects/unicodectype.c (CPython 3.13); departs: case beyond Latin,
// Greek and Cyrillic stays; letters beyond Latin-1 are what is no symbol.

#include "rtcore_str_methods.h"

typedef struct CharRange {
    uint32_t first;
    uint32_t last;
} CharRange;

static bool
in_ranges(uint32_t c, const CharRange *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

#define IN(c, ranges) in_ranges(c, ranges, sizeof(ranges) / sizeof(*(ranges)))

bool
RtChar_IsSpace(uint32_t c)
{
    static const CharRange spaces[] = {
        { 0x09, 0x0d }, { 0x1c, 0x20 }, { 0x85, 0x85 }, { 0xa0, 0xa0 },
        { 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 },
        { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
    };
    return IN(c, spaces);
}

bool
RtChar_IsLineBreak(uint32_t c)
{
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 ||
           c == 0x2028 || c == 0x2029;
}

bool
RtChar_IsAlpha(uint32_t c)
{
    static const CharRange low[] = {
        { 'A', 'Z' }, { 'a', 'z' }, { 0xaa, 0xaa }, { 0xb5, 0xb5 },
        { 0xba, 0xba }, { 0xc0, 0xd6 }, { 0xd8, 0xf6 }, { 0xf8, 0x2c1 },
    };
    static const CharRange others[] = {
        { 0, 0x36f }, { 0x2000, 0x2bff }, { 0x3000, 0x3004 },
        { 0x3007, 0x3030 }, { 0xd800, 0xf8ff }, { 0xfe00, 0xfe6f },
        { 0xfff0, 0xffff }, { 0x1d000, 0x1d3ff }, { 0x1f000, 0x1fbff },
        { 0xe0000, 0x10ffff }, { 0x660, 0x669 }, { 0x966, 0x96f },
    };
    return IN(c, low) || !IN(c, others);
}

bool
RtChar_IsDecimal(uint32_t c)
{
    static const CharRange digits[] = {
        { '0', '9' }, { 0x660, 0x669 }, { 0x966, 0x96f }, { 0xff10, 0xff19 },
    };
    return IN(c, digits);
}

bool
RtChar_IsDigit(uint32_t c)
{
    static const CharRange raised[] = {
        { 0xb2, 0xb3 }, { 0xb9, 0xb9 }, { 0x2070, 0x2070 },
        { 0x2074, 0x2079 }, { 0x2080, 0x2089 },
    };
    return RtChar_IsDecimal(c) || IN(c, raised);
}

bool
RtChar_IsNumeric(uint32_t c)
{
    static const CharRange fractions[] = {
        { 0xbc, 0xbe }, { 0x2150, 0x2189 },
    };
    return RtChar_IsDigit(c) || IN(c, fractions);
}

// Letters that stand in pairs, the capital first: even or odd.
static bool
is_paired(uint32_t c, bool *capital_even)
{
    static const CharRange even[] = {
        { 0x100, 0x12f }, { 0x132, 0x137 }, { 0x14a, 0x177 },
        { 0x460, 0x481 }, { 0x48a, 0x4bf }, { 0x4d0, 0x52f },
        { 0x1e00, 0x1e95 }, { 0x1ea0, 0x1eff },
    };
    static const CharRange odd[] = {
        { 0x139, 0x148 }, { 0x179, 0x17e }, { 0x4c1, 0x4ce },
    };
    *capital_even = IN(c, even);
    return *capital_even || IN(c, odd);
}

uint32_t
RtChar_ToLower(uint32_t c)
{
    static const CharRange rows[] = {
        { 'A', 'Z' }, { 0xc0, 0xd6 }, { 0xd8, 0xde }, { 0x391, 0x3a1 },
        { 0x3a3, 0x3ab }, { 0x410, 0x42f },
    };
    bool even;
    if (IN(c, rows)) {
        return c + 0x20;
    }
    if (c >= 0x400 && c <= 0x40f) {
        return c + 0x50;
    }
    if (c == 0x178) {
        return 0xff;
    }
    return is_paired(c, &even) && (c % 2 == 0) == even ? c + 1 : c;
}

uint32_t
RtChar_ToUpper(uint32_t c)
{
    static const CharRange rows[] = {
        { 'a', 'z' }, { 0xe0, 0xf6 }, { 0xf8, 0xfe }, { 0x3b1, 0x3c1 },
        { 0x3c3, 0x3cb }, { 0x430, 0x44f },
    };
    bool even;
    if (IN(c, rows)) {
        return c - 0x20;
    }
    switch (c) {
    case 0xb5: return 0x39c;
    case 0xff: return 0x178;
    case 0x131: return 'I';
    case 0x17f: return 'S';
    case 0x3c2: return 0x3a3;
    default: break;
    }
    if (c >= 0x450 && c <= 0x45f) {
        return c - 0x50;
    }
    return is_paired(c, &even) && (c % 2 == 0) != even ? c - 1 : c;
}

bool
RtChar_IsUpper(uint32_t c)
{
    return RtChar_ToLower(c) != c || c == 0x130;        // two characters
}

bool
RtChar_IsLower(uint32_t c)
{
    return RtChar_ToUpper(c) != c || c == 0xdf || c == 0xaa || c == 0xba;
}
