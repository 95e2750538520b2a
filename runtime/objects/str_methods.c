// str_methods.c: methods of str that search, join, replace; the table of all.
//
// All work on immutable bytes; what is built no other thread can see yet.
// Positions are counted in characters outside, in bytes inside.
// Mirrors the methods of Objects/unicodeobject.c (CPython 3.13); departs: no
// encodings but UTF-8, ASCII and Latin-1.

#include "rtcore_str_methods.h"

#include "rt_errors.h"
#include "rtcore_bytes.h"
#include "rtcore_format.h"

#include <string.h>

// The argument as a str, or NULL with TypeError.
static RtObject *
need_str(RtObject *arg, const char *message)
{
    if (!RtStr_Check(arg)) {
        RtErr_Format(&RtExc_TypeError, "%s, not %s", message,
                     arg == Rt_None ? "None" : Rt_TYPE(arg)->tp_name);
        return NULL;
    }
    return arg;
}

RtObject *
RtStr_GetPieces(RtObject *iterable)
{
    if (RtTuple_CheckExact(iterable) || RtList_CheckExact(iterable)) {
        return RtTuple_FromIterable(iterable);
    }
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        if (RtErr_ExceptionMatches(&RtExc_TypeError)) {
            RtErr_SetString(&RtExc_TypeError, "can only join an iterable");
        }
        return NULL;
    }
    RtObject *pieces = RtTuple_FromIterable(iter);
    Rt_DECREF(iter);
    return pieces;
}

static RtObject *
str_join(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *pieces = RtStr_GetPieces(args[0]);
    if (pieces == NULL) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t n = 0; n < RtTuple_Size(pieces); n++) {
        RtObject *item = RtTuple_GetItem(pieces, n);
        if (!RtStr_Check(item)) {
            RtErr_Format(&RtExc_TypeError,
                         "sequence item %zd: expected str instance, %s found",
                         n, Rt_TYPE(item)->tp_name);
            break;
        }
        if (n > 0) {
            RtStrWriter_Write(&w, RtStr_DATA(self), Rt_SIZE(self));
        }
        RtStrWriter_Write(&w, RtStr_DATA(item), Rt_SIZE(item));
    }
    Rt_DECREF(pieces);
    if (RtErr_Occurred() != NULL) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

RtObject *
RtStr_JoinArray(RtObject *const *pieces, ssize_t n)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t i = 0; i < n; i++) {
        rt_assert(RtStr_Check(pieces[i]));
        RtStrWriter_Write(&w, RtStr_DATA(pieces[i]), Rt_SIZE(pieces[i]));
    }
    return RtStrWriter_Finish(&w);
}

// ---------------------------------------------------------------------------
// Searching.

// A part of a str, in bytes; `empty`: it starts behind its end.
typedef struct Part {
    const char *p;
    const char *end;
    bool empty;
} Part;

// The part that two arguments name, from args[at] on. 0, or -1.
static int
parse_part(RtObject *self, RtObject *const *args, ssize_t nargs, ssize_t at,
           Part *part)
{
    RtSliceRange range = { 0, PTRDIFF_MAX, 1 };
    if ((nargs > at && args[at] != Rt_None &&
         RtSlice_Argument(args[at], &range.start) < 0) ||
        (nargs > at + 1 && args[at + 1] != Rt_None &&
         RtSlice_Argument(args[at + 1], &range.stop) < 0))
    {
        return -1;
    }
    ssize_t length = RtStr_LENGTH(self);
    part->empty = range.start > length;
    (void)RtSlice_Adjust(&range, length);
    part->empty |= range.stop < range.start;
    const char *data = RtStr_DATA(self);
    part->p = data + RtStr_ByteOffset(self, range.start);
    part->end = part->empty ? part->p
                            : data + RtStr_ByteOffset(self, range.stop);
    return 0;
}

// The position of args[0], -1 if it is not there, -2 with an exception.
static ssize_t
find(RtObject *self, RtObject *const *args, ssize_t nargs, bool last,
     const char *message)
{
    Part part;
    if (need_str(args[0], message) == NULL ||
        parse_part(self, args, nargs, 1, &part) < 0)
    {
        return -2;
    }
    if (part.empty) {
        return -1;
    }
    const char *needle = RtStr_DATA(args[0]);
    size_t n = (size_t)Rt_SIZE(args[0]);
    const char *hit = last
        ? RtStr_FindLast(part.p, part.end, needle, n)
        : memmem(part.p, (size_t)(part.end - part.p), needle, n);
    return hit == NULL ? -1
                       : RtStr_CharIndex(self, hit - RtStr_DATA(self));
}

static RtObject *
str_find(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t i = find(self, args, nargs, false,
                     "find() argument 1 must be str");
    return i == -2 ? NULL : RtLong_FromInt64(i);
}

static RtObject *
str_rfind(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t i = find(self, args, nargs, true,
                     "rfind() argument 1 must be str");
    return i == -2 ? NULL : RtLong_FromInt64(i);
}

static RtObject *
position_or_error(ssize_t i)
{
    if (i == -1) {
        RtErr_SetString(&RtExc_ValueError, "substring not found");
    }
    return i < 0 ? NULL : RtLong_FromInt64(i);
}

static RtObject *
str_index(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return position_or_error(find(self, args, nargs, false,
                                  "index() argument 1 must be str"));
}

static RtObject *
str_rindex(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return position_or_error(find(self, args, nargs, true,
                                  "rindex() argument 1 must be str"));
}

static ssize_t
count_chars(const char *p, const char *end)
{
    ssize_t n = 0;
    for (; p < end; n++) {
        p += RtUtf8_Width((unsigned char)*p);
    }
    return n;
}

static RtObject *
str_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    Part part;
    if (need_str(args[0], "count() argument 1 must be str") == NULL ||
        parse_part(self, args, nargs, 1, &part) < 0)
    {
        return NULL;
    }
    if (part.empty) {
        return RtLong_FromInt64(0);
    }
    size_t n = (size_t)Rt_SIZE(args[0]);
    if (n == 0) {
        return RtLong_FromInt64(count_chars(part.p, part.end) + 1);
    }
    int64_t count = 0;
    const char *hit;
    while ((hit = memmem(part.p, (size_t)(part.end - part.p),
                         RtStr_DATA(args[0]), n)) != NULL)
    {
        count++;
        part.p = hit + n;
    }
    return RtLong_FromInt64(count);
}

static bool
matches(const Part *part, RtObject *affix, bool at_end)
{
    ssize_t n = Rt_SIZE(affix);
    if (part->empty || n > part->end - part->p) {
        return false;
    }
    return memcmp(at_end ? part->end - n : part->p, RtStr_DATA(affix),
                  (size_t)n) == 0;
}

// A str, or any of a tuple of strs.
static RtObject *
test_affix(RtObject *self, RtObject *const *args, ssize_t nargs, bool at_end)
{
    const char *name = at_end ? "endswith" : "startswith";
    Part part;
    if (parse_part(self, args, nargs, 1, &part) < 0) {
        return NULL;
    }
    if (RtStr_Check(args[0])) {
        return RtBool_FromInt(matches(&part, args[0], at_end));
    }
    if (!RtTuple_Check(args[0])) {
        RtErr_Format(&RtExc_TypeError, "%s first arg must be str or a tuple "
                     "of str, not %s", name, Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    for (ssize_t i = 0; i < RtTuple_Size(args[0]); i++) {
        RtObject *affix = RtTuple_GetItem(args[0], i);
        if (!RtStr_Check(affix)) {
            RtErr_Format(&RtExc_TypeError, "tuple for %s must only contain "
                         "str, not %s", name, Rt_TYPE(affix)->tp_name);
            return NULL;
        }
        if (matches(&part, affix, at_end)) {
            return Rt_True;
        }
    }
    return Rt_False;
}

static RtObject *
str_startswith(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return test_affix(self, args, nargs, false);
}

static RtObject *
str_endswith(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return test_affix(self, args, nargs, true);
}

// replace(old, new[, count]). With an empty `old`, `new` goes before each
// character and at the end.
static RtObject *
str_replace(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *old = need_str(args[0], "replace() argument 1 must be str");
    RtObject *new = old == NULL ? NULL : need_str(
        args[1], "replace() argument 2 must be str");
    if (new == NULL) {
        return NULL;
    }
    int64_t left = nargs > 2 ? RtLong_AsInt64(args[2]) : -1;
    if (left == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    size_t nold = (size_t)Rt_SIZE(old);
    const char *hit;
    while (left != 0 &&
           (hit = memmem(p, (size_t)(end - p), RtStr_DATA(old), nold)) != NULL)
    {
        left -= left > 0;
        RtStrWriter_Write(&w, p, hit - p);
        RtStrWriter_Write(&w, RtStr_DATA(new), Rt_SIZE(new));
        p = hit + nold;
        if (nold == 0) {
            if (p == end) {
                break;
            }
            int width = RtUtf8_Width((unsigned char)*p);
            RtStrWriter_Write(&w, p, width);
            p += width;
        }
    }
    RtStrWriter_Write(&w, p, end - p);
    return RtStrWriter_Finish(&w);
}

RtMethodDef rt_str_methods[] = {
    {"capitalize", RtStr_Capitalize, 0, 0},
    {"casefold", RtStr_Casefold, 0, 0},
    {"center", RtStr_Center, 1, 2},
    {"count", str_count, 1, 3},
    {"encode", RT_KEYWORDS(RtStr_EncodeMethod), 0, RT_METH_KEYWORDS},
    {"endswith", str_endswith, 1, 3},
    {"expandtabs", RT_KEYWORDS(RtStr_ExpandTabs), 0, RT_METH_KEYWORDS},
    {"find", str_find, 1, 3},
    {"format", RT_KEYWORDS(RtStr_FormatMethod), 0, RT_METH_KEYWORDS},
    {"format_map", RtStr_FormatMap, 1, 1},
    {"index", str_index, 1, 3},
    {"isalnum", RtStr_IsAlnum, 0, 0},
    {"isalpha", RtStr_IsAlpha, 0, 0},
    {"isascii", RtStr_IsASCIIMethod, 0, 0},
    {"isdecimal", RtStr_IsDecimal, 0, 0},
    {"isdigit", RtStr_IsDigit, 0, 0},
    {"isidentifier", RtStr_IsIdentifier, 0, 0},
    {"islower", RtStr_IsLower, 0, 0},
    {"isnumeric", RtStr_IsNumeric, 0, 0},
    {"isprintable", RtStr_IsPrintable, 0, 0},
    {"isspace", RtStr_IsSpace, 0, 0},
    {"istitle", RtStr_IsTitle, 0, 0},
    {"isupper", RtStr_IsUpper, 0, 0},
    {"join", str_join, 1, 1},
    {"ljust", RtStr_LJust, 1, 2},
    {"lower", RtStr_Lower, 0, 0},
    {"lstrip", RtStr_LStrip, 0, 1},
    {"partition", RtStr_Partition, 1, 1},
    {"removeprefix", RtStr_RemovePrefix, 1, 1},
    {"removesuffix", RtStr_RemoveSuffix, 1, 1},
    {"replace", str_replace, 2, 3},
    {"rfind", str_rfind, 1, 3},
    {"rindex", str_rindex, 1, 3},
    {"rjust", RtStr_RJust, 1, 2},
    {"rpartition", RtStr_RPartition, 1, 1},
    {"rsplit", RT_KEYWORDS(RtStr_RSplit), 0, RT_METH_KEYWORDS},
    {"rstrip", RtStr_RStrip, 0, 1},
    {"split", RT_KEYWORDS(RtStr_Split), 0, RT_METH_KEYWORDS},
    {"splitlines", RT_KEYWORDS(RtStr_SplitLines), 0, RT_METH_KEYWORDS},
    {"startswith", str_startswith, 1, 3},
    {"strip", RtStr_Strip, 0, 1},
    {"swapcase", RtStr_Swapcase, 0, 0},
    {"title", RtStr_Title, 0, 0},
    {"translate", RtStr_Translate, 1, 1},
    {"upper", RtStr_Upper, 0, 0},
    {"zfill", RtStr_ZFill, 1, 1},
    {"__format__", RtFormat_Method, 1, 1},
    {NULL, NULL, 0, 0},
};

RtMethodDef rt_str_class_methods[] = {
    {"maketrans", RtStr_MakeTrans, 1, 3},
    {NULL, NULL, 0, 0},
};
