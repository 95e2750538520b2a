// preempt.h: scripted schedules of two threads: the first runs to its k-th
// point, then the second runs as long as it can, then the first goes on; for
// every k. The lowest number runs until both have been made, and when neither
// can.

#ifndef FZ_TESTS_PREEMPT_H
#define FZ_TESTS_PREEMPT_H

#include "engine_bodies.h"

static uint32_t preempted = 1;  // the first
static uint32_t preempting = 2;
static uint64_t preempt_after;  // points of the first
static bool reached;            // it has passed so many
// The largest k, for a first thread that goes on until the second has been at
// work; 0: none, it ends by itself.
static uint64_t preempt_limit;

typedef struct Preemption {
    uint64_t passed;
} Preemption;

static void
preemption_begin(void *state, const FzSchedule *schedule)
{
    (void)schedule;
    *(Preemption *)state = (Preemption){0};
    reached = false;
}

static void
preemption_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static uint32_t
preemption_next(void *state, const FzPointView *view)
{
    Preemption *p = state;
    FzThreadSet may = view->runnable;
    if (view->yielding) {
        may &= ~FzThreadSet_Of(view->running);
    }
    uint32_t last = preempted > preempting ? preempted : preempting;
    if (view->nthreads <= last) {
        return FzThreadSet_Has(view->runnable, 0) ? 0 : view->running;
    }
    if (p->passed < preempt_after && FzThreadSet_Has(may, preempted)) {
        p->passed++;
        return preempted;
    }
    reached = reached || p->passed >= preempt_after;
    if (FzThreadSet_Has(may, preempting)) {
        return preempting;
    }
    if (FzThreadSet_Has(may, preempted)) {
        return preempted;
    }
    return FzThreadSet_First(may != 0 ? may : view->runnable);
}

static const FzStrategy one_preemption = {
    .name = "script",
    .sentence = "one preemption",
    .state_size = sizeof(Preemption),
    .begin = preemption_begin,
    .thread_created = preemption_thread_created,
    .next = preemption_next,
};

// Runs the body once for every k. No oracle may find anything.
static inline void
sweep_preemptions(void (*body)(void *), void *arg)
{
    preempt_after = 0;
    do {
        preempt_after++;
        execute(&one_preemption, 0, body, arg);
        if (run.nviolations != 0) {
            fprintf(stderr, "preempted after %llu points: %s: %s\n",
                    (unsigned long long)preempt_after,
                    FzRule_Name(run.violations[0].rule),
                    run.violations[0].message);
        }
        CHECK_EQUAL(run.nviolations, 0);
        CHECK(run.completed);
        CHECK(preempt_after < 20000);
    } while (reached && preempt_after != preempt_limit);
    // More than a few places to be preempted at.
    CHECK(preempt_after > 10);
}

#endif  // FZ_TESTS_PREEMPT_H
