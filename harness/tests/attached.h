// attached.h: a thread of a body acts with a state of the main interpreter that
// is made for it, and gone afterwards.

#ifndef FZ_TESTS_ATTACHED_H
#define FZ_TESTS_ATTACHED_H

#include "check.h"
#include "rtcore_state.h"

static inline RtThreadState *
attach_new(void)
{
    RtThreadState *tstate = RtThreadState_New(&rt_runtime.main_interp);
    CHECK(tstate != NULL);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    return tstate;
}

static inline void
delete_attached(RtThreadState *tstate)
{
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

#endif  // FZ_TESTS_ATTACHED_H
