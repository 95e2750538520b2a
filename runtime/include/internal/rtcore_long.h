// rtcore_long.h: ints that do not fit 64 bits, for the files of objects/ that
// compute with them.
//
// An int is compact (its value fits an int64_t and `limbs` is NULL) or big (its
// magnitude stands in `limbs`, the least significant first, the top one not 0,
// and does not fit). The form is a function of the value, so equal ints have
// equal forms. Neither ever changes.

#ifndef RT_INTERNAL_LONG_H
#define RT_INTERNAL_LONG_H

#include "rtcore_types.h"

// Larger results are refused with MemoryError.
#ifdef RT_TINY_LIMITS
enum { RT_LONG_MAX_LIMBS = 1 << 11 };
#else
enum { RT_LONG_MAX_LIMBS = 1 << 22 };
#endif
enum { RT_LIMB_BITS = 64 };

struct RtLongLimbs {
    ssize_t size;
    bool negative;
    uint64_t limb[];
};

// The magnitude of an int, whichever form it has; valid while the int lives and
// the view stays where it is.
typedef struct RtLongView {
    const uint64_t *limb;
    ssize_t size;               // 0: the int is 0
    bool negative;
    uint64_t small;
} RtLongView;

// long_big.c
void RtLong_GetView(RtObject *op, RtLongView *view);
// Room for n limbs, not set. NULL: MemoryError.
RtLongLimbs *RtLimbs_New(ssize_t n);
void RtLimbs_Free(RtLongLimbs *limbs);
// The int with the first n limbs as magnitude; takes `limbs`.
RtObject *RtLong_FromLimbs(RtLongLimbs *limbs, ssize_t n, bool negative);
RtObject *RtLong_FromInt128(__int128 value);
// Of two views: <0, 0, >0.
int RtLong_CompareMagnitudes(const RtLongView *a, const RtLongView *b);
// Bits of the magnitude.
size_t RtLong_NumBits(const RtLongView *view);
// Whether a bit below the n-th is set.
bool RtLong_HasBitsBelow(const RtLongView *view, size_t n);

RtObject *RtLong_AddBig(RtObject *a, RtObject *b, bool subtract);
RtObject *RtLong_MultiplyBig(RtObject *a, RtObject *b);
// Floor division: either result may be NULL. 0, or -1 with an exception. The
// divisor is not 0.
int RtLong_DivmodBig(RtObject *a, RtObject *b, RtObject **quotient,
                     RtObject **remainder);
RtObject *RtLong_NegateBig(RtObject *a, bool negative);
ssize_t RtLong_HashBig(RtObject *op);

// long_bits.c
RtObject *RtLong_ShiftLeft(RtObject *a, size_t n);
RtObject *RtLong_ShiftRight(RtObject *a, size_t n);
// op: '&', '|' or '^'.
RtObject *RtLong_Bitwise(RtObject *a, RtObject *b, char op);
RtObject *RtLong_Power(RtObject *base, RtObject *exponent, RtObject *modulus);

// long_text.c
// Digits in a base from 2 to 36, with prefix 0b, 0o, 0x if asked for.
RtObject *RtLong_Format(RtObject *op, int base, bool prefix);
// The int that a str shows; base 0: as its prefix says. ValueError.
RtObject *RtLong_FromText(RtObject *text, int base);
// False: x is not bytes-like. The number is NULL with an exception.
bool RtLong_FromBytesLike(RtObject *x, int base, RtObject **number);

// long_methods.c
extern RtMethodDef rt_long_methods[];
extern RtMethodDef rt_long_class_methods[];
extern const RtGetSetDef rt_long_getset[];

// long_bytes.c
RtObject *RtLong_ToBytesMethod(RtObject *self, RtObject *const *args,
                               ssize_t nargs, RtObject *kwnames);
RtObject *RtLong_FromBytesMethod(RtObject *type, RtObject *const *args,
                                 ssize_t nargs, RtObject *kwnames);

// long_float.c
// -1.0 and OverflowError if it is too large.
double RtLong_ToDouble(RtObject *op);
RtObject *RtLong_FromDouble(double value);      // of a finite one: truncated
RtObject *RtLong_TrueDivide(RtObject *a, RtObject *b);
// How an int and a double that is no NaN compare: <0, 0, >0.
int RtLong_CompareDouble(RtObject *op, double value);

#endif  // RT_INTERNAL_LONG_H
