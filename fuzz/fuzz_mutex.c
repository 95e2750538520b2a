// fuzz_mutex.c: the mutexes, the event, the once flag and the sequence lock:
// taken in the order of their numbers, so that no schedule is a deadlock. What
// they guard is counted twice. Threads interrupt each other's waits: none ends
// that way more often than somebody asked for it.

#include <string.h>

#include "mechanism.h"
#include "rtcore_lock.h"

enum { LOCKS = 3, PLACES = LOCKS + 4 };

static struct {
    RtMutex mutexes[LOCKS];
    RtRecursiveMutex recursive;
    RtRWMutex rw;
    RtEvent event;
    RtOnceFlag once;
    RtRawMutex raw;
    RtSeqLock sequence;
    int pair[2];                // atomic; the second is the double of the first
    int guarded[PLACES];        // each by the lock of its place
    int expected[PLACES];       // atomic
    RtMutex presence;           // the last of all
    RtThreadState *present[FUZZ_MAX_THREADS];   // under it; NULL: has left
    int asked[FUZZ_MAX_THREADS];                // atomic
    int interrupted[FUZZ_MAX_THREADS];          // the thread's own
} s;

static void
set_present(uint32_t thread, RtThreadState *tstate)
{
    RtMutex_Lock(&s.presence);
    s.present[thread] = tstate;
    RtMutex_Unlock(&s.presence);
}

static void
interrupt(uint8_t a)
{
    uint32_t thread = a % FUZZ_MAX_THREADS;
    RtMutex_Lock(&s.presence);
    if (s.present[thread] != NULL) {
        rt_atomic_add_int(&s.asked[thread], 1);
        RtInterrupt_Request(&s.present[thread]->interrupt);
    }
    RtMutex_Unlock(&s.presence);
}

// One request ends one wait, or none if another was not answered yet.
static void
was_interrupted(uint32_t thread)
{
    if (++s.interrupted[thread] > rt_atomic_load_int(&s.asked[thread])) {
        Rt_FatalError("fuzz_mutex", "nobody interrupted the wait");
    }
}

static void
touch(int place)
{
    int seen = s.guarded[place];
    if (seen % 2 != 0) {
        RtEval_CheckBreaker(RtThreadState_Get());
    }
    s.guarded[place] = seen + 1;
    rt_atomic_add_int(&s.expected[place], 1);
}

static int
set_up(void *arg)
{
    (void)arg;
    s.guarded[LOCKS + 2]++;
    rt_atomic_add_int(&s.expected[LOCKS + 2], 1);
    return s.guarded[LOCKS + 2] < 2 ? -1 : 0;   // the first try fails
}

static void
lock_two(uint8_t a, uint8_t b)
{
    int first = a % LOCKS, second = b % LOCKS;
    RtMutex_Lock(&s.mutexes[first]);
    touch(first);
    if (second > first) {
        RtMutex_Lock(&s.mutexes[second]);
        touch(second);
        RtMutex_Unlock(&s.mutexes[second]);
    }
    RtMutex_Unlock(&s.mutexes[first]);
}

static void
lock_timed(uint32_t thread, uint8_t a, uint8_t b)
{
    static const int64_t times[4] = {0, 1000, 100000, 5000000};
    static const int more_flags[4] = {
        0, RT_LOCK_HANDLE_SIGNALS, RT_LOCK_FAIL_IF_INTERRUPTED,
        RT_LOCK_HANDLE_SIGNALS | RT_LOCK_FAIL_IF_INTERRUPTED,
    };
    RtMutex *m = &s.mutexes[a % LOCKS];
    int flags = RT_LOCK_DETACH | more_flags[b >> 2 & 3];
    RtLockStatus status = RtMutex_LockTimed(m, times[b & 3], flags);
    if (status == RT_LOCK_ACQUIRED) {
        touch(a % LOCKS);
        RtMutex_Unlock(m);
    }
    else if (status == RT_LOCK_INTR) {
        was_interrupted(thread);
    }
}

static void
wait_for_event(uint32_t thread, uint8_t a, uint8_t b)
{
    int64_t timeout = 1000 * (int64_t)b;
    if (a % 2 == 0) {
        RtEvent_WaitTimed(&s.event, timeout, true);
    }
    else if (RtEvent_WaitInterruptible(&s.event, timeout) == RT_LOCK_INTR) {
        was_interrupted(thread);
    }
}

static void
lock_again(uint8_t a)
{
    RtRecursiveMutex_Lock(&s.recursive);
    for (int i = 0; i < a % 3; i++) {
        RtRecursiveMutex_Lock(&s.recursive);
    }
    touch(LOCKS);
    for (int i = 0; i <= a % 3; i++) {
        RtRecursiveMutex_Unlock(&s.recursive);
    }
}

static void
read_or_write(uint8_t a)
{
    if (a % 3 == 0) {
        RtRWMutex_Lock(&s.rw);
        touch(LOCKS + 1);
        RtRWMutex_Unlock(&s.rw);
    }
    else {
        RtRWMutex_RLock(&s.rw);
        int seen = s.guarded[LOCKS + 1];
        RtEval_CheckBreaker(RtThreadState_Get());
        if (seen != s.guarded[LOCKS + 1]) {
            Rt_FatalError("fuzz_mutex", "written while it was read");
        }
        RtRWMutex_RUnlock(&s.rw);
    }
}

// Readers spin: who is inside must not wait.
static void
write_pair(uint8_t a)
{
    int *count = &s.guarded[LOCKS + 3];
    RtSeqLock_LockWrite(&s.sequence);
    if (a % 4 == 0) {
        RtSeqLock_AbandonWrite(&s.sequence);
        return;
    }
    ++*count;
    rt_atomic_store_int_relaxed(&s.pair[0], *count);
    rt_atomic_store_int_relaxed(&s.pair[1], 2 * *count);
    RtSeqLock_UnlockWrite(&s.sequence);
    rt_atomic_add_int(&s.expected[LOCKS + 3], 1);
}

static void
read_pair(void)
{
    uint32_t sequence = RtSeqLock_BeginRead(&s.sequence);
    int first = rt_atomic_load_int_relaxed(&s.pair[0]);
    int second = rt_atomic_load_int_relaxed(&s.pair[1]);
    if (RtSeqLock_EndRead(&s.sequence, sequence) && second != 2 * first) {
        Rt_FatalError("fuzz_mutex", "what was read does not belong together");
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    if (s.present[thread] == NULL) {
        set_present(thread, RtThreadState_Get());
    }
    switch (st->what % 9) {
    case 0:
        lock_two(st->a, st->b);
        break;
    case 1:
        lock_timed(thread, st->a, st->b);
        break;
    case 2:
        lock_again(st->a);
        break;
    case 3:
        read_or_write(st->a);
        break;
    case 4:
        if (st->a % 3 == 0) {
            RtEvent_Notify(&s.event);
        }
        else {
            wait_for_event(thread, st->a, st->b);
        }
        break;
    case 5:
        interrupt(st->a);
        break;
    case 6:
        write_pair(st->a);
        break;
    case 7:
        read_pair();
        break;
    default:
        RtOnceFlag_CallOnce(&s.once, set_up, NULL);
        break;
    }
}

static void
leave(uint32_t thread)
{
    set_present(thread, NULL);
}

static void
begin(void)
{
    memset(&s, 0, sizeof(s));
}

static void
end(void)
{
    for (int i = 0; i < PLACES; i++) {
        if (s.guarded[i] != rt_atomic_load_int(&s.expected[i])) {
            Rt_FatalError("fuzz_mutex", "two held one lock");
        }
    }
}

const FuzzMechanism fuzz_mutex = {"fuzz_mutex", begin, step, leave, end};
