// long_bytes.c: ints as bytes: int.to_bytes() and int.from_bytes().
//
// A negative number is the two's complement of as many bytes as there are.
// Mirrors int_to_bytes_impl and _PyLong_FromByteArray in Objects/longobject.c
// (CPython 3.13); departs: none.

#include "rtcore_long.h"

#include "rt_errors.h"
#include "rtcore_bytes.h"
#include "rtcore_number.h"
#include "rtcore_object.h"
#include "rtcore_str.h"

#include <string.h>

enum { LIMB_BYTES = RT_LIMB_BITS / 8 };

// A size that an argument says. 0, or -1 with an exception.
static int
get_size(RtObject *op, ssize_t *size)
{
    RtObject *index = RtNumber_Index(op);
    if (index == NULL) {
        return -1;
    }
    *size = RtLong_AsInt64(index);
    Rt_DECREF(index);
    return *size == -1 && RtErr_Occurred() != NULL ? -1 : 0;
}

// 'little': 1, 'big' or nothing: 0, else ValueError.
static int
is_little(RtObject *order)
{
    const char *text = order == NULL ? "big"
                       : RtStr_Check(order) ? RtStr_AsUTF8(order) : NULL;
    if (text == NULL) {
        RtErr_Format(&RtExc_TypeError, "argument 'byteorder' must be str, "
                     "not %s", Rt_TYPE(order)->tp_name);
        return -1;
    }
    if (strcmp(text, "little") != 0 && strcmp(text, "big") != 0) {
        RtErr_SetString(&RtExc_ValueError,
                        "byteorder must be either 'little' or 'big'");
        return -1;
    }
    return text[0] == 'l';
}

static void
reverse(char *p, ssize_t n)
{
    for (ssize_t i = 0; i < n / 2; i++) {
        char c = p[i];
        p[i] = p[n - 1 - i];
        p[n - 1 - i] = c;
    }
}

// To the two's complement and back.
static void
negate(char *p, ssize_t n)
{
    unsigned carry = 1;
    for (ssize_t i = 0; i < n; i++) {
        carry += (unsigned char)~p[i];
        p[i] = (char)carry;
        carry >>= 8;
    }
}

// Whether the number fits n bytes; OverflowError.
static bool
check_fits(const RtLongView *view, ssize_t n, bool is_signed)
{
    if (view->negative && !is_signed) {
        RtErr_SetString(&RtExc_OverflowError,
                        "can't convert negative int to unsigned");
        return false;
    }
    size_t bits = RtLong_NumBits(view);
    bool least = view->negative && !RtLong_HasBitsBelow(view, bits - 1);
    if (is_signed && bits > 0 && !least) {
        bits++;
    }
    if (bits > (size_t)n * 8) {
        RtErr_SetString(&RtExc_OverflowError, "int too big to convert");
        return false;
    }
    return true;
}

static RtObject *
convert_to_bytes(RtObject *self, ssize_t n, bool little, bool is_signed)
{
    RtLongView view;
    RtLong_GetView(self, &view);
    if (!check_fits(&view, n, is_signed)) {
        return NULL;
    }
    RtObject *result = RtBytes_Alloc(n);
    if (result == NULL) {
        return NULL;
    }
    char *p = ((RtBytesObject *)result)->data;
    for (ssize_t i = 0; i < n; i++) {
        ssize_t limb = i / LIMB_BYTES;
        p[i] = limb < view.size
               ? (char)(view.limb[limb] >> 8 * (i % LIMB_BYTES)) : 0;
    }
    if (view.negative) {
        negate(p, n);
    }
    if (!little) {
        reverse(p, n);
    }
    return RtBytes_Seal(result);
}

// to_bytes(length=1, byteorder='big', *, signed=False)
RtObject *
RtLong_ToBytesMethod(RtObject *self, RtObject *const *args, ssize_t nargs,
                     RtObject *kwnames)
{
    static const char *const names[] = { "length", "byteorder", "signed",
                                         NULL };
    RtObject *given[3];
    ssize_t n = 1;
    if (RtArg_Unpack("to_bytes", names, 2, 0, args, nargs, kwnames,
                     given) < 0 ||
        (given[0] != NULL && get_size(given[0], &n) < 0))
    {
        return NULL;
    }
    int little = is_little(given[1]);
    int is_signed = given[2] != NULL ? RtObject_IsTrue(given[2]) : 0;
    if (little < 0 || is_signed < 0) {
        return NULL;
    }
    if (n < 0) {
        RtErr_SetString(&RtExc_ValueError,
                        "length argument must be non-negative");
        return NULL;
    }
    return convert_to_bytes(self, n, little, is_signed);
}

static RtObject *
convert_from_bytes(RtObject *bytes, bool little, bool is_signed)
{
    ssize_t n = Rt_SIZE(bytes);
    ssize_t nlimbs = (n + LIMB_BYTES - 1) / LIMB_BYTES;
    if (nlimbs > RT_LONG_MAX_LIMBS) {
        return RtErr_NoMemory();
    }
    RtObject *copy = RtBytes_Alloc(n);
    RtLongLimbs *limbs = copy != NULL ? RtLimbs_New(nlimbs + 1) : NULL;
    if (limbs == NULL) {
        Rt_XDECREF(copy);
        return NULL;
    }
    char *p = ((RtBytesObject *)copy)->data;
    memcpy(p, RtBytes_DATA(bytes), (size_t)n);
    if (!little) {
        reverse(p, n);
    }
    bool negative = is_signed && n > 0 && p[n - 1] < 0;
    if (negative) {
        negate(p, n);
    }
    memset(limbs->limb, 0, (size_t)(nlimbs + 1) * sizeof(limbs->limb[0]));
    for (ssize_t i = 0; i < n; i++) {
        limbs->limb[i / LIMB_BYTES] |=
            (uint64_t)(unsigned char)p[i] << 8 * (i % LIMB_BYTES);
    }
    Rt_DECREF(RtBytes_Seal(copy));
    return RtLong_FromLimbs(limbs, nlimbs + 1, negative);
}

// from_bytes(bytes, byteorder='big', *, signed=False)
RtObject *
RtLong_FromBytesMethod(RtObject *type, RtObject *const *args, ssize_t nargs,
                       RtObject *kwnames)
{
    static const char *const names[] = { "bytes", "byteorder", "signed",
                                         NULL };
    RtObject *given[3];
    if (RtArg_Unpack("from_bytes", names, 2, 1, args, nargs, kwnames,
                     given) < 0)
    {
        return NULL;
    }
    int little = is_little(given[1]);
    int is_signed = given[2] != NULL ? RtObject_IsTrue(given[2]) : 0;
    if (little < 0 || is_signed < 0) {
        return NULL;
    }
    RtObject *bytes = RtBytes_FromLike(given[0]);
    if (bytes == NULL && RtErr_Occurred() == NULL) {
        bytes = RtBytes_FromObject(given[0], "bytes");
    }
    if (bytes == NULL) {
        return NULL;
    }
    RtObject *value = convert_from_bytes(bytes, little, is_signed);
    Rt_DECREF(bytes);
    if (value == NULL || type == (RtObject *)&RtLong_Type) {
        return value;
    }
    RtObject *result = RtObject_CallOneArg(type, value);
    Rt_DECREF(value);
    return result;
}
