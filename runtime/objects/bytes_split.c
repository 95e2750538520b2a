// bytes_split.c: split() and rsplit() of bytes and bytearray.
//
// As in bytes_methods.c: of a bytearray what it has at one moment is split.
// Mirrors Objects/stringlib/split.h (CPython 3.13); departs: none.

#include "rtcore_bytes.h"

#include <ctype.h>
#include <string.h>

#include "rt_errors.h"
#include "rtcore_types.h"

static int
append_piece(RtObject *self, RtObject *list, const char *p, const char *end)
{
    RtObject *piece =
        RtBytes_OfKind(self, RtBytes_FromStringAndSize(p, end - p));
    int status = piece == NULL ? -1 : RtList_Append(list, piece);
    Rt_XDECREF(piece);
    return status;
}

static int
split_into(RtObject *self, RtObject *list, RtObject *bytes, RtObject *separator,
           int64_t left)
{
    const char *p = RtBytes_DATA(bytes);
    const char *end = p + Rt_SIZE(bytes);
    if (separator == NULL) {
        for (;;) {
            while (p < end && isspace((unsigned char)*p)) {
                p++;
            }
            if (p == end) {
                return 0;
            }
            const char *start = p;
            while (p < end && (left == 0 || !isspace((unsigned char)*p))) {
                p++;
            }
            left -= left > 0;
            if (append_piece(self, list, start, p) < 0) {
                return -1;
            }
        }
    }
    size_t n = (size_t)Rt_SIZE(separator);
    const char *hit;
    while (left != 0 && (hit = memmem(p, (size_t)(end - p),
                                      RtBytes_DATA(separator), n)) != NULL)
    {
        if (append_piece(self, list, p, hit) < 0) {
            return -1;
        }
        p = hit + n;
        left -= left > 0;
    }
    return append_piece(self, list, p, end);
}

// From the right; the pieces come in that order.
static int
rsplit_into(RtObject *self, RtObject *list, RtObject *bytes,
            RtObject *separator, int64_t left)
{
    const char *p = RtBytes_DATA(bytes);
    const char *end = p + Rt_SIZE(bytes);
    if (separator == NULL) {
        for (;;) {
            while (end > p && isspace((unsigned char)end[-1])) {
                end--;
            }
            if (p == end) {
                return 0;
            }
            const char *stop = end;
            while (end > p && (left == 0 || !isspace((unsigned char)end[-1])))
            {
                end--;
            }
            left -= left > 0;
            if (append_piece(self, list, end, stop) < 0) {
                return -1;
            }
        }
    }
    ssize_t n = Rt_SIZE(separator);
    for (const char *at = end - n; left != 0 && at >= p; at--) {
        if (at + n > end || memcmp(at, RtBytes_DATA(separator), (size_t)n)) {
            continue;
        }
        if (append_piece(self, list, at + n, end) < 0) {
            return -1;
        }
        end = at;
        left -= left > 0;
    }
    return append_piece(self, list, p, end);
}

typedef int Splitter(RtObject *self, RtObject *list, RtObject *bytes,
                     RtObject *separator, int64_t left);

static RtObject *
split_by(Splitter *split, RtObject *self, RtObject *separator, int64_t left)
{
    RtObject *bytes = RtBytes_FromLike(self);
    RtObject *list = bytes == NULL ? NULL : RtList_New(0);
    if (list != NULL && split(self, list, bytes, separator, left) < 0) {
        Rt_CLEAR(list);
    }
    Rt_XDECREF(bytes);
    return list;
}

// name(sep=None, maxsplit=-1)
static RtObject *
split_from_call(const char *name, Splitter *split, RtObject *self,
                RtObject *const *args, ssize_t nargs, RtObject *kwnames)
{
    static const char *const names[] = { "sep", "maxsplit", NULL };
    RtObject *values[2];
    if (RtArg_Unpack(name, names, 2, 0, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    int64_t left = values[1] == NULL ? -1 : RtLong_AsInt64(values[1]);
    if (left == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    RtObject *separator = NULL;
    if (values[0] != NULL && values[0] != Rt_None) {
        separator = RtBytes_Need(values[0]);
        if (separator == NULL || Rt_SIZE(separator) == 0) {
            if (separator != NULL) {
                RtErr_SetString(&RtExc_ValueError, "empty separator");
            }
            Rt_XDECREF(separator);
            return NULL;
        }
    }
    RtObject *list = split_by(split, self, separator, left);
    Rt_XDECREF(separator);
    return list;
}

RtObject *
RtBytes_Split(RtObject *self, RtObject *const *args, ssize_t nargs,
              RtObject *kwnames)
{
    return split_from_call("split", split_into, self, args, nargs, kwnames);
}

RtObject *
RtBytes_Rsplit(RtObject *self, RtObject *const *args, ssize_t nargs,
               RtObject *kwnames)
{
    RtObject *list =
        split_from_call("rsplit", rsplit_into, self, args, nargs, kwnames);
    // Nobody else knows it.
    for (ssize_t i = 0, n = list == NULL ? 0 : RtList_Size(list); i < n / 2;
         i++)
    {
        RtObject **items = ((RtListObject *)list)->ob_item;
        RtObject *item = items[i];
        items[i] = items[n - 1 - i];
        items[n - 1 - i] = item;
    }
    return list;
}
