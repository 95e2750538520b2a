// preempt_pairs.h: pairs of actions of attached threads, each run with the
// first preempted at each of its points (preempt.h), and what must come of it.

#ifndef FZ_TESTS_PREEMPT_PAIRS_H
#define FZ_TESTS_PREEMPT_PAIRS_H

#include <string.h>

#include "attached.h"
#include "preempt.h"
#include "rt_errors.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

static RtInterpreterState *const interp = &rt_runtime.main_interp;

typedef struct Pair {
    void (*actions[2])(int index);
    void (*set_up)(void);       // or NULL; attached
    void (*check)(void);        // ditto, when both have ended
} Pair;

static uint64_t ids[2];         // of the actors' states
static int delivered[2];        // exceptions that their checks raised

static inline void
check_breaker(int index)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (RtEval_CheckBreaker(tstate) < 0) {
        CHECK(RtErr_Occurred() != NULL);
        RtErr_Clear();
        delivered[index]++;
    }
}

static void
act(void (*action)(int index), int index)
{
    RtThreadState *tstate = attach_new();
    ids[index] = tstate->id;
    action(index);
    CHECK(RtErr_Occurred() == NULL);
    delete_attached(tstate);
}

static const Pair *pair;

static void
act_of_pair(int index)
{
    act(pair->actions[index], index);
}

// Both actors are threads; the main thread waits.
static void
pair_body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    memset(ids, 0, sizeof(ids));
    memset(delivered, 0, sizeof(delivered));
    if (pair->set_up != NULL) {
        pair->set_up();
    }
    (void)RtEval_SaveThread();
    run_team(2, act_of_pair);
    RtEval_RestoreThread(tstate);
    if (pair->check != NULL) {
        pair->check();
    }
    CHECK(RtErr_Occurred() == NULL);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

// Each action first in turn.
static inline void
sweep(const Pair *p)
{
    Pair swapped = *p;
    swapped.actions[0] = p->actions[1];
    swapped.actions[1] = p->actions[0];
    pair = p;
    sweep_preemptions(pair_body, NULL);
    pair = &swapped;
    if (p->actions[0] != p->actions[1]) {
        sweep_preemptions(pair_body, NULL);
    }
}

#endif  // FZ_TESTS_PREEMPT_PAIRS_H
