// rtcore_interp.h: the life of interpreters beside the main one.
//
// An interpreter has its own thread states, GIL or stop-the-world domain, QSBR,
// merge queues, collector and heap sets; immortal objects are all that
// interpreters share. Its id is never used again.

#ifndef RT_INTERNAL_INTERP_H
#define RT_INTERNAL_INTERP_H

#include "rtcore_state.h"

// The id of a new interpreter, linked and READY: from now on any thread may
// delete it. Needs no thread state. -1: no memory.
int64_t RtInterpreterState_New(void);
// Ends an interpreter that the caller has claimed for ENDING: waits for its
// threads, collects, frees what it owns and the state itself. The caller is
// attached to another one, or to none. 0, or -1 as RtRuntime_Finish().
int RtInterpreterState_Delete(RtInterpreterState *interp);

// Finds an interpreter that is READY and claims it, in one step. NULL: there is
// none with this id, or (*found) it is not READY. Main is never found.
RtInterpreterState *RtInterpreter_Claim(int64_t id, RtInterpreterClaim claim,
                                        bool *found);
// Its claim. 0, or -1: no interpreter has this id.
int RtInterpreter_Look(int64_t id, RtInterpreterClaim *claim);
// RUNNING -> READY.
void RtInterpreter_Unclaim(RtInterpreterState *interp);

// What every interpreter starts with; linked, but claimed.
void RtInterpreter_Init(RtInterpreterState *interp, RtObject *builtins);
// Nothing but the state itself is left, which is unlinked.
void RtInterpreter_Fini(RtInterpreterState *interp);

// lifecycle.c: the end of an interpreter but for its state: joins its threads,
// collects, deletes the attached, last thread state. 0, or -1.
int RtInterpreter_Finalize(RtThreadState *tstate);

#endif  // RT_INTERNAL_INTERP_H
