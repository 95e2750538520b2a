// rtcore_interp.h: the life of interpreters beside the main one.
//
// An interpreter has its own thread states, GIL or stop-the-world domain, QSBR,
// merge queues, collector and heap sets; immortal objects are all that
// interpreters share. Its id is never used again.

#ifndef RT_INTERNAL_INTERP_H
#define RT_INTERNAL_INTERP_H

#include "rtcore_state.h"
#include "rtcore_wait_queue.h"

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

// ---------------------------------------------------------------------------
// lifecycle.c: threads that the interpreter waits for.

// A thread is about to be started (called by its starter, before it can run).
// 0, or -1 without an exception if the interpreter is finalizing. The starter
// does not detach until the thread is started.
int RtThreads_Started(RtInterpreterState *interp, bool daemon);
// Lets no thread start any more. 0, or -1 if there are some.
int RtThreads_Close(RtInterpreterState *interp);
// The last thing that a started thread does with the runtime, its thread state
// being gone; also called by the starter if the thread could not be had.
void RtThreads_Ended(RtInterpreterState *interp, bool daemon);
// The same of a daemon that had to exit.
void RtThreads_Exited(RtInterpreterState *interp);

// ---------------------------------------------------------------------------
// The end of daemons.

// finalize.c: ends all daemons, wherever they are; afterwards the caller is
// alone in the main interpreter. No other interpreter exists.
void RtFinalize_RemoveOthers(RtThreadState *tstate);
// tstate.c: ends the calling thread, which is not attached and holds no lock.
_Noreturn void RtThreadState_ExitThread(RtThreadState *tstate);
// tstate.c: for the finalizing thread, when all threads of removed states have
// exited.
void RtThreadState_DeleteRemoved(RtThreadState *tstate);

// fork.c: forks, as fork(2); the caller is attached to the main interpreter. In
// the child it is the only thread.
int RtOS_Fork(RtThreadState *tstate);

// ---------------------------------------------------------------------------
// interp_queue.c: queues between interpreters, by id. An item begins what the
// caller has allocated; whose it is says each function. `waiter` is needed
// where timeout_ns is not 0; < 0: wait for ever. Needs no thread state.

typedef struct RtInterpQueueItem {
    struct RtInterpQueueItem *next;
    uint64_t number;            // 1, 2, … in the queue
} RtInterpQueueItem;

typedef enum RtInterpQueueStatus {
    RT_INTERP_QUEUE_OK,
    RT_INTERP_QUEUE_NOT_NOW,    // full, or empty, all the time
    RT_INTERP_QUEUE_GONE,       // no queue has this id any more
    RT_INTERP_QUEUE_ERROR,      // an exception was raised meanwhile
} RtInterpQueueStatus;

// A new id. maxsize 0: no limit. -1: no memory.
int64_t RtInterpQueue_New(ssize_t maxsize);
// Who waits in it finds it GONE. 0 and what was in it (a chain, the caller's
// now), or -1: no queue has this id.
int RtInterpQueue_Destroy(int64_t id, RtInterpQueueItem **items);
// OK: the item is the queue's now.
RtInterpQueueStatus RtInterpQueue_Put(int64_t id, RtInterpQueueItem *item,
                                      RtWaiter *waiter, int64_t timeout_ns);
// OK: the item is the caller's now.
RtInterpQueueStatus RtInterpQueue_Get(int64_t id, RtInterpQueueItem **item,
                                      RtWaiter *waiter, int64_t timeout_ns);
// Items in it; -1: no queue has this id.
ssize_t RtInterpQueue_Count(int64_t id);
// The id of some queue; 0: there is none.
int64_t RtInterpQueue_First(void);

#endif  // RT_INTERNAL_INTERP_H
