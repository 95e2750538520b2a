// rtcore_str_methods.h: what the files of the methods of str share.

#ifndef RT_INTERNAL_STR_METHODS_H
#define RT_INTERNAL_STR_METHODS_H

#include "rtcore_types.h"

// str_chars.c
bool RtChar_IsSpace(uint32_t c);
bool RtChar_IsLineBreak(uint32_t c);
bool RtChar_IsAlpha(uint32_t c);
bool RtChar_IsDecimal(uint32_t c);
bool RtChar_IsDigit(uint32_t c);
bool RtChar_IsNumeric(uint32_t c);
bool RtChar_IsUpper(uint32_t c);
bool RtChar_IsLower(uint32_t c);
uint32_t RtChar_ToLower(uint32_t c);
uint32_t RtChar_ToUpper(uint32_t c);

static inline bool
RtChar_IsAlnum(uint32_t c)
{
    return RtChar_IsAlpha(c) || RtChar_IsNumeric(c);
}

// The character before `end`, and where it begins.
static inline uint32_t
RtUtf8_DecodeBefore(const char **end)
{
    do {
        (*end)--;
    } while (((unsigned char)**end & 0xc0) == 0x80);
    return RtUtf8_Decode(*end);
}

static inline uint32_t
RtUtf8_Next(const char **p)
{
    if ((unsigned char)**p < 0x80) {
        return (unsigned char)*(*p)++;
    }
    uint32_t c = RtUtf8_Decode(*p);
    *p += RtUtf8_Width((unsigned char)**p);
    return c;
}

static inline void
RtStrWriter_WriteChar(RtStrWriter *w, uint32_t c)
{
    char text[4];
    if (c < 0x80 && w->size < w->capacity) {
        w->data[w->size++] = (char)c;
        return;
    }
    RtStrWriter_Write(w, text, RtUtf8_Encode(c, text));
}

// The rows of each file, all of them in the type's table by str_methods.c.
#define RT_STR_METHOD(name) \
    RtObject *name(RtObject *self, RtObject *const *args, ssize_t nargs)
#define RT_STR_METHOD_KW(name) \
    RtObject *name(RtObject *self, RtObject *const *args, ssize_t nargs, \
                   RtObject *kwnames)

// str_case.c
RT_STR_METHOD(RtStr_Upper);
RT_STR_METHOD(RtStr_Lower);
RT_STR_METHOD(RtStr_Casefold);
RT_STR_METHOD(RtStr_Capitalize);
RT_STR_METHOD(RtStr_Title);
RT_STR_METHOD(RtStr_Swapcase);
RT_STR_METHOD(RtStr_IsUpper);
RT_STR_METHOD(RtStr_IsLower);
RT_STR_METHOD(RtStr_IsTitle);
RT_STR_METHOD(RtStr_IsSpace);
RT_STR_METHOD(RtStr_IsAlpha);
RT_STR_METHOD(RtStr_IsDigit);
RT_STR_METHOD(RtStr_IsDecimal);
RT_STR_METHOD(RtStr_IsNumeric);
RT_STR_METHOD(RtStr_IsAlnum);
RT_STR_METHOD(RtStr_IsASCIIMethod);
RT_STR_METHOD(RtStr_IsPrintable);
RT_STR_METHOD(RtStr_IsIdentifier);

// str_split.c
const char *RtStr_FindLast(const char *p, const char *end, const char *needle,
                           size_t n);
RT_STR_METHOD_KW(RtStr_Split);
RT_STR_METHOD_KW(RtStr_RSplit);
RT_STR_METHOD_KW(RtStr_SplitLines);
RT_STR_METHOD(RtStr_Partition);
RT_STR_METHOD(RtStr_RPartition);

// str_pad.c
RT_STR_METHOD(RtStr_Strip);
RT_STR_METHOD(RtStr_LStrip);
RT_STR_METHOD(RtStr_RStrip);
RT_STR_METHOD(RtStr_Center);
RT_STR_METHOD(RtStr_LJust);
RT_STR_METHOD(RtStr_RJust);
RT_STR_METHOD(RtStr_ZFill);
RT_STR_METHOD_KW(RtStr_ExpandTabs);
RT_STR_METHOD(RtStr_RemovePrefix);
RT_STR_METHOD(RtStr_RemoveSuffix);
RT_STR_METHOD(RtStr_Translate);
RT_STR_METHOD(RtStr_MakeTrans);

// What join() is given, as a tuple: what is wrong with the iterable is found
// before what is wrong with the items.
RtObject *RtStr_GetPieces(RtObject *iterable);

#endif  // RT_INTERNAL_STR_METHODS_H
