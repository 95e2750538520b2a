// rtcore_local.h: the dicts of threading.local objects (state/local_dicts.c):
// one for each object and thread that has used it. It goes when either of the
// two goes.

#ifndef RT_INTERNAL_LOCAL_H
#define RT_INTERNAL_LOCAL_H

#include "rtcore_state.h"

typedef struct RtLocalDicts {           // in the object
    struct RtLocalEntry *first;         // interp->locals_mutex
} RtLocalDicts;

// The calling thread's dict; made by the first call. New reference; NULL with
// an exception.
RtObject *RtLocalDicts_Get(RtLocalDicts *dicts);
// The object dies, or the collector clears it.
void RtLocalDicts_Drop(RtLocalDicts *dicts);
// For the collector: visits the dicts of all threads.
int RtLocalDicts_Traverse(RtLocalDicts *dicts, visitproc visit, void *arg);
// The thread ends: drops its dicts of all objects. There will be no others.
void RtLocalDicts_DropThread(RtThreadState *tstate);

#endif  // RT_INTERNAL_LOCAL_H
