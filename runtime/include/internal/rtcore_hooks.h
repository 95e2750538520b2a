// rtcore_hooks.h: the only seam between the runtime and whatever drives it.
//
// Three kinds of hook, never mixed:
//   point   may run other threads before it returns;
//   note    tells what happened, returns at once (or never: a driver may end
//           the run) and must not touch the runtime;
//   world   the blocking calls: semaphores, threads, clock, output.
//
// Points and notes exist only in builds with RT_WITH_HOOKS; elsewhere they
// evaluate nothing. Points stand in the primitives only (rtcore_atomic.h and
// sync/): the objects above contain none.
//
// A driver installs its hooks and its world before the first runtime call and
// removes them when no thread of the runtime exists.

#ifndef RT_INTERNAL_HOOKS_H
#define RT_INTERNAL_HOOKS_H
#ifndef RT_BUILD_CORE
#error "this header needs RT_BUILD_CORE"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum RtPoint {
#define RT_POINT_ROW(name, text) RT_POINT_##name,
#include "rtcore_hooks.def"
    RT_POINT_COUNT
} RtPoint;

typedef enum RtNote {
#define RT_NOTE_ROW(name, a, b, text) RT_NOTE_##name,
#include "rtcore_hooks.def"
    RT_NOTE_COUNT
} RtNote;

// What kind of lock a LOCK_* note speaks of.
typedef enum RtLockKind {
    RT_LOCK_MUTEX,          // RtMutex (also every object's ob_mutex)
    RT_LOCK_RAW,            // RtRawMutex
    RT_LOCK_RECURSIVE,
    RT_LOCK_RW_READ,
    RT_LOCK_RW_WRITE,
    RT_LOCK_GIL,
} RtLockKind;

// Memory orders and operations as the race detector sees them.
typedef enum RtOrder {
    RT_ORDER_RELAXED,
    RT_ORDER_ACQUIRE,
    RT_ORDER_RELEASE,
    RT_ORDER_ACQ_REL,
    RT_ORDER_SEQ_CST,
} RtOrder;

// What a carrier of threads saves and restores when it switches between
// threads that share one OS thread. Everything else of a thread is on its
// stack or reachable from here.
typedef struct RtThreadLocal {
    struct RtThreadState *tstate;   // the attached thread state, or NULL
    struct RtThreadState *gilstate; // the state bound to this thread, or NULL
    uintptr_t thread_id;            // RtThread_Id(), 0 until first asked
    struct RtHeapSet *heaps;        // heaps of this OS-level thread, or NULL
    uint32_t held_ranks;            // internal locks (rtcore_lock_order.h)
} RtThreadLocal;

extern _Thread_local RtThreadLocal rt_thread_local;

typedef struct RtHooks {
    // Before a shared access or a blocking call.
    void (*point)(RtPoint kind, const void *addr);
    // After the fact; see rtcore_hooks.def.
    void (*note)(RtNote kind, const void *a, uintptr_t b);
    // After each atomic access (builds with RT_TRACE_ACCESSES or
    // RT_COMPILER_POINTS only): what the race detector needs.
    void (*atomic)(RtPoint kind, const void *addr, unsigned size,
                   RtOrder order);
    // A number for an address that is the same in every process and every
    // execution of one program under one schedule. Decisions that CPython
    // makes by address (hash buckets, lock order) are made by this number.
    uintptr_t (*address_key)(const void *addr);
    // The allocator is about to free a block whose header is already marked
    // free. True: the driver keeps it and frees it later with
    // RtMem_ReleaseBlock().
    bool (*keep_freed)(void *block, size_t size);
} RtHooks;

#ifdef RT_WITH_HOOKS
extern const RtHooks *rt_hooks;     // NULL: run natively
#define RT_SCHED_POINT(kind, addr) \
    do { \
        if (rt_hooks != NULL) { \
            rt_hooks->point(RT_POINT_##kind, (addr)); \
        } \
    } while (0)
#define RT_NOTE(kind, a, b) \
    do { \
        if (rt_hooks != NULL) { \
            rt_hooks->note(RT_NOTE_##kind, (a), (uintptr_t)(b)); \
        } \
    } while (0)
#else
#define RT_SCHED_POINT(kind, addr) \
    ((void)sizeof(RT_POINT_##kind), (void)sizeof(addr))
#define RT_NOTE(kind, a, b) \
    ((void)sizeof(RT_NOTE_##kind), (void)sizeof(a), (void)sizeof(b))
#endif

// The number that stands for an address in every decision: hash buckets, the
// order of two locks, the hash of an object without __hash__.
static inline uintptr_t
RtAddress_Key(const void *addr)
{
#ifdef RT_WITH_HOOKS
    if (rt_hooks != NULL) {
        return rt_hooks->address_key(addr);
    }
#endif
    return (uintptr_t)addr;
}

// ---------------------------------------------------------------------------
// The world: blocking, threads, time, output.

// A counting semaphore. `impl` belongs to the world that initialised it.
typedef struct RtSemaphore {
    void *impl[6];
} RtSemaphore;

typedef enum RtWaitResult {
    RT_WAIT_OK = 0,         // the semaphore was taken
    RT_WAIT_TIMEOUT = 1,
    RT_WAIT_INTERRUPTED = 2,
} RtWaitResult;

typedef struct RtWorld {
    // One permit at most is ever outstanding per waiter in this runtime, but
    // the semaphore counts.
    void (*sem_init)(RtSemaphore *sem);
    void (*sem_destroy)(RtSemaphore *sem);
    // timeout_ns < 0: for ever. Blocks the calling thread only.
    RtWaitResult (*sem_wait)(RtSemaphore *sem, int64_t timeout_ns);
    void (*sem_post)(RtSemaphore *sem);
    // A wait on the semaphore, now or the next one, ends INTERRUPTED, unless a
    // permit is there. The caller keeps the semaphore in existence.
    void (*sem_interrupt)(RtSemaphore *sem);
    // Starts func(arg) on a new thread. 0, or -1 if no thread can be had.
    // The thread ends when func returns; threads are not joined through the
    // world: the runtime waits for an RtEvent.
    int (*thread_start)(void (*func)(void *), void *arg);
    // The id of the calling thread: not 0, equal for no two live threads.
    // An id may be used again after its thread has ended.
    uintptr_t (*thread_id)(void);
    // Ends the calling thread, which was started by thread_start(), wherever it
    // is: what is on its stack is forgotten.
    void (*thread_exit)(void);  // does not return
    // Monotonic clock in nanoseconds.
    int64_t (*now_ns)(void);
    // Lets other threads run.
    void (*yield)(void);
    // As fork(2). The child ends by exit_child(); wait_child() waits for that
    // and returns its status, or something else than 0 if it ended otherwise.
    int (*fork)(void);
    void (*exit_child)(int status);     // does not return
    int (*wait_child)(int pid);
    // Program output (print). The bytes are not kept by the callee's caller.
    void (*write)(const char *bytes, size_t length);
    // Messages: what CPython writes on standard error.
    void (*write_error)(const char *bytes, size_t length);
} RtWorld;

// Never NULL: rt_native_world unless a driver installed another.
extern const RtWorld *rt_world;
extern const RtWorld rt_native_world;   // sync/native_world.c: OS threads

// Installs hooks (NULL: none) and a world (NULL: the native one). No thread of
// the runtime may exist. In builds without RT_WITH_HOOKS hooks must be NULL.
void RtHooks_Install(const RtHooks *hooks, const RtWorld *world);

// The calling thread's id, from the world, cached in rt_thread_local.
static inline uintptr_t
RtThread_Id(void)
{
    if (rt_thread_local.thread_id == 0) {
        rt_thread_local.thread_id = rt_world->thread_id();
    }
    return rt_thread_local.thread_id;
}

// Names and sentences of the rows, for reports.
const char *RtPoint_Name(RtPoint kind);
const char *RtNote_Name(RtNote kind);

#endif  // RT_INTERNAL_HOOKS_H
