// dpor.c: every order of conflicting events once, or nearly: depth-first search
// with dynamic partial-order reduction and sleep sets. When it is exhausted,
// what it executed stands for all interleavings of the points that there are.
//
// After each execution the events are walked with vector clocks. Where an event
// conflicts with an earlier one of another thread that is not ordered before
// it, the search must also try to run that thread before the earlier event.
// The next execution repeats the choices up to the deepest place where
// something is left to try. A thread sleeps where what it would do has been
// tried already and nothing that conflicts with it has happened since.
//
// Bounds: MAX_NODES choices, MAX_THREADS threads; what lies beyond is run but
// not varied, and then the search does not call itself exhausted.
// Source: Flanagan, Godefroid (POPL 2005); sleep sets: Godefroid (1996).

#include <string.h>

#include "fz_schedule.h"

enum { MAX_NODES = 2048, MAX_THREADS = 16, MAX_OBJECTS = 512 };

typedef struct Node {
    uint16_t enabled;           // bit sets of threads
    uint16_t backtrack;         // must be tried
    uint16_t done;              // have been
    uint16_t sleep;             // need not be
    uint8_t chosen;
    FzEvent next[MAX_THREADS];  // of the enabled ones
} Node;

typedef struct DporMemory {
    FzStrategyMemory head;
    uint32_t prefix;            // choices to repeat
    uint32_t count;             // nodes of the last execution
    Node nodes[MAX_NODES];
} DporMemory;

typedef struct Dpor {
    DporMemory *memory;         // NULL: the first of each choice
    uint32_t at;                // nodes passed
    uint16_t sleep;
} Dpor;

static bool
conflict(const FzEvent *a, const FzEvent *b)
{
    return a->object != 0 && a->object == b->object && (a->write || b->write);
}

static void
dpor_begin(void *state, const FzSchedule *schedule)
{
    Dpor *dpor = state;
    dpor->memory = (DporMemory *)schedule->memory;
    dpor->at = 0;
    dpor->sleep = 0;
    if (dpor->memory != NULL) {
        dpor->memory->count = 0;
    }
}

static void
dpor_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

// Who runs where nothing says otherwise: the running thread, if it is awake.
static uint32_t
first_choice(const FzPointView *view, uint16_t sleep)
{
    FzThreadSet awake = view->runnable & ~(FzThreadSet)sleep;
    FzThreadSet from = awake != 0 ? awake : view->runnable;
    return FzThreadSet_Has(from, view->running) ? view->running
                                                : FzThreadSet_First(from);
}

static void
fill_node(Node *node, const FzPointView *view, uint16_t sleep)
{
    node->enabled = (uint16_t)view->runnable;
    node->sleep = sleep & node->enabled;
    node->done = 0;
    node->chosen = (uint8_t)first_choice(view, sleep);
    node->backtrack = (uint16_t)(1u << node->chosen);
}

// Those asleep, and those tried here before, stay asleep below if what they
// would do does not conflict with what is done now.
static uint16_t
sleep_below(const Node *node)
{
    uint16_t sleep = 0;
    uint16_t candidates = (uint16_t)((node->sleep | node->done) &
                                     ~(1u << node->chosen));
    for (uint16_t rest = candidates; rest != 0; rest &= (uint16_t)(rest - 1)) {
        uint32_t thread = (uint32_t)__builtin_ctz(rest);
        if (!conflict(&node->next[thread], &node->next[node->chosen])) {
            sleep |= (uint16_t)(1u << thread);
        }
    }
    return sleep;
}

static uint32_t
dpor_next(void *state, const FzPointView *view)
{
    Dpor *dpor = state;
    DporMemory *m = dpor->memory;
    if (m == NULL || dpor->at == MAX_NODES || view->nthreads > MAX_THREADS) {
        if (m != NULL) {
            m->head.cut = true;
        }
        return first_choice(view, 0);
    }
    Node *node = &m->nodes[dpor->at];
    if (dpor->at >= m->prefix) {
        fill_node(node, view, dpor->sleep);
    }
    FZ_ASSERT(node->enabled == (uint16_t)view->runnable);
    for (uint16_t rest = node->enabled; rest != 0;
         rest &= (uint16_t)(rest - 1)) {
        uint32_t thread = (uint32_t)__builtin_ctz(rest);
        node->next[thread] = view->next[thread];
    }
    dpor->sleep = sleep_below(node);
    node->done |= (uint16_t)(1u << node->chosen);
    m->count = ++dpor->at;
    return node->chosen;
}

// ---------------------------------------------------------------------------
// After an execution

// What was last done to an object: the node of the last write, and of each
// thread's last read since; + 1, 0: none.
typedef struct Last {
    uint64_t object;
    uint32_t write;
    uint32_t reads[MAX_THREADS];
} Last;

typedef struct Clock {
    uint32_t seen[MAX_THREADS]; // last node of each that is ordered before, + 1
} Clock;

typedef struct Analysis {
    Last last[MAX_OBJECTS];
    Clock threads[MAX_THREADS];
    Clock nodes[MAX_NODES];     // after the event of the node
} Analysis;

static Analysis analysis;

static Last *
find_last(uint64_t object)
{
    size_t at = (object * 0x9e3779b97f4a7c15u) >> 32 & (MAX_OBJECTS - 1);
    for (size_t probe = 0; probe < MAX_OBJECTS; probe++) {
        Last *last = &analysis.last[at];
        if (last->object == object || last->object == 0) {
            last->object = object;
            return last;
        }
        at = (at + 1) & (MAX_OBJECTS - 1);
    }
    return NULL;
}

static void
join_clock(Clock *into, const Clock *from)
{
    for (uint32_t t = 0; t < MAX_THREADS; t++) {
        if (from->seen[t] > into->seen[t]) {
            into->seen[t] = from->seen[t];
        }
    }
}

// The event of node `earlier` - 1 conflicts with the next one of `thread`.
static void
order(DporMemory *m, uint32_t thread, uint32_t earlier)
{
    if (earlier == 0) {
        return;
    }
    Node *node = &m->nodes[earlier - 1];
    Clock *now = &analysis.threads[thread];
    if (node->chosen != thread && now->seen[node->chosen] < earlier) {
        // A race: the other order has to be tried.
        bool enabled = (node->enabled >> thread & 1) != 0;
        node->backtrack |=
            enabled ? (uint16_t)(1u << thread) : node->enabled;
    }
}

static void
walk_event(DporMemory *m, uint32_t index)
{
    const Node *node = &m->nodes[index];
    uint32_t thread = node->chosen;
    const FzEvent *event = &node->next[thread];
    Clock *now = &analysis.threads[thread];
    Last *last = event->object != 0 ? find_last(event->object) : NULL;
    if (last != NULL) {
        order(m, thread, last->write);
        for (uint32_t t = 0; event->write && t < MAX_THREADS; t++) {
            order(m, thread, last->reads[t]);
        }
        if (last->write != 0) {
            join_clock(now, &analysis.nodes[last->write - 1]);
        }
        for (uint32_t t = 0; event->write && t < MAX_THREADS; t++) {
            if (last->reads[t] != 0) {
                join_clock(now, &analysis.nodes[last->reads[t] - 1]);
            }
        }
        if (event->write) {
            last->write = index + 1;
            memset(last->reads, 0, sizeof(last->reads));
        }
        else {
            last->reads[thread] = index + 1;
        }
    }
    now->seen[thread] = index + 1;
    analysis.nodes[index] = *now;
}

static void
dpor_end(void *state, FzStrategyMemory *memory, uint64_t steps, bool found)
{
    DporMemory *m = (DporMemory *)memory;
    (void)state;
    (void)steps;
    (void)found;
    memset(analysis.last, 0, sizeof(analysis.last));
    memset(analysis.threads, 0, sizeof(analysis.threads));
    for (uint32_t i = 0; i < m->count; i++) {
        walk_event(m, i);
    }
    for (uint32_t i = m->count; i-- > 0;) {
        Node *node = &m->nodes[i];
        uint16_t left = (uint16_t)(node->backtrack &
                                   ~(node->done | node->sleep));
        if (left != 0) {
            node->chosen = (uint8_t)__builtin_ctz(left);
            m->prefix = i + 1;
            return;
        }
    }
    memory->exhausted = true;
}

const FzStrategy fz_strategy_dpor = {
    .name = "dpor",
    .sentence = "every order of conflicting events, depth first",
    .asked_always = true,
    .state_size = sizeof(Dpor),
    .memory_size = sizeof(DporMemory),
    .begin = dpor_begin,
    .thread_created = dpor_thread_created,
    .next = dpor_next,
    .end = dpor_end,
};
