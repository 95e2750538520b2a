// rt_lock.h: the mutex of every object, and giving up the right to run.

#ifndef RT_LOCK_H
#define RT_LOCK_H

#include "rt_object.h"          // RtMutex

// Locks; detaches the thread state while it waits, if it has one. Not
// recursive.
void RtMutex_Lock(RtMutex *m);
// Fatal if the mutex is not locked. Any thread may unlock.
void RtMutex_Unlock(RtMutex *m);
bool RtMutex_IsLocked(RtMutex *m);

struct RtThreadState *RtEval_SaveThread(void);          // detaches
void RtEval_RestoreThread(struct RtThreadState *tstate);  // attaches

// A stretch in which the thread touches no object: it detaches (releases the
// GIL where there is one), so that it may block.
#define RT_BEGIN_ALLOW_THREADS \
    { \
        struct RtThreadState *rt_saved_tstate = RtEval_SaveThread();
#define RT_END_ALLOW_THREADS \
        RtEval_RestoreThread(rt_saved_tstate); \
    }

#endif  // RT_LOCK_H
