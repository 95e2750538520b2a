// mem_limbo.c: blocks that wait for their readers without any memory.
//
// A lock-free reader may have loaded a pointer to an object that dies before
// the reader's TryIncref. Its header must then still be a dead object's, so
// the memory is not given back before the readers of that time are quiescent.
// Raw memory comes here too, alive, when its own queue (mem_delayed.c) finds no
// memory: to stop the world there would suspend the critical section of a
// container in the middle of a change.
// Each thread collects its blocks, `fresh` ones without a goal and a batch that
// waits for one. Links stand in the first words of the blocks' headers, which
// the walk of a heap does not trust: nothing here allocates.
// Mirrors the page_use_qsbr part of Objects/mimalloc (CPython 3.13); departs:
// single blocks wait instead of empty pages.

#include "rtcore_state.h"

#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_sanitizer.h"

#ifdef RT_GIL_DISABLED

#ifdef RT_TINY_LIMITS
#define BATCH_SIZE 4
#else
#define BATCH_SIZE 128
#endif

RT_NO_INSTRUMENT static void
push(RtLimbo *limbo, RtBlock *block)
{
    rt_assert(block->magic == 0 || block->kind == RT_BLOCK_MEM ||
              (block->flags & RT_BLOCK_RETIRED) != 0);
    rt_assert((limbo->fresh == NULL) == (limbo->nfresh == 0));
    limbo->bytes += block->size;
    block->size = (uintptr_t)limbo->fresh;
    limbo->fresh = block;
    limbo->nfresh++;
}

RT_NO_INSTRUMENT static void
release_list(RtBlock *block)
{
    while (block != NULL) {
        RtBlock *next = (RtBlock *)block->size;
        if (block->magic == RT_BLOCK_MAGIC) {
            block->size = block->serial;
            RtMem_Free(block + 1);
        }
        else {
            RtMem_ReleaseBlock(block + 1);
        }
        block = next;
    }
}

// Moves a list to the fresh blocks of another limbo.
RT_NO_INSTRUMENT static void
move_list(RtLimbo *to, RtBlock *block)
{
    while (block != NULL) {
        RtBlock *next = (RtBlock *)block->size;
        block->size = 0;        // nobody counts the bytes of ended threads
        push(to, block);
        block = next;
    }
}

// Gives the waiting batch back if it is due, and lets the fresh ones wait.
static void
process(RtThreadState *tstate, RtLimbo *limbo)
{
    if (limbo->waiting != NULL) {
        if (!RtQsbr_Poll(tstate, limbo->goal)) {
            return;
        }
        release_list(limbo->waiting);
        limbo->waiting = NULL;
    }
    if (limbo->fresh != NULL) {
        limbo->waiting = limbo->fresh;
        limbo->fresh = NULL;
        limbo->nfresh = 0;
        limbo->bytes = 0;
        limbo->goal = RtQsbr_Advance(tstate->interp);
    }
}

static void
add(RtThreadState *tstate, RtBlock *block)
{
    RtLimbo *limbo = &tstate->limbo;
    push(limbo, block);
    if (limbo->nfresh % BATCH_SIZE == 0) {
        process(tstate, limbo);
    }
    if (limbo->bytes > RT_MEM_PRESSURE_LIMIT && tstate->delayed_pressure == 0)
    {
        tstate->delayed_pressure = 1;
        tstate->attention = 1;
    }
}

RT_NO_INSTRUMENT void
RtLimbo_AddLive(RtThreadState *tstate, void *payload)
{
    RtBlock *block = RtBlock_FromPointer(payload);
    rt_assert(block->magic == RT_BLOCK_MAGIC);
    rt_assert(block->kind == RT_BLOCK_MEM ||
              (block->flags & RT_BLOCK_RETIRED) != 0);
    rt_assert(block->size <= UINT32_MAX);
    // The number is of use for live objects only.
    block->serial = (uint32_t)block->size;
    add(tstate, block);
}

void
RtMem_ReleaseDelayed(void *payload)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate == NULL || RtEval_HasStopped(tstate) ||
        tstate->interp->alone) {
        RtMem_ReleaseBlock(payload);
        return;
    }
    add(tstate, RtBlock_FromPointer(payload));
}

void
RtLimbo_Process(RtThreadState *tstate)
{
    process(tstate, &tstate->limbo);
}

void
RtLimbo_Abandon(RtThreadState *tstate)
{
    RtLimbo *from = &tstate->limbo;
    RtLimbo *to = &tstate->interp->limbo;
    move_list(to, from->waiting);
    move_list(to, from->fresh);
    *from = (RtLimbo){ 0 };
}

void
RtLimbo_ProcessAbandoned(RtThreadState *tstate)
{
    process(tstate, &tstate->interp->limbo);
}

void
RtLimbo_ReleaseAll(RtLimbo *limbo)
{
    release_list(limbo->waiting);
    release_list(limbo->fresh);
    *limbo = (RtLimbo){ 0 };
}

#endif  // RT_GIL_DISABLED
