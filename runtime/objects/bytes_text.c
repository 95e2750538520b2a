// bytes_text.c: methods of bytes and bytearray that treat them as ASCII text:
// case, padding, lines, parts.
//
// As in bytes_methods.c, each works on a bytes object that it owns, and what is
// made of a bytearray is one again.
// Mirrors Objects/bytes_methods.c and stringlib (CPython 3.13); departs: none.

#include "rtcore_bytes.h"

#include "rt_errors.h"
#include "rtcore_number.h"
#include "rtcore_object.h"
#include "rtcore_str.h"

#include <ctype.h>
#include <string.h>

// Takes `bytes`, which may be NULL.
static RtObject *
give(RtObject *self, RtObject *bytes)
{
    return RtByteArray_Check(self) && bytes != NULL
        ? RtByteArray_FromBytes(bytes) : bytes;
}

static RtObject *
give_part(RtObject *self, const char *from, const char *to)
{
    return give(self, RtBytes_FromStringAndSize(from, to - from));
}

static RtObject *
need_bytes(RtObject *op)
{
    RtObject *bytes = RtBytes_FromLike(op);
    if (bytes == NULL && RtErr_Occurred() == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "a bytes-like object is required, not '%s'",
                     Rt_TYPE(op)->tp_name);
    }
    return bytes;
}

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

static char *
room_of(RtObject *op)
{
    return ((RtBytesObject *)op)->data;
}

// ---------------------------------------------------------------------------
// Case.

typedef enum CaseChange { TITLE, CAPITALIZE, SWAPCASE } CaseChange;

static char
change_case(char c, char before, CaseChange change, bool first)
{
    unsigned char byte = (unsigned char)c;
    bool upper = change == TITLE ? !isalpha((unsigned char)before)
                 : change == CAPITALIZE ? first : islower(byte) != 0;
    return (char)(upper ? toupper(byte) : tolower(byte));
}

static RtObject *
with_case(RtObject *self, CaseChange change)
{
    RtObject *bytes = RtBytes_FromLike(self);
    RtObject *result = bytes != NULL ? RtBytes_Alloc(Rt_SIZE(bytes)) : NULL;
    for (ssize_t i = 0; result != NULL && i < Rt_SIZE(bytes); i++) {
        const char *p = RtBytes_DATA(bytes) + i;
        room_of(result)[i] = change_case(*p, i > 0 ? p[-1] : ' ', change,
                                         i == 0);
    }
    Rt_XDECREF(bytes);
    return give(self, result != NULL ? RtBytes_Seal(result) : NULL);
}

RtObject *
RtBytes_TitleMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return with_case(self, TITLE);
}

RtObject *
RtBytes_CapitalizeMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return with_case(self, CAPITALIZE);
}

RtObject *
RtBytes_SwapcaseMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return with_case(self, SWAPCASE);
}

// Whether each letter is of that case, and there is one.
static bool
has_case(const char *p, ssize_t n, bool upper)
{
    bool letters = false;
    for (ssize_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (upper ? islower(c) : isupper(c)) {
            return false;
        }
        letters |= isalpha(c) != 0;
    }
    return letters;
}

static bool
is_lower(const char *p, ssize_t n)
{
    return has_case(p, n, false);
}

static bool
is_upper(const char *p, ssize_t n)
{
    return has_case(p, n, true);
}

static bool
is_title(const char *p, ssize_t n)
{
    bool letters = false;
    for (ssize_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        bool inside = i > 0 && isalpha((unsigned char)p[i - 1]);
        if (inside ? isupper(c) : islower(c)) {
            return false;
        }
        letters |= isalpha(c) != 0;
    }
    return letters;
}

static bool
is_alnum(const char *p, ssize_t n)
{
    ssize_t i = 0;
    while (i < n && isalnum((unsigned char)p[i])) {
        i++;
    }
    return n > 0 && i == n;
}

static bool
is_ascii(const char *p, ssize_t n)
{
    ssize_t i = 0;
    while (i < n && (unsigned char)p[i] < 128) {
        i++;
    }
    return i == n;
}

static RtObject *
test_all(RtObject *self, bool (*test)(const char *p, ssize_t n))
{
    RtObject *bytes = RtBytes_FromLike(self);
    if (bytes == NULL) {
        return NULL;
    }
    bool result = test(RtBytes_DATA(bytes), Rt_SIZE(bytes));
    Rt_DECREF(bytes);
    return RtBool_FromInt(result);
}

RtObject *
RtBytes_IslowerMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return test_all(self, is_lower);
}

RtObject *
RtBytes_IsupperMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return test_all(self, is_upper);
}

RtObject *
RtBytes_IstitleMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return test_all(self, is_title);
}

RtObject *
RtBytes_IsalnumMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return test_all(self, is_alnum);
}

RtObject *
RtBytes_IsasciiMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return test_all(self, is_ascii);
}

// ---------------------------------------------------------------------------
// Padding.

// With so much more on either side.
static RtObject *
padded(RtObject *self, RtObject *bytes, ssize_t left, ssize_t right, char fill)
{
    left = left > 0 ? left : 0;
    right = right > 0 ? right : 0;
    ssize_t n = Rt_SIZE(bytes);
    RtObject *result = RtBytes_Alloc(left + n + right);
    if (result == NULL) {
        return NULL;
    }
    memset(room_of(result), fill, (size_t)left);
    memcpy(room_of(result) + left, RtBytes_DATA(bytes), (size_t)n);
    memset(room_of(result) + left + n, fill, (size_t)right);
    return give(self, RtBytes_Seal(result));
}

// 0, or -1 with TypeError.
static int
get_fill(const char *name, RtObject *const *args, ssize_t nargs, char *fill)
{
    *fill = ' ';
    if (nargs < 2) {
        return 0;
    }
    RtObject *bytes = RtBytes_FromLike(args[1]);
    bool fits = bytes != NULL && Rt_SIZE(bytes) == 1;
    if (fits) {
        *fill = RtBytes_DATA(bytes)[0];
    }
    Rt_XDECREF(bytes);
    if (!fits && RtErr_Occurred() == NULL) {
        RtErr_Format(&RtExc_TypeError, "%s() argument 2 must be a byte string "
                     "of length 1, not %s", name, Rt_TYPE(args[1])->tp_name);
    }
    return fits ? 0 : -1;
}

typedef enum Side { LEFT, RIGHT, BOTH } Side;

// The text goes to that side.
static RtObject *
adjust(RtObject *self, const char *name, RtObject *const *args, ssize_t nargs,
       Side side)
{
    ssize_t width;
    char fill;
    if (get_size(args[0], &width) < 0 ||
        get_fill(name, args, nargs, &fill) < 0)
    {
        return NULL;
    }
    RtObject *bytes = RtBytes_FromLike(self);
    if (bytes == NULL) {
        return NULL;
    }
    ssize_t more = width > Rt_SIZE(bytes) ? width - Rt_SIZE(bytes) : 0;
    ssize_t before = side == LEFT ? 0 : side == RIGHT ? more
                     : more / 2 + (more & width & 1);
    RtObject *result = padded(self, bytes, before, more - before, fill);
    Rt_DECREF(bytes);
    return result;
}

RtObject *
RtBytes_LjustMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return adjust(self, "ljust", args, nargs, LEFT);
}

RtObject *
RtBytes_RjustMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return adjust(self, "rjust", args, nargs, RIGHT);
}

RtObject *
RtBytes_CenterMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return adjust(self, "center", args, nargs, BOTH);
}

RtObject *
RtBytes_ZfillMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    ssize_t width;
    if (get_size(args[0], &width) < 0) {
        return NULL;
    }
    RtObject *bytes = RtBytes_FromLike(self);
    if (bytes == NULL) {
        return NULL;
    }
    ssize_t n = Rt_SIZE(bytes);
    ssize_t more = width > n ? width - n : 0;
    RtObject *result = RtBytes_Alloc(n + more);
    if (result != NULL) {
        const char *from = RtBytes_DATA(bytes);
        char *to = room_of(result);
        bool sign = n > 0 && (from[0] == '+' || from[0] == '-');
        memset(to, '0', (size_t)more);
        memcpy(to + more, from, (size_t)n);
        if (sign && more > 0) {
            to[0] = from[0];
            to[more] = '0';
        }
        result = RtBytes_Seal(result);
    }
    Rt_DECREF(bytes);
    return give(self, result);
}

RtObject *
RtBytes_ExpandtabsMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t size = 8;
    if (nargs > 0 && get_size(args[0], &size) < 0) {
        return NULL;
    }
    RtObject *bytes = RtBytes_FromLike(self);
    if (bytes == NULL) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    ssize_t column = 0;
    for (ssize_t i = 0; i < Rt_SIZE(bytes); i++) {
        const char *p = RtBytes_DATA(bytes) + i;
        if (*p == '\t') {
            for (ssize_t n = size > 0 ? size - column % size : 0; n > 0; n--) {
                RtStrWriter_Write(&w, " ", 1);
                column++;
            }
            continue;
        }
        RtStrWriter_Write(&w, p, 1);
        column = *p == '\n' || *p == '\r' ? 0 : column + 1;
    }
    Rt_DECREF(bytes);
    RtObject *result = w.failed ? RtErr_NoMemory()
                                : RtBytes_FromStringAndSize(w.data, w.size);
    RtStrWriter_Discard(&w);
    return give(self, result);
}

// ---------------------------------------------------------------------------
// Parts.

// The last place of the needle, which is not empty; or NULL.
static const char *
find_last(const char *p, ssize_t n, const char *needle, ssize_t m)
{
    for (ssize_t i = n - m; i >= 0; i--) {
        if (memcmp(p + i, needle, (size_t)m) == 0) {
            return p + i;
        }
    }
    return NULL;
}

// A tuple of three parts: before `at`, m bytes there, behind.
static RtObject *
three_parts(RtObject *self, RtObject *bytes, const char *at, ssize_t m)
{
    const char *start = RtBytes_DATA(bytes);
    RtObject *tuple = RtTuple_New(3);
    const char *ends[4] = { start, at, at + m, start + Rt_SIZE(bytes) };
    for (int i = 0; tuple != NULL && i < 3; i++) {
        RtObject *part = give_part(self, ends[i], ends[i + 1]);
        RtTuple_SetItem(tuple, i, part);
        if (part == NULL) {
            Rt_CLEAR(tuple);
        }
    }
    return tuple;
}

static RtObject *
partition(RtObject *self, RtObject *separator, bool last)
{
    RtObject *needle = need_bytes(separator);
    RtObject *bytes = needle != NULL ? RtBytes_FromLike(self) : NULL;
    RtObject *result = NULL;
    if (bytes != NULL && Rt_SIZE(needle) == 0) {
        RtErr_SetString(&RtExc_ValueError, "empty separator");
    }
    else if (bytes != NULL) {
        const char *p = RtBytes_DATA(bytes);
        ssize_t n = Rt_SIZE(bytes), m = Rt_SIZE(needle);
        const char *at = last
            ? find_last(p, n, RtBytes_DATA(needle), m)
            : memmem(p, (size_t)n, RtBytes_DATA(needle), (size_t)m);
        result = three_parts(self, bytes,
                             at != NULL ? at : last ? p : p + n,
                             at != NULL ? m : 0);
    }
    Rt_XDECREF(needle);
    Rt_XDECREF(bytes);
    return result;
}

RtObject *
RtBytes_PartitionMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return partition(self, args[0], false);
}

RtObject *
RtBytes_RpartitionMethod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return partition(self, args[0], true);
}

static RtObject *
without(RtObject *self, RtObject *part, bool at_end)
{
    RtObject *needle = need_bytes(part);
    RtObject *bytes = needle != NULL ? RtBytes_FromLike(self) : NULL;
    RtObject *result = NULL;
    if (bytes != NULL) {
        const char *p = RtBytes_DATA(bytes);
        ssize_t n = Rt_SIZE(bytes), m = Rt_SIZE(needle);
        bool there = m <= n && memcmp(at_end ? p + n - m : p,
                                      RtBytes_DATA(needle), (size_t)m) == 0;
        result = give_part(self, there && !at_end ? p + m : p,
                           there && at_end ? p + n - m : p + n);
    }
    Rt_XDECREF(needle);
    Rt_XDECREF(bytes);
    return result;
}

RtObject *
RtBytes_RemoveprefixMethod(RtObject *self, RtObject *const *args,
                           ssize_t nargs)
{
    (void)nargs;
    return without(self, args[0], false);
}

RtObject *
RtBytes_RemovesuffixMethod(RtObject *self, RtObject *const *args,
                           ssize_t nargs)
{
    (void)nargs;
    return without(self, args[0], true);
}

static int
append_part(RtObject *list, RtObject *self, const char *from, const char *to)
{
    RtObject *part = give_part(self, from, to);
    int status = part != NULL ? RtList_Append(list, part) : -1;
    Rt_XDECREF(part);
    return status;
}

// splitlines(keepends=False)
RtObject *
RtBytes_SplitlinesMethod(RtObject *self, RtObject *const *args, ssize_t nargs,
                         RtObject *kwnames)
{
    static const char *const names[] = { "keepends", NULL };
    RtObject *given[1];
    if (RtArg_Unpack("splitlines", names, 1, 0, args, nargs, kwnames,
                     given) < 0)
    {
        return NULL;
    }
    int keep = given[0] != NULL ? RtObject_IsTrue(given[0]) : 0;
    RtObject *bytes = keep >= 0 ? RtBytes_FromLike(self) : NULL;
    RtObject *list = bytes != NULL ? RtList_New(0) : NULL;
    const char *p = list != NULL ? RtBytes_DATA(bytes) : NULL;
    const char *end = list != NULL ? p + Rt_SIZE(bytes) : NULL;
    int status = 0;
    while (p < end && status == 0) {
        const char *stop = p;
        while (stop < end && *stop != '\n' && *stop != '\r') {
            stop++;
        }
        const char *next = stop + (stop < end);
        next += stop < end && *stop == '\r' && next < end && *next == '\n';
        status = append_part(list, self, p, keep ? next : stop);
        p = next;
    }
    if (status < 0) {
        Rt_CLEAR(list);
    }
    Rt_XDECREF(bytes);
    return list;
}

// ---------------------------------------------------------------------------
// Translation.

// bytes.maketrans(frm, to)
RtObject *
RtBytes_MaketransMethod(RtObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)type, (void)nargs;
    RtObject *from = need_bytes(args[0]);
    RtObject *to = from != NULL ? need_bytes(args[1]) : NULL;
    RtObject *table = NULL;
    if (to != NULL && Rt_SIZE(from) != Rt_SIZE(to)) {
        RtErr_SetString(&RtExc_ValueError,
                        "maketrans arguments must have same length");
    }
    else if (to != NULL && (table = RtBytes_Alloc(256)) != NULL) {
        for (int i = 0; i < 256; i++) {
            room_of(table)[i] = (char)i;
        }
        for (ssize_t i = 0; i < Rt_SIZE(from); i++) {
            room_of(table)[(unsigned char)RtBytes_DATA(from)[i]] =
                RtBytes_DATA(to)[i];
        }
        table = RtBytes_Seal(table);
    }
    Rt_XDECREF(from);
    Rt_XDECREF(to);
    return table;
}

static RtObject *
translate(RtObject *self, const char *table, RtObject *deleted)
{
    RtObject *bytes = RtBytes_FromLike(self);
    if (bytes == NULL) {
        return NULL;
    }
    bool gone[256] = { false };
    for (ssize_t i = 0; deleted != NULL && i < Rt_SIZE(deleted); i++) {
        gone[(unsigned char)RtBytes_DATA(deleted)[i]] = true;
    }
    ssize_t n = 0;
    for (ssize_t i = 0; i < Rt_SIZE(bytes); i++) {
        n += !gone[(unsigned char)RtBytes_DATA(bytes)[i]];
    }
    RtObject *result = RtBytes_Alloc(n);
    char *to = result != NULL ? room_of(result) : NULL;
    for (ssize_t i = 0; result != NULL && i < Rt_SIZE(bytes); i++) {
        unsigned char c = (unsigned char)RtBytes_DATA(bytes)[i];
        if (!gone[c]) {
            *to++ = table != NULL ? table[c] : (char)c;
        }
    }
    Rt_DECREF(bytes);
    return give(self, result != NULL ? RtBytes_Seal(result) : NULL);
}

// translate(table, /, delete=b'')
RtObject *
RtBytes_TranslateMethod(RtObject *self, RtObject *const *args, ssize_t nargs,
                        RtObject *kwnames)
{
    static const char *const names[] = { "", "delete", NULL };
    RtObject *given[2];
    if (RtArg_Unpack("translate", names, 2, 1, args, nargs, kwnames,
                     given) < 0)
    {
        return NULL;
    }
    RtObject *table = NULL, *deleted = NULL, *result = NULL;
    if ((given[0] != Rt_None && (table = need_bytes(given[0])) == NULL) ||
        (given[1] != NULL && (deleted = need_bytes(given[1])) == NULL))
    {
        Rt_XDECREF(table);
        return NULL;
    }
    if (table != NULL && Rt_SIZE(table) != 256) {
        RtErr_SetString(&RtExc_ValueError,
                        "translation table must be 256 characters long");
    }
    else {
        result = translate(self, table != NULL ? RtBytes_DATA(table) : NULL,
                           deleted);
    }
    Rt_XDECREF(table);
    Rt_XDECREF(deleted);
    return result;
}
