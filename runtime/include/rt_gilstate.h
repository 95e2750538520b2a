// rt_gilstate.h: entering the runtime from threads that it did not start.

#ifndef RT_GILSTATE_H
#define RT_GILSTATE_H

typedef enum RtGILState_STATE {
    RtGILState_LOCKED,          // the thread was attached already
    RtGILState_UNLOCKED,        // it was not
    RtGILState_REFUSED,         // no runtime, it is ending, or no memory:
                                // the thread is not attached
} RtGILState_STATE;

// Attaches the calling thread to the main interpreter, with a thread state of
// its own, which is made if it has none. Calls nest. The runtime does not end
// before the last of them is released.
RtGILState_STATE RtGILState_Ensure(void);
// What Ensure returned, last first; a state that was made ends with the
// outermost. Nothing happens if it was REFUSED.
void RtGILState_Release(RtGILState_STATE state);

#endif  // RT_GILSTATE_H
