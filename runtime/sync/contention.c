// contention.c: what a gauge learns of the waits for mutexes.
//
// The pointer to the gauge changes while no thread runs. An object's type is
// exchanged, and its name replaced, in a stopped world, and who asks is
// attached: the name stays while the gauge looks at it.
// Mirrors nothing in CPython 3.13, where sampling profilers measure this from
// outside.

#include "rtcore_contention.h"

const RtContentionGauge *rt_contention_gauge;

void
RtContention_SetGauge(const RtContentionGauge *gauge)
{
    rt_contention_gauge = gauge;
}

void
RtContention_End(const void *mutex, const RtObject *owner, const char *name,
                 int64_t began_ns)
{
    if (rt_contention_gauge == NULL) {
        return;
    }
    if (owner != NULL) {
        name = Rt_TYPE(owner)->tp_name;
    }
    rt_contention_gauge->waited(mutex, owner, name,
                                rt_world->now_ns() - began_ns);
}
