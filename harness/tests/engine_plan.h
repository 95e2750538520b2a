// engine_plan.h: an operation of one thread, stopped at each of its points for
// some or all points of an operation of another.
//
// Threads A and B do one operation each, on objects of the main thread, so that
// neither owns what it meets. The oracles of the memory, the counts and (where
// there is one) the race detector watch every execution; the main thread audits
// the heap, and then each case says whether the outcome is one that an order of
// the two operations has.

#ifndef FZ_TESTS_ENGINE_PLAN_H
#define FZ_TESTS_ENGINE_PLAN_H

#include "engine_bodies.h"
#include "fz_exec.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_state.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// The schedule: A stops after `a_points`, B after `b_points`, then A, then B.

enum { A = 1, B = 2 };

static uint64_t a_points, b_points;
static uint64_t a_begin, a_end, b_begin, b_end;     // steps; 0: not yet
static bool a_begun, b_begun;

static void
plan_begin(void *state, const FzSchedule *schedule)
{
    (void)state, (void)schedule;
    a_begin = a_end = b_begin = b_end = 0;
    a_begun = b_begun = false;
}

static void
plan_thread_created(void *state, uint32_t thread)
{
    (void)state, (void)thread;
}

static uint32_t
wanted(uint64_t step)
{
    if (!b_begun || a_end != 0) {
        return B;               // attached, it waits for its turn
    }
    if (!a_begun) {
        return A;
    }
    if (a_begin == 0) {
        a_begin = step;
    }
    if (step - a_begin < a_points) {
        return A;
    }
    if (b_begin == 0) {
        b_begin = step;
    }
    return b_end != 0 || step - b_begin >= b_points ? A : B;
}

static uint32_t
plan_next(void *state, const FzPointView *view)
{
    (void)state;
    // The main thread starts both; then it only waits.
    uint32_t thread = view->nthreads <= B ? 0 : wanted(view->step);
    if ((view->runnable >> thread & 1) != 0) {
        return thread;
    }
    uint32_t others = view->runnable & ~1u;
    return (uint32_t)__builtin_ctz(others != 0 ? others : view->runnable);
}

static const FzStrategy plan = {
    .name = "plan",
    .sentence = "A up to a point, B up to a point, A, B",
    .state_size = 1,
    .begin = plan_begin,
    .thread_created = plan_thread_created,
    .next = plan_next,
};

// ---------------------------------------------------------------------------
// Cases.

typedef struct Case {
    const char *name;
    void (*prepare)(void);      // after the objects above are there; or NULL
    void (*a)(void);
    void (*b)(void);
    bool (*is_right)(void);     // NULL: the oracles are enough
    bool reads;                 // A may be done twice
} Case;

typedef struct Plan {
    void (*make_objects)(void); // of the main thread
    void (*drop_objects)(void);
} Plan;

static const Plan *the_plan;
static const Case *current;
// References that the operations leave, dropped by the main thread.
static RtObject *a_result, *b_result;
static bool a_raised, b_raised; // an exception, which has been dropped
static bool warm;               // A has read before: now it needs no lock

// ---------------------------------------------------------------------------
// One execution.

static RtThreadState *tstates[2];

static void
do_operation(int index)
{
    RtThreadState *tstate = tstates[index];
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    if (index + 1 == A && warm) {
        current->a();
        Rt_DecRef(a_result);
        a_result = NULL;
        CHECK(RtErr_Occurred() == NULL);
    }
    *(index + 1 == A ? &a_begun : &b_begun) = true;
    (index + 1 == A ? current->a : current->b)();
    *(index + 1 == A ? &a_raised : &b_raised) = RtErr_Occurred() != NULL;
    RtErr_Clear();
    *(index + 1 == A ? &a_end : &b_end) = FzEngine_Step();
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    a_result = b_result = NULL;
    a_raised = b_raised = false;
    the_plan->make_objects();
    if (current->prepare != NULL) {
        current->prepare();
    }
    for (int i = 0; i < 2; i++) {
        tstates[i] = RtThreadState_New(tstate->interp);
        CHECK(tstates[i] != NULL);
    }
    RtThreadState_Detach(tstate);
    run_team(2, do_operation);
    RtThreadState_Attach(tstate);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    if (current->is_right != NULL && !current->is_right()) {
        FzEngine_Violation(FZ_RULE_FATAL, UINT32_MAX, "wrong outcome");
    }
    Rt_DecRef(a_result);
    Rt_DecRef(b_result);
    the_plan->drop_objects();
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static void
run_plan(uint64_t a, uint64_t b)
{
    a_points = a;
    b_points = b;
    FzEngineConfig config = config_of(&plan, 0);
    config.races = true;
    FzEngine_Run(&config, body, NULL, &run);
    if (run.nviolations != 0) {
        fprintf(stderr, "%s, A stopped after %lld, B after %lld: %s\n",
                current->name, (long long)a, (long long)b,
                run.violations[0].message);
    }
    CHECK_EQUAL(run.nviolations, 0);
    CHECK(run.completed);
}

static void
run_all_plans(void)
{
    run_plan(0, UINT64_MAX);
    uint64_t b_length = b_end - b_begin;
    run_plan(UINT64_MAX, 0);
    uint64_t a_length = a_end - a_begin;
    uint64_t stride = 1 + a_length * b_length / 400;
    for (uint64_t a = 0; a <= a_length; a++) {
        run_plan(a, UINT64_MAX);
        for (uint64_t b = a % stride; b <= b_length; b += stride) {
            run_plan(a, b);
        }
    }
}

static void
run_case(const Case *c)
{
    current = c;
    warm = false;
    run_all_plans();
    warm = c->reads;
    if (warm) {
        run_all_plans();
    }
}

static int
run_cases(const char *test, const Plan *objects, const Case *cases, size_t n)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "%s: %s\n", test, why);
        return 1;
    }
    the_plan = objects;
    for (size_t i = 0; i < n; i++) {
        run_case(&cases[i]);
    }
    FzRun_Free(&run);
    return 0;
}

#endif  // RT_WITH_HOOKS
#endif  // FZ_TESTS_ENGINE_PLAN_H
