// bytes_methods.c: the methods that bytes and bytearray share.
//
// Each works on a bytes object: itself, or what a bytearray has at one moment.
// What is made of a bytearray is one again. More of them:
// bytes_text.c, bytes_split.c.
// Mirrors Objects/bytes_methods.c and stringlib (CPython 3.13); departs: none.

#include "rtcore_bytes.h"

#include "rt_errors.h"
#include "rtcore_str_methods.h"

#include <ctype.h>
#include <string.h>

// The result of a method of self: takes `bytes`.
RtObject *
RtBytes_OfKind(RtObject *self, RtObject *bytes)
{
    return RtByteArray_Check(self) && bytes != NULL
        ? RtByteArray_FromBytes(bytes) : bytes;
}

// A new reference, or NULL with TypeError.
RtObject *
RtBytes_Need(RtObject *op)
{
    RtObject *bytes = RtBytes_FromLike(op);
    if (bytes == NULL && RtErr_Occurred() == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "a bytes-like object is required, not '%s'",
                     Rt_TYPE(op)->tp_name);
    }
    return bytes;
}

// ---------------------------------------------------------------------------
// Items.

RtObject *
RtBytes_Slice(RtObject *op, RtObject *slice)
{
    RtSliceRange range;
    if (RtSlice_Unpack(slice, &range) < 0) {
        return NULL;
    }
    RtObject *bytes = RtBytes_FromLike(op);
    if (bytes == NULL) {
        return NULL;
    }
    ssize_t n = RtSlice_Adjust(&range, Rt_SIZE(bytes));
    RtObject *result = RtBytes_Alloc(n);
    for (ssize_t i = 0; result != NULL && i < n; i++) {
        ((RtBytesObject *)result)->data[i] =
            RtBytes_DATA(bytes)[range.start + i * range.step];
    }
    Rt_DECREF(bytes);
    return RtBytes_OfKind(op, result == NULL ? NULL : RtBytes_Seal(result));
}

RtObject *
RtBytes_Item(RtObject *op, RtObject *key)
{
    ssize_t i;
    if (RtSlice_Check(key)) {
        return RtBytes_Slice(op, key);
    }
    const char *name = RtBytes_Check(op)
        ? "byte indices must be integers or slices"
        : "bytearray indices must be integers or slices";
    if (RtLong_AsIndex(key, &i, name) < 0) {
        return NULL;
    }
    RtObject *bytes = RtBytes_FromLike(op);
    if (bytes == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    i += i < 0 ? Rt_SIZE(bytes) : 0;
    if (i >= 0 && i < Rt_SIZE(bytes)) {
        result = RtLong_FromInt64((unsigned char)RtBytes_DATA(bytes)[i]);
    }
    else {
        RtErr_SetString(&RtExc_IndexError, RtBytes_Check(op)
                        ? "index out of range"
                        : "bytearray index out of range");
    }
    Rt_DECREF(bytes);
    return result;
}

// The bytes to look for: those of an object, or the one of an int.
static RtObject *
needle_of(RtObject *op)
{
    if (!RtIndex_Check(op)) {
        return RtBytes_Need(op);
    }
    int byte = RtBytes_ByteValue(op, "byte must be in range(0, 256)");
    char c = (char)byte;
    return byte < 0 ? NULL : RtBytes_FromStringAndSize(&c, 1);
}

// Of find() and its like.
static RtObject *
sought(RtObject *op)
{
    if (!RtIndex_Check(op) && !RtBytes_Check(op) && !RtByteArray_Check(op)) {
        RtErr_Format(&RtExc_TypeError, "argument should be integer or "
                     "bytes-like object, not '%s'", Rt_TYPE(op)->tp_name);
        return NULL;
    }
    return needle_of(op);
}

int
RtBytes_Contains(RtObject *op, RtObject *value)
{
    RtObject *needle = needle_of(value);
    RtObject *bytes = needle == NULL ? NULL : RtBytes_FromLike(op);
    int found = -1;
    if (bytes != NULL) {
        found = memmem(RtBytes_DATA(bytes), (size_t)Rt_SIZE(bytes),
                       RtBytes_DATA(needle), (size_t)Rt_SIZE(needle)) != NULL;
    }
    Rt_XDECREF(needle);
    Rt_XDECREF(bytes);
    return found;
}

// ---------------------------------------------------------------------------
// Searching. `bytes` and `needle` are owned; [p, end) is the part that two
// arguments name.

typedef struct Search {
    RtObject *bytes;
    RtObject *needle;
    const char *p;
    const char *end;
    bool empty;                 // the part begins behind the end
} Search;

static void
end_search(Search *s)
{
    Rt_XDECREF(s->bytes);
    Rt_XDECREF(s->needle);
}

// Before what is sought is looked at.
static int
parse_part(RtObject *const *args, ssize_t nargs, RtSliceRange *part)
{
    *part = (RtSliceRange){ 0, PTRDIFF_MAX, 1 };
    if (nargs > 1 && args[1] != Rt_None &&
        RtSlice_Argument(args[1], &part->start) < 0) {
        return -1;
    }
    return nargs > 2 && args[2] != Rt_None
        ? RtSlice_Argument(args[2], &part->stop) : 0;
}

static int
begin_search(Search *s, RtObject *self, RtSliceRange range, RtObject *needle)
{
    s->needle = needle;
    s->bytes = NULL;
    if (needle == NULL || (s->bytes = RtBytes_FromLike(self)) == NULL) {
        end_search(s);
        return -1;
    }
    ssize_t size = Rt_SIZE(s->bytes);
    s->empty = range.start > size;
    (void)RtSlice_Adjust(&range, size);
    s->empty |= range.stop < range.start;
    s->p = RtBytes_DATA(s->bytes) + range.start;
    s->end = s->empty ? s->p : RtBytes_DATA(s->bytes) + range.stop;
    return 0;
}

static const char *
find_last(const char *p, const char *end, const char *needle, size_t n)
{
    for (size_t at = (size_t)(end - p) + 1; at-- > n;) {
        if (memcmp(p + at - n, needle, n) == 0) {
            return p + at - n;
        }
    }
    return n == 0 ? end : NULL;
}

// The position, -1, or -2 with an exception.
static ssize_t
find(RtObject *self, RtObject *const *args, ssize_t nargs, bool last)
{
    Search s;
    RtSliceRange part;
    if (parse_part(args, nargs, &part) < 0 ||
        begin_search(&s, self, part, sought(args[0])) < 0) {
        return -2;
    }
    const char *needle = RtBytes_DATA(s.needle);
    size_t n = (size_t)Rt_SIZE(s.needle);
    const char *hit = s.empty ? NULL
        : last ? find_last(s.p, s.end, needle, n)
        : memmem(s.p, (size_t)(s.end - s.p), needle, n);
    ssize_t at = hit == NULL ? -1 : hit - RtBytes_DATA(s.bytes);
    end_search(&s);
    return at;
}

static RtObject *
bytes_find(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t at = find(self, args, nargs, false);
    return at == -2 ? NULL : RtLong_FromInt64(at);
}

static RtObject *
bytes_rfind(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t at = find(self, args, nargs, true);
    return at == -2 ? NULL : RtLong_FromInt64(at);
}

static RtObject *
bytes_index(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t at = find(self, args, nargs, false);
    if (at == -1) {
        RtErr_SetString(&RtExc_ValueError, "subsection not found");
    }
    return at < 0 ? NULL : RtLong_FromInt64(at);
}

static RtObject *
bytes_rindex(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t at = find(self, args, nargs, true);
    if (at == -1) {
        RtErr_SetString(&RtExc_ValueError, "subsection not found");
    }
    return at < 0 ? NULL : RtLong_FromInt64(at);
}

static RtObject *
bytes_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    Search s;
    RtSliceRange part;
    if (parse_part(args, nargs, &part) < 0 ||
        begin_search(&s, self, part, sought(args[0])) < 0) {
        return NULL;
    }
    int64_t count = 0;
    size_t n = (size_t)Rt_SIZE(s.needle);
    const char *hit;
    if (n == 0) {
        count = s.empty ? 0 : s.end - s.p + 1;
    }
    while (n > 0 && (hit = memmem(s.p, (size_t)(s.end - s.p),
                                  RtBytes_DATA(s.needle), n)) != NULL)
    {
        count++;
        s.p = hit + n;
    }
    end_search(&s);
    return RtLong_FromInt64(count);
}

// 1, 0, -1: whether the part begins or ends with one object.
static int
has_affix(RtObject *self, RtObject *affix, RtObject *const *args,
          RtSliceRange part, bool at_end)
{
    Search s;
    RtObject *needle = RtBytes_FromLike(affix);
    if (needle == NULL && RtErr_Occurred() == NULL) {
        RtErr_Format(&RtExc_TypeError, args[0] == affix
                     ? "%s first arg must be bytes or a tuple of bytes, not %s"
                     : "a bytes-like object is required, not '%2$s'",
                     at_end ? "endswith" : "startswith",
                     Rt_TYPE(affix)->tp_name);
    }
    if (begin_search(&s, self, part, needle) < 0) {
        return -1;
    }
    ssize_t n = Rt_SIZE(s.needle);
    int has = !s.empty && n <= s.end - s.p &&
              memcmp(at_end ? s.end - n : s.p, RtBytes_DATA(s.needle),
                     (size_t)n) == 0;
    end_search(&s);
    return has;
}

static RtObject *
test_affix(RtObject *self, RtObject *const *args, ssize_t nargs, bool at_end)
{
    int has = 0;
    RtSliceRange part;
    if (parse_part(args, nargs, &part) < 0) {
        return NULL;
    }
    if (!RtTuple_Check(args[0])) {
        has = has_affix(self, args[0], args, part, at_end);
    }
    for (ssize_t i = 0;
         RtTuple_Check(args[0]) && has == 0 && i < RtTuple_Size(args[0]); i++)
    {
        has = has_affix(self, RtTuple_GetItem(args[0], i), args, part,
                        at_end);
    }
    return has < 0 ? NULL : RtBool_FromInt(has);
}

static RtObject *
bytes_startswith(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return test_affix(self, args, nargs, false);
}

static RtObject *
bytes_endswith(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return test_affix(self, args, nargs, true);
}

// ---------------------------------------------------------------------------
// Making others.

typedef int ByteFunction(int c);

static RtObject *
map_bytes(RtObject *self, ByteFunction *map)
{
    RtObject *bytes = RtBytes_FromLike(self);
    RtObject *result = bytes == NULL ? NULL : RtBytes_Alloc(Rt_SIZE(bytes));
    for (ssize_t i = 0; result != NULL && i < Rt_SIZE(bytes); i++) {
        unsigned char c = (unsigned char)RtBytes_DATA(bytes)[i];
        ((RtBytesObject *)result)->data[i] =
            (char)(c < 0x80 ? map(c) : c);
    }
    Rt_XDECREF(bytes);
    return RtBytes_OfKind(self, result == NULL ? NULL : RtBytes_Seal(result));
}

static RtObject *
bytes_upper(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return map_bytes(self, toupper);
}

static RtObject *
bytes_lower(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return map_bytes(self, tolower);
}

static RtObject *
all_bytes(RtObject *self, ByteFunction *is)
{
    RtObject *bytes = RtBytes_FromLike(self);
    if (bytes == NULL) {
        return NULL;
    }
    bool all = Rt_SIZE(bytes) > 0;
    for (ssize_t i = 0; all && i < Rt_SIZE(bytes); i++) {
        unsigned char c = (unsigned char)RtBytes_DATA(bytes)[i];
        all = c < 0x80 && is(c) != 0;
    }
    Rt_DECREF(bytes);
    return RtBool_FromInt(all);
}

static RtObject *
bytes_isdigit(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return all_bytes(self, isdigit);
}

static RtObject *
bytes_isalpha(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return all_bytes(self, isalpha);
}

static RtObject *
bytes_isspace(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return all_bytes(self, isspace);
}

static RtObject *
strip(RtObject *self, RtObject *const *args, ssize_t nargs, bool left,
      bool right)
{
    bool given = nargs > 0 && args[0] != Rt_None;
    RtObject *chars = given ? RtBytes_Need(args[0])
                            : RtBytes_FromStringAndSize(" \t\n\r\f\v", 6);
    RtObject *bytes = chars == NULL ? NULL : RtBytes_FromLike(self);
    RtObject *result = NULL;
    if (bytes != NULL) {
        const char *set = RtBytes_DATA(chars);
        size_t n = (size_t)Rt_SIZE(chars);
        const char *p = RtBytes_DATA(bytes);
        const char *end = p + Rt_SIZE(bytes);
        while (left && p < end && memchr(set, *p, n) != NULL) {
            p++;
        }
        while (right && p < end && memchr(set, end[-1], n) != NULL) {
            end--;
        }
        result = RtBytes_FromStringAndSize(p, end - p);
    }
    Rt_XDECREF(chars);
    Rt_XDECREF(bytes);
    return RtBytes_OfKind(self, result);
}

static RtObject *
bytes_strip(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return strip(self, args, nargs, true, true);
}

static RtObject *
bytes_lstrip(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return strip(self, args, nargs, true, false);
}

static RtObject *
bytes_rstrip(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return strip(self, args, nargs, false, true);
}

static RtObject *
finish_writer(RtObject *self, RtStrWriter *w)
{
    RtObject *result = w->failed ? RtErr_NoMemory()
                                 : RtBytes_FromStringAndSize(w->data, w->size);
    RtStrWriter_Discard(w);
    return RtBytes_OfKind(self, result);
}

// replace(old, new[, count])
static RtObject *
bytes_replace(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    int64_t left = nargs > 2 ? RtLong_AsInt64(args[2]) : -1;
    RtObject *old = RtErr_Occurred() != NULL ? NULL : RtBytes_Need(args[0]);
    RtObject *new = old == NULL ? NULL : RtBytes_Need(args[1]);
    RtObject *bytes = new == NULL ? NULL : RtBytes_FromLike(self);
    RtObject *result = NULL;
    if (bytes != NULL) {
        RtStrWriter w;
        RtStrWriter_Init(&w);
        const char *p = RtBytes_DATA(bytes);
        const char *end = p + Rt_SIZE(bytes);
        size_t n = (size_t)Rt_SIZE(old);
        const char *hit;
        while (left != 0 && (hit = memmem(p, (size_t)(end - p),
                                          RtBytes_DATA(old), n)) != NULL)
        {
            left -= left > 0;
            RtStrWriter_Write(&w, p, hit - p);
            RtStrWriter_Write(&w, RtBytes_DATA(new), Rt_SIZE(new));
            p = hit + n;
            if (n == 0 && p == end) {
                break;
            }
            if (n == 0) {
                RtStrWriter_Write(&w, p++, 1);
            }
        }
        RtStrWriter_Write(&w, p, end - p);
        result = finish_writer(self, &w);
    }
    Rt_XDECREF(old);
    Rt_XDECREF(new);
    Rt_XDECREF(bytes);
    return result;
}

static RtObject *
bytes_join(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *pieces = RtStr_GetPieces(args[0]);
    RtObject *separator = pieces == NULL ? NULL : RtBytes_FromLike(self);
    if (separator == NULL) {
        Rt_XDECREF(pieces);
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t n = 0; n < RtTuple_Size(pieces); n++) {
        RtObject *item = RtTuple_GetItem(pieces, n);
        RtObject *bytes = RtBytes_FromLike(item);
        if (bytes == NULL && RtErr_Occurred() == NULL) {
            RtErr_Format(&RtExc_TypeError, "sequence item %zd: expected a "
                         "bytes-like object, %s found", n,
                         Rt_TYPE(item)->tp_name);
        }
        if (bytes == NULL) {
            break;
        }
        if (n > 0) {
            RtStrWriter_Write(&w, RtBytes_DATA(separator), Rt_SIZE(separator));
        }
        RtStrWriter_Write(&w, RtBytes_DATA(bytes), Rt_SIZE(bytes));
        Rt_DECREF(bytes);
    }
    Rt_DECREF(pieces);
    Rt_DECREF(separator);
    if (RtErr_Occurred() != NULL) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return finish_writer(self, &w);
}

// ---------------------------------------------------------------------------
// Hexadecimal digits.

static RtObject *
bytes_hex(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    static const char digits[] = "0123456789abcdef";
    RtObject *bytes = RtBytes_FromLike(self);
    if (bytes == NULL) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t i = 0; i < Rt_SIZE(bytes); i++) {
        unsigned char c = (unsigned char)RtBytes_DATA(bytes)[i];
        char pair[2] = { digits[c >> 4], digits[c & 15] };
        RtStrWriter_Write(&w, pair, 2);
    }
    Rt_DECREF(bytes);
    return RtStrWriter_Finish(&w);
}

static int
hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static RtObject *
bytes_fromhex(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    if (!RtStr_Check(args[0])) {
        RtErr_Format(&RtExc_TypeError,
                     "fromhex() argument must be str, not %s",
                     Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    const char *start = RtStr_DATA(args[0]);
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (const char *p = start; *p != '\0';) {
        if (isspace((unsigned char)*p)) {
            p++;
            continue;
        }
        int high = hex_value(p[0]);
        int low = high < 0 ? -1 : hex_value(p[1]);
        if (low < 0) {
            RtErr_Format(&RtExc_ValueError, "non-hexadecimal number found in "
                         "fromhex() arg at position %zd",
                         (ssize_t)(p - start) + (high >= 0));
            RtStrWriter_Discard(&w);
            return NULL;
        }
        char c = (char)(high << 4 | low);
        RtStrWriter_Write(&w, &c, 1);
        p += 2;
    }
    RtObject *result = w.failed ? RtErr_NoMemory()
                                : RtBytes_FromStringAndSize(w.data, w.size);
    RtStrWriter_Discard(&w);
    return result;
}

#define TEXT_ROW(name, function, least, most) \
    {#name, RtBytes_##function##Method, least, most},
#define SHARED_METHODS \
    RT_BYTES_TEXT_METHODS(TEXT_ROW) \
    {"splitlines", RT_KEYWORDS(RtBytes_SplitlinesMethod), 0, \
     RT_METH_KEYWORDS}, \
    {"translate", RT_KEYWORDS(RtBytes_TranslateMethod), 0, \
     RT_METH_KEYWORDS}, \
    {"rindex", bytes_rindex, 1, 3}, \
    {"count", bytes_count, 1, 3}, \
    {"decode", RT_KEYWORDS(RtBytes_DecodeMethod), 0, RT_METH_KEYWORDS}, \
    {"endswith", bytes_endswith, 1, 3}, \
    {"find", bytes_find, 1, 3}, \
    {"hex", bytes_hex, 0, 0}, \
    {"index", bytes_index, 1, 3}, \
    {"isalpha", bytes_isalpha, 0, 0}, \
    {"isdigit", bytes_isdigit, 0, 0}, \
    {"isspace", bytes_isspace, 0, 0}, \
    {"join", bytes_join, 1, 1}, \
    {"lower", bytes_lower, 0, 0}, \
    {"lstrip", bytes_lstrip, 0, 1}, \
    {"replace", bytes_replace, 2, 3}, \
    {"rfind", bytes_rfind, 1, 3}, \
    {"rsplit", RT_KEYWORDS(RtBytes_Rsplit), 0, RT_METH_KEYWORDS}, \
    {"rstrip", bytes_rstrip, 0, 1}, \
    {"split", RT_KEYWORDS(RtBytes_Split), 0, RT_METH_KEYWORDS}, \
    {"startswith", bytes_startswith, 1, 3}, \
    {"strip", bytes_strip, 0, 1}, \
    {"upper", bytes_upper, 0, 0}

RtMethodDef rt_bytes_methods[] = {
    SHARED_METHODS,
    {NULL, NULL, 0, 0},
};

RtMethodDef rt_bytearray_methods[] = {
    SHARED_METHODS,
    {"append", RtByteArray_AppendMethod, 1, 1},
    {"clear", RtByteArray_ClearMethod, 0, 0},
    {"copy", RtByteArray_CopyMethod, 0, 0},
    {"extend", RtByteArray_ExtendMethod, 1, 1},
    {"insert", RtByteArray_InsertMethod, 2, 2},
    {"pop", RtByteArray_PopMethod, 0, 1},
    {"remove", RtByteArray_RemoveMethod, 1, 1},
    {"reverse", RtByteArray_ReverseMethod, 0, 0},
    {NULL, NULL, 0, 0},
};

RtMethodDef rt_bytes_class_methods[] = {
    {"fromhex", bytes_fromhex, 1, 1},
    {"maketrans", RtBytes_MaketransMethod, 2, 2},
    {NULL, NULL, 0, 0},
};
