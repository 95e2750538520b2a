// heap_walk.c: a walk of the heaps of an interpreter shows every live
// collectable block of it, each once, and nothing else (invariants A3, A7).
// Checked whenever the free-threaded collector has judged; the world is
// stopped. A block is of the interpreter to which its maker was attached.

#include <string.h>

#include "oracle_internal.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"

#ifdef RT_GIL_DISABLED

enum { MAX_INTERPRETERS = 16 };         // that are followed

typedef struct Count {
    const RtInterpreterState *interp;   // NULL: free
    ssize_t live;
} Count;

static struct {
    uint32_t walks;
    Count counts[MAX_INTERPRETERS + 1]; // the last: of all others
    ssize_t seen;               // by the walk that is going on
} state;

static void
begin(void)
{
    state.walks = 0;
    memset(state.counts, 0, sizeof(state.counts));
}

static size_t
place_of(const RtInterpreterState *interp)
{
    size_t i = 0;
    while (i < MAX_INTERPRETERS && state.counts[i].interp != NULL &&
           state.counts[i].interp != interp)
    {
        i++;
    }
    if (i < MAX_INTERPRETERS) {
        state.counts[i].interp = interp;
    }
    return i;
}

static void
allocated(const void *payload)
{
    const RtThreadState *tstate = RtThreadState_Get();
    FzBlock *block = FzShadow_Find(payload);
    if (block != NULL && block->kind == RT_BLOCK_GC && tstate != NULL) {
        size_t place = place_of(tstate->interp);
        block->walk_place = (uint8_t)(place + 1);
        state.counts[place].live++;
    }
}

static void
freed(const void *payload)
{
    FzBlock *block = FzShadow_Find(payload);
    if (block != NULL && block->walk_place != 0) {
        state.counts[block->walk_place - 1].live--;
        block->walk_place = 0;
    }
}

static bool
see(RtObject *op, void *arg)
{
    size_t place = *(size_t *)arg;
    FzBlock *block = FzShadow_Find(op);
    const char *wrong = block == NULL ? "was not allocated in this run"
                      : block->walk_place == 0 ? "has been freed"
                      : block->walk_place - 1u != place
                            ? "was made in another interpreter"
                      : block->walk == state.walks ? "was shown before"
                      : NULL;
    if (wrong != NULL) {
        FzEngine_Violation(FZ_RULE_HEAP_WALK, UINT32_MAX,
                           "a walk of the heaps shows %s, which %s",
                           FzName_Of(op).text, wrong);
        FzEngine_Stop();
    }
    block->walk = state.walks;
    state.seen++;
    return true;
}

static void
check_walk(const RtInterpreterState *interp)
{
    size_t place = place_of(interp);
    if (place == MAX_INTERPRETERS) {
        return;
    }
    state.walks++;
    state.seen = 0;
    RtHeap_VisitGc((RtInterpreterState *)interp, see, &place);
    ssize_t live = state.counts[place].live;
    if (state.seen != live) {
        FzEngine_Violation(FZ_RULE_HEAP_WALK, UINT32_MAX,
                           "a walk of the heaps shows %zd of %zd objects",
                           state.seen, live);
        FzEngine_Stop();
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)thread;
    (void)b;
    switch (kind) {
    case RT_NOTE_BLOCK_ALLOC:
        allocated(a);
        return true;
    case RT_NOTE_BLOCK_FREE:
        freed(a);
        return true;
    case RT_NOTE_GC_JUDGED:
        check_walk(a);
        return true;
    default:
        return false;
    }
}

#else

// The GIL build does not walk its heaps.
static void
begin(void)
{
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)thread;
    (void)kind;
    (void)a;
    (void)b;
    return false;
}

#endif

const FzOracleOps fz_oracle_heap_walk = {
    .name = "heap walk",
    .begin = begin,
    .note = note,
};
