// interpreter.c: making, finding and deleting interpreters.
//
// The list and the claims change under HEAD_LOCK only. To find an interpreter
// and to claim it is one step, so that nobody runs in one that is being
// deleted, and two threads never delete one (bugs SI01, SI05 of 3.13, whose
// check and use are two steps). A new interpreter has one thread state, not
// bound to any thread, which only its end attaches: ending needs no memory.
// Mirrors Python/pystate.c (CPython 3.13); departs: no reference count of ids,
// the claim stands for it.

#include "rtcore_interp.h"

#include <string.h>

#include "rtcore_assert.h"
#include "rtcore_gc.h"          // RtGC_InitState()
#include "rtcore_heap.h"
#include "rtcore_object.h"      // RtBrc_InitState()

void
RtInterpreter_Init(RtInterpreterState *interp, RtObject *builtins)
{
    RtEval_InitGil(interp);
    RtPendingCalls_Init(&interp->pending, interp->pending_calls,
                        RT_PENDING_MAX, RT_PENDING_MAX_LOOP);
#ifdef RT_GIL_DISABLED
    RtQsbr_Init(interp);
    RtBrc_InitState(interp);
#endif
    RtGC_InitState(interp);
    interp->builtins = builtins;
    bool is_main = interp == &rt_runtime.main_interp;
    // The main interpreter is never claimed; others not before they are made.
    interp->claim = is_main ? RT_INTERPRETER_RUNNING : RT_INTERPRETER_ENDING;
    RT_HEAD_LOCK();
    interp->next = rt_runtime.interpreters;
    interp->id = is_main ? 0 : ++rt_runtime.last_interp_id;
    rt_runtime.interpreters = interp;
    RT_NOTE(INTERP_NEW, interp, interp->id);
    RT_HEAD_UNLOCK();
}

static void
unlink_interpreter(RtInterpreterState *interp)
{
    RT_HEAD_LOCK();
    rt_assert(interp->threads == NULL);
    RtInterpreterState **link = &rt_runtime.interpreters;
    while (*link != interp) {
        rt_assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = interp->next;
    RT_NOTE(INTERP_DELETED, interp, interp->id);
    RT_HEAD_UNLOCK();
}

void
RtInterpreter_Fini(RtInterpreterState *interp)
{
    rt_assert(interp->delayed_abandoned == NULL);
    rt_assert(RtLimbo_IsEmpty(&interp->limbo));
    unlink_interpreter(interp);
#ifdef RT_GIL_DISABLED
    RtQsbr_Fini(interp);
#endif
    RtHeap_ReleaseInterpreter(interp);
}

int64_t
RtInterpreterState_New(void)
{
    RtInterpreterState *interp = RtMem_Calloc(1, sizeof(RtInterpreterState));
    if (interp == NULL) {
        return -1;
    }
    RtInterpreter_Init(interp, rt_runtime.main_interp.builtins);
    interp->ender = RtThreadState_New(interp);
    if (interp->ender == NULL) {
        RtInterpreter_Fini(interp);
        RtMem_Free(interp);
        return -1;
    }
    int64_t id = interp->id;
    RtInterpreter_Unclaim(interp);
    return id;
}

int
RtInterpreterState_Delete(RtInterpreterState *interp)
{
    rt_assert(interp->claim == RT_INTERPRETER_ENDING);
    RtThreadState *caller = RtThreadState_Get();
    rt_assert(caller == NULL || caller->interp != interp);
    RtThreadState *ender = interp->ender;
    interp->ender = NULL;
    (void)RtThreadState_Swap(NULL);
    RtThreadState_Bind(ender);
    RtThreadState_Attach(ender);
    RtObject *dict = interp->main_dict;
    interp->main_dict = NULL;
    Rt_XDECREF(dict);
    int result = RtInterpreter_Finalize(ender);
    RtInterpreter_Fini(interp);
    RtMem_Free(interp);
    (void)RtThreadState_Swap(caller);
    return result;
}

// ---------------------------------------------------------------------------
// Claims.

// HEAD_LOCK is held.
static RtInterpreterState *
find_interpreter(int64_t id)
{
    RtInterpreterState *interp = rt_runtime.interpreters;
    while (interp != NULL && interp->id != id) {
        interp = interp->next;
    }
    return interp;
}

int
RtInterpreter_Look(int64_t id, RtInterpreterClaim *claim)
{
    RT_HEAD_LOCK();
    RtInterpreterState *interp = find_interpreter(id);
    if (interp != NULL) {
        *claim = interp->claim;
    }
    RT_HEAD_UNLOCK();
    return interp != NULL ? 0 : -1;
}

RtInterpreterState *
RtInterpreter_Claim(int64_t id, RtInterpreterClaim claim, bool *found)
{
    rt_assert(claim != RT_INTERPRETER_READY);
    RT_HEAD_LOCK();
    RtInterpreterState *interp = find_interpreter(id);
    *found = interp != NULL;
    if (interp != NULL) {
        if (interp->claim == RT_INTERPRETER_READY) {
            interp->claim = claim;
            RT_NOTE(INTERP_CLAIMED, interp, claim);
        }
        else {
            interp = NULL;
        }
    }
    RT_HEAD_UNLOCK();
    return interp;
}

void
RtInterpreter_Unclaim(RtInterpreterState *interp)
{
    RT_HEAD_LOCK();
    rt_assert(interp->claim != RT_INTERPRETER_READY);
    interp->claim = RT_INTERPRETER_READY;
    RT_HEAD_UNLOCK();
}
