// bytes.c: bytes.
//
// A bytes object never changes; its hash is computed when it is made.
// Mirrors Objects/bytesobject.c (CPython 3.13); departs: no buffer protocol;
// the hash is that of a str of the same bytes; no % operator.

#include "rtcore_bytes.h"

#include "rt_errors.h"
#include "rtcore_type.h"

#include <string.h>

RtObject *
RtBytes_Alloc(ssize_t n)
{
    if (n > RT_SEQUENCE_SIZE_MAX) {
        return RtErr_NoMemory();
    }
    RtObject *op = RtObject_New(&RtBytes_Type, n);
    if (op != NULL) {
        Rt_SIZE(op) = n;
        ((RtBytesObject *)op)->data[n] = '\0';
    }
    return op;
}

// The same in every process: no seed. Never -1.
RtObject *
RtBytes_Seal(RtObject *op)
{
    uint64_t hash = 14695981039346656037u;
    for (ssize_t i = 0; i < Rt_SIZE(op); i++) {
        hash = (hash ^ (unsigned char)RtBytes_DATA(op)[i]) * 1099511628211u;
    }
    hash ^= hash >> 32;
    ((RtBytesObject *)op)->hash = (ssize_t)hash == -1 ? -2 : (ssize_t)hash;
    return op;
}

RtObject *
RtBytes_FromStringAndSize(const char *bytes, ssize_t size)
{
    RtObject *op = RtBytes_Alloc(size);
    if (op == NULL) {
        return NULL;
    }
    memcpy(((RtBytesObject *)op)->data, bytes, (size_t)size);
    return RtBytes_Seal(op);
}

RtObject *
RtBytes_FromLike(RtObject *op)
{
    if (RtBytes_Check(op)) {
        return Rt_NewRef(op);
    }
    return RtByteArray_Check(op) ? RtByteArray_AsBytes(op) : NULL;
}

RtObject *
RtBytes_AsText(RtObject *op)
{
    RtObject *bytes = RtBytes_FromLike(op);
    if (bytes == NULL) {
        return NULL;
    }
    ssize_t size = Rt_SIZE(bytes);
    char *text = RtMem_Malloc((size_t)size + 1);
    RtObject *result = NULL;
    for (ssize_t i = 0; text != NULL && i < size; i++) {
        char c = RtBytes_DATA(bytes)[i];
        text[i] = c & 0x80 ? '?' : c;
    }
    Rt_DECREF(bytes);
    if (text == NULL) {
        return RtErr_NoMemory();
    }
    result = RtStr_FromStringAndSize(text, size);
    RtMem_Free(text);
    return result;
}

int
RtBytes_ByteValue(RtObject *op, const char *message)
{
    int64_t value = RtLong_AsInt64(op);
    if (value >= 0 && value <= 255) {
        return (int)value;
    }
    if (RtErr_Occurred() == NULL ||
        RtErr_ExceptionMatches(&RtExc_OverflowError))
    {
        RtErr_SetString(&RtExc_ValueError, message);
    }
    return -1;
}

static RtObject *
from_iterable(RtObject *iterable, const char *kind)
{
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        if (RtErr_ExceptionMatches(&RtExc_TypeError)) {
            RtErr_Format(&RtExc_TypeError,
                         "cannot convert '%s' object to %s",
                         Rt_TYPE(iterable)->tp_name, kind);
        }
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtObject *item;
    while ((item = RtIter_Next(iter)) != NULL) {
        int value = RtBytes_ByteValue(item, "bytes must be in range(0, 256)");
        Rt_DECREF(item);
        if (value < 0) {
            break;
        }
        char c = (char)value;
        RtStrWriter_Write(&w, &c, 1);
    }
    Rt_DECREF(iter);
    RtObject *result = NULL;
    if (RtErr_Occurred() == NULL) {
        result = w.failed ? RtErr_NoMemory()
                          : RtBytes_FromStringAndSize(w.data, w.size);
    }
    RtStrWriter_Discard(&w);
    return result;
}

RtObject *
RtBytes_FromObject(RtObject *op, const char *kind)
{
    if (RtStr_Check(op)) {
        RtErr_SetString(&RtExc_TypeError, "string argument without an "
                        "encoding");
        return NULL;
    }
    if (!RtIndex_Check(op)) {
        return from_iterable(op, kind);
    }
    int64_t n = RtLong_AsInt64(op);
    if (n == -1 && RtErr_Occurred() != NULL) {
        if (RtErr_ExceptionMatches(&RtExc_OverflowError)) {
            RtErr_Format(&RtExc_OverflowError,
                         "cannot fit '%s' into an index-sized integer",
                         Rt_TYPE(op)->tp_name);
        }
        return NULL;
    }
    if (n < 0) {
        RtErr_SetString(&RtExc_ValueError, "negative count");
        return NULL;
    }
    // New memory is zero.
    RtObject *result = RtBytes_Alloc((ssize_t)n);
    return result == NULL ? NULL : RtBytes_Seal(result);
}

// bytes(source, encoding, errors), for bytearray as well: what is to be copied.
RtObject *
RtBytes_FromCall(const char *fname, RtObject *const *args, ssize_t nargs,
                 RtObject *kwnames)
{
    static const char *const names[] = { "source", "encoding", "errors",
                                         NULL };
    RtObject *values[3];
    if (RtArg_Unpack(fname, names, 3, 0, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    if (values[0] == NULL) {
        return RtBytes_FromStringAndSize("", 0);
    }
    const char *texts[2];
    if (RtCodec_Names(fname, values + 1, texts) < 0) {
        return NULL;
    }
    if (RtStr_Check(values[0]) && (values[1] != NULL || values[2] != NULL)) {
        return RtStr_Encode(values[0], texts[0], texts[1]);
    }
    if (values[1] != NULL || values[2] != NULL) {
        RtErr_SetString(&RtExc_TypeError, values[1] != NULL
                        ? "encoding without a string argument"
                        : "errors without a string argument");
        return NULL;
    }
    RtObject *copy = RtBytes_FromLike(values[0]);
    if (copy != NULL || RtErr_Occurred() != NULL) {
        return copy;
    }
    int found = RtObject_CallSpecial(values[0], rt_name_bytes, &copy);
    return found != 0 ? copy : RtBytes_FromObject(values[0], fname);
}

static RtObject *
bytes_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
             RtObject *kwnames)
{
    (void)type;
    return RtBytes_FromCall("bytes", args, nargs, kwnames);
}

static RtObject *
bytes_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    return bytes_new_kw(type, args, nargs, NULL);
}

// ---------------------------------------------------------------------------
// Protocol slots.

static void
bytes_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

RtObject *
RtBytes_Repr(RtObject *op, const char *before, const char *after)
{
    static const char hex[] = "0123456789abcdef";
    const char *data = RtBytes_DATA(op);
    size_t size = (size_t)Rt_SIZE(op);
    char quote = memchr(data, '\'', size) != NULL &&
                 memchr(data, '"', size) == NULL ? '"' : '\'';
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_WriteString(&w, before);
    RtStrWriter_Write(&w, "b", 1);
    RtStrWriter_Write(&w, &quote, 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];
        char escape[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
        if (c == '\t' || c == '\n' || c == '\r') {
            escape[1] = c == '\t' ? 't' : c == '\n' ? 'n' : 'r';
            RtStrWriter_Write(&w, escape, 2);
        }
        else if (c < 0x20 || c >= 0x7f) {
            RtStrWriter_Write(&w, escape, 4);
        }
        else {
            if (c == '\\' || c == (unsigned char)quote) {
                RtStrWriter_Write(&w, "\\", 1);
            }
            RtStrWriter_Write(&w, &data[i], 1);
        }
    }
    RtStrWriter_Write(&w, &quote, 1);
    RtStrWriter_WriteString(&w, after);
    return RtStrWriter_Finish(&w);
}

static RtObject *
bytes_repr(RtObject *op)
{
    return RtBytes_Repr(op, "", "");
}

static ssize_t
bytes_hash(RtObject *op)
{
    return ((RtBytesObject *)op)->hash;
}

// Of bytes-like objects.
RtObject *
RtBytes_RichCompare(RtObject *a, RtObject *b, int op)
{
    RtObject *x = RtBytes_FromLike(a);
    RtObject *y = x == NULL ? NULL : RtBytes_FromLike(b);
    RtObject *result = RtErr_Occurred() != NULL ? NULL : Rt_NotImplemented;
    if (y != NULL) {
        ssize_t nx = Rt_SIZE(x);
        ssize_t ny = Rt_SIZE(y);
        int order = memcmp(RtBytes_DATA(x), RtBytes_DATA(y),
                           (size_t)(nx < ny ? nx : ny));
        order = order != 0 ? order : (nx > ny) - (nx < ny);
        result = RtCompare_Answer(order, op);
    }
    Rt_XDECREF(x);
    Rt_XDECREF(y);
    return result;
}

static ssize_t
bytes_length(RtObject *op)
{
    return Rt_SIZE(op);
}

RtObject *
RtBytes_Concat(RtObject *a, RtObject *b)
{
    RtObject *x = RtBytes_FromLike(a);
    RtObject *y = x == NULL ? NULL : RtBytes_FromLike(b);
    RtObject *result = NULL;
    if (y != NULL) {
        result = RtBytes_Alloc(Rt_SIZE(x) + Rt_SIZE(y));
    }
    else if (RtErr_Occurred() == NULL) {
        RtSequence_BadConcat(a, b);
    }
    if (result != NULL) {
        char *data = ((RtBytesObject *)result)->data;
        memcpy(data, RtBytes_DATA(x), (size_t)Rt_SIZE(x));
        memcpy(data + Rt_SIZE(x), RtBytes_DATA(y), (size_t)Rt_SIZE(y));
        (void)RtBytes_Seal(result);
    }
    Rt_XDECREF(x);
    Rt_XDECREF(y);
    return result;
}

static RtObject *
bytes_add(RtObject *a, RtObject *b)
{
    return RtBytes_Check(a) && !RtSequence_AsksOther(b)
        ? RtBytes_Concat(a, b) : Rt_NotImplemented;
}

RtObject *
RtBytes_Repeat(RtObject *op, ssize_t n)
{
    ssize_t size;
    if (__builtin_mul_overflow(n, Rt_SIZE(op), &size)) {
        return RtErr_NoMemory();
    }
    RtObject *result = RtBytes_Alloc(size);
    if (result == NULL) {
        return NULL;
    }
    ssize_t unit = Rt_SIZE(op);
    for (ssize_t at = 0; at < size; at += unit) {
        memcpy(((RtBytesObject *)result)->data + at, RtBytes_DATA(op),
               (size_t)unit);
    }
    return RtBytes_Seal(result);
}

static RtObject *
bytes_multiply(RtObject *a, RtObject *b)
{
    RtObject *op = RtBytes_Check(a) ? a : b;
    ssize_t n;
    int status = RtBytes_Check(op)
        ? RtLong_AsRepeatCount(op == a ? b : a, &n) : 1;
    if (status != 0) {
        return status < 0 ? NULL : Rt_NotImplemented;
    }
    return RtBytes_Repeat(op, n);
}

RtTypeObject RtBytes_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "bytes",
    .tp_basicsize = sizeof(RtBytesObject) + 1,
    .tp_itemsize = 1,
    .tp_dealloc = bytes_dealloc,
    .tp_repr = bytes_repr,
    .tp_str = bytes_repr,
    .tp_hash = bytes_hash,
    .tp_richcompare = RtBytes_RichCompare,
    .tp_iter = RtSeqIter_New,
    .tp_new = bytes_new,
    .tp_new_kw = bytes_new_kw,
    .nb_add = bytes_add,
    .nb_multiply = bytes_multiply,
    .mp_length = bytes_length,
    .mp_subscript = RtBytes_Item,
    .sq_contains = RtBytes_Contains,
    .tp_methods = rt_bytes_methods,
    .tp_class_methods = rt_bytes_class_methods,
};
