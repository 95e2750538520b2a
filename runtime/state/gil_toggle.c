// gil_toggle.c: switching the GIL of a free-threaded build on and off.
//
// gil->enabled counts who needs the GIL; INT_MAX means for good and never
// changes again. It goes from 0 to 1 only while all threads of all interpreters
// are stopped and the requester itself is detached, so that whoever attaches
// afterwards sees it and takes the GIL. Every other change is made by the
// thread that holds the GIL.
// Mirrors Python/ceval_gil.c (CPython 3.13); departs: a process-wide choice
// stands for the configuration (RT_GIL and --gil for PYTHON_GIL and -X gil).

#include "rtcore_state.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rtcore_assert.h"

// Written before the runtime starts.
static int choice = -1;

int
RtConfig_SetGil(int gil)
{
    rt_assert(gil >= -1 && gil <= 1);
#ifndef RT_GIL_DISABLED
    if (gil == 0) {
        return -1;
    }
#endif
    choice = gil;
    return 0;
}

int
RtConfig_GetGil(void)
{
    return choice;
}

int
RtConfig_ReadEnvironment(void)
{
    static const char nonsense[] = "RT_GIL must be 0 or 1\n";
    static const char impossible[] =
        "Disabling the GIL is not supported by this build\n";
    const char *text = getenv("RT_GIL");
    if (text == NULL || text[0] == '\0' || choice != -1) {
        return 0;
    }
    if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0) {
        rt_world->write(nonsense, sizeof(nonsense) - 1);
        return -1;
    }
    if (RtConfig_SetGil(text[0] - '0') < 0) {
        rt_world->write(impossible, sizeof(impossible) - 1);
        return -1;
    }
    return 0;
}

#ifdef RT_GIL_DISABLED

// Of an attached thread, for which it cannot go from 0 to 1, or of a thread
// that holds the GIL.
bool
RtEval_IsGILEnabled(RtInterpreterState *interp)
{
    return rt_atomic_load_int_hint(&interp->gil.enabled) != 0;
}

static void
set_enabled(RtInterpreterState *interp, int enabled)
{
    rt_atomic_store_int_relaxed(&interp->gil.enabled, enabled);
    RT_NOTE(GIL_ENABLED, interp, enabled);
}

int
RtEval_EnableGILTransient(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    RtInterpreterState *interp = tstate->interp;
    if (choice != -1) {
        return 0;
    }
    int enabled = rt_atomic_load_int_relaxed(&interp->gil.enabled);
    if (enabled == INT_MAX) {
        return 0;
    }
    if (enabled > 0) {
        rt_assert(RtEval_IsGilHolder(tstate));
        rt_assert(enabled < INT_MAX - 1);
        set_enabled(interp, enabled + 1);
        return 0;
    }
    // To be attached means something else from here on. While we are detached
    // others may do the same before us.
    RtThreadState_Detach(tstate);
    RtEval_StopTheWorldAll();
    enabled = rt_atomic_load_int_relaxed(&interp->gil.enabled);
    if (enabled != INT_MAX) {
        // Everybody is SUSPENDED; the stop has made sure.
        rt_assert(rt_runtime.stoptheworld.world_stopped);
        set_enabled(interp, enabled + 1);
    }
    RtEval_StartTheWorldAll();
    RtThreadState_Attach(tstate);
    rt_assert(RtEval_IsGilHolder(tstate));
    return enabled == 0;
}

int
RtEval_EnableGILPermanent(RtThreadState *tstate)
{
    if (choice != -1) {
        return 0;
    }
    rt_assert(RtEval_IsGilHolder(tstate));
    if (rt_atomic_load_int_relaxed(&tstate->interp->gil.enabled) == INT_MAX) {
        return 0;
    }
    set_enabled(tstate->interp, INT_MAX);
    return 1;
}

int
RtEval_DisableGIL(RtThreadState *tstate)
{
    if (choice != -1) {
        return 0;
    }
    rt_assert(RtEval_IsGilHolder(tstate));
    RtGil *gil = &tstate->interp->gil;
    int enabled = rt_atomic_load_int_relaxed(&gil->enabled);
    if (enabled == INT_MAX) {
        return 0;
    }
    rt_assert(enabled >= 1);
    enabled--;
    RT_NOTE(GIL_DISABLED, tstate->interp, enabled);
    // At 0 other threads may run free as soon as this is seen.
    rt_atomic_store_int_relaxed(&gil->enabled, enabled);
    if (enabled > 0) {
        return 0;
    }
    RtEval_DropGil(tstate, false);
    return 1;
}

#else

bool
RtEval_IsGILEnabled(RtInterpreterState *interp)
{
    (void)interp;
    return true;
}

int
RtEval_EnableGILTransient(RtThreadState *tstate)
{
    (void)tstate;
    return 0;
}

int
RtEval_EnableGILPermanent(RtThreadState *tstate)
{
    (void)tstate;
    return 0;
}

int
RtEval_DisableGIL(RtThreadState *tstate)
{
    (void)tstate;
    return 0;
}

#endif
