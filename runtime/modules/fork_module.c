// fork_module.c: fork_call().
//
// fork_call(func, *args) calls the function in a forked child, which ends as by
// os._exit(), and waits for that end; the result is 0, or 1 if the function has
// raised something.
// Mirrors os.fork(), os._exit() and os.waitpid() of Modules/posixmodule.c
// (CPython 3.13); departs: one function, so that no child is left.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"
#include "rtcore_interp.h"

// 0, or -1 with RuntimeError.
static int
check_may_fork(RtThreadState *tstate)
{
    if (tstate->interp != &rt_runtime.main_interp) {
        RtErr_SetString(&RtExc_RuntimeError, "fork not supported for isolated "
                        "subinterpreters");
        return -1;
    }
    if (rt_atomic_load_int(&tstate->interp->finalizing)) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "can't fork at interpreter shutdown");
        return -1;
    }
    return 0;
}

// In the child.
static void
call_and_exit(RtThreadState *tstate, RtObject *const *args, ssize_t nargs)
{
    RtObject *result = RtObject_Vectorcall(args[0], args + 1, nargs - 1);
    int status = result == NULL;
    if (result == NULL) {
        RtErr_WriteUnraisable(args[0]);
    }
    Rt_XDECREF(result);
    // What the others have left must not stand in the collector's way.
    if (RtGC_Collect(tstate, 2) < 0) {
        RtErr_Clear();
    }
    rt_world->exit_child(status);
    __builtin_unreachable();
}

static RtObject *
fork_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    RtThreadState *tstate = RtThreadState_Get();
    if (check_may_fork(tstate) < 0) {
        return NULL;
    }
    int pid = RtOS_Fork(tstate);
    if (pid == 0) {
        call_and_exit(tstate, args, nargs);
    }
    if (pid < 0) {
        RtErr_SetString(&RtExc_RuntimeError, "fork failed");
        return NULL;
    }
    int status;
    RT_BEGIN_ALLOW_THREADS
    status = rt_world->wait_child(pid);
    RT_END_ALLOW_THREADS
    RT_NOTE(FORK_CHILD_ENDED, tstate, status);
    return RtLong_FromInt64(status);
}

RtMethodDef rt_fork_functions[] = {
    { "fork_call", fork_call, 1, -1 },
    { NULL, NULL, 0, 0 },
};
