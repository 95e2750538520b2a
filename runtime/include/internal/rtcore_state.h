// rtcore_state.h: thread states, interpreters, stopping the world, the GIL.
//
// States of a thread (RtThreadState.state) and who makes each transition
// (CPython Include/internal/pycore_pystate.h):
//
//   DETACHED  -> ATTACHED    the thread itself, by CAS; parks while SUSPENDED
//   ATTACHED  -> DETACHED    the thread itself
//   ATTACHED  -> SUSPENDED   the thread itself, at its stop bit
//   DETACHED  -> SUSPENDED   the requester of a stop, by CAS
//   SUSPENDED -> DETACHED    the requester, when it starts the world
//   any other -> SHUTTING_DOWN   the finalizing thread, while nobody else is
//                            attached: who wants to attach then ends instead
//
// Only a thread whose state is ATTACHED may touch objects. In the GIL build
// attached threads hold the GIL, and SUSPENDED is not used.

#ifndef RT_INTERNAL_STATE_H
#define RT_INTERNAL_STATE_H

#include "rt_critical_section.h"
#include "rt_object.h"
#include "rtcore_assert.h"
#include "rtcore_ceval.h"
#include "rtcore_lock.h"
#include "rtcore_reclaim.h"
#include "rtcore_lock_order.h"

enum {
    RT_THREAD_DETACHED = 0,
    RT_THREAD_ATTACHED = 1,
    RT_THREAD_SUSPENDED = 2,
    RT_THREAD_SHUTTING_DOWN = 3,
};

// tags of RtThreadState.critical_section and cs_prev
#define RT_CRITICAL_SECTION_INACTIVE ((uintptr_t)1)
#define RT_CRITICAL_SECTION_TWO_MUTEXES ((uintptr_t)2)
#define RT_CRITICAL_SECTION_MASK ((uintptr_t)3)

typedef struct RtInterpreterState RtInterpreterState;

// Objects of this thread that others want merged (objects/brc.c).
typedef struct RtObjectStack {
    struct RtObjectStackChunk *head;
} RtObjectStack;

typedef struct RtBrcThreadState {
    struct RtThreadState *next_in_bucket;       // bucket mutex
    uintptr_t tid;                              // set when bound
    RtObjectStack objects_to_merge;             // bucket mutex
    RtObjectStack local_objects_to_merge;       // owner only
    RtObject *in_flight;        // QUEUED by this thread, in no queue yet
} RtBrcThreadState;

typedef struct RtThreadState {
    struct RtThreadState *prev, *next;  // interp->threads; HEAD_LOCK
    RtInterpreterState *interp;
    uintptr_t eval_breaker;     // atomic; RT_*_BIT
    int state;                  // atomic; RT_THREAD_*
    uint64_t id;                // 1, 2, …: unique in the interpreter
    uintptr_t thread_id;        // of the bound thread
    bool bound;
    bool async_exc_closed;      // HEAD_LOCK; the state is ending
    bool attach_turn;           // HEAD_LOCK; a stop must let it attach first
    int attach_waits;           // atomic; it was found SUSPENDED on its way in
    bool daemon;                // nobody waits for the thread at the end
    // Of a daemon: called without a state, by the thread that must exit. The
    // state is gone when RtThreads_Ended() has been told.
    void (*on_exit)(void *arg);
    void *exit_arg;
    RtMutex *handed_over;       // to this thread, which is about to attach
    // A word of its own: others write the flags before it. Its thread only.
    int holds_gil;
    int gilstate_counter;       // RtGILState_Ensure; its thread only
    RtObject *async_exc;        // atomic; an owned type, or NULL
    struct RtThreadState *host; // of the same thread, in another interpreter,
                                // from which this one was entered; or NULL
    int stops;                  // of its world that it asked for and that are
                                // in effect, nested; its thread only
    uintptr_t critical_section; // tagged top of the stack; its thread only
    uint64_t detaches;          // how often it has given up what it had locked
    uint64_t quiescences;       // … what it was reading without a lock
    RtBrcThreadState brc;       // free-threaded build
    RtQsbrThreadState *qsbr;    // slot; free-threaded build
    struct RtDelayedChunk *delayed_head;        // deferred frees, oldest
    struct RtDelayedChunk *delayed_tail;        // first (mem_delayed.c)
    size_t delayed_bytes;       // in that queue
    int delayed_pressure;       // too many: checks until it is looked after
    int attention;              // checks have more to do (rtcore_breaker.h)
    RtLimbo limbo;              // its thread, or a stopped world
    struct RtHeapSet *heaps;    // of the bound thread
    RtInterruptState interrupt;         // sync/interrupt.c
    struct RtLocalEntry *locals;        // interp->locals_mutex
    bool locals_dropped;                // its thread: there will be no more
    int gc_alloc_count;         // free-threaded build: not yet accounted
    int trash_depth;            // destructors running inside each other
    RtObject *trash_later;      // dead objects that wait for the outermost
    RtObject *current_exception;        // raised, or NULL; owned
    struct RtFrame *current_frame;      // innermost, or NULL (vm/)
    RtObject *free_ints;        // dead ints to be used again (long.c)
    int free_ints_room;         // how many more may wait there
    int recursion_remaining;    // calls of functions of programs
    int c_recursion_remaining;  // C code that calls itself (rtcore_types.h)
    uint32_t c_calls;           // so often since the last note; with hooks only
    struct RtReprEntry *repr_top;       // containers being printed
    // The extension that the thread waits for, unless it loads it itself;
    // interp->import_mutex.
    struct RtImportEntry *import_waiting;
} RtThreadState;

// One stop-the-world domain: the threads of an interpreter, or of all.
typedef struct RtStopTheWorldState {
    RtMutex mutex;              // serialises requesters
    bool requested;             // HEAD_LOCK; read atomically by creators
    bool world_stopped;         // written by the requester
    RtEvent stop_event;         // set when thread_countdown reaches 0
    ssize_t thread_countdown;   // threads not stopped yet; HEAD_LOCK
    RtThreadState *requester;   // NULL: a thread without a state
} RtStopTheWorldState;

typedef struct RtBrcBucket {
    RtMutex mutex;
    RtThreadState *root;        // registered threads
} RtBrcBucket;

#ifdef RT_TINY_LIMITS
#define RT_BRC_NUM_BUCKETS 3
#else
#define RT_BRC_NUM_BUCKETS 257
#endif

// Locks of the lists of weak references (objects/weakref.c).
#ifdef RT_TINY_LIMITS
#define RT_NUM_WEAKREF_STRIPES 3
#else
#define RT_NUM_WEAKREF_STRIPES 127
#endif


typedef struct RtGcGeneration {
    int count;                  // atomic
    int threshold;              // atomic
} RtGcGeneration;

typedef struct RtGcHead {       // GIL build: before each collectable object
    struct RtGcHead *next;
    uintptr_t prev;             // tagged link; gc_refs while collecting
} RtGcHead;

typedef struct RtGcStats {      // of the collections of one generation
    ssize_t collections;        // atomic
    ssize_t collected;          // atomic
} RtGcStats;

typedef struct RtGcState {
    int enabled;                // atomic
    int collecting;             // atomic; at most one collection
    struct RtCollection *running;       // its thread; on that thread's stack
    RtThreadState *collector;   // that thread: its own, or a stopped world
    RtObject *callbacks;        // atomic; a list, made when first asked for
    RtGcGeneration generations[3];
    RtGcStats stats[3];
    RtGcHead heads[3];          // GIL build: list heads
    RtGcHead permanent;         // GIL build: frozen objects
    bool frozen;                // something may be; a stopped world
    ssize_t long_lived_total;
    ssize_t long_lived_pending;
    int64_t collections;        // finished, for programs and tests
} RtGcState;

// The cache of attribute lookups on heap types (objects/type_cache.c).
#ifdef RT_TINY_LIMITS
#define RT_TYPE_CACHE_SIZE 16
#else
#define RT_TYPE_CACHE_SIZE 4096
#endif

typedef struct RtTypeCacheEntry {
    RtSeqLock sequence;         // free-threaded build; guards the rest
    uint32_t version;           // tp_version_tag of a type; 0: empty
    RtObject *name;             // owned
    RtObject *value;            // of a dict along the MRO, borrowed; or NULL
} RtTypeCacheEntry;

typedef struct RtTypesState {
    RtMutex mutex;              // the type lock: a critical section
    RtMutex gate;               // held: classes wait a little to be made
    int gate_wait_ns;           // atomic: how long, while it is held
    uint32_t next_version_tag;  // type lock
    // Assignments of __bases__, and classes that were made of heap types; both
    // written in a stopped world.
    uint32_t bases_changes;
    uint32_t classes_made;
    int slots_behind;           // type lock; special methods slots must follow
    uint32_t class_changes;     // type lock, or a stopped world; dicts, bases
    bool closed;                // the interpreter ends: nothing is cached
    RtTypeCacheEntry cache[RT_TYPE_CACHE_SIZE];
} RtTypesState;

// What may be done with an interpreter; HEAD_LOCK. Whoever leaves READY has the
// interpreter for himself until he restores it, or for ever (ENDING).
typedef enum RtInterpreterClaim {
    RT_INTERPRETER_READY,
    RT_INTERPRETER_RUNNING,     // code runs in its main namespace
    RT_INTERPRETER_ENDING,
} RtInterpreterClaim;

struct RtInterpreterState {
    RtInterpreterState *next;   // rt_runtime.interpreters; HEAD_LOCK
    int64_t id;                 // 0: the main interpreter
    RtInterpreterClaim claim;   // HEAD_LOCK
    RtThreadState *ender;       // not main's: unbound, waits for its end
    RtObject *main_dict;        // not main's: globals; whoever RUNs it, or ends
                                // it; NULL until the first run
    RtObject *main_module;      // main's: __main__ while it runs; import_mutex
    RtThreadState *threads;     // HEAD_LOCK
    uint64_t next_thread_id;    // HEAD_LOCK
    RtStopTheWorldState stoptheworld;
    RtBrcBucket brc_table[RT_BRC_NUM_BUCKETS];
    RtQsbrShared qsbr;
    // Of ended threads; delayed_mutex.
    struct RtDelayedChunk *delayed_abandoned;
    int has_abandoned;          // atomic; hint: there is something
    RtLimbo limbo;
    RtMutex delayed_mutex;
    RtGcState gc;
    RtMutex weakref_stripes[RT_NUM_WEAKREF_STRIPES];
    RtGil gil;
    RtPendingCalls pending;
    RtPendingCall pending_calls[RT_PENDING_MAX];
    int finalizing;             // atomic; no thread can be started any more
    bool alone;                 // the last thread's: there is no other
    RtTypesState types;
    RtMutex threads_mutex;      // modules/threading.c: running threads
    RtObject *builtins;         // dict; immutable after start-up
    RtMutex import_mutex;       // the next two
    struct RtImportEntry *imports;      // extensions, loaded or not
    bool imports_closed;        // the interpreter is ending
    RtRawMutex locals_mutex;    // state/local_dicts.c
    RtRawMutex live_mutex;
    RtCond live_cond;           // signalled when one of these becomes 0
    ssize_t live_threads;       // started and not ended; live_mutex
    ssize_t live_daemons;       // the same of daemons; live_mutex
    RtObject *atexit_callbacks; // atomic; list, owned; NULL: none yet
    int atexit_closed;          // atomic; nothing is registered any more
};

// Process-wide state. Reset by RtRuntime_Start().
typedef struct RtRuntime {
    RtRawMutex head_mutex;      // HEAD_LOCK: lists of interpreters and threads.
                                // A leaf: its holder neither detaches nor
                                // allocates nor frees.
    RtRWMutex stop_mutex;       // written: a global stop; read: another one
    RtStopTheWorldState stoptheworld;   // of all interpreters
    RtInterpreterState *interpreters;   // newest first; HEAD_LOCK
    int64_t last_interp_id;     // HEAD_LOCK
    RtRawMutex handles_mutex;   // a leaf
    struct ThreadHandle *handles;       // handles_mutex; of started threads
    RtRawMutex queues_mutex;    // a leaf
    struct RtInterpQueue *queues;       // queues_mutex; newest first
    int64_t last_queue_id;      // queues_mutex
    RtInterpreterState main_interp;
    RtThreadState *main_tstate; // of the thread that started the runtime
    RtThreadState *finalizer;   // atomic; has removed the main interpreter's
                                // other states. NULL: not yet
    // The same, if others had to exit in the middle of something and have: what
    // they had locked is free for it. Written by itself.
    RtThreadState *survivor;
    ssize_t exited;             // threads that had to; live_mutex
    RtSignals signals;
    RtPendingCalls pending_main;        // for the main thread only
    RtPendingCall pending_main_calls[RT_PENDING_MAX_MAIN];
    int started;                // atomic
    int threads_seen;           // atomic; 1: one state was ever made (tstate.c)
} RtRuntime;

extern RtRuntime rt_runtime;

// ---------------------------------------------------------------------------
// tstate.c

static inline RtThreadState *
RtThreadState_Get(void)         // NULL if the calling thread is detached
{
    return rt_thread_local.tstate;
}

// C code has called itself RT_C_CALLS_NOTED times. What is nested is walked as
// often as it is reached, which may be 2 to the power of its depth, without a
// scheduling point or any other end that a driver could see.
enum { RT_C_CALLS_NOTED = 1 << 14 };
void RtThreadState_NoteCCalls(RtThreadState *tstate);

// A thread state, linked into its interpreter, DETACHED (or SUSPENDED if a stop
// is requested). Needs no attached state. NULL: out of memory.
RtThreadState *RtThreadState_New(RtInterpreterState *interp);
// Binds to the calling thread (id, merge queue, heaps), not yet attached.
void RtThreadState_Bind(RtThreadState *tstate);
// DETACHED -> ATTACHED; takes the GIL; goes online; resumes the top section.
void RtThreadState_Attach(RtThreadState *tstate);
// ATTACHED -> DETACHED. Suspends the sections, goes offline, drops the GIL.
void RtThreadState_Detach(RtThreadState *tstate);
// ATTACHED -> SUSPENDED at the stop bit, then attached again after the stop.
void RtThreadState_Suspend(RtThreadState *tstate);
// Drops the references that the state owns (may run destructors), drains the
// merge queue and leaves it, abandons delayed frees. The state is attached.
void RtThreadState_Clear(RtThreadState *tstate);
// No call of a function goes on, and each that was counted has been counted
// back. Not of a subinterpreter's first thread, which counts on with its
// caller's.
bool RtThreadState_IsAtTop(const RtThreadState *tstate);
// Detaches what is attached, if anything; attaches `next` unless it is NULL
// (bound to this thread, of any interpreter). Returns what was attached.
RtThreadState *RtThreadState_Swap(RtThreadState *next);
// Detaches, unlinks and frees the calling thread's own, cleared state.
void RtThreadState_DeleteCurrent(RtThreadState *tstate);
// Whether the thread has no business here any more. A hint until it holds what
// the finalizing thread held when it decided so.
static inline bool
RtThreadState_MustExit(const RtThreadState *tstate)
{
    return rt_atomic_load_int_hint(&tstate->state) == RT_THREAD_SHUTTING_DOWN;
}
// Unlinks and frees a state that was never bound: its thread did not start.
void RtThreadState_Delete(RtThreadState *tstate);

// Sets or clears bits of a thread's eval breaker (atomic).
void RtThreadState_SetEvalBreakerBit(RtThreadState *tstate, uintptr_t bit);
void RtThreadState_UnsetEvalBreakerBit(RtThreadState *tstate, uintptr_t bit);

// ---------------------------------------------------------------------------
// stop_the_world.c. In the GIL build these do nothing: the caller's holding
// the GIL is the stop.

// On return every other thread of the interpreter is SUSPENDED. The caller is
// attached to it, or not at all; it may detach (suspending its critical
// sections) while it waits. Stops of one thread nest.
void RtEval_StopTheWorld(RtInterpreterState *interp);
void RtEval_StartTheWorld(RtInterpreterState *interp);
// The same for every thread of every interpreter. Not inside a stop of one.
void RtEval_StopTheWorldAll(void);
void RtEval_StartTheWorldAll(void);
// Whether the attached thread has stopped its world: no other thread runs.
static inline bool
RtEval_HasStopped(const RtThreadState *tstate)
{
    return tstate->stops > 0;
}
// For a thread that leaves ATTACHED or is deleted while a stop is requested:
// one thread less to wait for. HEAD_LOCK is held.
void RtEval_DecrementCountdown(RtStopTheWorldState *stw);

#define RT_HEAD_LOCK() \
    RtRawMutex_LockRanked(&rt_runtime.head_mutex, RT_RANK_HEAD)
#define RT_HEAD_UNLOCK() \
    RtRawMutex_UnlockRanked(&rt_runtime.head_mutex, RT_RANK_HEAD)

// ---------------------------------------------------------------------------
// critical_section.c (free-threaded build; see rt_critical_section.h)

// Releases the locks of all active sections of the thread; called on detach.
void RtCriticalSection_SuspendAll(RtThreadState *tstate);
// Locks the top section again; called on attach, and when a section ends.
void RtCriticalSection_Resume(RtThreadState *tstate);
// Whether the top section holds m (for assertions).
bool RtCriticalSection_IsHeld(RtThreadState *tstate, RtMutex *m);

// ---------------------------------------------------------------------------
// ceval_gil.c

// Does what the eval breaker's bits ask for, in order: stop, signals, pending
// calls, merge, collect, drop the GIL, asynchronous exception. 0, or -1 with
// an exception.
int RtEval_HandlePending(RtThreadState *tstate);
// Whether somebody who stops the world waits for this thread. Its own.
bool RtEval_MustStop(RtThreadState *tstate);

// ---------------------------------------------------------------------------
// lifecycle.c

// Once per process: types, singletons, names. Single-threaded, no tstate
// needed (it makes and drops one of its own). 0, or -1.
int RtRuntime_Initialize(void);
// A fresh main interpreter with one attached thread state for the caller.
RtThreadState *RtRuntime_Start(void);
// Waits for running threads, collects, frees what the interpreter owns and
// deletes the caller's thread state. Returns 0, or -1 if something was wrong
// (threads that cannot end).
int RtRuntime_Finish(RtThreadState *tstate);
// Forgets an abandoned run: every lock, parked thread, thread state. The
// driver has already got rid of its threads and will free their blocks.
void RtRuntime_Abandon(void);

#include "rtcore_breaker.h"      // what is asked of a thread at each jump

#endif  // RT_INTERNAL_STATE_H
