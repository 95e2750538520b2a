// critical_section.c: per-object locking that never deadlocks.
//
// A thread's active sections form a stack of records on its C stack, linked
// from tstate->critical_section with tags in the low bits. A record names a
// mutex only while the thread holds it: NULL means that the thread is still
// waiting for it, and then there is nothing to unlock when the thread
// detaches. All fields belong to the thread.
// Invariant: of an attached thread the topmost record is active; below the
// first inactive record all are inactive.
// Mirrors Python/critical_section.c (CPython 3.13); departs: two mutexes are
// ordered by RtAddress_Key(), and (3.14) nothing is locked by the thread that
// has stopped the world.

#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED

#include <assert.h>             // static_assert
#include <stddef.h>             // offsetof()

#include "rtcore_assert.h"

static_assert(_Alignof(RtCriticalSection) > RT_CRITICAL_SECTION_MASK,
              "the tags fit into the low bits of a record's address");

static RtCriticalSection *
untag(uintptr_t tagged)
{
    return (RtCriticalSection *)(tagged & ~RT_CRITICAL_SECTION_MASK);
}

static bool
is_active(uintptr_t tagged)
{
    return tagged != 0 && (tagged & RT_CRITICAL_SECTION_INACTIVE) == 0;
}

// The second mutex of a tagged record, where there may be one.
static RtMutex **
second_mutex(uintptr_t tagged)
{
    if ((tagged & RT_CRITICAL_SECTION_TWO_MUTEXES) == 0) {
        return NULL;
    }
    return &((RtCriticalSection2 *)untag(tagged))->cs_mutex2;
}

static bool
is_locked(RtMutex *m)           // makes no scheduling point
{
    return (rt_atomic_load_uint8_owned(&m->bits) & RT_MUTEX_LOCKED) != 0;
}

// Whether the stack of an attached thread is as the head comment says, and each
// mutex that an active record names is locked. For assertions.
__attribute__((unused)) static bool
is_consistent(RtThreadState *tstate)
{
    uintptr_t link = tstate->critical_section;
    if (link != 0 && !is_active(link)) {
        return false;
    }
    bool active = true;
    for (; link != 0; link = untag(link)->cs_prev) {
        if (is_active(link) && !active) {
            return false;
        }
        active = is_active(link);
        RtMutex *m1 = untag(link)->cs_mutex;
        RtMutex **second = second_mutex(link);
        RtMutex *m2 = second != NULL ? *second : NULL;
        if (m1 == NULL ? m2 != NULL : active && !is_locked(m1)) {
            return false;
        }
        if (m2 != NULL && ((active && !is_locked(m2)) ||
                           RtAddress_Key(m1) >= RtAddress_Key(m2))) {
            return false;
        }
    }
    return true;
}

static void
push(RtThreadState *tstate, RtCriticalSection *c, uintptr_t tag)
{
    rt_assert(tstate->critical_section == 0 ||
              is_active(tstate->critical_section));
    rt_assert(((uintptr_t)c & RT_CRITICAL_SECTION_MASK) == 0);
    c->cs_prev = tstate->critical_section;
    tstate->critical_section = (uintptr_t)c | tag;
}

static void
pop(RtThreadState *tstate, RtCriticalSection *c)
{
    rt_assert(untag(tstate->critical_section) == c);
    rt_assert(is_active(tstate->critical_section));
    tstate->critical_section = c->cs_prev;
    if ((c->cs_prev & RT_CRITICAL_SECTION_INACTIVE) != 0) {
        RtCriticalSection_Resume(tstate);
    }
    rt_assert(is_consistent(tstate));
}

// While no other thread uses objects the byte of an object's mutex needs no
// atomic read-modify-write: whoever comes later sees it locked, or free.
static inline bool
try_lock(RtMutex *m)
{
    if (RtRuntime_IsSingleThreaded() &&
        rt_atomic_load_uint8_owned(&m->bits) == RT_MUTEX_UNLOCKED)
    {
        rt_atomic_store_uint8_owned(&m->bits, RT_MUTEX_LOCKED);
        return true;
    }
    return RtMutex_TryLockFast(m);
}

static inline void
unlock(RtMutex *m)
{
    if (RtRuntime_IsSingleThreaded() &&
        rt_atomic_load_uint8_owned(&m->bits) == RT_MUTEX_LOCKED)
    {
        rt_atomic_store_uint8_owned(&m->bits, RT_MUTEX_UNLOCKED);
        return;
    }
    RtMutex_Unlock(m);
}

// Waits for a mutex of an object, or for the one of all types.
static void
lock_mutex(RtThreadState *tstate, RtMutex *m)
{
    if (m == &tstate->interp->types.mutex) {
        RtMutex_LockNamed(m, "TYPES");
        return;
    }
    const void *owner = (char *)m - offsetof(RtObject, ob_mutex);
    RtMutex_LockOfObject(m, owner, -1, RT_LOCK_DETACH);
}

// The mutex may belong to a suspended thread, and nobody else can run: the
// stopped world is the lock.
static bool
is_world_stopped(RtThreadState *tstate)
{
    return RtEval_HasStopped(tstate);
}

// The stack of sections is never seen without the record while the thread
// waits: what lies below is suspended by the detach inside RtMutex_Lock().
static __attribute__((noinline)) void
begin_slow(RtThreadState *tstate, RtCriticalSection *c, RtMutex *m)
{
    c->cs_mutex = NULL;
    if (is_world_stopped(tstate)) {
        RT_NOTE(CS_END, m, 0);
        return;
    }
    push(tstate, c, 0);
    lock_mutex(tstate, m);
    rt_assert(tstate->critical_section == (uintptr_t)c);
    c->cs_mutex = m;
    rt_assert(is_consistent(tstate));
}

void
RtCriticalSection_BeginMutex(RtCriticalSection *c, RtMutex *m)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    RT_NOTE(CS_BEGIN, m, 0);
    if (try_lock(m)) {
        c->cs_mutex = m;
        push(tstate, c, 0);
    }
    else {
        begin_slow(tstate, c, m);
    }
}

void
RtCriticalSection_Begin(RtCriticalSection *c, RtObject *op)
{
    RtCriticalSection_BeginMutex(c, &op->ob_mutex);
}

void
RtCriticalSection_End(RtCriticalSection *c)
{
    RtMutex *m = c->cs_mutex;
    if (m == NULL) {
        return;                 // begun in a stopped world
    }
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(RtCriticalSection_IsHeld(tstate, m));
    RT_NOTE(CS_END, m, 0);
    unlock(m);
    pop(tstate, c);
}

// While the thread waits for m2 it may hold m1 detached: every thread takes
// the two in the same order, so no cycle can form.
static __attribute__((noinline)) void
begin2_slow(RtThreadState *tstate, RtCriticalSection2 *c, RtMutex *m1,
            RtMutex *m2, bool m1_locked)
{
    c->cs_base.cs_mutex = NULL;
    c->cs_mutex2 = NULL;
    if (is_world_stopped(tstate)) {
        if (m1_locked) {
            RtMutex_Unlock(m1);
        }
        RT_NOTE(CS_END, m1, m2);
        return;
    }
    push(tstate, &c->cs_base, RT_CRITICAL_SECTION_TWO_MUTEXES);
    if (!m1_locked) {
        lock_mutex(tstate, m1);
    }
    lock_mutex(tstate, m2);
    rt_assert(untag(tstate->critical_section) == &c->cs_base);
    c->cs_base.cs_mutex = m1;
    c->cs_mutex2 = m2;
    rt_assert(is_consistent(tstate));
}

void
RtCriticalSection2_Begin(RtCriticalSection2 *c, RtObject *a, RtObject *b)
{
    RtCriticalSection2_BeginMutexes(c, &a->ob_mutex, &b->ob_mutex);
}

void
RtCriticalSection2_BeginMutexes(RtCriticalSection2 *c, RtMutex *m1,
                                RtMutex *m2)
{
    if (m1 == m2) {
        c->cs_mutex2 = NULL;
        RtCriticalSection_BeginMutex(&c->cs_base, m1);
        return;
    }
    if (RtAddress_Key(m2) < RtAddress_Key(m1)) {
        RtMutex *first = m2;
        m2 = m1;
        m1 = first;
    }
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    RT_NOTE(CS_BEGIN, m1, m2);
    if (!try_lock(m1)) {
        begin2_slow(tstate, c, m1, m2, false);
    }
    else if (!try_lock(m2)) {
        begin2_slow(tstate, c, m1, m2, true);
    }
    else {
        c->cs_base.cs_mutex = m1;
        c->cs_mutex2 = m2;
        push(tstate, &c->cs_base, RT_CRITICAL_SECTION_TWO_MUTEXES);
    }
}

void
RtCriticalSection2_End(RtCriticalSection2 *c)
{
    if (c->cs_mutex2 == NULL) {
        RtCriticalSection_End(&c->cs_base);
        return;
    }
    RtMutex *m1 = c->cs_base.cs_mutex;
    RtMutex *m2 = c->cs_mutex2;
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(RtCriticalSection_IsHeld(tstate, m1));
    rt_assert(RtCriticalSection_IsHeld(tstate, m2));
    RT_NOTE(CS_END, m1, m2);
    unlock(m2);
    unlock(m1);
    pop(tstate, &c->cs_base);
}

void
RtCriticalSection_SuspendAll(RtThreadState *tstate)
{
    uintptr_t *link = &tstate->critical_section;
    while (is_active(*link)) {
        RtCriticalSection *c = untag(*link);
        RtMutex **second = second_mutex(*link);
        RtMutex *m1 = c->cs_mutex;
        RtMutex *m2 = second != NULL ? *second : NULL;
        *link |= RT_CRITICAL_SECTION_INACTIVE;
        if (m1 != NULL) {
            RtMutex_Unlock(m1);
            if (m2 != NULL) {
                RtMutex_Unlock(m2);
            }
            RT_NOTE(CS_SUSPENDED, m1, m2);
        }
        else {
            rt_assert(m2 == NULL);
        }
        link = &c->cs_prev;
    }
    // What lies below the first inactive record was suspended before.
    rt_assert(*link == 0 || !is_active(*link));
}

void
RtCriticalSection_Resume(RtThreadState *tstate)
{
    uintptr_t top = tstate->critical_section;
    if (top == 0) {
        return;
    }
    rt_assert((top & RT_CRITICAL_SECTION_INACTIVE) != 0);
    RtCriticalSection *c = untag(top);
    RtMutex **second = second_mutex(top);
    RtMutex *m1 = c->cs_mutex;
    RtMutex *m2 = second != NULL ? *second : NULL;
    rt_assert(m1 != NULL || m2 == NULL);

    // Not held: a detach while this thread waits must not unlock them, and
    // the attach after it has nothing to lock.
    c->cs_mutex = NULL;
    if (m2 != NULL) {
        *second = NULL;
    }
    if (m1 != NULL) {
        lock_mutex(tstate, m1);
    }
    if (m2 != NULL) {
        lock_mutex(tstate, m2);
    }
    rt_assert(untag(tstate->critical_section) == c);
    c->cs_mutex = m1;
    if (m2 != NULL) {
        *second = m2;
    }
    tstate->critical_section &= ~RT_CRITICAL_SECTION_INACTIVE;
    rt_assert(is_consistent(tstate));
    if (m1 != NULL) {
        RT_NOTE(CS_RESUMED, m1, m2);
    }
}

bool
RtCriticalSection_IsHeld(RtThreadState *tstate, RtMutex *m)
{
    uintptr_t top = tstate->critical_section;
    if (!is_active(top)) {
        return false;
    }
    RtMutex **second = second_mutex(top);
    if (untag(top)->cs_mutex != m && (second == NULL || *second != m)) {
        return false;
    }
    return is_locked(m);
}

#endif  // RT_GIL_DISABLED
