// lock.c: twins of locks, critical sections, wait queues and semaphores. Real
// locks commit what a caller can commit; what only a broken lock could do is
// noted as the lock would note it.

#include "twins_internal.h"

#include <string.h>

#include "rt_critical_section.h"
#include "rtcore_heap.h"
#include "rtcore_lock.h"
#include "rtcore_lock_order.h"
#include "rtcore_semaphore.h"
#include "rtcore_wait_queue.h"

#ifdef RT_WITH_HOOKS

static RtRawMutex raw[2];
static RtMutex mutex;
static RtRWMutex rw;
static RtSemaphore semaphore;
static const int word;
static RtObject objects[2];

// The first of a team to come: it runs until it lets another.
static void
set_up(uint32_t self)
{
    if (self == A) {
        memset(raw, 0, sizeof(raw));
        memset(&mutex, 0, sizeof(mutex));
        memset(&rw, 0, sizeof(rw));
        memset(objects, 0, sizeof(objects));
        FzTwin_Prefer(A);
    }
}

// ---------------------------------------------------------------------------
// No thread can run; locks that are kept.

static void
lock_both(int i)
{
    RtRawMutex_Lock(&raw[i]);
    RtRawMutex_Lock(&raw[1 - i]);
    RtRawMutex_Unlock(&raw[1 - i]);
    RtRawMutex_Unlock(&raw[i]);
}

// B has the second, and waits for the first.
static void
lock_against_order(uint32_t self)
{
    set_up(self);
    if (self == A) {
        RtRawMutex_Lock(&raw[0]);
        FzTwin_Let(C);
        FzTwin_Let(B);
        FZ_PLACE(RtRawMutex_Lock(&raw[1]),
                 RtRawMutex_Unlock(&raw[0]); lock_both(1);
                 RtRawMutex_Lock(&raw[0]));
        RtRawMutex_Unlock(&raw[0]);
    }
    else if (self == B) {
        lock_both(1);
    }
}

static void
wait_unasked(uint32_t self)
{
    set_up(self);
    if (self == A) {
        rt_world->sem_init(&semaphore);
        RtSemaphore_Post(&semaphore);
        RtSemaphore_Wait(&semaphore, -1);
        // B and C have ended: nobody will post.
        FzTwin_Let(C);
        FzTwin_Let(B);
        FZ_PLACE(RtSemaphore_Wait(&semaphore, -1),
                 RtSemaphore_Post(&semaphore);
                 RtSemaphore_Wait(&semaphore, -1));
        rt_world->sem_destroy(&semaphore);
    }
}

static void
keep_lock(uint32_t self)
{
    (void)self;
    memset(raw, 0, sizeof(raw));
    RtRawMutex_Lock(&raw[0]);
    FZ_PLACE(rt_world->thread_exit(), RtRawMutex_Unlock(&raw[0]));
}

// ---------------------------------------------------------------------------
// Owners.

static void
release_anothers(uint32_t self)
{
    set_up(self);
    if (self == A) {
        RtRawMutex_Lock(&raw[0]);
        FzTwin_Let(B);
        RtRawMutex_Unlock(&raw[0]);
    }
    else if (self == B) {
        FZ_PLACE(RtRawMutex_Unlock(&raw[0]), FZ_NOTHING);
    }
}

// The word says that it is free.
static void
forget_owner(uint32_t self)
{
    set_up(self);
    if (self == A) {
        RtRawMutex_Lock(&raw[0]);
        if (fz_stage.broken) {
            raw[0].v = 0;
        }
        FzTwin_Let(B);
        RtRawMutex_Unlock(&raw[0]);
        FzTwin_Let(B);
    }
    else if (self == B) {
        FZ_PLACE(RtRawMutex_Lock(&raw[0]), RtRawMutex_Lock(&raw[0]));
        RtRawMutex_Unlock(&raw[0]);
    }
}

static void
overtake_writer(uint32_t self)
{
    set_up(self);
    if (self == A) {
        RtRWMutex_RLock(&rw);
        FzTwin_Let(B);
        FzTwin_Let(C);
        FzTwin_Prefer(A);
        RtRWMutex_RUnlock(&rw);
    }
    else if (self == B) {
        RtRWMutex_Lock(&rw);
        RtRWMutex_Unlock(&rw);
    }
    else {
        FZ_PLACE(RT_NOTE(LOCK_ACQUIRED, &rw, RT_LOCK_RW_READ),
                 RtRWMutex_RLock(&rw); RtRWMutex_RUnlock(&rw));
    }
}

// ---------------------------------------------------------------------------
// Queues.

static void
leave_unasked(uint32_t self)
{
    (void)self;
    RT_NOTE(PARK, &word, 0);
    FZ_PLACE(RT_NOTE(PARK_WOKEN, &word, 0),
             RT_NOTE(UNPARK, &word, 1); RT_NOTE(PARK_WOKEN, &word, 0));
}

static void
wake_nobody(uint32_t self)
{
    (void)self;
    RT_NOTE(PARK, &word, 0);
    FZ_PLACE(RT_NOTE(UNPARK, &word, 2), RT_NOTE(UNPARK, &word, 1));
    RT_NOTE(PARK_WOKEN, &word, 0);
}

static RtWaitQueue queue;
static RtWaiter waiters[C + 1];

static void
wait_in_queue(uint32_t self)
{
    bool woken;
    RtWaitQueue_Lock(&queue);
    RtWaitQueue_Enter(&queue, &waiters[self]);
    RtWaitQueue_Unlock(&queue);
    RtWaitQueue_Wait(&queue, &waiters[self], -1, &woken);
}

static void
wake_out_of_turn(uint32_t self)
{
    set_up(self);
    if (self != A) {
        wait_in_queue(self);
        return;
    }
    memset(&queue, 0, sizeof(queue));
    FzTwin_Let(C);
    FzTwin_Let(B);
    FzTwin_Prefer(A);
    RtWaitQueue_Lock(&queue);
    FZ_PLACE(RT_NOTE(QUEUE_WOKEN, &queue, &waiters[B]),
             RtWaitQueue_WakeOne(&queue, 0));
    RtWaitQueue_WakeAll(&queue, 0);
    RtWaitQueue_Unlock(&queue);
}

// ---------------------------------------------------------------------------
// The fair mutex.

static void
take_handed_over(uint32_t self)
{
    set_up(self);
    if (self == A) {
        RtMutex_Lock(&mutex);
        FzTwin_Let(B);
        FzTwin_Prefer(A);
        FzTwin_SpendMicroseconds(1100);
        RtMutex_Unlock(&mutex);
        FZ_PLACE(mutex.bits = RT_MUTEX_UNLOCKED; RtMutex_Lock(&mutex),
                 RtMutex_Lock(&mutex));
        RtMutex_Unlock(&mutex);
    }
    else if (self == B) {
        RtMutex_Lock(&mutex);
        RtMutex_Unlock(&mutex);
    }
}

static void
open_past_waiter(uint32_t self)
{
    set_up(self);
    if (self == A) {
        RtMutex_Lock(&mutex);
        FzTwin_Let(B);
        FzTwin_Prefer(A);
        FzTwin_SpendMicroseconds(1100);
        FZ_PLACE(RT_NOTE(LOCK_OPENED, &mutex, RT_LOCK_MUTEX),
                 RtMutex_Unlock(&mutex));
    }
    else if (self == B) {
        RtMutex_Lock(&mutex);
        RtMutex_Unlock(&mutex);
    }
}

// ---------------------------------------------------------------------------
// Semaphores; the order of internal locks.

static void
end_with_post(uint32_t self)
{
    (void)self;
    rt_world->sem_init(&semaphore);
    RtSemaphore_Post(&semaphore);
    FZ_PLACE(rt_world->sem_destroy(&semaphore),
             RtSemaphore_Wait(&semaphore, -1);
             rt_world->sem_destroy(&semaphore));
}

static void
post_after_end(uint32_t self)
{
    (void)self;
    rt_world->sem_init(&semaphore);
    rt_world->sem_destroy(&semaphore);
    FZ_PLACE(RtSemaphore_Post(&semaphore), FZ_NOTHING);
}

#if RT_DEBUG_LEVEL >= 1
static void
lock_out_of_order(uint32_t self)
{
    (void)self;
    memset(raw, 0, sizeof(raw));
    memset(&mutex, 0, sizeof(mutex));
    RtRawMutex_LockRanked(&raw[0], RT_RANK_HEAD);
    FZ_PLACE(RtMutex_LockRanked(&mutex, RT_RANK_QSBR), FZ_NOTHING);
    RtRawMutex_UnlockRanked(&raw[0], RT_RANK_HEAD);
}

static void
allocate_under_leaf(uint32_t self)
{
    (void)self;
    memset(raw, 0, sizeof(raw));
    RtRawMutex_LockRanked(&raw[0], RT_RANK_HEAD);
    FZ_PLACE(RtMem_Free(RtMem_Malloc(16)), FZ_NOTHING);
    RtRawMutex_UnlockRanked(&raw[0], RT_RANK_HEAD);
}
#endif

// ---------------------------------------------------------------------------
// Critical sections, as sync/critical_section.c notes them.

static RtMutex section_mutexes[2];

static void
begin_section(int i)
{
    RT_NOTE(CS_BEGIN, &section_mutexes[i], 0);
    RT_NOTE(LOCK_ACQUIRED, &section_mutexes[i], RT_LOCK_MUTEX);
}

static void
end_section(int i)
{
    RT_NOTE(CS_END, &section_mutexes[i], 0);
    RT_NOTE(LOCK_RELEASED, &section_mutexes[i], RT_LOCK_MUTEX);
}

static void
begin_against_order(uint32_t self)
{
    (void)self;
    bool swap = FzEngine_AddressKey(&section_mutexes[0]) >
                FzEngine_AddressKey(&section_mutexes[1]);
    const RtMutex *low = &section_mutexes[swap];
    const RtMutex *high = &section_mutexes[!swap];
    FZ_PLACE(RT_NOTE(CS_BEGIN, high, low), RT_NOTE(CS_BEGIN, low, high));
    RT_NOTE(CS_END, low, high);
}

static void
suspend(int i)
{
    RT_NOTE(CS_SUSPENDED, &section_mutexes[i], 0);
    RT_NOTE(LOCK_RELEASED, &section_mutexes[i], RT_LOCK_MUTEX);
}

static void
end_outer_first(uint32_t self)
{
    (void)self;
    begin_section(0);
    begin_section(1);
    FZ_PLACE(end_section(0), end_section(1); end_section(0));
}

static void
resume_without_lock(uint32_t self)
{
    (void)self;
    begin_section(0);
    suspend(0);
    FZ_PLACE(RT_NOTE(CS_RESUMED, &section_mutexes[0], 0),
             RT_NOTE(LOCK_ACQUIRED, &section_mutexes[0], RT_LOCK_MUTEX);
             RT_NOTE(CS_RESUMED, &section_mutexes[0], 0));
    end_section(0);
}

#ifdef RT_GIL_DISABLED

static RtThreadState *
mine(uint32_t self)
{
    return fz_stage.states[self];
}

static void
detach_inside(uint32_t self)
{
    set_up(self);
    if (self != A) {
        return;
    }
    FzTwin_Attach(A);
    RT_BEGIN_CRITICAL_SECTION(&objects[0])
    FZ_PLACE(RT_NOTE(TSTATE_DETACHED, mine(A), 0),
             RtThreadState_Detach(mine(A)); RtThreadState_Attach(mine(A)));
    RT_END_CRITICAL_SECTION()
    FzTwin_Detach(A);
}

// B may release what guards no section.
static void
release_section(uint32_t self)
{
    set_up(self);
    if (self == A) {
        FzTwin_Attach(A);
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        RtMutex_Lock(&objects[1].ob_mutex);
        FzTwin_Let(B);
        FzTwin_Prefer(A);
        RT_END_CRITICAL_SECTION()
        FzTwin_Detach(A);
    }
    else if (self == B) {
        FzTwin_Attach(B);
        FZ_PLACE(RtMutex_Unlock(&objects[0].ob_mutex),
                 RtMutex_Unlock(&objects[1].ob_mutex));
        FzTwin_Detach(B);
    }
}

#endif

// ---------------------------------------------------------------------------

const FzTwin fz_twins_lock[] = {
    FZ_TWIN(DEADLOCK, TEAM, AT_ONCE, lock_against_order,
            "two threads lock two mutexes, one of them backwards"),
    FZ_TWIN(LOST_WAKEUP, TEAM, AT_ONCE, wait_unasked,
            "the last thread waits for a post"),
    FZ_TWIN(LOCK_HELD_AT_EXIT, TEAM, AT_ONCE, keep_lock,
            "a thread ends with a raw mutex"),
    FZ_TWIN(LOCK_NOT_OWNER, TEAM, AT_ONCE, release_anothers,
            "a raw mutex is unlocked by another thread"),
    FZ_TWIN_FT(LOCK_NOT_OWNER, ATTACHED, AT_ONCE, release_section,
               "the lock of another's section is released"),
    FZ_TWIN(LOCK_TWO_OWNERS, TEAM, AT_ONCE, forget_owner,
            "a mutex is marked as free while it is held"),
    FZ_TWIN(WRITER_OVERTAKEN, TEAM, AT_ONCE, overtake_writer,
            "a reader enters past a parked writer"),
    FZ_TWIN(PARK_ORDER, ALONE, AT_ONCE, leave_unasked,
            "a sleeper leaves as if woken"),
    FZ_TWIN(PARK_ORDER, ALONE, AT_ONCE, wake_nobody,
            "more are woken than sleep"),
    FZ_TWIN(WAIT_QUEUE, TEAM, AT_ONCE, wake_out_of_turn,
            "the second in the queue is woken"),
    FZ_TWIN(HANDOFF_BROKEN, TEAM, AT_ONCE, take_handed_over,
            "who handed the mutex over takes it"),
    FZ_TWIN(LOCK_UNFAIR, TEAM, AT_ONCE, open_past_waiter,
            "the mutex is opened past an old waiter"),
    FZ_TWIN(SEMAPHORE_LIFE, ALONE, AT_ONCE, end_with_post,
            "a semaphore ends with a post left"),
    FZ_TWIN(SEMAPHORE_LIFE, ALONE, AT_ONCE, post_after_end,
            "a semaphore is posted after its end"),
#if RT_DEBUG_LEVEL >= 1
    FZ_TWIN(LOCK_ORDER, ALONE, AT_ONCE, lock_out_of_order,
            "QSBR's mutex is taken under HEAD"),
    FZ_TWIN(LOCK_ORDER, ALONE, AT_ONCE, allocate_under_leaf,
            "memory is allocated under HEAD"),
#else
    FZ_TWIN_ELSEWHERE(LOCK_ORDER, "a build with assertions"),
#endif
    FZ_TWIN(SECTION_ORDER, ALONE, AT_ONCE, begin_against_order,
            "the locks are not sorted"),
    FZ_TWIN_FT(SECTION_NOT_SUSPENDED, ATTACHED, AT_ONCE, detach_inside,
               "a section is not suspended"),
    FZ_TWIN(SECTION_NESTING, ALONE, AT_ONCE, end_outer_first,
            "the outer section ends first"),
    FZ_TWIN(SECTION_RESUMED, ALONE, AT_ONCE, resume_without_lock,
            "a section goes on without its lock"),
    FZ_TWINS_END,
};

#endif
