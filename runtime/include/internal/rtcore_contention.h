// rtcore_contention.h: a gauge of what threads wait for: mutexes and the GIL.
//
// Off unless a gauge is set; then it costs a load on the slow path of a lock
// and at each take and drop of the GIL, and nothing elsewhere. Whoever sets a
// gauge does so while no thread runs; its functions are called from many
// threads at once, make no scheduling point and must not touch the runtime.

#ifndef RT_INTERNAL_CONTENTION_H
#define RT_INTERNAL_CONTENTION_H

#include "rt_object.h"
#include "rtcore_hooks.h"

struct RtInterpreterState;

typedef struct RtContentionGauge {
    // A thread could not have the mutex at once, and now has it or has given
    // up. owner: the object whose mutex it is, and `name` the name of its type,
    // valid during the call; or NULL, and `name` that of the lock, or NULL.
    void (*waited)(const void *mutex, const RtObject *owner,
                   const char *name, int64_t ns);
    // A thread took the GIL, after so long a wait (0: it was free).
    void (*gil_taken)(struct RtInterpreterState *interp, int64_t waited_ns);
    // A thread drops the GIL, after so long.
    void (*gil_dropped)(struct RtInterpreterState *interp, int64_t held_ns);
} RtContentionGauge;

extern const RtContentionGauge *rt_contention_gauge;    // NULL: off

void RtContention_SetGauge(const RtContentionGauge *gauge);

// For the locks. A wait begins; what is returned goes to RtContention_End().
static inline int64_t
RtContention_Begin(void)
{
    return rt_contention_gauge != NULL ? rt_world->now_ns() : 0;
}

// The wait has ended. owner: the object that the mutex is part of, which the
// caller keeps alive, or NULL; then `name` may name the mutex.
void RtContention_End(const void *mutex, const RtObject *owner,
                      const char *name, int64_t began_ns);

#endif  // RT_INTERNAL_CONTENTION_H
