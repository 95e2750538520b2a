// fz_engine.h: runs one execution of code that uses the runtime's hooks under a
// chosen schedule, on fibers: every thread is a fiber on the calling OS thread.
//
// Determinism contract: same binary, same body, same schedule -> same sequence
// of points, notes and choices, hence the same trace hash, in every process.
// No address, pid, clock or hash seed reaches a decision or the trace;
// addresses are named by FzEngine_AddressKey().
//
// One engine for each process; calls from one OS thread only.

#ifndef FZ_ENGINE_H
#define FZ_ENGINE_H

#include "fz_base.h"
#include "fz_schedule.h"

typedef enum FzRule {
#define FZ_RULE(id, oracle, sentence) FZ_RULE_##id,
#include "../oracle/verdict.def"
    FZ_RULE_COUNT
} FzRule;
const char *FzRule_Name(FzRule rule);           // "DEADLOCK"
const char *FzRule_Oracle(FzRule rule);         // "deadlock"
const char *FzRule_Sentence(FzRule rule);
// false: an order is violated, or a count, and the heap is as sound as it was.
bool FzRule_MayDamage(FzRule rule);

// Rules, a bit for each.
typedef struct FzRuleSet {
    uint64_t bits[2];
} FzRuleSet;
_Static_assert(FZ_RULE_COUNT <= 128, "a bit for each rule");
static inline bool
FzRuleSet_Has(const FzRuleSet *set, FzRule rule)
{
    return (set->bits[rule / 64] >> rule % 64 & 1) != 0;
}
static inline void
FzRuleSet_Add(FzRuleSet *set, FzRule rule)
{
    set->bits[rule / 64] |= (uint64_t)1 << rule % 64;
}
static inline bool
FzRuleSet_IsEmpty(const FzRuleSet *set)
{
    return (set->bits[0] | set->bits[1]) == 0;
}

enum { FZ_MAX_STACK = 16 };

// One violation.
typedef struct FzViolation {
    FzRule rule;
    uint64_t step;              // point at which it was seen
    uint32_t thread;            // which saw it
    uint32_t other_thread;      // the second party, or UINT32_MAX
    char message[1200];         // what, with object names; may have lines
    void *stack[FZ_MAX_STACK];  // return addresses of `thread`
    void *other_stack[FZ_MAX_STACK];    // of the second party, if known
} FzViolation;

// One thing that happened, for `show` and the trace hash.
typedef enum FzTraceKind {
    FZ_TRACE_POINT, FZ_TRACE_NOTE, FZ_TRACE_SWITCH, FZ_TRACE_BLOCK,
    FZ_TRACE_WAKE, FZ_TRACE_LINE, FZ_TRACE_THREAD_END
} FzTraceKind;
typedef struct FzTraceEvent {
    uint8_t kind;               // FzTraceKind
    uint8_t what;               // RtPoint or RtNote
    uint16_t thread;            // of a switch: that runs now
    uint32_t line;              // of the program, if known
    uint64_t object;            // address key; of a switch: that the thread
                                // which is left was about to touch
    uint64_t value;             // of a switch: the thread which is left
    uintptr_t site;             // code offset in the image; of a switch: where
                                // the thread is left
} FzTraceEvent;

struct FzRun;

typedef struct FzEngineConfig {
    FzSchedule schedule;
    // Points, and calls of C code by itself; 0: 2,000,000.
    uint64_t step_budget;
    uint32_t block_budget;      // allocations; 0: as many as there can be
    bool record_events;         // keep FzTraceEvents
    // Told after each event that is kept; makes none itself.
    void (*sample)(void *arg, const struct FzRun *run);
    void *sample_arg;
    bool detail;                // keep the stacks of frees, for reports
    FzGuide *turns;             // the turns of the run are put here; or NULL
    bool oracles;               // run the oracles (else only crashes end a run)
    bool races;                 // feed the race detector (builds that can)
    // Oracles do not report these: the run goes on, to show what else is wrong.
    // It is the same run up to where it would have ended. What ends a run by
    // itself (a crash, a use after free, a deadlock) cannot be ignored.
    FzRuleSet ignored;
    // Where interleaving coverage is counted; size a power of two; NULL: off.
    uint8_t *coverage;
    size_t coverage_size;
    // Asked for the program line the running thread is at; NULL: none.
    uint32_t (*current_line)(void);
} FzEngineConfig;

typedef struct FzRun {
    uint64_t trace_hash;
    uint64_t steps;             // points passed
    uint64_t switches;
    uint64_t preemptions;       // of a thread that could have gone on
    uint64_t allocated;         // bytes, of all blocks together
    uint32_t nthreads;
    bool completed;             // the body returned and all threads ended
    bool allocation_failed;     // the one that the schedule names
    FzTape tape;                // choices made; reused between runs
    FzTraceEvent *events;       // if record_events; owned
    size_t nevents, events_capacity;
    FzViolation violations[4];  // the first is the cause
    uint32_t nviolations;
    FzBuf output;               // what the program wrote
} FzRun;
void FzRun_Free(FzRun *run);
// Whether what failed may have damaged memory that later runs use.
bool FzRun_MayDamage(const FzRun *run);

// Sets up fibers, tables and the heap region. Once for each process, before
// the first runtime call. False with a reason.
FZ_WARN_UNUSED bool FzEngine_Init(char *why, size_t why_size);

// Runs body(arg) as thread 0 until it and every thread it started have ended,
// or a violation ends the run. In the latter case the fibers are abandoned,
// the runtime is told (RtRuntime_Abandon) and every block of the run is freed.
void FzEngine_Run(const FzEngineConfig *config, void (*body)(void *), void *arg,
                  FzRun *run);

// ---- For oracles and the race detector (called from notes and points).

// Records a violation of the current run. Returns if the run may go on to be
// torn down by the caller; most callers then FzEngine_Stop().
void FzEngine_Violation(FzRule rule, uint32_t other_thread,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The second party of the last violation acted in the past: its stack is not
// where it is now, but this one (return addresses, innermost first).
void FzEngine_SetOtherStack(const uintptr_t *frames, size_t n);
// The same where it freed the block that starts here: the stack of the free if
// config->detail, else none. NULL: none.
void FzEngine_OtherIsFree(const void *block);
// Leaves the running fiber for good and ends the run.
_Noreturn void FzEngine_Stop(void);
// How often the runtime has noted this (RtNote) in all runs of the process.
uint64_t FzEngine_CountNotes(unsigned note);
bool FzEngine_IgnoresAny(void);         // config->ignored
bool FzEngine_Ignores(FzRule rule);
bool FzEngine_IsRunning(void);          // inside FzEngine_Run()
bool FzEngine_HasWeakLoads(void);       // this run: what was stored comes late
uint32_t FzEngine_CurrentThread(void);
uint64_t FzEngine_Step(void);
uintptr_t FzEngine_AddressKey(const void *addr);
// "list#17+0x10", "dict-keys#9", "tstate#2", "interp.types.cache+0x28": the
// same in every process. Written to buf; returns buf.
const char *FzEngine_NameAddress(const void *addr, char *buf, size_t size);
// The same for FzTraceEvent.object, until the next run begins.
const char *FzEngine_NameKey(uint64_t key, char *buf, size_t size);
// In a run: the block that begins at this key if it is live, else NULL.
const void *FzEngine_LiveBlock(uint64_t key);

// ---- Blocks of the current run (engine/shadow.c).
enum { FZ_BLOCK_RELEASED = 0, FZ_BLOCK_LIVE = 1, FZ_BLOCK_KEPT = 2 };
typedef struct FzBlock {
    void *start;
    uint32_t size;
    uint8_t kind;               // RtBlockKind
    uint8_t state;              // FZ_BLOCK_*; kept: freed, its memory not
                                // used again
    uint16_t alloc_thread, free_thread;
    uint64_t alloc_step, free_step;
    const char *type_name;      // of the object, if one was made in it
    int64_t owner;              // id of the interpreter that made it
    // What the oracles know of it; all of it is 0 when it is allocated.
    uint64_t freed_at;          // memory: clock of its free
    uint64_t dead_counts;       // dead object: its counts then
    uint32_t walk;              // heap walk: the last that showed it
    uint8_t walk_place;         // heap walk: whose it is
    uint8_t ref_bits;           // refcount: what has happened to the object
    uint8_t ref_thread;         // … on which thread
    bool delayed;               // memory: it waits for readers, or has waited
    bool counted_as_freed;      // gc count: before it was
    bool finalized;             // gc
} FzBlock;
// The block that addr lies in, or NULL.
FzBlock *FzShadow_Find(const void *addr);
// Whether an address may stand for a second block of this run.
bool FzShadow_MayRepeat(void);
size_t FzShadow_CountLive(void);
// The blocks of this run that are in a state, in order of allocation.
void FzShadow_ForEach(uint8_t block_state,
                      void (*visit)(FzBlock *block, void *arg), void *arg);

#endif  // FZ_ENGINE_H
