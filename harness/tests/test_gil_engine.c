// test_gil_engine.c: the GIL, its switch in the free-threaded build, and
// imports that throw it, under scripted schedules.

#include "preempt_pairs.h"
#include "rt_module.h"
#include "rt_types.h"

#ifdef RT_WITH_HOOKS

#ifdef RT_GIL_DISABLED
static const bool gil_at_first = false;
#else
static const bool gil_at_first = true;
#endif

// ---------------------------------------------------------------------------
// The GIL.

static int inside;              // threads that run under the GIL

static bool
gil_is_on(void)
{
    return RtEval_IsGILEnabled(RtThreadState_Get()->interp);
}

// Nobody else runs while this does.
static void
be_alone(void)
{
    CHECK(inside++ == 0);
    RT_SCHED_POINT(LOAD, &inside);
    RT_SCHED_POINT(LOAD, &inside);
    CHECK(--inside == 0);
}

static void
small_interval(void)
{
    inside = 0;
    RtEval_SetSwitchInterval(interp, 20000);
}

// Until the other has had its turns too.
static int turns[2];            // atomic

static void
take_turns(int index)
{
    rt_atomic_store_int(&turns[index], 1);
    while (!rt_atomic_load_int(&turns[1 - index])) {
        if (gil_at_first) {
            be_alone();
        }
        check_breaker(index);
        if (!gil_at_first) {
            rt_world->yield();
        }
    }
}

static void
no_turns(void)
{
    small_interval();
    turns[0] = turns[1] = 0;
}

// Switches it on, runs under it, switches it off.
static void
toggle(int index)
{
    RtThreadState *tstate = RtThreadState_Get();
    for (int i = 0; i < 2; i++) {
        RtEval_EnableGILTransient(tstate);
        CHECK(tstate->holds_gil);
        CHECK(gil_is_on());
        be_alone();
        check_breaker(index);
        RtEval_DisableGIL(tstate);
    }
}

static void
come_and_go(int index)
{
    for (int i = 0; i < 4; i++) {
        if (gil_is_on()) {
            CHECK(RtThreadState_Get()->holds_gil);
            be_alone();
        }
        check_breaker(index);
        RtEval_RestoreThread(RtEval_SaveThread());
    }
}

static void
for_good(int index)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtEval_EnableGILTransient(tstate);
    RtEval_EnableGILPermanent(tstate);
    CHECK(tstate->holds_gil);
    be_alone();
    check_breaker(index);
    CHECK(gil_is_on());
}

static void
check_as_at_first(void)
{
    CHECK(gil_is_on() == gil_at_first);
    CHECK_EQUAL(rt_atomic_load_int(&interp->gil.locked), gil_at_first);
    CHECK(RtThreadState_Get()->holds_gil == gil_at_first);
    // Nothing is left of requests that nobody waits for.
    CHECK((rt_atomic_load_uintptr(&RtThreadState_Get()->eval_breaker) &
           RT_GIL_DROP_REQUEST_BIT) == 0);
}

static void
check_on(void)
{
    CHECK(gil_is_on());
    CHECK(RtThreadState_Get()->holds_gil);
}

static void
test_gil(void)
{
    static const Pair in_turns = { { take_turns, take_turns }, no_turns,
                                   check_as_at_first };
    preempt_limit = 300;
    sweep(&in_turns);
    preempt_limit = 0;
    static const Pair pairs[] = {
        { { toggle, come_and_go }, small_interval, check_as_at_first },
        { { toggle, toggle }, small_interval, check_as_at_first },
        { { for_good, come_and_go }, small_interval, check_on },
        { { for_good, toggle }, small_interval, check_on },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        sweep(&pairs[i]);
    }
}

// Several wait for it, or come, while others switch it on and off: all of them
// go on, under each strategy.
static void
one_of_many(int index)
{
    act(index % 2 == 0 ? toggle : come_and_go, index % 2);
}

static void
many_body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    small_interval();
    (void)RtEval_SaveThread();
    run_team(5, one_of_many);
    RtEval_RestoreThread(tstate);
    check_as_at_first();
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static void
test_many(void)
{
    static const FzStrategy *const strategies[] = {
        &fz_strategy_random, &fz_strategy_pct, &fz_strategy_pos,
    };
    for (uint64_t seed = 0; seed < 60; seed++) {
        execute(strategies[seed % 3], seed, many_body, NULL);
        if (run.nviolations != 0) {
            fprintf(stderr, "seed %d: %s\n", (int)seed,
                    run.violations[0].message);
        }
        CHECK_EQUAL(run.nviolations, 0);
        CHECK(run.completed);
    }
}

// ---------------------------------------------------------------------------
// Imports: a module is loaded once, whoever asks.

static RtObject *imported[2];

static void
import_safe(int index)
{
    imported[index] = RtImport_Import("_xxsafe");
    CHECK(imported[index] != NULL);
    CHECK(RtThreadState_Get()->holds_gil == gil_is_on());
}

static void
import_unsafe(int index)
{
    imported[index] = RtImport_Import("_xxunsafe");
    CHECK(imported[index] != NULL);
    CHECK(RtThreadState_Get()->holds_gil);
}

static void
import_broken(int index)
{
    (void)index;
    CHECK(RtImport_Import("_xxbroken") == NULL);
    CHECK(RtErr_ExceptionMatches(&RtExc_ImportError));
    RtErr_Clear();
    CHECK(RtThreadState_Get()->holds_gil == gil_is_on());
}

static void
none_imported(void)
{
    small_interval();
    imported[0] = imported[1] = NULL;
}

static void
drop_imported(void)
{
    Rt_CLEAR(imported[0]);
    Rt_CLEAR(imported[1]);
}

static void
check_same(void)
{
    CHECK(imported[0] == imported[1]);
    drop_imported();
}

static void
check_same_and_as_at_first(void)
{
    check_same();
    check_as_at_first();
}

static void
check_on_for_good(void)
{
    drop_imported();
    check_on();
}

static void
import_left(int index)
{
    imported[index] = RtImport_Import("_xxleft");
    CHECK(imported[index] != NULL);
}

static void
import_right(int index)
{
    imported[index] = RtImport_Import("_xxright");
    CHECK(imported[index] != NULL);
}

static bool
has_other(RtObject *module)
{
    RtObject *name = RtStr_FromString("other");
    int found = RtDict_Contains(RtModule_GetDict(module), name);
    Rt_DECREF(name);
    return found > 0;
}

// Each is loaded, but not both have the other: one was being loaded by a thread
// that waited, or by the same.
static void
check_one_has_other(void)
{
    CHECK(imported[0] != imported[1]);
    CHECK(has_other(imported[0]) != has_other(imported[1]));
    drop_imported();
    check_as_at_first();
}

static void
test_import(void)
{
    static const Pair pairs[] = {
        { { import_safe, import_safe }, none_imported,
          check_same_and_as_at_first },
        { { import_unsafe, import_unsafe }, none_imported, check_same },
        { { import_safe, import_unsafe }, none_imported, check_on_for_good },
        { { import_left, import_left }, none_imported,
          check_same_and_as_at_first },
        { { import_left, import_right }, none_imported,
          check_one_has_other },
        { { import_broken, import_broken }, none_imported,
          check_as_at_first },
        { { import_broken, import_unsafe }, none_imported,
          check_on_for_good },
        { { import_broken, come_and_go }, none_imported, check_as_at_first },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        sweep(&pairs[i]);
    }
}

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    test_gil();
    test_many();
    test_import();
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    return 0;
}

#endif
