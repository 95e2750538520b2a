// rtcore_bytes.h: the layouts of bytes and bytearray, and what their files
// share.
//
// bytes never changes once its creator has filled it. The contents of a
// bytearray are read and written under its critical section only; functions
// that work on bytes of any object first take a copy of those of a bytearray.

#ifndef RT_INTERNAL_BYTES_H
#define RT_INTERNAL_BYTES_H

#include "rtcore_types.h"

typedef struct RtBytesObject {
    RtVarObject ob_base;
    ssize_t hash;               // set before the object is visible
    char data[];                // ob_size bytes and a NUL
} RtBytesObject;

typedef struct RtByteArrayObject {
    RtVarObject ob_base;        // all fields: the object's lock
    char *data;                 // NULL: empty
    ssize_t capacity;
} RtByteArrayObject;

static inline bool
RtBytes_Check(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtBytes_Type);
}

static inline bool
RtByteArray_Check(RtObject *op)
{
    return RtType_IsSubtype(Rt_TYPE(op), &RtByteArray_Type);
}

static inline const char *
RtBytes_DATA(RtObject *op)
{
    return ((RtBytesObject *)op)->data;
}

// bytes.c
// Room for n bytes, which the caller fills before it calls RtBytes_Seal().
RtObject *RtBytes_Alloc(ssize_t n);
RtObject *RtBytes_Seal(RtObject *op);
// A bytes object with what a bytes-like object has at one moment. New
// reference, or NULL without an exception if op is none.
RtObject *RtBytes_FromLike(RtObject *op);
// As FromLike(), with TypeError.
RtObject *RtBytes_Need(RtObject *op);
// The result of a method of self: takes `bytes`, makes a bytearray of it if
// self is one.
RtObject *RtBytes_OfKind(RtObject *self, RtObject *bytes);
// What a bytes-like object has, as text to be read as a number: '?' for what is
// not ASCII. NULL without an exception if op is none.
RtObject *RtBytes_AsText(RtObject *op);
RtObject *RtBytes_Split(RtObject *self, RtObject *const *args, ssize_t nargs,
                        RtObject *kwnames);
RtObject *RtBytes_Rsplit(RtObject *self, RtObject *const *args, ssize_t nargs,
                         RtObject *kwnames);
// bytes(x) for what is no bytes-like object: an int, or an iterable of ints.
RtObject *RtBytes_FromObject(RtObject *op, const char *kind);
// A number from 0 to 255. -1: an exception.
int RtBytes_ByteValue(RtObject *op, const char *message);
RtObject *RtBytes_FromCall(const char *fname, RtObject *const *args,
                           ssize_t nargs, RtObject *kwnames);
RtObject *RtBytes_Concat(RtObject *a, RtObject *b);
RtObject *RtBytes_Repeat(RtObject *op, ssize_t n);      // n >= 0
RtObject *RtBytes_RichCompare(RtObject *a, RtObject *b, int op);
RtObject *RtBytes_Repr(RtObject *op, const char *before, const char *after);

// bytes_methods.c: on `self` of either type; results are of type bytes.
extern RtMethodDef rt_bytes_methods[];
extern RtMethodDef rt_bytes_class_methods[];
extern RtMethodDef rt_bytearray_methods[];
RtObject *RtBytes_Slice(RtObject *op, RtObject *slice);
RtObject *RtBytes_Item(RtObject *op, RtObject *key);
int RtBytes_Contains(RtObject *op, RtObject *value);

// bytes_text.c: name, function, fewest and most arguments.
#define RT_BYTES_TEXT_METHODS(ROW) \
    ROW(capitalize, Capitalize, 0, 0) \
    ROW(center, Center, 1, 2) \
    ROW(expandtabs, Expandtabs, 0, 1) \
    ROW(isalnum, Isalnum, 0, 0) \
    ROW(isascii, Isascii, 0, 0) \
    ROW(islower, Islower, 0, 0) \
    ROW(istitle, Istitle, 0, 0) \
    ROW(isupper, Isupper, 0, 0) \
    ROW(ljust, Ljust, 1, 2) \
    ROW(partition, Partition, 1, 1) \
    ROW(removeprefix, Removeprefix, 1, 1) \
    ROW(removesuffix, Removesuffix, 1, 1) \
    ROW(rjust, Rjust, 1, 2) \
    ROW(rpartition, Rpartition, 1, 1) \
    ROW(swapcase, Swapcase, 0, 0) \
    ROW(title, Title, 0, 0) \
    ROW(zfill, Zfill, 1, 1)
#define RT_DECLARE_METHOD(name, function, least, most) \
    RtObject *RtBytes_##function##Method(RtObject *self, \
                                         RtObject *const *args, \
                                         ssize_t nargs);
RT_BYTES_TEXT_METHODS(RT_DECLARE_METHOD)
RT_DECLARE_METHOD(maketrans, Maketrans, 2, 2)
#undef RT_DECLARE_METHOD
RtObject *RtBytes_SplitlinesMethod(RtObject *self, RtObject *const *args,
                                   ssize_t nargs, RtObject *kwnames);
RtObject *RtBytes_TranslateMethod(RtObject *self, RtObject *const *args,
                                  ssize_t nargs, RtObject *kwnames);

// bytearray.c
#define RT_BYTEARRAY_METHODS(ROW) \
    ROW(Append) ROW(Clear) ROW(Copy) ROW(Extend) ROW(Insert) \
    ROW(Pop) ROW(Remove) ROW(Reverse)
#define RT_DECLARE_METHOD(name) \
    RtObject *RtByteArray_##name##Method(RtObject *self, \
                                         RtObject *const *args, \
                                         ssize_t nargs);
RT_BYTEARRAY_METHODS(RT_DECLARE_METHOD)
#undef RT_DECLARE_METHOD
// What it has at one moment.
RtObject *RtByteArray_AsBytes(RtObject *op);
// Takes `bytes`, which may be NULL.
RtObject *RtByteArray_FromBytes(RtObject *bytes);
int RtByteArray_Extend(RtObject *op, RtObject *source);

// codecs.c: between str and bytes: UTF-8, ASCII, Latin-1.
RtObject *RtStr_Encode(RtObject *text, const char *encoding,
                       const char *errors);
RtObject *RtBytes_Decode(RtObject *bytes, const char *encoding,
                         const char *errors);
// The names in values[0], the encoding, and values[1], the errors, or what they
// are where it is NULL, borrowed, in texts. -1: one is no str (TypeError).
int RtCodec_Names(const char *fname, RtObject *const *values,
                  const char **texts);
RtObject *RtStr_EncodeMethod(RtObject *self, RtObject *const *args,
                             ssize_t nargs, RtObject *kwnames);
RtObject *RtBytes_DecodeMethod(RtObject *self, RtObject *const *args,
                               ssize_t nargs, RtObject *kwnames);

#endif  // RT_INTERNAL_BYTES_H
