// test_deque_threads.c: each operation of a deque with another whole one at
// each of its points; iterators shared by threads; what is appended is what is
// popped and left.

#include "interleave.h"

#include "rtcore_deque.h"

enum { ITEMS = RT_DEQUE_BLOCKLEN + 2 };

// ---------------------------------------------------------------------------
// One operation in the midst of another.

typedef struct Duel {
    RtObject *deque;
    RtObject *iter;             // over it, or NULL
    int kinds[2];
    ssize_t put;                // items appended by both; atomic
    ssize_t got;                // items popped by both; atomic
    int yields[2];
} Duel;

// The first of them are also done in the midst of others.
enum { PUT_LEFT, POP, ROTATE, CLEAR, WALK, INTRUDERS,
       PUT = INTRUDERS, POP_LEFT, COPY, INDEX, REMOVE, INSERT, REVERSE, REPR,
       COMPARE, KINDS };

// Clears an IndexError, RuntimeError or ValueError.
static void
forgive(void)
{
    if (RtErr_Occurred() != NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_IndexError)
              || RtErr_ExceptionMatches(&RtExc_RuntimeError)
              || RtErr_ExceptionMatches(&RtExc_ValueError));
        RtErr_Clear();
    }
}

// The items that a list of ITEMS, …, or a deque holds, each 5000 or more.
static void
check_items(RtObject *op)
{
    ssize_t n = RtObject_Length(op);
    for (ssize_t i = 0; i < n; i++) {
        RtObject *item = Item(op, Int(i));
        CHECK(item != NULL && RtLong_AsInt64(item) >= 5000);
        Rt_DECREF(item);
    }
}

static int
walk(RtObject *iter)
{
    int yields = 0;
    RtObject *item;
    while ((item = RtIter_Next(iter)) != NULL) {
        CHECK(RtLong_AsInt64(item) >= 5000);
        yields++;
        Rt_DECREF(item);
    }
    forgive();
    return yields;
}

static void
take(Duel *d, RtObject *item)
{
    if (item != NULL) {
        rt_atomic_add_ssize(&d->got, 1);
    }
    forgive();
    Rt_XDECREF(item);
}

static void
copy(Duel *d)
{
    RtObject *copy = Call(d->deque, "copy", 0);
    CHECK(RtDeque_IsValid(copy));
    check_items(copy);
    Rt_DECREF(copy);
}

static void
act(Duel *d, int index)
{
    RtObject *item = Int(6000 + index);
    RtObject *result = NULL;
    switch (d->kinds[index]) {
    case PUT:
        CHECK(RtDeque_Append(d->deque, item) == 0);
        rt_atomic_add_ssize(&d->put, 1);
        break;
    case PUT_LEFT:
        CHECK(RtDeque_AppendLeft(d->deque, item) == 0);
        rt_atomic_add_ssize(&d->put, 1);
        break;
    case POP: take(d, RtDeque_Pop(d->deque)); break;
    case POP_LEFT: take(d, RtDeque_PopLeft(d->deque)); break;
    case ROTATE: result = Call(d->deque, "rotate", 1, Int(2)); break;
    case CLEAR: CHECK(RtDeque_Clear(d->deque) == 0); break;
    case COPY: copy(d); break;
    case INDEX: result = Call(d->deque, "index", 1, Int(5002)); break;
    case REMOVE:
        result = Call(d->deque, "remove", 1, Int(5001));
        rt_atomic_add_ssize(&d->got, result != NULL);
        break;
    case INSERT:
        result = Call(d->deque, "insert", 2, Int(1), Rt_NewRef(item));
        rt_atomic_add_ssize(&d->put, 1);
        break;
    case REVERSE: result = Call(d->deque, "reverse", 0); break;
    case REPR: result = RtObject_Repr(d->deque); break;
    case WALK: d->yields[index] = walk(d->iter); break;
    default:
        result = RtObject_RichCompare(d->deque, d->deque, RT_LT);
        break;
    }
    forgive();
    Rt_XDECREF(result);
    Rt_DECREF(item);
}

static void
duel_prepare(void *arg)
{
    Duel *d = arg;
    d->deque = RtDeque_New(NULL, -1);
    for (int i = 0; i < ITEMS; i++) {
        RtObject *item = Int(5000 + i);
        CHECK(RtDeque_Append(d->deque, item) == 0);
        Rt_DECREF(item);
    }
    d->iter = RtObject_GetIter(d->deque);
    d->put = d->got = 0;
    d->yields[0] = d->yields[1] = 0;
}

static void
duel_first(void *arg)
{
    act(arg, 0);
}

static void
duel_second(void *arg)
{
    act(arg, 1);
}

static void
duel_check(void *arg)
{
    Duel *d = arg;
    CHECK(RtDeque_IsValid(d->deque));
    check_items(d->deque);
    bool clears = d->kinds[0] == CLEAR || d->kinds[1] == CLEAR;
    CHECK(clears || RtDeque_Size(d->deque) == ITEMS + d->put - d->got);
    int yields = d->yields[0] + d->yields[1];
    CHECK(yields <= ITEMS);
    if (d->kinds[0] == WALK && d->kinds[1] == WALK) {
        CHECK(yields == ITEMS);         // each item once
    }
    (void)walk(d->iter);
    Rt_DECREF(d->iter);
    CHECK(Rt_REFCNT(d->deque) == 1);
    Rt_DECREF(d->deque);
}

static void
test_duels(void)
{
    Duel d = { .deque = NULL };
    // AddressSanitizer looks at memory, which is the same for most pairs.
#ifdef RT_ASAN
    enum { STEP = 5 };
#else
    enum { STEP = 1 };
#endif
    for (int i = 0; i < KINDS * INTRUDERS; i += STEP) {
        d.kinds[0] = i / INTRUDERS;
        d.kinds[1] = i % INTRUDERS;
        Interleaving it = {
            duel_prepare, duel_first, duel_second, duel_check, .arg = &d,
        };
        CHECK(Interleaving_Run(&it) > 0);
    }
}

// ---------------------------------------------------------------------------
// Threads.

enum { THREADS = 4, ROUNDS = 60 };

typedef struct Shared {
    RtObject *deque;
    RtObject *bounded;
    RtObject *iter;
    int64_t put[THREADS];
    int64_t got[THREADS];
    int64_t sum[THREADS];       // of what was put, less what was got
} Shared;

static void
put_one(Shared *s, int index, int i)
{
    int64_t value = 100000 + (int64_t)i * THREADS + index;
    RtObject *item = Int(value);
    int status = i % 2 ? RtDeque_Append(s->deque, item)
                       : RtDeque_AppendLeft(s->deque, item);
    CHECK(status == 0);
    CHECK(RtDeque_Append(s->bounded, item) == 0);
    s->put[index]++;
    s->sum[index] += value;
    Rt_DECREF(item);
}

static void
take_one(Shared *s, int index, int i)
{
    RtObject *item = i % 3 ? RtDeque_Pop(s->deque) : RtDeque_PopLeft(s->deque);
    if (item == NULL) {
        forgive();
        return;
    }
    s->got[index]++;
    s->sum[index] -= RtLong_AsInt64(item);
    Rt_DECREF(item);
}

static void
look(Shared *s, int i)
{
    RtObject *result = NULL;
    switch (i % 6) {
    case 0: result = Call(s->deque, "rotate", 1, Int(i % 7 - 3)); break;
    case 1: result = Call(s->bounded, "copy", 0); break;
    case 2: result = Call(s->deque, "reverse", 0); break;
    case 3: result = RtObject_Repr(s->bounded); break;
    case 4: result = RtIter_Next(s->iter); break;
    default: result = RtObject_RichCompare(s->bounded, s->deque, RT_LT); break;
    }
    forgive();
    Rt_XDECREF(result);
}

static void
fight(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        put_one(s, index, i);
        if (i % 3 != 0) {
            take_one(s, index, i);
        }
        look(s, i + index);
        Breathe();
    }
}

// Items popped and left are those appended.
static void
test_threads(void)
{
    Shared s = { .deque = RtDeque_New(NULL, -1),
                 .bounded = RtDeque_New(NULL, 5) };
    s.iter = RtObject_GetIter(s.bounded);
    RunAttached(THREADS, fight, &s);
    CHECK(RtDeque_IsValid(s.deque));
    CHECK(RtDeque_IsValid(s.bounded));
    CHECK(RtDeque_Size(s.bounded) == 5);
    int64_t left = 0;
    int64_t sum = 0;
    for (int i = 0; i < THREADS; i++) {
        left += s.put[i] - s.got[i];
        sum += s.sum[i];
    }
    CHECK(RtDeque_Size(s.deque) == left);
    while (RtDeque_Size(s.deque) > 0) {
        RtObject *item = RtDeque_Pop(s.deque);
        sum -= RtLong_AsInt64(item);
        Rt_DECREF(item);
    }
    CHECK(sum == 0);
    Rt_DECREF(s.iter);
    CHECK(Rt_REFCNT(s.bounded) == 1);
    Rt_DECREF(s.deque);
    Rt_DECREF(s.bounded);
}

int
main(void)
{
    void (*const tests[])(void) = { test_duels, test_threads };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
