// members.c: names of the members of the process-wide state and of the main
// interpreter in it, for whoever is told what a thread touched.
// Mirrors nothing in CPython.

#include <stddef.h>

#include "rtcore_audit.h"

typedef struct Member {
    size_t offset;
    const char *name;           // NULL: of the interpreter in there
} Member;

#define OF_RUNTIME(member) {offsetof(RtRuntime, member), "runtime." #member}
#define OF_INTERP(member) \
    {offsetof(RtInterpreterState, member), "interp." #member}

// In the order of the structures: one ends where the next begins. Locks have
// rows of their own: everybody touches them, whatever he wants.
static const Member of_runtime[] = {
    OF_RUNTIME(head_mutex),
    OF_RUNTIME(stop_mutex),
    OF_RUNTIME(stoptheworld.mutex),
    {offsetof(RtRuntime, stoptheworld.requested), "runtime.stoptheworld"},
    OF_RUNTIME(interpreters),
    OF_RUNTIME(last_interp_id),
    OF_RUNTIME(handles_mutex),
    OF_RUNTIME(handles),
    OF_RUNTIME(queues_mutex),
    OF_RUNTIME(queues),
    OF_RUNTIME(last_queue_id),
    {offsetof(RtRuntime, main_interp), NULL},
    OF_RUNTIME(main_tstate),
    OF_RUNTIME(finalizer),
    OF_RUNTIME(survivor),
    OF_RUNTIME(exited),
    OF_RUNTIME(signals),
    OF_RUNTIME(pending_main.mutex),
    {offsetof(RtRuntime, pending_main.closed), "runtime.pending_main"},
    OF_RUNTIME(pending_main_calls),
    OF_RUNTIME(started),
    OF_RUNTIME(threads_seen),
};

static const Member of_interp[] = {
    OF_INTERP(next),
    OF_INTERP(id),
    OF_INTERP(claim),
    OF_INTERP(ender),
    OF_INTERP(main_dict),
    OF_INTERP(main_module),
    OF_INTERP(threads),
    OF_INTERP(next_thread_id),
    OF_INTERP(stoptheworld.mutex),
    {offsetof(RtInterpreterState, stoptheworld.requested),
     "interp.stoptheworld"},
    OF_INTERP(brc_table),
    OF_INTERP(qsbr),
    OF_INTERP(qsbr.mutex),
    OF_INTERP(delayed_abandoned),
    OF_INTERP(has_abandoned),
    OF_INTERP(limbo),
    OF_INTERP(delayed_mutex),
    OF_INTERP(gc),
    OF_INTERP(weakref_stripes),
    OF_INTERP(gil),
    OF_INTERP(pending.mutex),
    {offsetof(RtInterpreterState, pending.closed), "interp.pending"},
    OF_INTERP(pending_calls),
    OF_INTERP(finalizing),
    OF_INTERP(alone),
    OF_INTERP(types.mutex),
    OF_INTERP(types.gate),
    OF_INTERP(types.gate_wait_ns),
    OF_INTERP(types.next_version_tag),
    OF_INTERP(types.bases_changes),
    OF_INTERP(types.classes_made),
    OF_INTERP(types.slots_behind),
    OF_INTERP(types.class_changes),
    OF_INTERP(types.closed),
    OF_INTERP(types.cache),
    OF_INTERP(threads_mutex),
    OF_INTERP(builtins),
    OF_INTERP(import_mutex),
    OF_INTERP(imports),
    OF_INTERP(imports_closed),
    OF_INTERP(locals_mutex),
    OF_INTERP(live_mutex),
    OF_INTERP(live_cond),
    OF_INTERP(live_threads),
    OF_INTERP(live_daemons),
    OF_INTERP(atexit_callbacks),
    OF_INTERP(atexit_closed),
};

static const Member *
find(const Member *members, size_t n, size_t *offset)
{
    size_t i = 0;
    while (i + 1 < n && members[i + 1].offset <= *offset) {
        i++;
    }
    *offset -= members[i].offset;
    return &members[i];
}

const char *
RtAudit_NameMember(size_t *offset)
{
    const Member *found =
        find(of_runtime, sizeof(of_runtime) / sizeof(of_runtime[0]), offset);
    if (found->name == NULL) {
        found = find(of_interp, sizeof(of_interp) / sizeof(of_interp[0]),
                     offset);
    }
    return found->name;
}
