// test_seq_lock.c: sequence locks: who reads during a write is told so, one
// writer at a time, and a reader that is not told has read one write's values.

#include "check.h"
#include "rtcore_lock.h"

enum { THREADS = 4, ROUNDS = 20000 };

static void
test_states(void)
{
    RtSeqLock lock = { 0 };
    uint32_t before = RtSeqLock_BeginRead(&lock);
    CHECK(before == 0);
    CHECK(RtSeqLock_EndRead(&lock, before));
    RtSeqLock_LockWrite(&lock);
    CHECK((lock.sequence & 1) == 1);
    CHECK(!RtSeqLock_EndRead(&lock, before));
    RtSeqLock_AbandonWrite(&lock);
    // Nothing was written, so nothing was torn.
    CHECK(RtSeqLock_EndRead(&lock, before));
    RtSeqLock_LockWrite(&lock);
    RtSeqLock_UnlockWrite(&lock);
    CHECK((lock.sequence & 1) == 0);
    CHECK(!RtSeqLock_EndRead(&lock, before));
    before = RtSeqLock_BeginRead(&lock);
    CHECK(before == 2);
    CHECK(RtSeqLock_EndRead(&lock, before));
}

// The sequence passes through zero as through any other even number.
static void
test_overflow(void)
{
    RtSeqLock lock = { UINT32_MAX - 1 };
    uint32_t before = RtSeqLock_BeginRead(&lock);
    RtSeqLock_LockWrite(&lock);
    CHECK(lock.sequence == UINT32_MAX);
    RtSeqLock_UnlockWrite(&lock);
    CHECK(lock.sequence == 0);
    CHECK(!RtSeqLock_EndRead(&lock, before));
}

static void
test_after_fork(void)
{
    RtSeqLock lock = { 4 };
    CHECK(!RtSeqLock_AfterFork(&lock));
    CHECK(lock.sequence == 4);
    RtSeqLock_LockWrite(&lock);
    CHECK(RtSeqLock_AfterFork(&lock));
    CHECK(RtSeqLock_EndRead(&lock, RtSeqLock_BeginRead(&lock)));
}

typedef struct Shared {
    RtSeqLock lock;
    ssize_t first, second, third;
    ssize_t writers;            // inside; atomic
    ssize_t consistent;         // reads that were not told of a write
} Shared;

static void
write_once(Shared *s, ssize_t value)
{
    RtSeqLock_LockWrite(&s->lock);
    CHECK(rt_atomic_add_ssize(&s->writers, 1) == 0);
    rt_atomic_store_ssize_relaxed(&s->first, value);
    rt_atomic_store_ssize_relaxed(&s->second, 2 * value);
    rt_atomic_store_ssize_relaxed(&s->third, 3 * value);
    rt_atomic_add_ssize(&s->writers, -1);
    RtSeqLock_UnlockWrite(&s->lock);
}

static void
read_once(Shared *s)
{
    uint32_t sequence = RtSeqLock_BeginRead(&s->lock);
    ssize_t first = rt_atomic_load_ssize_relaxed(&s->first);
    ssize_t second = rt_atomic_load_ssize_relaxed(&s->second);
    ssize_t third = rt_atomic_load_ssize_relaxed(&s->third);
    if (RtSeqLock_EndRead(&s->lock, sequence)) {
        CHECK(second == 2 * first);
        CHECK(third == 3 * first);
        rt_atomic_add_ssize(&s->consistent, 1);
    }
}

static void
read_and_write(int index, void *arg)
{
    for (ssize_t i = 0; i < ROUNDS; i++) {
        if (index < 2) {
            write_once(arg, 2 * i + index);
        }
        else {
            read_once(arg);
        }
    }
}

static void
test_threads(void)
{
    Shared shared = { 0 };
    CheckThread_RunAll(THREADS, read_and_write, &shared);
    CHECK(shared.consistent > 0);
    CHECK(shared.lock.sequence == 2 * 2 * ROUNDS);
    CHECK(shared.writers == 0);
}

int
main(void)
{
    RtHooks_Install(NULL, NULL);
    test_states();
    test_overflow();
    test_after_fork();
    test_threads();
    return 0;
}
