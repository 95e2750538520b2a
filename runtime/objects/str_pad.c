// str_pad.c: methods of str that take something off the ends or put something
// there, and translate().
//
// All work on text that never changes.
// Mirrors Objects/unicodeobject.c (CPython 3.13); departs: none.

#include "rtcore_str_methods.h"

#include "rt_errors.h"

#include <string.h>

// ---------------------------------------------------------------------------
// strip

static bool
is_stripped(uint32_t c, RtObject *chars)
{
    if (chars == NULL) {
        return RtChar_IsSpace(c);
    }
    const char *p = RtStr_DATA(chars);
    const char *end = p + Rt_SIZE(chars);
    while (p < end) {
        if (RtUtf8_Next(&p) == c) {
            return true;
        }
    }
    return false;
}

static RtObject *
strip(RtObject *self, RtObject *const *args, ssize_t nargs, bool left,
      bool right, const char *name)
{
    RtObject *chars = nargs == 0 || args[0] == Rt_None ? NULL : args[0];
    if (chars != NULL && !RtStr_Check(chars)) {
        RtErr_Format(&RtExc_TypeError, "%s arg must be None or str", name);
        return NULL;
    }
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    while (left && p < end && is_stripped(RtUtf8_Decode(p), chars)) {
        p += RtUtf8_Width((unsigned char)*p);
    }
    while (right && p < end) {
        const char *before = end;
        if (!is_stripped(RtUtf8_DecodeBefore(&before), chars)) {
            break;
        }
        end = before;
    }
    if (end - p == Rt_SIZE(self) && RtStr_CheckExact(self)) {
        return Rt_NewRef(self);
    }
    return RtStr_FromStringAndSize(p, end - p);
}

RtObject *
RtStr_Strip(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return strip(self, args, nargs, true, true, "strip");
}

RtObject *
RtStr_LStrip(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return strip(self, args, nargs, true, false, "lstrip");
}

RtObject *
RtStr_RStrip(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return strip(self, args, nargs, false, true, "rstrip");
}

static RtObject *
need_str(RtObject *op, const char *name)
{
    if (RtStr_Check(op)) {
        return op;
    }
    RtErr_Format(&RtExc_TypeError, "%s argument must be str, not %s", name,
                 Rt_TYPE(op)->tp_name);
    return NULL;
}

RtObject *
RtStr_RemovePrefix(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (need_str(args[0], "removeprefix()") == NULL) {
        return NULL;
    }
    ssize_t n = Rt_SIZE(args[0]);
    bool has = n <= Rt_SIZE(self) &&
               memcmp(RtStr_DATA(self), RtStr_DATA(args[0]), (size_t)n) == 0;
    n = has ? n : 0;
    return RtStr_FromStringAndSize(RtStr_DATA(self) + n, Rt_SIZE(self) - n);
}

RtObject *
RtStr_RemoveSuffix(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (need_str(args[0], "removesuffix()") == NULL) {
        return NULL;
    }
    ssize_t n = Rt_SIZE(args[0]);
    ssize_t at = Rt_SIZE(self) - n;
    bool has = at >= 0 && memcmp(RtStr_DATA(self) + at, RtStr_DATA(args[0]),
                                 (size_t)n) == 0;
    return RtStr_FromStringAndSize(RtStr_DATA(self),
                                   has ? at : Rt_SIZE(self));
}

// ---------------------------------------------------------------------------
// Padding.

static void
write_repeated(RtStrWriter *w, RtObject *fill, ssize_t n)
{
    for (; n > 0 && !w->failed; n--) {
        if (fill == NULL) {
            RtStrWriter_Write(w, " ", 1);
        }
        else {
            RtStrWriter_Write(w, RtStr_DATA(fill), Rt_SIZE(fill));
        }
    }
}

static RtObject *
pad(RtObject *self, ssize_t left, ssize_t right, RtObject *fill)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    write_repeated(&w, fill, left);
    RtStrWriter_Write(&w, RtStr_DATA(self), Rt_SIZE(self));
    write_repeated(&w, fill, right);
    return RtStrWriter_Finish(&w);
}

// (width[, fill]): how many characters are missing. -1: an exception.
static ssize_t
parse_width(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject **fill)
{
    int64_t width = RtLong_AsInt64(args[0]);
    if (width == -1 && RtErr_Occurred() != NULL) {
        return -1;
    }
    *fill = NULL;
    if (nargs > 1) {
        *fill = args[1];
        if (!RtStr_Check(args[1])) {
            RtErr_Format(&RtExc_TypeError, "The fill character must be a "
                         "unicode character, not %s",
                         Rt_TYPE(args[1])->tp_name);
            return -1;
        }
        if (RtStr_LENGTH(args[1]) != 1) {
            RtErr_SetString(&RtExc_TypeError, "The fill character must be "
                            "exactly one character long");
            return -1;
        }
    }
    ssize_t length = RtStr_LENGTH(self);
    return width > length ? (ssize_t)width - length : 0;
}

RtObject *
RtStr_Center(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *fill;
    ssize_t n = parse_width(self, args, nargs, &fill);
    if (n < 0) {
        return NULL;
    }
    // The odd one goes to the left if the width is odd.
    ssize_t width = n + RtStr_LENGTH(self);
    ssize_t left = n / 2 + (n & width & 1);
    return pad(self, left, n - left, fill);
}

RtObject *
RtStr_LJust(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *fill;
    ssize_t n = parse_width(self, args, nargs, &fill);
    return n < 0 ? NULL : pad(self, 0, n, fill);
}

RtObject *
RtStr_RJust(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *fill;
    ssize_t n = parse_width(self, args, nargs, &fill);
    return n < 0 ? NULL : pad(self, n, 0, fill);
}

RtObject *
RtStr_ZFill(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *fill;
    ssize_t n = parse_width(self, args, nargs, &fill);
    if (n < 0) {
        return NULL;
    }
    const char *p = RtStr_DATA(self);
    ssize_t sign = *p == '-' || *p == '+';
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_Write(&w, p, sign);
    for (; n > 0 && !w.failed; n--) {
        RtStrWriter_Write(&w, "0", 1);
    }
    RtStrWriter_Write(&w, p + sign, Rt_SIZE(self) - sign);
    return RtStrWriter_Finish(&w);
}

// expandtabs(tabsize=8)
RtObject *
RtStr_ExpandTabs(RtObject *self, RtObject *const *args, ssize_t nargs,
                 RtObject *kwnames)
{
    static const char *const names[] = { "tabsize", NULL };
    RtObject *value;
    if (RtArg_Unpack("expandtabs", names, 1, 0, args, nargs, kwnames,
                     &value) < 0) {
        return NULL;
    }
    int64_t size = value == NULL ? 8 : RtLong_AsInt64(value);
    if (size == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    int64_t column = 0;
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    while (p < end && !w.failed) {
        uint32_t c = RtUtf8_Next(&p);
        if (c != '\t') {
            RtStrWriter_WriteChar(&w, c);
            column = c == '\n' || c == '\r' ? 0 : column + 1;
            continue;
        }
        int64_t n = size > 0 ? size - column % size : 0;
        write_repeated(&w, NULL, (ssize_t)n);
        column += n;
    }
    return RtStrWriter_Finish(&w);
}

// ---------------------------------------------------------------------------
// translate, maketrans

// What the table says of c: 1 and *value (NULL: c stays), or -1.
static int
look_up(RtObject *table, uint32_t c, RtObject **value)
{
    *value = NULL;
    RtObject *key = RtLong_FromInt64(c);
    if (key == NULL) {
        return -1;
    }
    *value = RtObject_GetItem(table, key);
    Rt_DECREF(key);
    if (*value != NULL) {
        return 1;
    }
    if (!RtErr_ExceptionMatches(&RtExc_LookupError)) {
        return -1;
    }
    RtErr_Clear();
    return 1;
}

static int
write_translated(RtStrWriter *w, uint32_t c, RtObject *value)
{
    if (value == NULL) {
        RtStrWriter_WriteChar(w, c);
    }
    else if (RtStr_Check(value)) {
        RtStrWriter_Write(w, RtStr_DATA(value), Rt_SIZE(value));
    }
    else if (RtLong_Check(value)) {
        int64_t number = RtLong_VALUE(value);
        if (number < 0 || number > 0x10ffff) {
            RtErr_SetString(&RtExc_ValueError, "character mapping must be in "
                            "range(0x110000)");
            return -1;
        }
        RtStrWriter_WriteChar(w, (uint32_t)number);
    }
    else if (value != Rt_None) {
        RtErr_SetString(&RtExc_TypeError, "character mapping must return "
                        "integer, None or str");
        return -1;
    }
    return 0;
}

RtObject *
RtStr_Translate(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const char *p = RtStr_DATA(self);
    const char *end = p + Rt_SIZE(self);
    while (p < end) {
        uint32_t c = RtUtf8_Next(&p);
        RtObject *value;
        int status = look_up(args[0], c, &value);
        if (status > 0) {
            status = write_translated(&w, c, value);
        }
        Rt_XDECREF(value);
        if (status < 0) {
            RtStrWriter_Discard(&w);
            return NULL;
        }
    }
    return RtStrWriter_Finish(&w);
}

// table[c] = value (stolen). 0, or -1.
static int
map_char(RtObject *table, uint32_t c, RtObject *value)
{
    RtObject *key = value == NULL ? NULL : RtLong_FromInt64(c);
    int status = key == NULL ? -1 : RtDict_SetItem(table, key, value);
    Rt_XDECREF(key);
    Rt_XDECREF(value);
    return status;
}

static int
map_strings(RtObject *table, RtObject *const *args, ssize_t nargs)
{
    for (ssize_t i = 0; i < nargs; i++) {
        if (!RtStr_Check(args[i])) {
            RtErr_Format(&RtExc_TypeError, i == 0 ? "first maketrans argument "
                         "must be a string if there is a second argument"
                         : "maketrans() argument %zd must be str, not %s",
                         i + 1, Rt_TYPE(args[i])->tp_name);
            return -1;
        }
    }
    if (RtStr_LENGTH(args[0]) != RtStr_LENGTH(args[1])) {
        RtErr_SetString(&RtExc_ValueError, "the first two maketrans "
                        "arguments must have equal length");
        return -1;
    }
    const char *from = RtStr_DATA(args[0]);
    const char *to = RtStr_DATA(args[1]);
    const char *end = from + Rt_SIZE(args[0]);
    while (from < end) {
        uint32_t c = RtUtf8_Next(&from);
        if (map_char(table, c, RtLong_FromInt64(RtUtf8_Next(&to))) < 0) {
            return -1;
        }
    }
    const char *gone = nargs > 2 ? RtStr_DATA(args[2]) : NULL;
    end = nargs > 2 ? gone + Rt_SIZE(args[2]) : NULL;
    while (gone < end) {
        if (map_char(table, RtUtf8_Next(&gone), Rt_None) < 0) {
            return -1;
        }
    }
    return 0;
}

// A dict whose keys may be characters.
static int
map_dict(RtObject *table, RtObject *dict)
{
    if (!RtDict_Check(dict)) {
        RtErr_SetString(&RtExc_TypeError, "if you give only one argument to "
                        "maketrans it must be a dict");
        return -1;
    }
    RtObject *items = RtDict_Snapshot((RtDictObject *)dict, RT_DICT_ITEMS);
    if (items == NULL) {
        return -1;
    }
    int status = 0;
    for (ssize_t i = 0; i < Rt_SIZE(items) && status == 0; i++) {
        RtObject *pair = ((RtListObject *)items)->ob_item[i];
        RtObject *key = RtTuple_GetItem(pair, 0);
        RtObject *value = RtTuple_GetItem(pair, 1);
        if (RtLong_Check(key)) {
            status = RtDict_SetItem(table, key, value);
        }
        else if (RtStr_Check(key) && RtStr_LENGTH(key) == 1) {
            status = map_char(table, RtUtf8_Decode(RtStr_DATA(key)),
                              Rt_NewRef(value));
        }
        else {
            RtErr_SetString(RtStr_Check(key) ? &RtExc_ValueError
                                             : &RtExc_TypeError,
                            RtStr_Check(key)
                            ? "string keys in translate table must be of "
                              "length 1"
                            : "keys in translate table must be strings or "
                              "integers");
            status = -1;
        }
    }
    Rt_DECREF(items);
    return status;
}

// maketrans(dict), maketrans(from, to[, remove]); self is the class.
RtObject *
RtStr_MakeTrans(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    RtObject *table = RtDict_New();
    if (table == NULL) {
        return NULL;
    }
    int status = nargs == 1 ? map_dict(table, args[0])
                            : map_strings(table, args, nargs);
    if (status < 0) {
        Rt_DECREF(table);
        return NULL;
    }
    return table;
}
