// hooks.c: the installed hooks and world, the thread-local block, row names.
//
// Invariant: rt_world is never NULL; neither it nor rt_hooks changes while a
// thread of the runtime exists, so that both are read without a lock.
// Mirrors nothing in CPython: the seam that lets a driver choose schedules.

#include "rtcore_hooks.h"

#include "rtcore_assert.h"

_Thread_local RtThreadLocal rt_thread_local;

const RtWorld *rt_world = &rt_native_world;
#ifdef RT_WITH_HOOKS
const RtHooks *rt_hooks = NULL;
#endif

void
RtHooks_Install(const RtHooks *hooks, const RtWorld *world)
{
    rt_assert(rt_thread_local.tstate == NULL);
#ifdef RT_WITH_HOOKS
    rt_hooks = hooks;
#else
    rt_assert(hooks == NULL);
    (void)hooks;
#endif
    rt_world = world != NULL ? world : &rt_native_world;
    // Ids belong to the world that gave them.
    rt_thread_local.thread_id = 0;
}

const char *
RtPoint_Name(RtPoint kind)
{
    static const char *const names[RT_POINT_COUNT] = {
#define RT_POINT_ROW(name, text) #name,
#include "rtcore_hooks.def"
    };
    return (unsigned)kind < RT_POINT_COUNT ? names[kind] : "?";
}

const char *
RtNote_Name(RtNote kind)
{
    static const char *const names[RT_NOTE_COUNT] = {
#define RT_NOTE_ROW(name, a, b, text) #name,
#include "rtcore_hooks.def"
    };
    return (unsigned)kind < RT_NOTE_COUNT ? names[kind] : "?";
}
