// test_attach_turn.c: a thread that stops the world over and over does not keep
// another one from attaching, although it always runs when it can, but for one
// time: at each of its points the other gets on until it has to wait.

#include "scripted.h"
#include "rtcore_state.h"

#if defined(RT_WITH_HOOKS) && defined(RT_GIL_DISABLED)

enum { STOPS = 12 };

static RtThreadState *tstates[2];
static RtThreadState *attaching;        // of thread 2, while it exists
static int most_waited;         // stops in a row that found it waiting

static void
stop_over_and_over(RtThreadState *tstate)
{
    int waited = 0;
    for (int i = 0; i < STOPS; i++) {
        RtEval_StopTheWorld(tstate->interp);
        (void)load(&most_waited);       // a point while the world is stopped
        bool waits = attaching != NULL &&
                     rt_atomic_load_int_owned(&attaching->attach_waits) != 0;
        waited = waits ? waited + 1 : 0;
        most_waited = waited > most_waited ? waited : most_waited;
        RtEval_StartTheWorld(tstate->interp);
    }
}

static void
attach_again(RtThreadState *tstate)
{
    for (int i = 0; i < 3; i++) {
        RtThreadState_Detach(tstate);
        RtThreadState_Attach(tstate);
        CHECK(RtEval_CheckBreaker(tstate) == 0);
    }
}

static void
act(int index)
{
    RtThreadState *tstate = tstates[index];
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    if (index == 0) {
        stop_over_and_over(tstate);
    }
    else {
        attach_again(tstate);
        attaching = NULL;
    }
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    // Here, because to make one may stop the world.
    for (int i = 0; i < 2; i++) {
        tstates[i] = RtThreadState_New(tstate->interp);
        CHECK(tstates[i] != NULL);
    }
    attaching = tstates[1];
    (void)RtEval_SaveThread();
    run_team(2, act);
    RtEval_RestoreThread(tstate);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

// In the last stop before it is let in, and in no other.
int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    script_of.once = true;
    sweep_preemptions(1, body, NULL);
    CHECK_EQUAL(most_waited, 1);
    FzRun_Free(&run);
    return 0;
}

#else

// The GIL build stops nobody; the world is not scripted without hooks.
int
main(void)
{
    RtThreadState *tstate = NULL;
    CHECK(RtRuntime_Initialize() == 0);
    tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    for (int i = 0; i < 3; i++) {
        RtEval_StopTheWorld(tstate->interp);
        RtEval_StartTheWorld(tstate->interp);
        RtThreadState_Detach(tstate);
        RtThreadState_Attach(tstate);
    }
    CHECK(RtRuntime_Finish(tstate) == 0);
    return 0;
}

#endif
