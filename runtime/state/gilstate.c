// gilstate.c: thread states for threads that the runtime did not start.
//
// rt_thread_local.gilstate is the thread's first state, attached or not. The
// counter of a state that Ensure() made is the number of calls that have not
// been released; at 0 the state ends, and while it is being cleared the counter
// is 1, because destructors may call Ensure() again. Other states start at 1
// and never end here. A thread that made its state counts as a running thread:
// the runtime waits for it, and takes none once it is ending.
// Mirrors Python/pystate.c (CPython 3.13); departs: a thread that comes during
// or after finalization is refused, instead of running in what is being freed.

#include "rt_gilstate.h"

#include "rtcore_assert.h"
#include "rtcore_interp.h"

// A bound state for the calling thread, with counter 0. NULL: refused.
static RtThreadState *
make_state(void)
{
    RtInterpreterState *interp = &rt_runtime.main_interp;
    if (!rt_atomic_load_int(&rt_runtime.started) ||
        RtThreads_Started(interp, false) < 0) {
        return NULL;
    }
    RtThreadState *tstate = RtThreadState_New(interp);
    if (tstate == NULL) {
        RtThreads_Ended(interp, false);
        return NULL;
    }
    tstate->gilstate_counter = 0;
    RtThreadState_Bind(tstate);
    rt_assert(rt_thread_local.gilstate == tstate);
    return tstate;
}

RtGILState_STATE
RtGILState_Ensure(void)
{
    RtThreadState *tstate = rt_thread_local.gilstate;
    if (tstate == NULL) {
        tstate = make_state();
        if (tstate == NULL) {
            return RtGILState_REFUSED;
        }
    }
    bool attached = RtThreadState_Get() == tstate;
    if (!attached) {
        RtThreadState_Attach(tstate);
    }
    tstate->gilstate_counter++;
    RT_NOTE(GILSTATE_ENSURE, tstate, tstate->gilstate_counter);
    return attached ? RtGILState_LOCKED : RtGILState_UNLOCKED;
}

static void
end_state(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    tstate->gilstate_counter = 1;
    RtThreadState_Clear(tstate);
    rt_assert(tstate->gilstate_counter == 1);
    tstate->gilstate_counter = 0;
    RtThreadState_DeleteCurrent(tstate);
    RtThreads_Ended(interp, false);
}

void
RtGILState_Release(RtGILState_STATE state)
{
    if (state == RtGILState_REFUSED) {
        return;
    }
    RtThreadState *tstate = rt_thread_local.gilstate;
    rt_assert(tstate != NULL);
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(tstate->gilstate_counter > 0);
    tstate->gilstate_counter--;
    RT_NOTE(GILSTATE_RELEASE, tstate, tstate->gilstate_counter);
    if (tstate->gilstate_counter == 0) {
        rt_assert(state == RtGILState_UNLOCKED);
        end_state(tstate);
    }
    else if (state == RtGILState_UNLOCKED) {
        RtThreadState_Detach(tstate);
    }
}
