// fz_schedule.h: who runs next. A strategy is three calls; a choice tape
// records what it chose, so that the same choices can be made again.
//
// The engine asks at each scheduling point at which more than one thread can
// run. Threads are numbered from 0 in the order of their creation. A choice is
// a rank: 0 is "the running thread goes on" (when it can), 1, 2, … the other
// runnable threads in the order of their numbers after the running one,
// wrapping round. When the running thread cannot go on, rank 0 is the first of
// the others.

#ifndef FZ_SCHEDULE_H
#define FZ_SCHEDULE_H

#include "fz_base.h"

// The engine for programs of any kind is built for more threads than the one of
// the runtime's, whose sets of threads fit into a word.
#ifdef FZ_MANY_THREADS
enum { FZ_MAX_THREADS = 128 };
__extension__ typedef unsigned __int128 FzThreadSet;
#else
enum { FZ_MAX_THREADS = 16 };
typedef uint32_t FzThreadSet;
#endif

// Sets of threads are bit sets: `rest &= rest - 1` takes out the first member.
static inline FzThreadSet
FzThreadSet_Of(uint32_t thread)
{
    return (FzThreadSet)1 << thread;
}

static inline bool
FzThreadSet_Has(FzThreadSet set, uint32_t thread)
{
    return (set >> thread & 1) != 0;
}

// The lowest number in a set that is not empty.
static inline uint32_t
FzThreadSet_First(FzThreadSet set)
{
#ifdef FZ_MANY_THREADS
    uint64_t low = (uint64_t)set;
    return low != 0 ? (uint32_t)__builtin_ctzll(low)
                    : 64 + (uint32_t)__builtin_ctzll((uint64_t)(set >> 64));
#else
    return (uint32_t)__builtin_ctz(set);
#endif
}

static inline uint32_t
FzThreadSet_Count(FzThreadSet set)
{
#ifdef FZ_MANY_THREADS
    return (uint32_t)(__builtin_popcountll((uint64_t)set) +
                      __builtin_popcountll((uint64_t)(set >> 64)));
#else
    return (uint32_t)__builtin_popcount(set);
#endif
}

// One of them, each with the same probability; the set is not empty.
static inline uint32_t
FzThreadSet_Any(FzThreadSet set, FzRng *rng)
{
    uint32_t n = FzThreadSet_Count(set);
    for (uint32_t skip = FzRng_Below(rng, n); skip > 0; skip--) {
        set &= set - 1;
    }
    return FzThreadSet_First(set);
}

// What a thread is about to do, as a strategy sees it.
typedef struct FzEvent {
    uint64_t object;            // key of the address; 0: none
    bool write;                 // may change it (store, rmw, post, …)
    // Where the thread is, told alike in each build: 1 + its last note, << 16,
    // + how many points it has come to since.
    uint32_t place;
} FzEvent;

// What the engine shows at a point.
typedef struct FzPointView {
    uint32_t running;           // number of the running thread
    FzThreadSet runnable;       // includes `running` if it can go on
    // The running thread asks others to run: it counts as one that cannot go
    // on, as long as another can.
    bool yielding;
    const FzEvent *next;        // [thread]: its next event
    uint32_t nthreads;          // created so far
    uint64_t step;              // points passed so far
} FzPointView;

// What a strategy keeps from one execution of a program to the next; its own
// things come behind. Zeroed before the first. Schedules that are replayed need
// none: the tape has the choices.
typedef struct FzStrategyMemory {
    uint64_t executions;        // that have ended
    bool exhausted;             // there is nothing more to try
    bool cut;                   // but it left something out
} FzStrategyMemory;

typedef struct FzSchedule FzSchedule;

typedef struct FzStrategy {
    const char *name;
    const char *sentence;
    // Asked where one thread alone can run, too: it wants to see all events.
    bool asked_always;
    size_t state_size;
    size_t memory_size;         // 0: it keeps nothing
    // The schedule's seed is all its randomness.
    void (*begin)(void *state, const FzSchedule *schedule);
    void (*thread_created)(void *state, uint32_t thread);
    // The thread to run: one of view->runnable.
    uint32_t (*next)(void *state, const FzPointView *view);
    // The execution is over; NULL: nothing is learnt from it. found: it ended
    // in a violation.
    void (*end)(void *state, FzStrategyMemory *memory, uint64_t steps,
                bool found);
} FzStrategy;

extern const FzStrategy fz_strategy_random;
extern const FzStrategy fz_strategy_pct;
extern const FzStrategy fz_strategy_pos;        // the default
extern const FzStrategy fz_strategy_sticky;
extern const FzStrategy fz_strategy_hold;
extern const FzStrategy fz_strategy_round_robin;
extern const FzStrategy fz_strategy_fair_pct;
extern const FzStrategy fz_strategy_race_pct;
extern const FzStrategy fz_strategy_urw;
extern const FzStrategy fz_strategy_surw;
extern const FzStrategy fz_strategy_delay;
extern const FzStrategy fz_strategy_preemption;
extern const FzStrategy fz_strategy_dpor;
extern const FzStrategy fz_strategy_rff;
extern const FzStrategy fz_strategy_mutation;
const FzStrategy *FzStrategy_Find(const char *name);    // NULL: unknown
const FzStrategy *FzStrategy_Nth(size_t n);             // NULL: past the last

// ---- The tape: ranks, run-length coded as (go-ons, rank) pairs.
typedef struct FzTape {
    FzBuf bytes;                // varint run of zeros, then a rank byte > 0
    uint64_t pending_zeros;     // not yet written
    uint64_t choices;           // total recorded
} FzTape;
void FzTape_Clear(FzTape *tape);
void FzTape_Free(FzTape *tape);
void FzTape_RecordSwitch(FzTape *tape, uint32_t rank);  // rank > 0
static inline void
FzTape_Record(FzTape *tape, uint32_t rank)
{
    tape->choices++;
    if (rank == 0) {
        tape->pending_zeros++;
    }
    else {
        FzTape_RecordSwitch(tape, rank);
    }
}
typedef struct FzTapeReader {
    const uint8_t *at, *end;
    uint64_t zeros;             // left of the current run
    uint32_t rank;              // follows the run; 0: none
} FzTapeReader;
void FzTapeReader_Init(FzTapeReader *reader, const uint8_t *bytes, size_t n);
uint32_t FzTapeReader_Next(FzTapeReader *reader);       // 0 past the end
static inline bool
FzTapeReader_AtEnd(const FzTapeReader *reader)
{
    return reader->zeros == 0 && reader->rank == 0;
}

// ---- A guide: turns, each "when thread t has passed n points, u goes on".
// Between turns nothing is preempted. Unlike a tape, it still says something
// when a program or another turn has changed: threads are led by their own
// progress.
typedef struct FzTurn {
    uint64_t at;                // points that `thread` has passed; of thread 0,
                                // only those since it is not alone
    uint16_t thread, to;
    bool preempts;              // `thread` could have gone on
} FzTurn;
typedef struct FzGuide {
    FzTurn *turns;              // in the order of time
    size_t count, capacity;
} FzGuide;
void FzGuide_Add(FzGuide *guide, FzTurn turn);
void FzGuide_Free(FzGuide *guide);
size_t FzGuide_CountPreemptions(const FzGuide *guide);
// Follows a guide: the next turn of each thread.
typedef struct FzGuideReader {
    const FzGuide *guide;
    size_t next[FZ_MAX_THREADS];        // index of a turn, or guide->count
} FzGuideReader;
void FzGuideReader_Init(FzGuideReader *reader, const FzGuide *guide);
// The turn that the thread is to make now, or NULL: it goes on. own: points it
// has passed; can_go_on: it is not blocked and does not yield.
const FzTurn *FzGuideReader_Next(FzGuideReader *reader, uint32_t thread,
                                 uint64_t own, bool can_go_on);

// ---- A schedule: how to choose in one execution.
typedef enum FzScheduleKind {
    FZ_SCHEDULE_STRATEGY,       // strategy + seed, overridden by `overrides`
    FZ_SCHEDULE_REPLAY,         // exactly the choices of `tape`
    FZ_SCHEDULE_GUIDE,          // the turns of `guide`
} FzScheduleKind;

struct FzSchedule {
    FzScheduleKind kind;
    const FzStrategy *strategy;
    uint64_t seed;
    uint32_t depth;             // PCT's d; a bound's
    FzStrategyMemory *memory;   // of memory_size bytes, or NULL; borrowed
    // Length of the execution, if the caller knows; 0: the strategy draws a
    // guess from its seed.
    uint64_t expected_steps;
    uint32_t time_step_ns;      // virtual time that passes at each point
    // The n-th allocation of the execution fails; 0: none does.
    uint32_t fail_allocation;
    // Atomic loads may return older values, drawn from this seed; 0: never.
    // For code whose atomics the compiler shows; needs the race detector.
    uint32_t weak_seed;
    // One byte for each choice, from the fuzz input: >= 0x80 overrides the
    // strategy with rank (byte & 7); others leave it alone. Borrowed.
    const uint8_t *overrides;
    size_t noverrides;
    const uint8_t *tape;        // FzTape bytes, for replay. Borrowed.
    size_t ntape;
    // REPLAY: not 0: the tape decides up to this step, the strategy then.
    uint64_t prefix_steps;
    const FzGuide *guide;       // borrowed
};

// Text form, version 1: a header line, the hash of the program it belongs to,
// what chose, the choices. Parse: false with a one-line reason.
void FzSchedule_Print(const FzSchedule *schedule, const FzTape *tape,
                      uint64_t program_hash, uint64_t trace_hash, FzBuf *out);
typedef struct FzScheduleFile {
    FzSchedule schedule;        // kind REPLAY; tape points into `bytes`
    uint64_t program_hash;
    uint64_t trace_hash;
    FzBuf bytes;
} FzScheduleFile;
FZ_WARN_UNUSED bool FzScheduleFile_Parse(const char *text, size_t n,
                                         FzScheduleFile *out, char *why,
                                         size_t why_size);
void FzScheduleFile_Free(FzScheduleFile *file);

#endif  // FZ_SCHEDULE_H
