// str_methods.c: the methods of str.
//
// All work on immutable bytes; join and split build new objects that no other
// thread can see yet.
// Mirrors the methods of Objects/unicodeobject.c (CPython 3.13); departs: case
// and white space are ASCII's.

#include "rtcore_types.h"
#include "rt_errors.h"

#include <string.h>

static const char *
str_data(RtObject *op)
{
    return ((RtStrObject *)op)->data;
}

// The argument as a str, or NULL with TypeError.
static RtObject *
need_str(RtObject *arg, const char *message)
{
    if (!RtStr_Check(arg)) {
        RtErr_Format(&RtExc_TypeError, "%s, not %s", message,
                     Rt_TYPE(arg)->tp_name);
        return NULL;
    }
    return arg;
}

static RtObject *
map_bytes(RtObject *self, char first, char last, int offset)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t i = 0; i < Rt_SIZE(self); i++) {
        char c = str_data(self)[i];
        if (c >= first && c <= last) {
            c = (char)(c + offset);
        }
        RtStrWriter_Write(&w, &c, 1);
    }
    return RtStrWriter_Finish(&w);
}

static RtObject *
str_upper(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return map_bytes(self, 'a', 'z', 'A' - 'a');
}

static RtObject *
str_lower(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return map_bytes(self, 'A', 'Z', 'a' - 'A');
}

// Iterating runs user code; the pieces are written as they come.
static RtObject *
str_join(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *iter = RtObject_GetIter(args[0]);
    if (iter == NULL) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtObject *item;
    ssize_t n = 0;
    while ((item = RtIter_Next(iter)) != NULL) {
        if (!RtStr_Check(item)) {
            RtErr_Format(&RtExc_TypeError,
                         "sequence item %zd: expected str instance, %s found",
                         n, Rt_TYPE(item)->tp_name);
            Rt_DECREF(item);
            break;
        }
        if (n++ > 0) {
            RtStrWriter_Write(&w, str_data(self), Rt_SIZE(self));
        }
        RtStrWriter_Write(&w, str_data(item), Rt_SIZE(item));
        Rt_DECREF(item);
    }
    Rt_DECREF(iter);
    if (RtErr_Occurred() != NULL) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

static int
append_piece(RtObject *list, const char *start, const char *end)
{
    RtObject *piece = RtStr_FromStringAndSize(start, end - start);
    if (piece == NULL) {
        return -1;
    }
    int status = RtList_Append(list, piece);
    Rt_DECREF(piece);
    return status;
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static int
split_whitespace(RtObject *self, RtObject *list)
{
    const char *p = str_data(self);
    const char *end = p + Rt_SIZE(self);
    for (;;) {
        while (p < end && is_space(*p)) {
            p++;
        }
        if (p == end) {
            return 0;
        }
        const char *start = p;
        while (p < end && !is_space(*p)) {
            p++;
        }
        if (append_piece(list, start, p) < 0) {
            return -1;
        }
    }
}

static int
split_separator(RtObject *self, RtObject *separator, RtObject *list)
{
    size_t nsep = (size_t)Rt_SIZE(separator);
    if (nsep == 0) {
        RtErr_SetString(&RtExc_ValueError, "empty separator");
        return -1;
    }
    const char *p = str_data(self);
    const char *end = p + Rt_SIZE(self);
    const char *hit;
    while ((hit = memmem(p, (size_t)(end - p), str_data(separator), nsep))
           != NULL) {
        if (append_piece(list, p, hit) < 0) {
            return -1;
        }
        p = hit + nsep;
    }
    return append_piece(list, p, end);
}

static RtObject *
str_split(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    bool whitespace = nargs == 0 || args[0] == Rt_None;
    if (!whitespace
        && need_str(args[0], "must be str or None") == NULL) {
        return NULL;
    }
    RtObject *list = RtList_New(0);
    if (list == NULL) {
        return NULL;
    }
    int status = whitespace ? split_whitespace(self, list)
                            : split_separator(self, args[0], list);
    if (status < 0) {
        Rt_DECREF(list);
        return NULL;
    }
    return list;
}

static RtObject *
str_startswith(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (need_str(args[0], "startswith first arg must be str or a tuple of "
                 "str") == NULL) {
        return NULL;
    }
    ssize_t n = Rt_SIZE(args[0]);
    return RtBool_FromInt(n <= Rt_SIZE(self)
                          && memcmp(str_data(self), str_data(args[0]),
                                    (size_t)n) == 0);
}

static RtObject *
str_endswith(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (need_str(args[0], "endswith first arg must be str or a tuple of "
                 "str") == NULL) {
        return NULL;
    }
    ssize_t n = Rt_SIZE(args[0]);
    ssize_t at = Rt_SIZE(self) - n;
    return RtBool_FromInt(at >= 0
                          && memcmp(str_data(self) + at, str_data(args[0]),
                                    (size_t)n) == 0);
}

static RtObject *
str_find(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (need_str(args[0], "must be str") == NULL) {
        return NULL;
    }
    const char *hit = memmem(str_data(self), (size_t)Rt_SIZE(self),
                             str_data(args[0]), (size_t)Rt_SIZE(args[0]));
    return RtLong_FromInt64(hit == NULL ? -1 : hit - str_data(self));
}

// With an empty `old`, `new` goes before each character and at the end.
static RtObject *
str_replace(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *old = need_str(args[0],
                             "replace() argument 1 must be str");
    RtObject *new = old == NULL ? NULL : need_str(
        args[1], "replace() argument 2 must be str");
    if (new == NULL) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const char *p = str_data(self);
    const char *end = p + Rt_SIZE(self);
    size_t nold = (size_t)Rt_SIZE(old);
    const char *hit;
    while ((hit = memmem(p, (size_t)(end - p), str_data(old), nold)) != NULL) {
        RtStrWriter_Write(&w, p, hit - p);
        RtStrWriter_Write(&w, str_data(new), Rt_SIZE(new));
        p = hit + nold;
        if (nold == 0) {
            if (p == end) {
                break;
            }
            RtStrWriter_Write(&w, p, 1);
            p++;
        }
    }
    RtStrWriter_Write(&w, p, end - p);
    return RtStrWriter_Finish(&w);
}

RtMethodDef rt_str_methods[] = {
    {"upper", str_upper, 0, 0},
    {"lower", str_lower, 0, 0},
    {"join", str_join, 1, 1},
    {"split", str_split, 0, 1},
    {"startswith", str_startswith, 1, 1},
    {"endswith", str_endswith, 1, 1},
    {"find", str_find, 1, 1},
    {"replace", str_replace, 2, 2},
    {NULL, NULL, 0, 0},
};
