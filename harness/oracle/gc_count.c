// gc_count.c: no allocation is lost from the count that makes collections due:
// what threads have counted by themselves, and together, is at least what was
// made and not freed since the last collection (invariant G14).
//
// It may be more: a count that would fall below zero stays there. Checked when
// all threads stand still: the free-threaded build has stopped the world and
// does not collect, the GIL build begins a collection.

#include <string.h>

#include "oracle_internal.h"
#include "rtcore_gc.h"
#include "rtcore_hooks.h"

enum { MAX_INTERPRETERS = 16 };         // that are followed

typedef struct Count {
    const RtInterpreterState *interp;   // NULL: free
    ssize_t made;               // collectable objects, less those freed
    bool known;                 // since when is known
} Count;

static struct {
    Count counts[MAX_INTERPRETERS];
} state;

static void
begin(void)
{
    memset(state.counts, 0, sizeof(state.counts));
}

// NULL: none, or more than are followed.
static Count *
count_of(const RtInterpreterState *interp)
{
    for (int i = 0; interp != NULL && i < MAX_INTERPRETERS; i++) {
        Count *count = &state.counts[i];
        if (count->interp == NULL) {
            count->interp = interp;
        }
        if (count->interp == interp) {
            return count;
        }
    }
    return NULL;
}

static ssize_t
counted_by(const RtInterpreterState *interp)
{
    ssize_t counted = interp->gc.generations[0].count;
#ifdef RT_GIL_DISABLED
    for (const RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        counted += t->gc_alloc_count;
    }
#endif
    return counted;
}

// The runtime begins to count anew.
static void
restart(const RtInterpreterState *interp)
{
    Count *count = count_of(interp);
    if (count != NULL) {
        count->made = counted_by(interp);
        count->known = true;
    }
}

// A collection begins; without memory it does not get as far as to judge.
static void
forget(const RtInterpreterState *interp)
{
    Count *count = count_of(interp);
    if (count != NULL) {
        count->known = false;
    }
}

static void
check(const RtInterpreterState *interp)
{
    const Count *count = count_of(interp);
    if (count == NULL || !count->known ||
        counted_by(interp) >= count->made)
    {
        return;
    }
    FzEngine_Violation(FZ_RULE_GC_COUNT, UINT32_MAX,
                       "%zd objects were made and not freed since the last "
                       "collection, of which %zd are counted",
                       count->made, counted_by(interp));
    FzEngine_Stop();
}

static void
block(const void *payload, ssize_t change)
{
    const RtThreadState *tstate = RtThreadState_Get();
    if (tstate == NULL || RtBlock_FromPointer(payload)->kind != RT_BLOCK_GC) {
        return;
    }
    Count *count = count_of(tstate->interp);
    if (count != NULL) {
        count->made += change;
    }
}

static void
freed(const void *payload)
{
    const FzBlock *freed = FzShadow_Find(payload);
    if (freed == NULL || !freed->counted_as_freed) {
        block(payload, -1);
    }
}

static void
freed_later(const void *payload)
{
    FzBlock *delayed = FzShadow_Find(payload);
    if (delayed != NULL && delayed->kind == RT_BLOCK_GC) {
        delayed->counted_as_freed = true;
        block(payload, -1);
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)thread;
    (void)b;
    switch (kind) {
    case RT_NOTE_BLOCK_ALLOC:
        block(a, 1);
        return true;
    case RT_NOTE_BLOCK_DELAYED:
        freed_later(a);
        return true;
    case RT_NOTE_BLOCK_FREE:
        freed(a);
        return true;
#ifdef RT_GIL_DISABLED
    case RT_NOTE_STW_STOPPED:
        if (b != 0) {
            check((const RtInterpreterState *)b);
        }
        return true;
    case RT_NOTE_GC_BEGIN:
        forget(a);
        return true;
#else
    case RT_NOTE_GC_BEGIN:
        check(a);
        forget(a);
        return true;
    case RT_NOTE_GC_FROZEN:
#endif
    case RT_NOTE_GC_JUDGED:
        restart(a);
        return true;
    default:
        return false;
    }
}

const FzOracleOps fz_oracle_gc_count = {
    .name = "gc count",
    .begin = begin,
    .note = note,
};
