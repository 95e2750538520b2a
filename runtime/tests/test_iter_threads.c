// test_iter_threads.c: a step of an iterator with another thread's steps, or a
// change of what it iterates over, at each of its points, for every iterator
// that is made of others; then free threads. Threads that share an iterator may
// skip or repeat items (a number of count is given once), but what they get is
// of the source, a result is nobody else's, and no reference is lost.

#include "interleave.h"

#include "rtcore_iter.h"

enum { LENGTH = 5, FIRST = 5000 };

typedef enum Kind {
    LIST, ENUMERATE, ZIP, MAP, FILTER, REVERSED, CYCLE, CHAIN, ISLICE, TEE,
    TEES, CALL, COUNT, KINDS
} Kind;

typedef enum Intruder { STEP, CLEAR, APPEND, INTRUDERS } Intruder;

typedef struct Sharing {
    Kind kind;
    Intruder intruder;
    RtObject *source;           // list of FIRST, FIRST + 1, …
    ssize_t source_count;
    RtObject *iters[2];         // the same one, or two tees
    RtObject *kept[2][2];       // results of each thread, NULL: none
} Sharing;

// A list of n new ints.
static RtObject *
Source(int n)
{
    RtObject *list = RtList_New(n);
    for (int i = 0; i < n; i++) {
        RtList_SetItemNew(list, i, Int(FIRST + i));
    }
    return list;
}

static RtObject *
tees(RtObject *source)
{
    RtObject *key = Str("tee");
    RtObject *builtins = RtThreadState_Get()->interp->builtins;
    RtObject *both = RtObject_CallOneArg(
        RtDict_GetItemImmutable(builtins, key), source);
    Rt_DECREF(key);
    return both;
}

static RtObject *
make(Kind kind, RtObject *source)
{
    RtObject *s = Rt_NewRef(source);
    switch (kind) {
    case ENUMERATE: return New(&RtEnumerate_Type, 1, s);
    case ZIP: return New(&RtZip_Type, 2, s, Rt_NewRef(s));
    case MAP: return New(&RtMap_Type, 2, Rt_NewRef(&RtLong_Type), s);
    case FILTER: return New(&RtFilter_Type, 2, Rt_NewRef(Rt_None), s);
    case REVERSED: return New(&RtReversed_Type, 1, s);
    case CYCLE: return New(&RtCycle_Type, 1, s);
    case CHAIN: return New(&RtChain_Type, 2, s, Rt_NewRef(s));
    case ISLICE: return New(&RtIslice_Type, 4, s, Int(0), Int(3), Int(2));
    case COUNT: Rt_DECREF(s); return New(&RtCount_Type, 1, Int(FIRST));
    case CALL: {
        RtObject *name = Str("pop");
        RtObject *pop = RtObject_GetAttr(s, name);
        RtObject *it = RtCallIter_New(pop, Rt_None);
        Rt_DECREF(name);
        Rt_DECREF(pop);
        Rt_DECREF(s);
        return it;
    }
    case TEE: case TEES: {
        RtObject *both = tees(s);
        RtObject *it = Rt_NewRef(RtTuple_GetItem(both, 0));
        Rt_DECREF(both);
        Rt_DECREF(s);
        return it;
    }
    default: {
        RtObject *it = RtObject_GetIter(s);
        Rt_DECREF(s);
        return it;
    }
    }
}

static void
forgive(void)
{
    if (RtErr_Occurred() != NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_IndexError)
              || RtErr_ExceptionMatches(&RtExc_RuntimeError));
        RtErr_Clear();
    }
}

static void
check_number(RtObject *item)
{
    CHECK(RtLong_CheckExact(item));
    CHECK(RtLong_AsInt64(item) >= FIRST);
}

// An item, or a result of enumerate or zip, is whole.
static void
check_result(Kind kind, RtObject *result)
{
    if (kind != ENUMERATE && kind != ZIP) {
        check_number(result);
        return;
    }
    CHECK(RtTuple_Size(result) == 2);
    check_number(RtTuple_GetItem(result, 1));
    if (kind == ZIP) {
        check_number(RtTuple_GetItem(result, 0));
    }
    else {
        CHECK(RtLong_AsInt64(RtTuple_GetItem(result, 0)) < 100);
    }
}

static void
sharing_prepare(void *arg)
{
    Sharing *s = arg;
    s->source = Source(LENGTH);
    s->source_count = Rt_REFCNT(s->source);
    if (s->kind == TEE || s->kind == TEES) {
        RtObject *both = tees(s->source);
        s->iters[0] = Rt_NewRef(RtTuple_GetItem(both, 0));
        s->iters[1] = Rt_NewRef(RtTuple_GetItem(both, s->kind == TEES));
        Rt_DECREF(both);
    }
    else {
        s->iters[0] = make(s->kind, s->source);
        s->iters[1] = Rt_NewRef(s->iters[0]);
    }
    // The next step of a tee but one needs a new block.
    for (int i = 0; (s->kind == TEE || s->kind == TEES) && i < 2; i++) {
        Rt_DECREF(RtIter_Next(s->iters[0]));
    }
    memset(s->kept, 0, sizeof(s->kept));
}

static void
step(Sharing *s, int index)
{
    for (int i = 0; i < 1 + index; i++) {
        RtObject *result = RtIter_Next(s->iters[index]);
        forgive();
        s->kept[index][i] = result;
    }
}

static void
sharing_first(void *arg)
{
    step(arg, 0);
}

static void
sharing_second(void *arg)
{
    Sharing *s = arg;
    RtObject *item;
    switch (s->intruder) {
    case STEP:
        step(s, 1);
        break;
    case CLEAR:
        CHECK(RtList_Clear(s->source) == 0);
        break;
    default:
        item = Int(FIRST + 50);
        CHECK(RtList_Append(s->source, item) == 0);
        Rt_DECREF(item);
        break;
    }
}

static void
sharing_check(void *arg)
{
    Sharing *s = arg;
    RtObject **all = &s->kept[0][0];
    for (int i = 0; i < 4; i++) {
        if (all[i] == NULL) {
            continue;
        }
        check_result(s->kind, all[i]);
        for (int j = 0; j < i; j++) {
            if (all[j] == NULL) {
                continue;
            }
            CHECK(all[j] != all[i] || !RtTuple_Check(all[i]));
            CHECK(s->kind != COUNT || s->intruder != STEP
                  || RtLong_AsInt64(all[i]) != RtLong_AsInt64(all[j]));
        }
    }
    int got = 0;
    for (int i = 0; i < 4; i++) {
        got += all[i] != NULL;
        Rt_XDECREF(all[i]);
    }
    CHECK(s->kind != ISLICE || got <= 2);       // as many as one thread gets
    for (int i = 0; s->kind != COUNT && s->kind != CYCLE && i < 20; i++) {
        Rt_XDECREF(RtIter_Next(s->iters[0]));
        forgive();
    }
    Rt_DECREF(s->iters[0]);
    Rt_DECREF(s->iters[1]);
    Breathe();                  // merges what other threads gave up
    CHECK(RtList_IsValid(s->source));
    CHECK(Rt_REFCNT(s->source) == s->source_count);
    Rt_DECREF(s->source);
}

static void
test_steps(void)
{
    Sharing s = { .source = NULL };
    for (int i = 0; i < KINDS * INTRUDERS; i++) {
        s.kind = (Kind)(i / INTRUDERS);
        s.intruder = (Intruder)(i % INTRUDERS);
        Interleaving it = {
            sharing_prepare, sharing_first, sharing_second, sharing_check,
            .arg = &s,
        };
        CHECK(Interleaving_Run(&it) > 0);
    }
}

// ---------------------------------------------------------------------------
// Threads.

#ifdef RT_TSAN
enum { THREADS = 4, ROUNDS = 2, MANY = 20 };
#else
enum { THREADS = 4, ROUNDS = 4, MANY = 30 };
#endif

typedef struct Crowd {
    Kind kind;
    RtObject *source;
    RtObject *iter;
    int64_t numbers[THREADS];   // sum of those of count
} Crowd;

static void
pull(int index, void *arg)
{
    Crowd *c = arg;
    for (int i = 0; i < MANY; i++) {
        RtObject *result = RtIter_Next(c->iter);
        if (result == NULL) {
            forgive();
        }
        else {
            check_result(c->kind, result);
            if (c->kind == COUNT) {
                c->numbers[index] += RtLong_AsInt64(result);
            }
            Rt_DECREF(result);
        }
        if (index == 0 && i % 8 == 5) {
            RtObject *item = Int(FIRST + i);
            CHECK(RtList_Append(c->source, item) == 0);
            Rt_DECREF(item);
        }
        if (index == 1 && i == MANY / 2) {
            CHECK(RtList_Clear(c->source) == 0);
        }
        Breathe();
    }
}

static void
test_threads(void)
{
    for (int i = 0; i < ROUNDS * KINDS; i++) {
        Crowd c = { .kind = (Kind)(i % KINDS), .source = Source(10) };
        ssize_t count = Rt_REFCNT(c.source);
        c.iter = make(c.kind, c.source);
        RunAttached(THREADS, pull, &c);
        if (c.kind == COUNT) {
            int64_t sum = 0;
            for (int t = 0; t < THREADS; t++) {
                sum += c.numbers[t];
            }
            int64_t n = (int64_t)THREADS * MANY;
            CHECK(sum == n * FIRST + n * (n - 1) / 2);
        }
        Rt_DECREF(c.iter);
        Breathe();
        CHECK(Rt_REFCNT(c.source) == count);
        Rt_DECREF(c.source);
    }
}

int
main(void)
{
    void (*const tests[])(void) = { test_steps, test_threads };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
