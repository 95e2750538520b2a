// str_split.c: methods that cut a str into pieces.
//
// The list of the pieces is the calling thread's own until it is returned.
// Mirrors Objects/stringlib/split.h and partition.h (CPython 3.13); departs:
// none.

#include "rtcore_str_methods.h"

#include "rt_errors.h"

#include <string.h>

// What is cut off one after the other, from the left or from the right.
typedef struct Splitter {
    const char *p;              // the rest: [p, end)
    const char *end;
    const char *separator;      // NULL: white space
    size_t nseparator;
    ssize_t left;               // cuts that may still be made; -1: any
    RtObject *list;
} Splitter;

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

static const char *
skip_spaces(const char *p, const char *end)
{
    while (p < end && RtChar_IsSpace(RtUtf8_Decode(p))) {
        p += RtUtf8_Width((unsigned char)*p);
    }
    return p;
}

static const char *
skip_spaces_back(const char *p, const char *end)
{
    while (end > p) {
        const char *before = end;
        if (!RtChar_IsSpace(RtUtf8_DecodeBefore(&before))) {
            break;
        }
        end = before;
    }
    return end;
}

static int
split_spaces(Splitter *s)
{
    for (;;) {
        s->p = skip_spaces(s->p, s->end);
        if (s->p == s->end) {
            return 0;
        }
        if (s->left == 0) {
            return append_piece(s->list, s->p, s->end);
        }
        const char *start = s->p;
        while (s->p < s->end && !RtChar_IsSpace(RtUtf8_Decode(s->p))) {
            s->p += RtUtf8_Width((unsigned char)*s->p);
        }
        if (append_piece(s->list, start, s->p) < 0) {
            return -1;
        }
        s->left -= s->left > 0;
    }
}

static int
rsplit_spaces(Splitter *s)
{
    for (;;) {
        s->end = skip_spaces_back(s->p, s->end);
        if (s->p == s->end) {
            return 0;
        }
        if (s->left == 0) {
            return append_piece(s->list, s->p, s->end);
        }
        const char *stop = s->end;
        while (s->end > s->p) {
            const char *before = s->end;
            if (RtChar_IsSpace(RtUtf8_DecodeBefore(&before))) {
                break;
            }
            s->end = before;
        }
        if (append_piece(s->list, s->end, stop) < 0) {
            return -1;
        }
        s->left -= s->left > 0;
    }
}

const char *
RtStr_FindLast(const char *p, const char *end, const char *needle, size_t n)
{
    for (size_t at = (size_t)(end - p) + 1; at-- > n;) {
        if (memcmp(p + at - n, needle, n) == 0) {
            return p + at - n;
        }
    }
    return n == 0 ? end : NULL;
}

static int
split_separator(Splitter *s)
{
    const char *hit;
    while (s->left != 0 &&
           (hit = memmem(s->p, (size_t)(s->end - s->p), s->separator,
                         s->nseparator)) != NULL)
    {
        if (append_piece(s->list, s->p, hit) < 0) {
            return -1;
        }
        s->p = hit + s->nseparator;
        s->left -= s->left > 0;
    }
    return append_piece(s->list, s->p, s->end);
}

static int
rsplit_separator(Splitter *s)
{
    const char *hit;
    while (s->left != 0 &&
           (hit = RtStr_FindLast(s->p, s->end, s->separator,
                                 s->nseparator)) != NULL)
    {
        if (append_piece(s->list, hit + s->nseparator, s->end) < 0) {
            return -1;
        }
        s->end = hit;
        s->left -= s->left > 0;
    }
    return append_piece(s->list, s->p, s->end);
}

static int
reverse_list(RtObject *list)
{
    RtObject *name = RtStr_FromString("reverse");
    RtObject *done = name == NULL ? NULL
                     : RtObject_CallMethod(list, name, NULL, 0);
    Rt_XDECREF(name);
    return done == NULL ? -1 : 0;
}

static int
parse_arguments(Splitter *s, const char *fname, RtObject *const *args,
                ssize_t nargs, RtObject *kwnames)
{
    static const char *const names[] = { "sep", "maxsplit", NULL };
    RtObject *values[2];
    if (RtArg_Unpack(fname, names, 2, 0, args, nargs, kwnames, values) < 0) {
        return -1;
    }
    // What is no number is said before what is no separator.
    s->left = values[1] == NULL ? -1 : (ssize_t)RtLong_AsInt64(values[1]);
    if (s->left < 0) {
        if (values[1] != NULL && RtErr_Occurred() != NULL) {
            return -1;
        }
        s->left = -1;
    }
    if (values[0] != NULL && values[0] != Rt_None) {
        if (!RtStr_Check(values[0])) {
            RtErr_Format(&RtExc_TypeError, "must be str or None, not %s",
                         Rt_TYPE(values[0])->tp_name);
            return -1;
        }
        s->separator = RtStr_DATA(values[0]);
        s->nseparator = (size_t)Rt_SIZE(values[0]);
        if (s->nseparator == 0) {
            RtErr_SetString(&RtExc_ValueError, "empty separator");
            return -1;
        }
    }
    return 0;
}

static RtObject *
split_any(RtObject *self, RtObject *const *args, ssize_t nargs,
          RtObject *kwnames, bool from_right)
{
    Splitter s = {
        .p = RtStr_DATA(self), .end = RtStr_DATA(self) + Rt_SIZE(self),
    };
    if (parse_arguments(&s, from_right ? "rsplit" : "split", args, nargs,
                        kwnames) < 0 ||
        (s.list = RtList_New(0)) == NULL)
    {
        return NULL;
    }
    bool spaces = s.separator == NULL;
    int status = from_right
        ? (spaces ? rsplit_spaces(&s) : rsplit_separator(&s))
        : (spaces ? split_spaces(&s) : split_separator(&s));
    if (status == 0 && from_right) {
        status = reverse_list(s.list);
    }
    if (status < 0) {
        Rt_DECREF(s.list);
        return NULL;
    }
    return s.list;
}

RtObject *
RtStr_Split(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    return split_any(self, args, nargs, kwnames, false);
}

RtObject *
RtStr_RSplit(RtObject *self, RtObject *const *args, ssize_t nargs,
             RtObject *kwnames)
{
    return split_any(self, args, nargs, kwnames, true);
}

// splitlines(keepends=False)
RtObject *
RtStr_SplitLines(RtObject *self, RtObject *const *args, ssize_t nargs,
                 RtObject *kwnames)
{
    static const char *const names[] = { "keepends", NULL };
    RtObject *value;
    if (RtArg_Unpack("splitlines", names, 1, 0, args, nargs, kwnames,
                     &value) < 0) {
        return NULL;
    }
    int keep = value == NULL ? 0 : RtObject_IsTrue(value);
    RtObject *list = keep < 0 ? NULL : RtList_New(0);
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    while (list != NULL && p < end) {
        const char *start = p;
        while (p < end && !RtChar_IsLineBreak(RtUtf8_Decode(p))) {
            p += RtUtf8_Width((unsigned char)*p);
        }
        const char *stop = p;
        if (p < end) {
            p += *p == '\r' && p + 1 < end && p[1] == '\n'
                 ? 2 : RtUtf8_Width((unsigned char)*p);
        }
        if (append_piece(list, start, keep ? p : stop) < 0) {
            Rt_CLEAR(list);
        }
    }
    return list;
}

// ---------------------------------------------------------------------------
// partition

static RtObject *
make_parts(RtObject *self, RtObject *separator, const char *hit,
           bool from_right)
{
    const char *data = RtStr_DATA(self);
    const char *end = data + Rt_SIZE(self);
    RtObject *parts = RtTuple_New(3);
    RtObject *items[3];
    if (hit == NULL) {
        items[from_right ? 2 : 0] = Rt_NewRef(self);
        items[from_right ? 0 : 2] = RtStr_FromStringAndSize("", 0);
        items[1] = RtStr_FromStringAndSize("", 0);
    }
    else {
        items[0] = RtStr_FromStringAndSize(data, hit - data);
        items[1] = Rt_NewRef(separator);
        hit += Rt_SIZE(separator);
        items[2] = RtStr_FromStringAndSize(hit, end - hit);
    }
    bool complete = parts != NULL;
    for (int i = 0; i < 3; i++) {
        complete &= items[i] != NULL;
        if (parts == NULL) {
            Rt_XDECREF(items[i]);
        }
        else {
            RtTuple_SetItem(parts, i, items[i]);
        }
    }
    if (!complete) {
        Rt_XDECREF(parts);
        return NULL;
    }
    return parts;
}

static RtObject *
partition(RtObject *self, RtObject *separator, bool from_right)
{
    if (!RtStr_Check(separator)) {
        RtErr_Format(&RtExc_TypeError, "must be str, not %s",
                     Rt_TYPE(separator)->tp_name);
        return NULL;
    }
    size_t n = (size_t)Rt_SIZE(separator);
    if (n == 0) {
        RtErr_SetString(&RtExc_ValueError, "empty separator");
        return NULL;
    }
    const char *data = RtStr_DATA(self);
    size_t size = (size_t)Rt_SIZE(self);
    const char *needle = RtStr_DATA(separator);
    const char *hit = from_right
        ? RtStr_FindLast(data, data + size, needle, n)
        : memmem(data, size, needle, n);
    return make_parts(self, separator, hit, from_right);
}

RtObject *
RtStr_Partition(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return partition(self, args[0], false);
}

RtObject *
RtStr_RPartition(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return partition(self, args[0], true);
}
