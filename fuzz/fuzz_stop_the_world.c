// fuzz_stop_the_world.c: stops of one interpreter and of all, requested by
// several at once, while others detach, attach, begin and end.

#include "mechanism.h"
#include "rt_lock.h"

static RtInterpreterState *interp;
static int changed;             // by who has stopped the world, only

static void
stop(bool all, uint8_t steps)
{
    if (all) {
        RtEval_StopTheWorldAll();
    }
    else {
        RtEval_StopTheWorld(interp);
    }
    int seen = changed;
    for (int i = 0; i < steps % 4; i++) {
        rt_world->yield();
    }
    if (seen != changed) {
        Rt_FatalError("fuzz_stop_the_world", "two have stopped the world");
    }
    changed = seen + 1;
    if (all) {
        RtEval_StartTheWorldAll();
    }
    else {
        RtEval_StartTheWorld(interp);
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    RtThreadState *tstate = RtThreadState_Get();
    switch (st->what % 6) {
    case 0:
        stop(false, st->a);
        break;
    case 1:
        stop(true, st->a);
        break;
    case 2:
        RtEval_SaveThread();
        for (int i = 0; i < st->a % 3; i++) {
            rt_world->yield();
        }
        RtEval_RestoreThread(tstate);
        break;
    case 3: {
        RtThreadState *other = RtThreadState_New(interp);
        if (other != NULL) {
            RtThreadState_Delete(other);
        }
        break;
    }
    case 4:
        if (st->a % 4 == 0) {
            RtGC_Collect(tstate, 2);
        }
        break;
    default:
        RtEval_CheckBreaker(tstate);
        break;
    }
}

static void
begin(void)
{
    interp = RtThreadState_Get()->interp;
    changed = 0;
}

static void
end(void)
{
}

const FuzzMechanism fuzz_stop_the_world = {
    "fuzz_stop_the_world", begin, step, NULL, end,
};
