// test_set_threads.c: `in` against every kind of writer at each of its points,
// iterators shared by threads, free threads on one set.

#include "interleave.h"

#include "rtcore_set.h"

#define Set(...) New(&RtSet_Type, 1, Tuple(__VA_ARGS__))
#define Frozen(...) New(&RtFrozenSet_Type, 1, Tuple(__VA_ARGS__))

static void
Add(RtObject *set, RtObject *key)       // steals key
{
    CHECK(RtSet_Add(set, key) == 0);
    Rt_DECREF(key);
}

static int
Discard(RtObject *set, int64_t value)
{
    RtObject *key = Int(value);
    int found = RtSet_Discard(set, key);
    Rt_DECREF(key);
    return found;
}

// ---------------------------------------------------------------------------
// `in` with another thread's operation at each of its points, and the other way
// round. One key stays, one goes, one was never there. All three begin at one
// slot of a small table: when the second goes, a rewrite in place moves the
// first to where a reader has already looked.

enum { STAYS = 1009, GOES = 1001, NEVER = 1017 };

typedef struct Membership {
    RtObject *set;
    RtObject *keep;             // frozenset of what stays
    RtObject *keys[3];
    void (*write)(struct Membership *m);
    int found[3];
} Membership;

static void
membership_prepare(void *arg)
{
    Membership *m = arg;
    m->set = RtSet_New(NULL);
    CHECK(RtSet_Add(m->set, m->keys[1]) == 0);
    CHECK(RtSet_Add(m->set, m->keys[0]) == 0);
    // Two dummies: a small table is soon rewritten where it stands.
    Add(m->set, Int(70));
    Add(m->set, Int(71));
    CHECK(Discard(m->set, 70) == 1);
    CHECK(Discard(m->set, 71) == 1);
}

// The key asked for is equal, but another object.
static void
membership_read(void *arg)
{
    Membership *m = arg;
    // The first look takes the lock, and makes the set SHARED.
    CHECK(RtSet_Contains(m->set, Rt_None) == 0);
    for (int i = 0; i < 3; i++) {
        RtObject *copy = Int(RtLong_AsInt64(m->keys[i]));
        m->found[i] = RtSet_Contains(m->set, copy);
        Rt_DECREF(copy);
    }
}

static void
membership_write(void *arg)
{
    Membership *m = arg;
    m->write(m);
}

static void
membership_check(void *arg)
{
    Membership *m = arg;
    CHECK(m->found[0] == 1);
    CHECK(m->found[1] == 0 || m->found[1] == 1);
    CHECK(m->found[2] == 0);
    CHECK(RtSet_IsValid(m->set));
    CHECK(RtSet_Contains(m->set, m->keys[0]) == 1);
    Rt_DECREF(m->set);
    m->set = NULL;
}

static void
write_grow(Membership *m)
{
    for (int i = 0; i < 30; i++) {
        Add(m->set, Int(2000 + i));
    }
}

// One rewrite of the small table, which leaves the slot of STAYS unused.
static void
write_rewrite(Membership *m)
{
    CHECK(RtSet_Discard(m->set, m->keys[1]) == 1);
    Add(m->set, Int(3003));
}

static void
write_in_place(Membership *m)
{
    CHECK(RtSet_Discard(m->set, m->keys[1]) >= 0);
    for (int i = 0; i < 20; i++) {
        Add(m->set, Int(100 + i));
        CHECK(Discard(m->set, 100 + i) == 1);
    }
}

static void
write_swap(Membership *m)
{
    EXPECT_REPR(Call(m->set, "intersection_update", 1, Rt_NewRef(m->keep)),
                "None");
}

static void
write_grow_and_shrink(Membership *m)
{
    write_grow(m);
    write_swap(m);
    write_in_place(m);
}

static void
write_discard(Membership *m)
{
    CHECK(RtSet_Discard(m->set, m->keys[1]) == 1);
    CHECK(RtSet_Add(m->set, m->keys[1]) == 0);
}

static void
test_membership(void)
{
    void (*const writers[])(Membership *) = {
        write_grow, write_in_place, write_swap, write_grow_and_shrink,
        write_discard, write_rewrite,
    };
    Membership m = { .keys = { Int(STAYS), Int(GOES), Int(NEVER) } };
    m.keep = Frozen(1, Rt_NewRef(m.keys[0]));
    for (int i = 0; i < 12; i++) {
        m.write = writers[i / 2];
        Interleaving it = {
            membership_prepare, i % 2 ? membership_write : membership_read,
            i % 2 ? membership_read : membership_write, membership_check,
            .arg = &m,
        };
        CHECK(Interleaving_Run(&it) > 0);
    }
    Rt_DECREF(m.keep);
    for (int i = 0; i < 3; i++) {
        Rt_DECREF(m.keys[i]);
    }
}

// A clear: what was there before may be found, afterwards nothing is.
static void
write_clear(void *arg)
{
    Membership *m = arg;
    CHECK(RtSet_Clear(m->set) == 0);
}

static void
clear_check(void *arg)
{
    Membership *m = arg;
    CHECK(m->found[0] == 0 || m->found[0] == 1);
    // The clear came first for the one, so also for what was asked later.
    CHECK(m->found[0] == 1 || m->found[1] == 0);
    CHECK(m->found[2] == 0);
    CHECK(RtSet_IsValid(m->set));
    CHECK(RtSet_Size(m->set) == 0);
    Rt_DECREF(m->set);
    m->set = NULL;
}

static void
test_clear(void)
{
    Membership m = { .keys = { Int(STAYS), Int(GOES), Int(NEVER) } };
    for (int i = 0; i < 2; i++) {
        Interleaving it = {
            membership_prepare, i ? write_clear : membership_read,
            i ? membership_read : write_clear, clear_check,
            .arg = &m,
        };
        CHECK(Interleaving_Run(&it) > 0);
    }
    for (int i = 0; i < 3; i++) {
        Rt_DECREF(m.keys[i]);
    }
}

// ---------------------------------------------------------------------------
// An iterator shared by two threads; the set is cleared under one.

typedef struct Walk {
    RtObject *set;
    RtObject *iter;
    int got[2];
    bool clear;
    ssize_t count;
} Walk;

static int
pull(RtObject *iter)
{
    int got = 0;
    RtObject *item;
    while ((item = RtIter_Next(iter)) != NULL) {
        got++;
        Rt_DECREF(item);
    }
    if (RtErr_Occurred() != NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_RuntimeError));
        RtErr_Clear();
    }
    return got;
}

static void
walk_prepare(void *arg)
{
    Walk *w = arg;
    w->set = Set(3, Int(5000), Int(6000), Int(7000));
    w->count = Rt_REFCNT(w->set);
    w->iter = RtObject_GetIter(w->set);
}

static void
walk_first(void *arg)
{
    Walk *w = arg;
    w->got[0] = pull(w->iter);
}

static void
walk_second(void *arg)
{
    Walk *w = arg;
    if (w->clear) {
        CHECK(RtSet_Clear(w->set) == 0);
        w->got[1] = 0;
    }
    else {
        w->got[1] = pull(w->iter);
    }
}

static void
walk_check(void *arg)
{
    Walk *w = arg;
    CHECK(w->clear ? w->got[0] <= 3 : w->got[0] + w->got[1] == 3);
    CHECK(pull(w->iter) == 0);
    Rt_DECREF(w->iter);
    CHECK(Rt_REFCNT(w->set) == w->count);
    CHECK(RtSet_IsValid(w->set));
    Rt_DECREF(w->set);
}

static void
test_shared_iterator(void)
{
    Walk w = { .clear = false };
    for (int i = 0; i < 2; i++) {
        w.clear = i == 1;
        Interleaving it = {
            walk_prepare, walk_first, walk_second, walk_check, .arg = &w,
        };
        CHECK(Interleaving_Run(&it) > 0);
    }
}

// ---------------------------------------------------------------------------
// Threads.

#ifdef RT_TSAN
enum { THREADS = 4, ROUNDS = 200, KEYS = 12 };
#else
enum { THREADS = 4, ROUNDS = 1200, KEYS = 12 };
#endif

typedef struct Shared {
    RtObject *set;
    RtObject *other;
    RtObject *keys[KEYS];
    int64_t balance[THREADS];
} Shared;

static RtObject *
a_key(Shared *s, int i)
{
    i %= KEYS;
    return i % 3 == 1 ? RtStr_FromFormat("key%d", i) : Rt_NewRef(s->keys[i]);
}

static void
read_set(Shared *s, int i)
{
    RtObject *key = a_key(s, i);
    RtObject *result = NULL;
    CHECK(RtSet_Contains(s->set, key) >= 0);
    switch (i % 8) {
    case 0: result = RtObject_Repr(s->set); break;
    case 1: result = RtNumber_BinaryOp(s->set, s->other, RT_NB_AND); break;
    case 2: result = RtNumber_BinaryOp(s->other, s->set, RT_NB_SUBTRACT); break;
    case 3: result = RtObject_RichCompare(s->set, s->other, RT_LE); break;
    case 4: result = RtObject_GetIter(s->set); (void)pull(result); break;
    case 5: result = New(&RtFrozenSet_Type, 1, Rt_NewRef(s->set)); break;
    default: break;
    }
    CHECK(i % 8 > 5 || result != NULL);
    Rt_XDECREF(result);
    Rt_DECREF(key);
}

static void
write_set(Shared *s, int i, int kind)
{
    RtObject *key = a_key(s, i);
    RtObject *result = NULL;
    switch (kind) {
    case 0: case 1: case 2: case 3: case 4:
        CHECK(RtSet_Add(s->set, key) == 0);
        break;
    case 5: CHECK(RtSet_Discard(s->set, key) >= 0); break;
    case 6: result = Call(s->set, "pop", 0); break;
    case 7: CHECK(RtSet_Clear(s->set) == 0); break;
    case 8:
        CHECK(RtSet_Update((RtSetObject *)s->other, s->set) == 0);
        break;
    case 9:
        result = Call(s->set, "intersection_update", 1, Rt_NewRef(s->other));
        break;
    case 10:
        result = Call(s->other, "difference_update", 1, Rt_NewRef(s->set));
        break;
    default:
        result = Call(s->set, "symmetric_difference_update", 1,
                      Rt_NewRef(s->other));
        break;
    }
    if (RtErr_Occurred() != NULL) {
        CHECK(kind == 6 && RtErr_ExceptionMatches(&RtExc_KeyError));
        RtErr_Clear();
    }
    Rt_XDECREF(result);
    Rt_DECREF(key);
}

static void
read_and_write(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (index < THREADS / 2) {
            read_set(s, i * 5 + index);
        }
        else {
            write_set(s, i * 7 + index, i % 12);
        }
        Breathe();
    }
}

// Each thread adds and takes away a key of its own, which the others' resizes
// never hide.
static void
own_keys(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *key = RtStr_FromFormat("own%d-%d", index, i % 10);
        CHECK(RtSet_Add(s->set, key) == 0);
        CHECK(RtSet_Contains(s->set, key) == 1);
        if (i % 4 == 0) {
            CHECK(RtSet_Discard(s->set, key) == 1);
            CHECK(RtSet_Contains(s->set, key) == 0);
        }
        Rt_DECREF(key);
        Breathe();
    }
}

// Of the threads that pop, exactly one gets each item.
static void
fight(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *mine = Int(100000 + i * THREADS + index);
        CHECK(RtSet_Add(s->set, mine) == 0);
        Rt_DECREF(mine);
        RtObject *got = RtSet_Pop(s->set);
        s->balance[index] += got == NULL;
        Rt_XDECREF(got);
        RtErr_Clear();
        Breathe();
    }
}

static void
run_shared(void (*func)(int, void *), bool balanced)
{
    Shared s = { .set = RtSet_New(NULL), .other = RtSet_New(NULL) };
    for (int i = 0; i < KEYS; i++) {
        s.keys[i] = i % 3 == 2 ? Int(100000 + i)
                               : RtStr_FromFormat("key%d", i);
    }
    RunAttached(THREADS, func, &s);
    CHECK(RtSet_IsValid(s.set));
    CHECK(RtSet_IsValid(s.other));
    if (balanced) {
        int64_t balance = 0;
        for (int i = 0; i < THREADS; i++) {
            balance += s.balance[i];
        }
        CHECK(balance == RtSet_Size(s.set));
    }
    Rt_DECREF(s.set);
    Rt_DECREF(s.other);
    for (int i = 0; i < KEYS; i++) {
        Rt_DECREF(s.keys[i]);
    }
}

static void
test_threads(void)
{
    run_shared(read_and_write, false);
    run_shared(own_keys, false);
    run_shared(fight, true);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_membership, test_clear, test_shared_iterator, test_threads,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
