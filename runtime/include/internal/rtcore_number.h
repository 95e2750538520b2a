// rtcore_number.h: the layouts of int and float, and what needs to be fast.
//
// Neither ever changes. What computes with ints of more than 64 bits is in
// rtcore_long.h.

#ifndef RT_INTERNAL_NUMBER_H
#define RT_INTERNAL_NUMBER_H

#include "rt_types.h"
#include "rtcore_object.h"

enum { RT_SMALL_INT_MIN = -5, RT_SMALL_INT_MAX = 256 };

typedef struct RtLongLimbs RtLongLimbs;

typedef struct RtLongObject {
    RtObject ob_base;
    int64_t value;              // of a big int the nearest that there is
    RtLongLimbs *limbs;         // NULL: the value fits (rtcore_long.h)
} RtLongObject;

static inline bool
RtLong_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_LONG_SUBCLASS);
}

static inline bool
RtLong_CheckExact(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtLong_Type);
}

static inline bool
RtLong_IsCompact(RtObject *op)
{
    return ((RtLongObject *)op)->limbs == NULL;
}

// Of an int that is not compact the nearest value that there is.
static inline int64_t
RtLong_VALUE(RtObject *op)
{
    return ((RtLongObject *)op)->value;
}

// <0, 0, >0.
int RtLong_CompareBig(RtObject *a, RtObject *b);

static inline int
RtLong_Compare(RtObject *a, RtObject *b)
{
    int64_t x = RtLong_VALUE(a);
    int64_t y = RtLong_VALUE(b);
    if (x != y) {
        return x < y ? -1 : 1;
    }
    return RtLong_IsCompact(a) && RtLong_IsCompact(b)
           ? 0 : RtLong_CompareBig(a, b);
}

// For subscripts: 0, or -1 with TypeError "`what`, not T", or IndexError.
int RtLong_AsIndex(RtObject *op, ssize_t *result, const char *what);
// op as an int, by __index__ if it is none. New reference, or TypeError.
RtObject *RtNumber_Index(RtObject *op);
// Whether it is an int or has __index__.
bool RtIndex_Check(RtObject *op);
// How often a sequence is repeated: 0 for what is negative. 0; 1 if op is no
// number; -1 with an exception.
int RtLong_AsRepeatCount(RtObject *op, ssize_t *count);

// ---------------------------------------------------------------------------
// float

typedef struct RtFloatObject {
    RtObject ob_base;
    double value;
} RtFloatObject;

static inline bool
RtFloat_CheckExact(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtFloat_Type);
}

static inline bool
RtFloat_Check(RtObject *op)
{
    return RtFloat_CheckExact(op) ||
           RtType_IsSubtype(Rt_TYPE(op), &RtFloat_Type);
}

static inline double
RtFloat_VALUE(RtObject *op)
{
    return ((RtFloatObject *)op)->value;
}

RtObject *RtFloat_Power(double x, double y);

extern RtMethodDef rt_float_methods[];
extern RtMethodDef rt_float_class_methods[];
extern const RtGetSetDef rt_float_getset[];

// float_text.c
// The text of a double: format 'r' (repr), 'e', 'f', 'g' or upper case, with
// `precision` digits. `alternate`: keep a point and zeros at the end.
// `add_dot_0`: what looks like an int gets ".0". Freed with RtMem_Free(); NULL:
// MemoryError.
char *RtFloat_ToText(double value, char format, int precision, bool alternate,
                     bool add_dot_0);
RtObject *RtFloat_FromText(RtObject *text);     // float(str)

#endif  // RT_INTERNAL_NUMBER_H
