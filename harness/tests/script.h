// script.h: scripted interleavings of a team of threads: a strategy that runs
// the preferred thread as long as it can run, and else the one with the lowest
// number. Members of a team of three are threads 1, 2 and 3; events are letters
// that they leave.

#ifndef FZ_TESTS_SCRIPT_H
#define FZ_TESTS_SCRIPT_H

#include <string.h>

#include "engine_bodies.h"
#include "fz_exec.h"
#include "rtcore_state.h"

#define FZ_UNUSED __attribute__((unused))

static FZ_UNUSED uint32_t preferred;
static FZ_UNUSED uint64_t preempt_in;   // choices from now; 0: not at all
static FZ_UNUSED uint32_t preempt_to;
static FZ_UNUSED bool preempted;
static FZ_UNUSED int spent;
static FZ_UNUSED char events[32];
static FZ_UNUSED size_t nevents;

static void
script_begin(void *state, const FzSchedule *schedule)
{
    (void)state;
    (void)schedule;
    preferred = 0;
    preempt_in = 0;
    preempted = false;
    nevents = 0;
    memset(events, 0, sizeof(events));
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
    (void)state;
    if (preempt_in > 0 && --preempt_in == 0) {
        preferred = preempt_to;
        preempted = true;
    }
    if ((view->runnable >> preferred & 1) != 0) {
        return preferred;
    }
    return (uint32_t)__builtin_ctz(view->runnable);
}

static FZ_UNUSED const FzStrategy script = {
    .name = "script",
    .sentence = "the preferred thread, else the first",
    .state_size = 1,
    .begin = script_begin,
    .thread_created = script_thread_created,
    .next = script_next,
};

// Members of a team are threads 1, 2, …
enum { A = 1, B = 2, C = 3 };

static inline void
prefer(uint32_t thread)
{
    preferred = thread;
}

// The running thread gives way to another in the middle of what comes next.
static inline void
preempt(uint64_t choices, uint32_t thread)
{
    preempt_in = choices;
    preempt_to = thread;
}

// Runs the thread until it blocks or hands over itself.
static inline void
let(uint32_t thread)
{
    prefer(thread);
    load(&spent);
}

static inline void
spend_us(int us)                // a point takes a microsecond
{
    for (int i = 0; i < us; i++) {
        store(&spent, i);
    }
}

static inline void
event(char c)
{
    events[nevents++] = c;
}

static inline void
team_body(void *arg)
{
    void (*func)(int) = *(void (**)(int))arg;
    run_team(3, func);
}

static inline void
run_script(void (*func)(int))
{
    execute(&script, 0, team_body, &func);
}

static inline void
check_clean(void)
{
    if (run.nviolations != 0) {
        fprintf(stderr, "%s\n", run.violations[0].message);
    }
    CHECK_EQUAL(run.nviolations, 0);
    CHECK(run.completed);
    CHECK(RtParkingLot_IsEmpty());
}

static inline void
expect_clean(void (*func)(int))
{
    run_script(func);
    check_clean();
}

static inline void
expect_violation(void (*func)(int), FzRule rule, const char *text)
{
    run_script(func);
    CHECK_EQUAL(run.nviolations, 1);
    CHECK(run.violations[0].rule == rule);
    CHECK(strstr(run.violations[0].message, text) != NULL);
}

// ---------------------------------------------------------------------------
// Members that are attached to the runtime.

static FZ_UNUSED RtThreadState *states[4];       // by thread number

static inline void
attach(uint32_t thread)
{
    RtThreadState_Bind(states[thread]);
    RtThreadState_Attach(states[thread]);
}

static inline void
detach(uint32_t thread)
{
    RtThreadState_Clear(states[thread]);
    RtThreadState_DeleteCurrent(states[thread]);
    states[thread] = NULL;      // others are deleted unused
}

// An attached thread lets another one run, detached meanwhile (it may hold the
// GIL), and goes on when that one blocks.
static inline void
let_attached(uint32_t self, uint32_t thread)
{
    RtThreadState_Detach(states[self]);
    let(thread);
    prefer(self);
    RtThreadState_Attach(states[self]);
}

// Before the team, attached, and after it; they may be NULL.
static FZ_UNUSED void (*before_team)(void);
static FZ_UNUSED void (*after_team)(void);

static inline void
attached_body(void *arg)
{
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    // Here, because to make a state may stop the world.
    for (int i = A; i <= C; i++) {
        states[i] = RtThreadState_New(&rt_runtime.main_interp);
        CHECK(states[i] != NULL);
    }
    if (before_team != NULL) {
        before_team();
    }
    RtThreadState_Detach(tstate);
    team_body(arg);
    RtThreadState_Attach(tstate);
    prefer(0);
    for (int i = A; i <= C; i++) {
        if (states[i] != NULL) {
            RtThreadState_Delete(states[i]);
        }
    }
    if (after_team != NULL) {
        after_team();
    }
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static inline void
run_attached(void (*func)(int))
{
    execute(&script, 0, attached_body, &func);
}

#endif  // FZ_TESTS_SCRIPT_H
