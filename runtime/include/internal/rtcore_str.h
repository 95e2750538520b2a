// rtcore_str.h: the layout of str, its characters, and the collector of text.
//
// A str never changes once its creator has filled it.

#ifndef RT_INTERNAL_STR_H
#define RT_INTERNAL_STR_H

#include "rt_types.h"
#include "rtcore_object.h"

// Longer sequences are refused with MemoryError before anything is allocated.
#define RT_SEQUENCE_SIZE_MAX ((ssize_t)1 << 24)

typedef struct RtStrObject {
    RtVarObject ob_base;
    ssize_t hash;               // set before the object is visible
    ssize_t length;             // characters; ob_size if all are ASCII
    char data[];                // ob_size bytes and a NUL
} RtStrObject;

static inline bool
RtStr_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_STR_SUBCLASS);
}

static inline bool
RtStr_CheckExact(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtStr_Type);
}

static inline ssize_t
RtStr_HASH(RtObject *op)
{
    return ((RtStrObject *)op)->hash;
}

// Characters, not bytes.
static inline ssize_t
RtStr_LENGTH(RtObject *op)
{
    return ((RtStrObject *)op)->length;
}

static inline bool
RtStr_IsASCII(RtObject *op)
{
    return RtStr_LENGTH(op) == Rt_SIZE(op);
}

static inline const char *
RtStr_DATA(RtObject *op)
{
    return ((RtStrObject *)op)->data;
}

extern RtMethodDef rt_str_methods[];
extern RtMethodDef rt_str_class_methods[];

// The character at a byte position, or NULL without an exception past the end.
RtObject *RtStr_TryGetItem(RtObject *op, ssize_t at);
// Where the i-th character stands, in bytes.
ssize_t RtStr_ByteOffset(RtObject *op, ssize_t i);
// How many characters stand before a byte.
ssize_t RtStr_CharIndex(RtObject *op, ssize_t at);
// The characters [start, end).
RtObject *RtStr_Substring(RtObject *op, ssize_t start, ssize_t end);
RtObject *RtStr_GetSlice(RtObject *op, RtObject *slice);
// Bytes of the character that begins with this byte.
static inline int
RtUtf8_Width(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
// Of well-formed text.
uint32_t RtUtf8_Decode(const char *at);
int RtUtf8_Encode(uint32_t c, char *to);        // bytes written, at most 4
RtObject *RtStr_FromChar(uint32_t c);
int RtStr_InitChars(void);      // start-up: makes the ASCII characters

// str_repr.c
RtObject *RtStr_ReprOf(RtObject *op, bool ascii);
bool RtChar_IsPrintable(uint32_t c);

// Collects the text of a str. After a failed write the rest are ignored and
// Finish returns NULL with the exception set.
typedef struct RtStrWriter {
    char *data;
    ssize_t size;
    ssize_t capacity;
    bool failed;
    char small[128];
} RtStrWriter;

void RtStrWriter_Init(RtStrWriter *w);
void RtStrWriter_Write(RtStrWriter *w, const char *bytes, ssize_t size);
void RtStrWriter_WriteString(RtStrWriter *w, const char *text);
// Writes repr(op). 0, or -1 with an exception. Runs user code.
int RtStrWriter_WriteRepr(RtStrWriter *w, RtObject *op);
// \x.., \u.... or \U........
void RtStrWriter_WriteEscape(RtStrWriter *w, uint32_t c);
RtObject *RtStrWriter_Finish(RtStrWriter *w);
void RtStrWriter_Discard(RtStrWriter *w);

#endif  // RT_INTERNAL_STR_H
