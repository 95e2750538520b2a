// bytearray.c: bytearray.
//
// Every access holds the object's critical section; arguments are turned into
// numbers and bytes before, since that may run code of the program. What was
// replaced is freed afterwards.
// Mirrors Objects/bytearrayobject.c (CPython 3.13, sections as in 3.14);
// departs: no buffer protocol, searching and formatting work on a copy.

#include "rtcore_bytes.h"

#include "rt_critical_section.h"
#include "rt_errors.h"

#include <string.h>

static inline RtByteArrayObject *
as_array(RtObject *op)
{
    rt_assert(RtByteArray_Check(op));
    return (RtByteArrayObject *)op;
}

RtObject *
RtByteArray_AsBytes(RtObject *op)
{
    RtObject *result;
    RT_BEGIN_CRITICAL_SECTION(op);
    result = RtBytes_FromStringAndSize(
        Rt_SIZE(op) == 0 ? "" : as_array(op)->data, Rt_SIZE(op));
    RT_END_CRITICAL_SECTION();
    return result;
}

// The caller holds the lock. 0, or -1 and nothing has changed.
static int
reserve_locked(RtByteArrayObject *array, ssize_t size)
{
    if (size <= array->capacity) {
        return 0;
    }
    ssize_t capacity = size + (size >> 3) + 8;
    char *data = size > RT_SEQUENCE_SIZE_MAX ? NULL
                 : RtMem_Malloc((size_t)capacity);
    if (data == NULL) {
        (void)RtErr_NoMemory();
        return -1;
    }
    if (Rt_SIZE(array) > 0) {
        memcpy(data, array->data, (size_t)Rt_SIZE(array));
    }
    RtMem_Free(array->data);
    array->data = data;
    array->capacity = capacity;
    return 0;
}

// The bytes [start, stop) become others.
static int
replace_locked(RtByteArrayObject *array, ssize_t start, ssize_t stop,
               const char *bytes, ssize_t n)
{
    ssize_t size = Rt_SIZE(array) - (stop - start) + n;
    if (reserve_locked(array, size) < 0) {
        return -1;
    }
    if (Rt_SIZE(array) > stop) {
        memmove(array->data + start + n, array->data + stop,
                (size_t)(Rt_SIZE(array) - stop));
    }
    if (n > 0) {
        memcpy(array->data + start, bytes, (size_t)n);
    }
    Rt_SIZE(array) = size;
    return 0;
}

// At the end; 0, or -1.
static int
append_bytes(RtObject *op, const char *bytes, ssize_t n)
{
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = replace_locked(as_array(op), Rt_SIZE(op), Rt_SIZE(op), bytes, n);
    RT_END_CRITICAL_SECTION();
    return status;
}

// Takes `bytes`, which may be NULL.
static RtObject *
array_from_bytes(RtTypeObject *type, RtObject *bytes)
{
    RtObject *op = bytes == NULL ? NULL : RtObject_New(type, 0);
    if (op != NULL &&
        append_bytes(op, RtBytes_DATA(bytes), Rt_SIZE(bytes)) < 0)
    {
        Rt_CLEAR(op);
    }
    Rt_XDECREF(bytes);
    return op;
}

RtObject *
RtByteArray_FromBytes(RtObject *bytes)
{
    return array_from_bytes(&RtByteArray_Type, bytes);
}

static RtObject *
array_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
             RtObject *kwnames)
{
    return array_from_bytes(type, RtBytes_FromCall("bytearray", args, nargs,
                                                   kwnames));
}

static RtObject *
array_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    return array_new_kw(type, args, nargs, NULL);
}

static void
array_dealloc(RtObject *op)
{
    RtMem_Free(as_array(op)->data);
    RtObject_Free(op);
}

static RtObject *
array_repr(RtObject *op)
{
    RtObject *bytes = RtByteArray_AsBytes(op);
    if (bytes == NULL) {
        return NULL;
    }
    RtObject *result = RtBytes_Repr(bytes, "bytearray(", ")");
    Rt_DECREF(bytes);
    return result;
}

static ssize_t
array_length(RtObject *op)
{
    ssize_t size;
    RT_BEGIN_CRITICAL_SECTION(op);
    size = Rt_SIZE(op);
    RT_END_CRITICAL_SECTION();
    return size;
}

// ---------------------------------------------------------------------------
// Changing.

static int
out_of_range(const char *message)
{
    RtErr_SetString(&RtExc_IndexError, message);
    return -1;
}

static int
set_item(RtObject *op, RtObject *key, RtObject *value)
{
    ssize_t i;
    int byte = 0;
    if (RtLong_AsIndex(key, &i,
                       "bytearray indices must be integers or slices") < 0 ||
        (value != NULL &&
         (byte = RtBytes_ByteValue(value,
                                   "byte must be in range(0, 256)")) < 0))
    {
        return -1;
    }
    int status = 0;
    bool found;
    RT_BEGIN_CRITICAL_SECTION(op);
    i += i < 0 ? Rt_SIZE(op) : 0;
    found = i >= 0 && i < Rt_SIZE(op);
    if (found && value != NULL) {
        as_array(op)->data[i] = (char)byte;
    }
    else if (found) {
        status = replace_locked(as_array(op), i, i + 1, "", 0);
    }
    RT_END_CRITICAL_SECTION();
    return found ? status : out_of_range("bytearray index out of range");
}

static int
set_slice_locked(RtByteArrayObject *array, RtSliceRange *range,
                 const char *bytes, ssize_t n)
{
    ssize_t count = RtSlice_Adjust(range, Rt_SIZE(array));
    if (range->step == 1) {
        return replace_locked(array, range->start, range->start + count,
                              bytes, n);
    }
    if (n == 0) {
        // From the end, so that positions stay what they are.
        for (ssize_t i = range->step > 0 ? count - 1 : 0;
             i >= 0 && i < count; i += range->step > 0 ? -1 : 1)
        {
            ssize_t at = range->start + i * range->step;
            (void)replace_locked(array, at, at + 1, "", 0);
        }
        return 0;
    }
    if (n != count) {
        RtErr_Format(&RtExc_ValueError, "attempt to assign bytes of size %zd "
                     "to extended slice of size %zd", n, count);
        return -1;
    }
    for (ssize_t i = 0; i < n; i++) {
        array->data[range->start + i * range->step] = bytes[i];
    }
    return 0;
}

static RtObject *
bytes_to_assign(RtObject *value)
{
    if (RtStr_Check(value) || RtFloat_Check(value) || RtIndex_Check(value)) {
        RtErr_SetString(&RtExc_TypeError, "can assign only bytes, buffers, or "
                        "iterables of ints in range(0, 256)");
        return NULL;
    }
    return RtBytes_FromObject(value, "bytearray");
}

static int
array_ass_subscript(RtObject *op, RtObject *key, RtObject *value)
{
    if (!RtSlice_Check(key)) {
        return set_item(op, key, value);
    }
    RtSliceRange range;
    if (RtSlice_Unpack(key, &range) < 0) {
        return -1;
    }
    RtObject *bytes = value == NULL ? RtBytes_FromStringAndSize("", 0)
                                    : RtBytes_FromLike(value);
    if (bytes == NULL && RtErr_Occurred() == NULL) {
        bytes = bytes_to_assign(value);
    }
    if (bytes == NULL) {
        return -1;
    }
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = set_slice_locked(as_array(op), &range, RtBytes_DATA(bytes),
                              Rt_SIZE(bytes));
    RT_END_CRITICAL_SECTION();
    Rt_DECREF(bytes);
    return status;
}

RtObject *
RtByteArray_AppendMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int byte = RtBytes_ByteValue(args[0], "byte must be in range(0, 256)");
    char c = (char)byte;
    return byte < 0 || append_bytes(self, &c, 1) < 0 ? NULL : Rt_None;
}

int
RtByteArray_Extend(RtObject *op, RtObject *source)
{
    RtObject *bytes = RtBytes_FromLike(source);
    if (bytes == NULL && RtErr_Occurred() == NULL) {
        if (RtStr_Check(source) && Rt_SIZE(source) > 0) {
            RtErr_SetString(&RtExc_TypeError,
                            "expected iterable of integers; got: 'str'");
            return -1;
        }
        bytes = RtIndex_Check(source)
            ? NULL : RtBytes_FromObject(source, "bytearray");
        if (bytes == NULL && RtErr_Occurred() == NULL) {
            RtErr_Format(&RtExc_TypeError, "can't extend bytearray with %s",
                         Rt_TYPE(source)->tp_name);
        }
    }
    if (bytes == NULL) {
        return -1;
    }
    int status = append_bytes(op, RtBytes_DATA(bytes), Rt_SIZE(bytes));
    Rt_DECREF(bytes);
    return status;
}

RtObject *
RtByteArray_ExtendMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtByteArray_Extend(self, args[0]) < 0 ? NULL : Rt_None;
}

RtObject *
RtByteArray_InsertMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtSliceRange range = { 0, PTRDIFF_MAX, 1 };
    range.start = (ssize_t)RtLong_AsInt64(args[0]);
    if (range.start == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    int byte = RtBytes_ByteValue(args[1], "byte must be in range(0, 256)");
    if (byte < 0) {
        return NULL;
    }
    char c = (char)byte;
    int status;
    RT_BEGIN_CRITICAL_SECTION(self);
    (void)RtSlice_Adjust(&range, Rt_SIZE(self));
    status = replace_locked(as_array(self), range.start, range.start, &c, 1);
    RT_END_CRITICAL_SECTION();
    return status < 0 ? NULL : Rt_None;
}

RtObject *
RtByteArray_PopMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t i = -1;
    if (nargs > 0 && RtLong_AsIndex(args[0], &i, "an integer is required")
                     < 0) {
        return NULL;
    }
    int byte = -1;
    bool empty;
    RT_BEGIN_CRITICAL_SECTION(self);
    empty = Rt_SIZE(self) == 0;
    i += i < 0 ? Rt_SIZE(self) : 0;
    if (i >= 0 && i < Rt_SIZE(self)) {
        byte = (unsigned char)as_array(self)->data[i];
        (void)replace_locked(as_array(self), i, i + 1, "", 0);
    }
    RT_END_CRITICAL_SECTION();
    if (byte < 0) {
        (void)out_of_range(empty ? "pop from empty bytearray"
                                 : "pop index out of range");
        return NULL;
    }
    return RtLong_FromInt64(byte);
}

RtObject *
RtByteArray_RemoveMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int byte = RtBytes_ByteValue(args[0], "byte must be in range(0, 256)");
    if (byte < 0) {
        return NULL;
    }
    bool found;
    RT_BEGIN_CRITICAL_SECTION(self);
    const char *data = as_array(self)->data;
    const char *hit = data == NULL ? NULL
                      : memchr(data, byte, (size_t)Rt_SIZE(self));
    found = hit != NULL;
    if (found) {
        (void)replace_locked(as_array(self), hit - data, hit - data + 1, "",
                             0);
    }
    RT_END_CRITICAL_SECTION();
    if (!found) {
        RtErr_SetString(&RtExc_ValueError, "value not found in bytearray");
        return NULL;
    }
    return Rt_None;
}

RtObject *
RtByteArray_ClearMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RT_BEGIN_CRITICAL_SECTION(self);
    Rt_SIZE(self) = 0;
    RT_END_CRITICAL_SECTION();
    return Rt_None;
}

RtObject *
RtByteArray_ReverseMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RT_BEGIN_CRITICAL_SECTION(self);
    char *data = as_array(self)->data;
    for (ssize_t i = 0, j = Rt_SIZE(self) - 1; i < j; i++, j--) {
        char c = data[i];
        data[i] = data[j];
        data[j] = c;
    }
    RT_END_CRITICAL_SECTION();
    return Rt_None;
}

RtObject *
RtByteArray_CopyMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtByteArray_FromBytes(RtByteArray_AsBytes(self));
}

static RtObject *
array_add(RtObject *a, RtObject *b)
{
    return RtByteArray_Check(a) && !RtSequence_AsksOther(b)
        ? RtByteArray_FromBytes(RtBytes_Concat(a, b)) : Rt_NotImplemented;
}

static RtObject *
array_multiply(RtObject *a, RtObject *b)
{
    RtObject *op = RtByteArray_Check(a) ? a : b;
    ssize_t n;
    int status = RtByteArray_Check(op)
        ? RtLong_AsRepeatCount(op == a ? b : a, &n) : 1;
    if (status != 0) {
        return status < 0 ? NULL : Rt_NotImplemented;
    }
    RtObject *bytes = RtByteArray_AsBytes(op);
    RtObject *repeated = bytes == NULL ? NULL : RtBytes_Repeat(bytes, n);
    Rt_XDECREF(bytes);
    return RtByteArray_FromBytes(repeated);
}

RtTypeObject RtByteArray_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "bytearray",
    .tp_basicsize = sizeof(RtByteArrayObject),
    .tp_flags = RT_TPFLAGS_BASETYPE,
    .tp_dealloc = array_dealloc,
    .tp_repr = array_repr,
    .tp_str = array_repr,
    .tp_hash = RtObject_HashNotImplemented,
    .tp_richcompare = RtBytes_RichCompare,
    .tp_iter = RtSeqIter_New,
    .tp_new = array_new,
    .tp_new_kw = array_new_kw,
    .nb_add = array_add,
    .nb_multiply = array_multiply,
    .mp_length = array_length,
    .mp_subscript = RtBytes_Item,
    .mp_ass_subscript = array_ass_subscript,
    .sq_contains = RtBytes_Contains,
    .tp_methods = rt_bytearray_methods,
};
