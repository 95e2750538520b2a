// rff.c: guided by what reads from what. An abstract schedule is a few demands,
// each that one access comes next after a certain write, or does not; those
// under which a new pair was seen are kept and changed again: a demand added,
// dropped, turned round or taken from another. Between the demands priorities
// are random, as in POS.
//
// A demand delays threads: its reader until the write was the last; writers in
// between until the reader was there. Where all that can run are delayed, or a
// thread asks others to run, the demands of this execution cannot be met, and
// are dropped: what is searched for can be impossible, and nothing hangs.
// Source: Wolff and others, Greybox Fuzzing for Concurrency Testing (ASPLOS
// 2024).

#include "kept.h"
#include "pos.h"
#include "reads_from.h"

enum {
    MAX_DEMANDS = 8,
    MAX_PAIRS = 1024,           // to make demands of
};

typedef struct Demand {
    FzPair pair;
    bool forbids;
} Demand;

typedef struct Abstract {
    Demand demands[MAX_DEMANDS];
    uint32_t ndemands;
} Abstract;

typedef struct RffMemory {
    FzStrategyMemory head;
    FzReadsFrom reads_from;
    FzPair pairs[MAX_PAIRS];    // that have occurred
    uint32_t npairs;
    FzKept kept;
    Abstract abstract[FZ_MAX_KEPT];
    Abstract now;
    bool has_new;               // this execution showed a new pair
} RffMemory;

typedef struct Rff {
    FzPos pos;                  // first: it is the state that POS sees
    RffMemory *memory;          // NULL: POS only
    bool dropped;               // the demands
} Rff;

// ---------------------------------------------------------------------------
// Abstract schedules

static void
change(Rff *rff, Abstract *abstract)
{
    RffMemory *m = rff->memory;
    uint32_t n = abstract->ndemands;
    uint32_t how = FzRng_Below(&rff->pos.rng, 8);
    if (n > 0 && how == 0) {
        uint32_t at = FzRng_Below(&rff->pos.rng, n);
        abstract->demands[at] = abstract->demands[--abstract->ndemands];
    }
    else if (n > 0 && how == 1) {
        Demand *demand = &abstract->demands[FzRng_Below(&rff->pos.rng, n)];
        demand->forbids = !demand->forbids;
    }
    else {
        uint32_t at = n == 0 || (n < MAX_DEMANDS && how < 6)
                          ? abstract->ndemands++
                          : FzRng_Below(&rff->pos.rng, n);
        abstract->demands[at] =
            (Demand){m->pairs[FzRng_Below(&rff->pos.rng, m->npairs)],
                     FzRng_Below(&rff->pos.rng, 4) == 0};
    }
}

static void
rff_begin(void *state, const FzSchedule *schedule)
{
    Rff *rff = state;
    RffMemory *m = (RffMemory *)schedule->memory;
    FzPos_Begin(&rff->pos, schedule);
    rff->memory = m;
    rff->dropped = m == NULL;
    if (m == NULL) {
        return;
    }
    FzReadsFrom_Begin(&m->reads_from);
    m->has_new = false;
    m->now.ndemands = 0;
    if (m->npairs == 0) {
        return;
    }
    if (m->kept.count > 0 && FzRng_Below(&rff->pos.rng, 8) != 0) {
        m->now = m->abstract[FzKept_Choose(&m->kept, &rff->pos.rng)];
    }
    do {
        change(rff, &m->now);
    } while (FzRng_Below(&rff->pos.rng, 2) == 0);
}

static void
rff_end(void *state, FzStrategyMemory *memory, uint64_t steps, bool found)
{
    Rff *rff = state;
    RffMemory *m = (RffMemory *)memory;
    (void)steps;
    (void)found;
    if (m->has_new) {
        m->abstract[FzKept_Add(&m->kept, &rff->pos.rng)] = m->now;
    }
}

// ---------------------------------------------------------------------------
// Who runs

// Whether a demand is against it that `thread` makes its next access now.
static bool
is_delayed_by(const RffMemory *m, const Demand *demand, uint32_t thread,
              const FzEvent *event)
{
    const FzPair *pair = &demand->pair;
    if (pair->object != event->object) {
        return false;
    }
    const FzTracked *tracked = FzReadsFrom_Find(&m->reads_from, pair->object);
    uint32_t done = tracked != NULL ? tracked->accesses[pair->reader] : 0;
    if (done >= pair->read) {
        return false;
    }
    bool follows = tracked != NULL ? tracked->writer == pair->writer &&
                                         tracked->wrote == pair->wrote
                                   : pair->wrote == 0;
    bool reads = thread == pair->reader && done + 1 == pair->read;
    if (demand->forbids) {
        return reads && follows;
    }
    return reads ? !follows : follows && event->write;
}

static FzThreadSet
delayed(const Rff *rff, const FzPointView *view)
{
    const RffMemory *m = rff->memory;
    FzThreadSet found = 0;
    for (FzThreadSet rest = view->runnable; rest != 0; rest &= rest - 1) {
        uint32_t thread = FzThreadSet_First(rest);
        const FzEvent *event = &view->next[thread];
        for (uint32_t i = 0; event->object != 0 && i < m->now.ndemands; i++) {
            if (is_delayed_by(m, &m->now.demands[i], thread, event)) {
                found |= FzThreadSet_Of(thread);
                break;
            }
        }
    }
    return found;
}

static void
note(RffMemory *m, FzRng *rng, uint32_t thread, const FzEvent *event)
{
    FzPair pair;
    bool is_new;
    if (!FzReadsFrom_Note(&m->reads_from, thread, event, &pair, &is_new) ||
        !is_new)
    {
        return;
    }
    m->has_new = true;
    uint32_t at = m->npairs < MAX_PAIRS ? m->npairs++
                                        : FzRng_Below(rng, MAX_PAIRS);
    m->pairs[at] = pair;
}

static uint32_t
rff_next(void *state, const FzPointView *view)
{
    Rff *rff = state;
    rff->dropped = rff->dropped || view->yielding;
    FzThreadSet among = view->runnable;
    if (!rff->dropped) {
        among &= ~delayed(rff, view);
        if (among == 0) {
            rff->dropped = true;
            among = view->runnable;
        }
    }
    uint32_t thread = FzPos_Choose(&rff->pos, view, among);
    if (rff->memory != NULL) {
        note(rff->memory, &rff->pos.rng, thread, &view->next[thread]);
    }
    return thread;
}

const FzStrategy fz_strategy_rff = {
    .name = "rff",
    .sentence = "demands which access follows which write, as new ones show",
    .asked_always = true,
    .state_size = sizeof(Rff),
    .memory_size = sizeof(RffMemory),
    .begin = rff_begin,
    .thread_created = FzPos_ThreadCreated,
    .next = rff_next,
    .end = rff_end,
};
