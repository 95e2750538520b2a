// attached.h: running a function on several threads of the runtime, each
// attached, until all have returned. The caller is detached meanwhile.

#ifndef RT_TESTS_ATTACHED_H
#define RT_TESTS_ATTACHED_H

#include "check.h"
#include "rtcore_state.h"

typedef struct AttachedThreads {
    RtThreadState *tstates[CHECK_MAX_THREADS];
    void (*func)(RtThreadState *tstate, int index, void *arg);
    void *arg;
} AttachedThreads;

static inline void
AttachedThreads_Main(int index, void *arg)
{
    AttachedThreads *threads = arg;
    RtThreadState *tstate = threads->tstates[index];
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    threads->func(tstate, index, threads->arg);
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static inline void
AttachedThreads_RunAll(RtThreadState *caller, int count,
                       void (*func)(RtThreadState *, int, void *), void *arg)
{
    AttachedThreads threads = { .func = func, .arg = arg };
    CHECK(count <= CHECK_MAX_THREADS);
    for (int i = 0; i < count; i++) {
        threads.tstates[i] = RtThreadState_New(caller->interp);
        CHECK(threads.tstates[i] != NULL);
    }
    RtThreadState_Detach(caller);
    CheckThread_RunAll(count, AttachedThreads_Main, &threads);
    RtThreadState_Attach(caller);
}

#endif  // RT_TESTS_ATTACHED_H
