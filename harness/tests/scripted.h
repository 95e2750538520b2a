// scripted.h: two threads under a schedule with one preemption: the first runs
// to its k-th point, then the other runs as long as it can, then the first goes
// on; for every k until the first has no k-th point any more.
//
// A test gives the body of an execution, which calls run_team(2, …). Thread 0
// is the one that prepares and ends it.

#ifndef FZ_TESTS_SCRIPTED_H
#define FZ_TESTS_SCRIPTED_H

#include "engine_bodies.h"

static struct {
    uint32_t first;             // thread that is preempted: 1 or 2
    bool once;                  // the other runs until it waits, and then only
                                // when the first cannot
    uint64_t preempt_after;     // points of it
    bool reached;               // it has passed so many
} script_of;

typedef struct Script {
    uint64_t passed;
    bool waited;                // the other has
} Script;

static void
script_begin(void *state, const FzSchedule *schedule)
{
    (void)schedule;
    *(Script *)state = (Script){0};
    script_of.reached = false;
}

static void
script_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static uint32_t
script_next(void *state, const FzPointView *view)
{
    Script *s = state;
    uint32_t first = script_of.first;
    uint32_t other = 3 - first;
    uint32_t may = view->runnable;
    if (view->yielding) {
        may &= ~(1u << view->running);
    }
    if (view->nthreads < 3) {
        return (view->runnable & 1) != 0 ? 0 : view->running;
    }
    if (s->passed < script_of.preempt_after && (may & 1u << first) != 0) {
        s->passed++;
        return first;
    }
    script_of.reached =
        script_of.reached || s->passed >= script_of.preempt_after;
    bool other_may = (may & 1u << other) != 0;
    bool first_may = (may & 1u << first) != 0;
    s->waited = s->waited || !other_may;
    if (other_may && !(script_of.once && s->waited && first_may)) {
        return other;
    }
    if (first_may) {
        return first;
    }
    return (uint32_t)__builtin_ctz(may != 0 ? may : view->runnable);
}

static const FzStrategy script = {
    .name = "script",
    .sentence = "one preemption",
    .state_size = sizeof(Script),
    .begin = script_begin,
    .thread_created = script_thread_created,
    .next = script_next,
};

// Executes the body for every place at which `first` can be preempted. There
// must be more than a few, and no violation.
static inline void
sweep_preemptions(uint32_t first, void (*body)(void *), void *arg)
{
    script_of.first = first;
    script_of.preempt_after = 0;
    do {
        script_of.preempt_after++;
        execute(&script, 0, body, arg);
        if (run.nviolations != 0) {
            fprintf(stderr, "preempted after %llu points: %s\n",
                    (unsigned long long)script_of.preempt_after,
                    run.violations[0].message);
        }
        CHECK_EQUAL(run.nviolations, 0);
        CHECK(run.completed);
        CHECK(script_of.preempt_after < 20000);
    } while (script_of.reached);
    CHECK(script_of.preempt_after > 10);
}

#endif  // FZ_TESTS_SCRIPTED_H
