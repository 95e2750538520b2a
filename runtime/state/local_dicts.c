// local_dicts.c: the dicts of threading.local objects.
//
// An entry stands for one object and one thread, and is in the lists of both;
// whoever takes it out of both, under locals_mutex, owns it and its dict. So
// neither end touches anything of the other but a link that the mutex guards,
// and what is dropped is dropped without the mutex (TS08). A thread has no
// entries any more when its state is deleted.
// Mirrors the localobject of Modules/_threadmodule.c (CPython 3.13); departs:
// lists instead of dicts keyed by weak references.

#include "rtcore_local.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

typedef struct RtLocalEntry {
    RtLocalDicts *owner;
    RtObject *dict;                     // owned; never changes
    // A link is the place that points to the entry.
    struct RtLocalEntry *next_of_owner, **owner_link;
    struct RtLocalEntry *next_of_thread, **thread_link;
} RtLocalEntry;

static void
lock(RtInterpreterState *interp)
{
    RtRawMutex_LockRanked(&interp->locals_mutex, RT_RANK_LOCALS);
}

static void
unlock(RtInterpreterState *interp)
{
    RtRawMutex_UnlockRanked(&interp->locals_mutex, RT_RANK_LOCALS);
}

// The mutex is held.
static void
link_entry(RtLocalEntry *entry, RtThreadState *tstate)
{
    RtLocalDicts *owner = entry->owner;
    entry->next_of_owner = owner->first;
    entry->owner_link = &owner->first;
    if (owner->first != NULL) {
        owner->first->owner_link = &entry->next_of_owner;
    }
    owner->first = entry;
    entry->next_of_thread = tstate->locals;
    entry->thread_link = &tstate->locals;
    if (tstate->locals != NULL) {
        tstate->locals->thread_link = &entry->next_of_thread;
    }
    tstate->locals = entry;
}

// The mutex is held.
static void
unlink_entry(RtLocalEntry *entry)
{
    rt_assert(*entry->owner_link == entry);
    rt_assert(*entry->thread_link == entry);
    *entry->owner_link = entry->next_of_owner;
    if (entry->next_of_owner != NULL) {
        entry->next_of_owner->owner_link = entry->owner_link;
    }
    *entry->thread_link = entry->next_of_thread;
    if (entry->next_of_thread != NULL) {
        entry->next_of_thread->thread_link = entry->thread_link;
    }
}

// Drops every entry of a list; its head is read under the mutex.
static void
drop_all(RtInterpreterState *interp, RtLocalEntry **first, bool owner_dies)
{
    for (;;) {
        lock(interp);
        RtLocalEntry *entry = *first;
        if (entry != NULL) {
            unlink_entry(entry);
        }
        unlock(interp);
        if (entry == NULL) {
            return;
        }
        RT_NOTE(LOCALS_DROPPED, entry->dict, owner_dies);
        (void)owner_dies;
        // May run anything, and so make new entries.
        Rt_DECREF(entry->dict);
        RtMem_Free(entry);
    }
}

static RtObject *
find_dict(RtLocalDicts *dicts, RtThreadState *tstate)
{
    RtObject *dict = NULL;
    lock(tstate->interp);
    for (RtLocalEntry *e = tstate->locals; e != NULL; e = e->next_of_thread) {
        if (e->owner == dicts) {
            dict = Rt_NewRef(e->dict);
            break;
        }
    }
    unlock(tstate->interp);
    return dict;
}

RtObject *
RtLocalDicts_Get(RtLocalDicts *dicts)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtObject *dict = find_dict(dicts, tstate);
    if (dict != NULL) {
        return dict;
    }
    if (tstate->locals_dropped) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "the thread has lost its local data: it is ending");
        return NULL;
    }
    // Only this thread makes its entries.
    RtLocalEntry *entry = RtMem_Malloc(sizeof(RtLocalEntry));
    if (entry == NULL) {
        return RtErr_NoMemory();
    }
    entry->dict = RtDict_New();
    if (entry->dict == NULL) {
        RtMem_Free(entry);
        return NULL;
    }
    entry->owner = dicts;
    dict = Rt_NewRef(entry->dict);
    lock(tstate->interp);
    link_entry(entry, tstate);
    unlock(tstate->interp);
    return dict;
}

void
RtLocalDicts_Drop(RtLocalDicts *dicts)
{
    drop_all(RtThreadState_Get()->interp, &dicts->first, true);
}

// The world is stopped, or the GIL is held: nobody has the mutex, whose holder
// neither stops nor gives up the GIL.
int
RtLocalDicts_Traverse(RtLocalDicts *dicts, visitproc visit, void *arg)
{
    for (RtLocalEntry *e = dicts->first; e != NULL; e = e->next_of_owner) {
        Rt_VISIT(e->dict);
    }
    return 0;
}

void
RtLocalDicts_DropThread(RtThreadState *tstate)
{
    drop_all(tstate->interp, &tstate->locals, false);
    // What the thread's last destructors use now finds no dict.
    tstate->locals_dropped = true;
}
