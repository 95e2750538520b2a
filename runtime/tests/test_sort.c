// test_sort.c: which keys list.sort() compares, and in which order, and where
// the items are when a comparison raises: what CPython 3.13 does. Its numbers
// come from the same program in Python there.

#include "objects.h"

static struct {
    uint64_t hash;              // of the pairs compared, and of the result
    int64_t count;
    int64_t limit;              // then __lt__ raises; -1: never
} seen;

static void
mix(uint64_t value)
{
    seen.hash = seen.hash * 1000003 + value;
}

static RtObject *number_name;

static int64_t
number_of(RtObject *op)
{
    RtObject *value = RtObject_GetAttr(op, number_name);
    CHECK(value != NULL);
    int64_t number = RtLong_AsInt64(value);
    Rt_DECREF(value);
    return number;
}

static RtObject *
lt_noted(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (seen.count == seen.limit) {
        RtErr_SetString(&RtExc_ValueError, "enough");
        return NULL;
    }
    seen.count++;
    int64_t a = number_of(self);
    int64_t b = number_of(args[0]);
    mix((uint64_t)(a * 512 + b));
    return RtBool_FromInt(a < b);
}

static uint32_t random_state = 12345;

static int
next_random(int n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (int)((random_state >> 8) % (uint32_t)n);
}

// The i-th of n numbers of a shape: chance, few values, ascents and descents of
// equals, a saw, ascents beside descents, two runs like a zip.
static int
shaped(int shape, int i, int n)
{
    switch (shape) {
    case 0:
        return next_random(500);
    case 1:
        return next_random(4);
    case 2:
        return i / 3;
    case 3:
        return (n - i) / 3;
    case 4:
        return i % (n / 4 + 1);
    case 5:
        return i / 40 % 2 ? i / 40 * 40 + (39 - i % 40) : i;
    default:
        return (i < n / 2 ? i * 2 : (i - n / 2) * 2 + 1) % 512;
    }
}

static void
sort_shaped(RtObject *type, int shape, int n, int64_t limit)
{
    RtObject *list = RtList_New(n);
    for (int i = 0; i < n; i++) {
        RtObject *op = RtObject_CallNoArgs(type);
        RtObject *number = Int(shaped(shape, i, n));
        CHECK(RtObject_SetAttr(op, number_name, number) == 0);
        Rt_DECREF(number);
        RtList_SetItemNew(list, i, op);
    }
    seen.hash = 0;
    seen.count = 0;
    seen.limit = limit;
    RtObject *result = Call(list, "sort", 0);
    CHECK((result == NULL) == (RtErr_Occurred() != NULL));
    CHECK(result != NULL || seen.count == limit);
    RtErr_Clear();
    Rt_XDECREF(result);
    CHECK(RtList_IsValid(list) && RtList_Size(list) == n);
    for (int i = 0; i < n; i++) {
        RtObject *op = RtList_GetItemRef(list, i);
        mix((uint64_t)number_of(op));
        Rt_DECREF(op);
    }
    Rt_DECREF(list);
}

static void
test_order_of_comparisons(void)
{
    static const struct {
        uint64_t hash;
        int64_t count;
    } wanted[] = {
        { 0xb5bbe4c6f88120a6, 6986 }, { 0x65395fa24f47f979, 5793 },
        { 0x32d009624cb3ac42, 1602 }, { 0x92c34aaf49fe2b82, 2666 },
        { 0x3963626312836637, 4221 }, { 0x9f44f162a5dfe320, 2358 },
        { 0xfbbd32cd6a9b62b4, 3259 },
    };
    static const int sizes[] = { 2, 7, 40, 64, 65, 130, 500 };
    RtMethodDef methods[] = { {"__lt__", lt_noted, 1, 1}, {0} };
    RtObject *type = Class("K", NULL, methods);
    number_name = Str("n");
    for (int shape = 0; shape < 7; shape++) {
        uint64_t hash = 0;
        int64_t count = 0;
        for (int i = 0; i < 14; i++) {
            int n = sizes[i / 2];
            sort_shaped(type, shape, n, i % 2 ? n * 2 : -1);
            hash = hash * 1000003 + (uint64_t)seen.count;
            hash = hash * 1000003 + seen.hash;
            count += seen.count;
        }
        if (hash != wanted[shape].hash || count != wanted[shape].count) {
            fprintf(stderr, "shape %d: %lld comparisons, expected %lld\n",
                    shape, (long long)count,
                    (long long)wanted[shape].count);
            exit(1);
        }
    }
    Rt_DECREF(number_name);
    Rt_DECREF(type);
}

// Without an order a comparison is asked for twice, then the other way round.
static RtObject *
lt_refuses(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    seen.count++;
    return Rt_NotImplemented;
}

static void
test_refused(void)
{
    RtMethodDef methods[] = { {"__lt__", lt_refuses, 1, 1}, {0} };
    RtObject *type = Class("R", NULL, methods);
    RtObject *list = List(2, RtObject_CallNoArgs(type),
                          RtObject_CallNoArgs(type));
    seen.count = 0;
    EXPECT_ERROR(Call(list, "sort", 0), "TypeError: '<' not supported between "
                 "instances of 'R' and 'R'");
    CHECK(seen.count == 2);
    RtObject *other = Int(1);
    CHECK(RtList_Append(list, other) == 0);
    seen.count = 0;
    EXPECT_ERROR(Call(list, "sort", 0), "TypeError: '<' not supported between "
                 "instances of 'R' and 'R'");
    CHECK(seen.count == 1);
    Rt_DECREF(other);
    Rt_DECREF(list);
    Rt_DECREF(type);
}

// What a failed sort leaves, of items that are not all of one type.
static void
test_left_by_errors(void)
{
    const struct {
        RtObject *list;
        const char *left;
    } rows[] = {
        { List(4, Int(1), Int(1), Int(0), List(0)), "[1, 1, 0, []]" },
        { List(5, Int(0), Int(0), Int(1), Rt_None, Int(0)),
          "[0, 0, 1, None, 0]" },
        { List(5, Str("b"), Str("b"), Str("a"), List(0), Int(0)),
          "['b', 'b', 'a', [], 0]" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RtObject *result = Call(rows[i].list, "sort", 0);
        CHECK(result == NULL && RtErr_ExceptionMatches(&RtExc_TypeError));
        RtErr_Clear();
        EXPECT_OBJECT(rows[i].list, rows[i].left);
        Rt_DECREF(rows[i].list);
    }
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_order_of_comparisons, test_refused, test_left_by_errors,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
