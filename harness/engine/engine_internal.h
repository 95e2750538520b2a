// engine_internal.h: what the files of the engine share.
//
// All state of a run is in `fz_engine`; nothing in it outlives the run except
// the mappings made by FzEngine_Init(). It is used from one OS thread only, so
// nothing here is atomic.

#ifndef FZ_ENGINE_INTERNAL_H
#define FZ_ENGINE_INTERNAL_H

#include "fiber.h"
#include "fz_engine.h"
#include "rtcore_hooks.h"
#include "target.h"

#define FZ_HIDDEN __attribute__((visibility("hidden")))

enum {
    FZ_STRATEGY_STATE_SIZE = 2048 + 16 * FZ_MAX_THREADS,
    FZ_NO_THREAD = FZ_MAX_THREADS,
    // Points that a thread has to itself in the fair part of a run.
    FZ_FAIR_SLICE = 64,
};
#define FZ_NO_DEADLINE INT64_MAX
#define FZ_START_TIME_NS INT64_C(1000000000)

typedef struct FzThread {
    void (*func)(void *);
    void *arg;
    FzThreadSet *waits_in;      // while blocked: whose member it is
    int64_t deadline_ns;        // of that wait; FZ_NO_DEADLINE: none
    uint64_t wait_order;        // waiters are served first in, first out
    uint64_t ran;               // points passed before the last switch to it
    uintptr_t site;             // code of its last hook call
    uint32_t place;             // FzEvent.place of its last point
    uint32_t line;              // last recorded
    RtWaitResult wait_result;   // of the last wait that blocked
    bool ended;
} FzThread;

typedef struct FzEngine {
    bool active;                // on a fiber, inside FzEngine_Run()
    bool oracles, races, recording, covering;
    bool asked_always;          // FzStrategy.asked_always
    bool fair;                  // the last quarter of the budget
    bool waiting;               // the running thread is in a wait
    uint32_t current;           // number of the running thread
    uint32_t nthreads;
    FzThreadSet runnable;       // includes the running thread
    FzThreadSet timed;          // blocked threads with a deadline
    FzThreadSet shared_stacks;  // that another thread has touched
    uint64_t steps;
    uint64_t due_step;          // FzEngine_StepDue() has something to do
    uint64_t hash;
    uint64_t slice_start;       // step of the last switch
    uint64_t polled_slice;      // slice_start of the last poll by who is alone
    uint64_t alone;             // points that thread 0 passed while alone
    uint64_t budget;            // of points, and of calls in C
    uint64_t c_calls;
    uint64_t waits;             // source of wait_order
    int64_t skipped_ns;         // virtual time that passed while all waited
    FzEvent next[FZ_MAX_THREADS];
    FzThread threads[FZ_MAX_THREADS];
    FzFiber fibers[FZ_MAX_THREADS];
    FzFiber host;
    // Thread-local variables of the code under test: no access to them is
    // shared. They lie here for the running thread.
    uintptr_t locals;
    size_t locals_size;
    FzFiberPool stacks;
    const FzEngineConfig *config;
    FzRun *run;
    FzTapeReader reader;        // of a replayed tape
    FzGuideReader guide;        // of a guided run
    size_t overrides_used;
    bool initialised;
    bool ignoring;              // an oracle reports what the run ignores
    bool in_child;              // a forked process, which only reports
    _Alignas(16) unsigned char strategy_state[FZ_STRATEGY_STATE_SIZE];
} FzEngine;

extern FZ_HIDDEN FzEngine fz_engine;

// ---- engine.c

// Whether points do anything: false in the host, during start-up and teardown.
static inline bool
FzEngine_Active(void)
{
    return fz_engine.active;
}

// A scheduling point. `site` is the code address that it is reported for; it
// takes no part in any choice nor in the trace hash.
void FzEngine_PointFromCompiler(RtPoint kind, const void *addr,
                                uintptr_t site);
// Budget, fair part, deadlines: called when `steps` reaches `due_step`.
void FzEngine_StepDue(void);
// Computes due_step again after a deadline came or went.
void FzEngine_UpdateDue(void);
// Runs another thread, if the schedule says so. The running thread can go on.
void FzEngine_Reschedule(bool yielding);
// The running thread cannot go on: runs others until it can. Ends the run if
// nobody ever will.
void FzEngine_Block(void);
_Noreturn void FzEngine_ThreadMain(void *thread);
// The running thread ends, wherever it is.
_Noreturn void FzEngine_EndThread(void);
// The running thread ends the whole execution: others need not have ended.
_Noreturn void FzEngine_Complete(void);
// Numbers a new thread and makes it runnable; FZ_NO_THREAD: too many.
uint32_t FzEngine_NewThread(void (*func)(void *), void *arg);

// ---- fork.c
int FzFork_Fork(void);
void FzFork_ExitChild(int status);      // does not return
int FzFork_WaitChild(int pid);
// The run is over: children that nobody waited for are ended.
void FzFork_End(void);

// ---- choice.c
void FzChoice_Begin(void);
void FzChoice_End(void);
void FzChoice_ThreadCreated(uint32_t thread);
// Which of `candidates` (not empty) runs next.
uint32_t FzChoice_Next(FzThreadSet candidates, bool yielding);

// ---- wait.c: blocking and virtual time, which is 1 s plus the schedule's
// time_step_ns for each point, plus what was skipped while all threads waited.
int64_t FzWait_Now(void);
// The running thread becomes a member of `waiters` and blocks until it is woken
// or, if timeout_ns > 0, that time has passed. `object`: for the trace.
RtWaitResult FzWait_Block(FzThreadSet *waiters, int64_t timeout_ns,
                          uint64_t object);
// Takes a blocked thread out of its set and makes it runnable.
void FzWait_Wake(uint32_t thread, RtWaitResult result);
// Blocks a thread again, without a deadline, that was woken and has not run
// since: what it was woken for is gone.
void FzWait_Reblock(uint32_t thread, FzThreadSet *waiters);
// The member that has waited longest; `waiters` is not empty.
uint32_t FzWait_First(FzThreadSet waiters);
// Wakes threads whose deadline has passed.
void FzWait_Expire(void);
// Lets time pass until the earliest deadline.
void FzWait_SkipToDeadline(void);
int64_t FzWait_EarliestDeadline(void);

// ---- world.c
extern FZ_HIDDEN const RtWorld fz_world;
void FzWorld_Begin(void);

// ---- trace.c
void FzTrace_Record(FzTraceKind kind, unsigned what, uint64_t object,
                    uint64_t value);

// ---- note.c: what the runtime notes, for the trace, the tables of blocks and
// the oracles.
void FzNote_Init(void);
void FzNote_Happened(RtNote note, const void *a, uintptr_t b);

static inline void
FzTrace_Mix(unsigned what, uint64_t object)
{
    fz_engine.hash = FzHash_Mix(
        fz_engine.hash,
        object ^ (uint64_t)(fz_engine.current << 8 | what) << 48);
}

// ---- violation.c
void FzViolation_InstallHandlers(void);
void FzViolation_Begin(void);
// The running thread frees this block (config->detail).
void FzViolation_RecordFree(const void *block);

// ---- coverage.c
void FzCoverage_Begin(void);
void FzCoverage_Access(uint64_t object, bool write, uintptr_t site);
void FzCoverage_Switch(uintptr_t from_site, uintptr_t to_site);

// ---- shadow.c, address.c: tables beside the heap's arena and beside the
// program's variables.
typedef struct FzShadow {
    uintptr_t arena;            // first address
    size_t arena_size;
    uint32_t *granules;         // 16 bytes of the arena -> index of block + 1
    FzBlock *blocks;            // in order of allocation
    uint64_t *keys;             // [block]: key of its start - its address
    uint32_t nblocks;
    uint32_t npermanent;        // made outside runs; never forgotten
    uint32_t max_blocks;        // in all, in this run
    uint64_t next_key;
    size_t live;                // blocks of the run
    size_t kept_bytes;          // of freed blocks
    bool released;              // some was too much to be kept
    uint32_t *outside;          // blocks outside the arena (huge ones)
    size_t noutside, outside_capacity;

    uintptr_t image, image_end; // the program as it is mapped
    uintptr_t data;             // its variables
    size_t data_size;
    uint32_t *statics;          // byte of a variable -> ordinal of first use
} FzShadow;
extern FZ_HIDDEN FzShadow fz_shadow;

// Code address -> offset in the image; 0 stays 0: of a thread that has not
// begun.
static inline uintptr_t
FzAddress_SiteOffset(uintptr_t site)
{
    return site != 0 ? site - fz_shadow.image : 0;
}

FZ_WARN_UNUSED bool FzShadow_Init(char *why, size_t why_size);
void FzShadow_Begin(uint32_t budget);
// Gives back every block of the run.
void FzShadow_End(void);
void FzShadow_Alloc(const void *payload, size_t size, uint8_t kind);
void FzShadow_Free(const void *payload);
void FzShadow_NameBlock(const void *addr, const char *type_name);
bool FzShadow_KeepFreed(void *payload, size_t size);

// ---- address.c: numbers for addresses. They look like addresses: multiples
// of 16 for different things, so that what hashes or orders them works as it
// does with addresses.
#define FZ_KEY_STEP 16
#define FZ_KEY_STATICS (UINT64_C(1) << 32)      // + ordinal of first use
#define FZ_KEY_OTHERS (UINT64_C(2) << 32)       // + ordinal of first use
#define FZ_KEY_SEMAPHORES (UINT64_C(3) << 32)   // + number of the semaphore
#define FZ_KEY_STACKS (UINT64_C(4) << 32)       // + thread << 24 + offset
#define FZ_KEY_HEAP (UINT64_C(1) << 40)         // + sizes of all blocks before

FZ_WARN_UNUSED bool FzAddress_Init(char *why, size_t why_size);
void FzAddress_Begin(void);
// As FzEngine_AddressKey(), but one key for the whole stack of a thread: where
// a variable lies on its stack differs between builds.
uint64_t FzAddress_EventKeySlow(const void *addr);
static inline uint64_t
FzAddress_EventKey(const void *addr)
{
    const FzShadow *s = &fz_shadow;
    uintptr_t offset = (uintptr_t)addr - s->arena;
    if (offset < s->arena_size) {
        uint32_t mark = s->granules[offset >> 4];
        if (mark != 0) {
            return (uintptr_t)addr + s->keys[mark - 1];
        }
    }
    return FzAddress_EventKeySlow(addr);
}

// Whether addr lies in a block that was freed. True for all that lies outside
// the arena, if any block does.
static inline bool
FzShadow_MayBeFreed(const void *addr)
{
    const FzShadow *s = &fz_shadow;
    uintptr_t offset = (uintptr_t)addr - s->arena;
    if (offset < s->arena_size) {
        uint32_t mark = s->granules[offset >> 4];
        return mark != 0 && s->blocks[mark - 1].state == FZ_BLOCK_KEPT;
    }
    return s->noutside != 0;
}

#endif  // FZ_ENGINE_INTERNAL_H
