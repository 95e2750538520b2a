// rtcore_ceval.h: what other threads ask of one that runs: pending calls,
// signals, asynchronous exceptions, the GIL.
//
// Included by rtcore_state.h, whose structures hold these. Whoever sets a bit
// of another thread's eval breaker holds a lock that keeps its state alive.

#ifndef RT_INTERNAL_CEVAL_H
#define RT_INTERNAL_CEVAL_H

#include "rt_object.h"
#include "rtcore_lock.h"

struct RtThreadState;
struct RtInterpreterState;

enum {                          // bits of RtThreadState.eval_breaker
    RT_GIL_DROP_REQUEST_BIT = 1,
    RT_SIGNALS_PENDING_BIT = 2,
    RT_CALLS_TO_DO_BIT = 4,
    RT_ASYNC_EXCEPTION_BIT = 8,
    RT_GC_SCHEDULED_BIT = 16,
    RT_EVAL_PLEASE_STOP_BIT = 32,
    RT_EVAL_EXPLICIT_MERGE_BIT = 64,
};

// ---------------------------------------------------------------------------
// Pending calls (state/pending_calls.c).

// 0, or -1 with an exception, which is raised where the handler runs.
typedef int (*RtPendingFunc)(void *arg);

enum {                          // flags of RtEval_AddPendingCall
    RT_PENDING_MAINTHREADONLY = 1,      // only the main thread may run it
    RT_PENDING_RAWFREE = 2,     // arg is a block, freed afterwards
    RT_PENDING_OWNED = 4,       // arg is an object, dropped afterwards
};

#ifdef RT_TINY_LIMITS
enum { RT_PENDING_MAX = 4, RT_PENDING_MAX_LOOP = 2, RT_PENDING_MAX_MAIN = 4 };
#else
enum { RT_PENDING_MAX = 300, RT_PENDING_MAX_LOOP = 100,
       RT_PENDING_MAX_MAIN = 32 };
#endif

typedef struct RtPendingCall {
    RtPendingFunc func;
    void *arg;
    int flags;
} RtPendingCall;

// A ring. The n-th call accepted is the n-th taken out.
typedef struct RtPendingCalls {
    RtMutex mutex;
    bool closed;                // mutex; the interpreter is ending
    int npending;               // mutex; read atomically without it
    int max;                    // places in `calls`
    int max_loop;               // calls in one go
    struct RtThreadState *handling_thread;      // mutex; NULL: nobody
    uint64_t added;             // mutex; accepted so far
    uint64_t taken;             // mutex; taken out so far
    RtPendingCall *calls;
} RtPendingCalls;

void RtPendingCalls_Init(RtPendingCalls *pending, RtPendingCall *calls,
                         int max, int max_loop);
// Queues func(arg) to be run by a thread of the interpreter at one of its
// eval-breaker checks. Needs no attached thread state. 0, or -1 if the queue
// is full or closed: the caller still owns arg.
int RtEval_AddPendingCall(struct RtInterpreterState *interp,
                          RtPendingFunc func, void *arg, int flags);
// Runs signal handlers and pending calls now, as far as this thread may. 0, or
// -1 with an exception.
int RtEval_MakePendingCalls(struct RtThreadState *tstate);
// At finalization: runs what is queued, as far as no daemon is at it, and
// reports exceptions.
void RtEval_FinishPendingCalls(struct RtThreadState *tstate);
// When no other thread is left: refuses what comes later and discards the rest.
void RtEval_ClosePendingCalls(struct RtThreadState *tstate);
// The thread that was handling calls had to exit.
void RtEval_ForgetHandlers(struct RtThreadState *tstate);
// The breaker's bit was set and has been cleared.
int RtEval_HandlePendingCalls(struct RtThreadState *tstate);
bool RtEval_HasPendingCalls(struct RtThreadState *tstate);

// ---------------------------------------------------------------------------
// Signals (state/signals.c).

enum { RT_NSIG = 16 };

typedef struct RtSignals {
    int is_tripped;             // atomic; some signal is
    int tripped[RT_NSIG];       // atomic
    RtObject *handlers[RT_NSIG];        // main thread only; NULL: ignored
} RtSignals;

// As a signal that arrives: no lock, no allocation. Any thread.
void RtSignals_Trip(int signum);
// Main thread only. Steals `handler`; returns the old one (owned, or NULL).
RtObject *RtSignals_SetHandler(int signum, RtObject *handler);
// Runs the handlers of tripped signals if this is the main thread.
int RtEval_HandleSignals(struct RtThreadState *tstate);
void RtSignals_Fini(void);      // main thread, at finalization

// ---------------------------------------------------------------------------
// Asynchronous exceptions (state/async_exc.c).

// Raises `exc` (a type; NULL takes a request back) at the next eval-breaker
// check of the thread with this id. The number of threads found: 1 or 0.
int RtThreadState_SetAsyncExc(uint64_t id, RtObject *exc);
// The breaker's bit was set and has been cleared. 0, or -1 and it is raised.
int RtEval_HandleAsyncExc(struct RtThreadState *tstate);
// The state is about to end: drops the request and takes no more.
void RtThreadState_CloseAsyncExc(struct RtThreadState *tstate);

// ---------------------------------------------------------------------------
// The GIL (state/ceval_gil.c). Fields are written under `mutex` unless said.

typedef struct RtGil {
    RtRawMutex mutex;
    RtCond cond;                // signalled when the GIL is released
    int locked;                 // atomic; -1 before initialisation
    // Free-threaded build: how many asked for it; INT_MAX: for good. Changes
    // while the world is stopped, or by the thread that holds the GIL. Atomic.
    int enabled;
    struct RtThreadState *last_holder;  // atomic
    uint64_t switch_number;     // times the GIL changed threads
    int64_t interval_ns;        // atomic; 5 ms
    int64_t waited_ns;          // time that threads waited for it, summed up
    uint64_t waits;             // how often one had to
    int64_t taken_ns;           // when, if there is a gauge; its holder
    RtRawMutex switch_mutex;    // forced switching
    RtCond switch_cond;
} RtGil;

void RtEval_InitGil(struct RtInterpreterState *interp);
// Free-threaded build: does nothing while the GIL is off.
void RtEval_TakeGil(struct RtThreadState *tstate);
void RtEval_DropGil(struct RtThreadState *tstate, bool final_release);
// Whether this attached thread holds it and everything says so. For assertions:
// makes no scheduling point.
bool RtEval_IsGilHolder(const struct RtThreadState *tstate);
void RtEval_SetSwitchInterval(struct RtInterpreterState *interp, int64_t ns);
int64_t RtEval_GetSwitchInterval(struct RtInterpreterState *interp);
// How long and how often threads have waited for the GIL, all taken together.
typedef struct RtGilStats {
    int64_t waited_ns;
    uint64_t waits;
    uint64_t switches;
} RtGilStats;
RtGilStats RtEval_GetGilStats(struct RtInterpreterState *interp);
// Sets CALLS_TO_DO and the like on a thread that will see it: on every thread
// (free-threaded build), or on the one that holds the GIL, if one does.
void RtEval_SignalActiveThreads(struct RtInterpreterState *interp,
                                uintptr_t bit);

// ---- gil_toggle.c: the GIL of a free-threaded build. In the GIL build it is
// always on and these change nothing.

// What RT_GIL and --gil choose: -1 off until a module needs it, 0 never,
// 1 always. Process-wide, before RtRuntime_Start(). 0, or -1 if this build
// cannot do it.
int RtConfig_SetGil(int choice);
int RtConfig_GetGil(void);
// What RT_GIL says, unless a choice has been made. 0, or -1 if it says nonsense
// or what this build cannot do: a sentence has been written.
int RtConfig_ReadEnvironment(void);
bool RtEval_IsGILEnabled(struct RtInterpreterState *interp);
// One more thread of the interpreter needs the GIL. Returns 1 if it was off
// and is on now, else 0. The caller holds the GIL afterwards (unless the
// choice is fixed).
int RtEval_EnableGILTransient(struct RtThreadState *tstate);
// The GIL stays on for good; the caller holds it. 1 if that is news.
int RtEval_EnableGILPermanent(struct RtThreadState *tstate);
// Takes one transient request back; the caller holds the GIL. 1 if it is off.
int RtEval_DisableGIL(struct RtThreadState *tstate);

#endif  // RT_INTERNAL_CEVAL_H
