// rtcore_object.h: the inline halves of reference counting, tracking, freeing.
//
// Free-threaded: biased reference counts (PEP 703). The owner (ob_tid) counts
// in ob_ref_local without atomics' cost, others in ob_ref_shared. Flags of the
// shared word only grow: INIT -> MAYBE_WEAKREF -> QUEUED -> MERGED.

#ifndef RT_INTERNAL_OBJECT_H
#define RT_INTERNAL_OBJECT_H

#include "rt_object.h"
#include "rtcore_atomic.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED
#define RT_IMMORTAL_REFCNT_LOCAL UINT32_MAX

enum {                          // low bits of ob_ref_shared
    RT_REF_INIT = 0,
    RT_REF_MAYBE_WEAKREF = 1,
    RT_REF_QUEUED = 2,
    RT_REF_MERGED = 3,
    RT_REF_SHARED_FLAG_MASK = 3,
    RT_REF_SHARED_SHIFT = 2,
};

enum {                          // ob_gc_bits
    RT_GC_BITS_TRACKED = 1,
    RT_GC_BITS_FINALIZED = 2,
    RT_GC_BITS_UNREACHABLE = 4,
    RT_GC_BITS_FROZEN = 8,      // no collection looks at it; stopped world
    RT_GC_BITS_SHARED = 16,     // a container whose memory readers may hold
    RT_GC_BITS_DEFERRED = 64,   // only the collector frees it
    RT_GC_BITS_SHARED_INLINE = 128,     // dead, but readers of a dict that had
                                // its values here may hold the memory
};

// Added to the count of an object with deferred reference counting, so that
// counting alone never reaches zero: neither references that frames hold
// uncounted nor an unpaired decrement can free it.
#define RT_REF_DEFERRED (PTRDIFF_MAX / 8)

// Static initialiser of an immortal object's head.
#define RT_OBJECT_HEAD_IMMORTAL(type) \
    { 0, 0, { 0 }, 0, RT_IMMORTAL_REFCNT_LOCAL, 0, (type) }
#else
#define RT_IMMORTAL_REFCNT ((ssize_t)1 << 60)
#define RT_OBJECT_HEAD_IMMORTAL(type) { RT_IMMORTAL_REFCNT, (type) }
#endif
#define RT_VAROBJECT_HEAD_IMMORTAL(type) { RT_OBJECT_HEAD_IMMORTAL(type), 0 }

// object.c, brc.c: the slow halves.
void RtObject_Dealloc(RtObject *op);            // runs tp_dealloc
// Destroys what still waits for a destructor of a thread that is gone.
void RtObject_DestroyTrash(struct RtThreadState *tstate);
#ifdef RT_GIL_DISABLED
void RtObject_DecRefShared(RtObject *op);
void RtObject_MergeZeroLocalRefcount(RtObject *op);
// Merges local into shared and adds `extra`; returns the count. The caller is
// the owner, or the owner cannot run.
ssize_t RtObject_ExplicitMergeRefcount(RtObject *op, ssize_t extra);
bool RtObject_TryIncRefShared(RtObject *op);
// Takes a reference unless op is being freed. Its memory is readable.
bool RtObject_TryIncref(RtObject *op);
// Takes a reference to *src == op unless op is being freed or *src changed.
bool RtObject_TryIncrefCompare(RtObject **src, RtObject *op);
// A reference to *src (NULL if *src is NULL); retries. No lock needed, but the
// caller is online for QSBR.
RtObject *RtObject_XGetRef(RtObject **src);
// One try; NULL if it failed or *src is NULL.
RtObject *RtObject_TryXGetRef(RtObject **src);
// For locked slow paths: a reference that lets the next lock-free try succeed.
RtObject *RtObject_NewRefWithLock(RtObject *op);
void RtObject_SetMaybeWeakref(RtObject *op);
// Frames need not count their references to op any more, and only the collector
// frees it. A collectable object that no other thread can see yet.
void RtObject_SetDeferredRefcount(RtObject *op);
// The collector's end of that: op is judged unreachable, the world stopped.
void RtObject_DisableDeferredRefcount(RtObject *op);

void RtBrc_InitState(RtInterpreterState *interp);
void RtBrc_InitThread(RtThreadState *tstate);
// In a forked child: registers the states there are anew.
void RtBrc_AfterFork(RtInterpreterState *interp);
void RtBrc_FinishQueueing(RtThreadState *gone);
void RtBrc_RemoveThread(RtThreadState *tstate);
void RtBrc_QueueObject(RtObject *op);
void RtBrc_MergeRefcounts(RtThreadState *tstate);
// Empties every queue of the interpreter; the world is stopped. Objects whose
// count is zero and that the collector does not see are pushed, with one
// reference, on `zeroed`.
void RtBrc_MergeAllQueued(RtInterpreterState *interp, RtObjectStack *zeroed);
bool RtBrc_IsDrained(const RtInterpreterState *interp);  // nothing is queued
// Whether op is in one queue, or on its way there; the world is stopped.
bool RtBrc_IsQueued(const RtInterpreterState *interp, const RtObject *op);
#else
static inline bool
RtObject_TryIncref(RtObject *op)
{
    if (op->ob_refcnt == 0) {
        return false;           // it waits for its destructor
    }
    op->ob_refcnt += op->ob_refcnt < RT_IMMORTAL_REFCNT / 2;
    return true;
}
#endif

// object_stack.c: a stack of objects in chunks of raw memory.
int RtObjectStack_Push(RtObjectStack *stack, RtObject *op);     // 0 or -1
RtObject *RtObjectStack_Pop(RtObjectStack *stack);      // NULL if empty
void RtObjectStack_Merge(RtObjectStack *dst, RtObjectStack *src);  // moves all
static inline bool
RtObjectStack_IsEmpty(const RtObjectStack *stack)
{
    return stack->head == NULL;
}

static inline bool
Rt_IsImmortal(const RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return rt_atomic_load_uint32_owned(&op->ob_ref_local) ==
           RT_IMMORTAL_REFCNT_LOCAL;
#else
    return op->ob_refcnt >= RT_IMMORTAL_REFCNT / 2;
#endif
}

#ifdef RT_GIL_DISABLED
static inline bool
RtObject_HasDeferredRefcount(const RtObject *op)
{
    return (rt_atomic_load_uint8_owned(&op->ob_gc_bits) &
            RT_GC_BITS_DEFERRED) != 0;
}

static inline bool
RtObject_IsOwnedByCurrentThread(const RtObject *op)
{
    return rt_atomic_load_uintptr_owned(&op->ob_tid) == RtThread_Id();
}

// Whether the caller has the only reference, and nobody can make another one: a
// count of one alone could be another thread's. Acquire: what other threads did
// with it came before.
static inline bool
RtObject_IsUniquelyReferenced(const RtObject *op)
{
    return RtObject_IsOwnedByCurrentThread(op) &&
           rt_atomic_load_uint32_owned(&op->ob_ref_local) == 1 &&
           rt_atomic_load_ssize_acquire(&op->ob_ref_shared) == 0;
}

// Exact only while no other thread can merge: for assertions.
static inline bool
RtObject_IsMerged(const RtObject *op)
{
    return (rt_atomic_load_ssize_owned(&op->ob_ref_shared) &
            RT_REF_SHARED_FLAG_MASK) == RT_REF_MERGED;
}
#else
static inline bool
RtObject_IsUniquelyReferenced(const RtObject *op)
{
    return op->ob_refcnt == 1;
}
#endif

static inline void
Rt_INCREF(void *object)
{
    RtObject *op = object;
#ifdef RT_GIL_DISABLED
    uint32_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
    if (local == RT_IMMORTAL_REFCNT_LOCAL) {
        return;
    }
    if (RtObject_IsOwnedByCurrentThread(op)) {
        rt_atomic_store_uint32_owned(&op->ob_ref_local, local + 1);
    }
    else {
        RtLockOrder_CheckCount(op);
        rt_atomic_add_ssize(&op->ob_ref_shared, 1 << RT_REF_SHARED_SHIFT);
    }
#else
    if (!Rt_IsImmortal(op)) {
        op->ob_refcnt++;
    }
#endif
}

static inline void
Rt_DECREF(void *object)
{
    RtObject *op = object;
#ifdef RT_GIL_DISABLED
    uint32_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
    if (local == RT_IMMORTAL_REFCNT_LOCAL) {
        return;
    }
    if (RtObject_IsOwnedByCurrentThread(op)) {
        if (local == 0) {
            RT_NOTE(REF_NEGATIVE, op, -1);
        }
        local--;
        rt_atomic_store_uint32_owned(&op->ob_ref_local, local);
        if (local == 0) {
            RtObject_MergeZeroLocalRefcount(op);
        }
    }
    else {
        RtObject_DecRefShared(op);
    }
#else
    if (Rt_IsImmortal(op)) {
        return;
    }
    if (op->ob_refcnt <= 0) {
        RT_NOTE(REF_NEGATIVE, op, op->ob_refcnt - 1);
    }
    if (--op->ob_refcnt == 0) {
        RtObject_Dealloc(op);
    }
#endif
}

static inline void
Rt_XINCREF(void *op)
{
    if (op != NULL) {
        Rt_INCREF(op);
    }
}

static inline void
Rt_XDECREF(void *op)
{
    if (op != NULL) {
        Rt_DECREF(op);
    }
}

static inline void *
Rt_NewRef(void *op)
{
    Rt_INCREF(op);
    return op;
}

static inline void *
Rt_XNewRef(void *op)
{
    Rt_XINCREF(op);
    return op;
}

#define Rt_CLEAR(field) \
    do { \
        RtObject *rt_old = (RtObject *)(field); \
        if (rt_old != NULL) { \
            (field) = NULL; \
            Rt_DECREF(rt_old); \
        } \
    } while (0)

#define Rt_VISIT(op) \
    do { \
        if ((op) != NULL) { \
            int rt_result = visit((RtObject *)(op), arg); \
            if (rt_result != 0) { \
                return rt_result; \
            } \
        } \
    } while (0)

// Readies all static types and makes the singletons; start-up only. 0 or -1.
int RtTypes_Initialize(void);

// ---------------------------------------------------------------------------
// Making and freeing objects (object.c, gc/).

// Memory for an instance with one reference, owned by the caller; GC objects
// are not tracked yet. The payload after the header is zero. MemoryError.
RtObject *RtObject_New(RtTypeObject *type, ssize_t nitems);
// Frees the memory of an object whose references its tp_dealloc has dropped.
void RtObject_Free(RtObject *op);
void RtObject_SetImmortal(RtObject *op);        // exclusive access only

void RtGC_Track(RtObject *op);
void RtGC_Untrack(RtObject *op);                // no effect if not tracked
bool RtGC_IsTracked(RtObject *op);
bool RtGC_IsFinalized(RtObject *op);
// Called by RtObject_New and RtObject_Free for GC types: thresholds. May set
// the GC bit of the eval breaker; never collects.
void RtGC_RecordAllocation(RtThreadState *tstate);
void RtGC_RecordDeallocation(RtThreadState *tstate);
// Adds what the thread has counted to the interpreter's count, and asks for a
// collection if that is due. Before the thread ends.
void RtGC_FoldCount(RtThreadState *tstate);
void RtGC_InitState(RtInterpreterState *interp);
// A full collection by the caller. Number of unreachable objects, or -1.
ssize_t RtGC_Collect(RtThreadState *tstate, int generation);
// The thread that is collecting is about to exit: what RtGC_TakeOver() needs is
// taken off its stack. It does not run.
void RtGC_KeepRunning(RtInterpreterState *interp);
// The eval breaker's request.
void RtGC_RunScheduled(RtThreadState *tstate);

// Calls tp_finalize once. From tp_dealloc: 0 to go on, -1 if the object was
// resurrected (the caller returns and touches it no more).
int RtObject_CallFinalizerFromDealloc(RtObject *op);
void RtObject_CallFinalizer(RtObject *op);

// long.c: the thread's list of dead ints.
void RtLong_InitFreeList(RtThreadState *tstate);
void RtLong_CloseFreeList(RtThreadState *tstate);

// attribute.c, abstract.c
// As GetAttr, without making a bound method. 1: *method is a function that is
// called with op as first argument; 0: it is called as it is; -1: exception.
int RtObject_GetMethod(RtObject *op, RtObject *name, RtObject **method);
// callable(self, *args).
RtObject *RtObject_CallPrepend(RtObject *callable, RtObject *self,
                               RtObject *const *args, ssize_t nargs);
// The same with what was found on the type of self: asked if a descriptor.
RtObject *RtObject_CallAttribute(RtObject *func, RtObject *self,
                                 RtObject *const *args, ssize_t nargs);
// type(op).name(op) of a class that a program has made: 1 and *result, 0 if
// there is no such method (*result NULL), -1.
int RtObject_CallSpecial(RtObject *op, RtObject *name, RtObject **result);
// As these three, with keywords; kwnames: NULL or not empty.
RtObject *RtObject_CallPrependKw(RtObject *callable, RtObject *self,
                                 RtObject *const *args, ssize_t nargs,
                                 RtObject *kwnames);
RtObject *RtObject_CallAttributeKw(RtObject *func, RtObject *self,
                                   RtObject *const *args, ssize_t nargs,
                                   RtObject *kwnames);
// The arguments of a function in C, by parameter: `names` ends in NULL, "" is a
// parameter that no keyword can name; the first `npositional` may be given by
// position, the first `nrequired` must be given. out: borrowed, NULL where
// nothing was given. 0, or -1 with TypeError.
int RtArg_Unpack(const char *fname, const char *const *names, int npositional,
                 int nrequired, RtObject *const *args, ssize_t nargs,
                 RtObject *kwnames, RtObject **out);

#define RT_LOCK_FIELD(op) (&((RtObject *)(op))->ob_mutex)

#endif  // RT_INTERNAL_OBJECT_H
