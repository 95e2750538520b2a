// obmalloc.c: allocating and freeing blocks.
//
// A block is live (RT_BLOCK_MAGIC), or freed but kept (magic 0) by a driver or
// for lock-free readers, or mimalloc's again. While it is kept, the head of an
// object is left as it died: a racing TryIncref must find no reference there.
// Any thread frees; only a heap set's owner allocates from it. Nothing here
// makes a scheduling point, but RtMem_ReleaseDelayed(), and an allocation that
// fails: it frees what waits for readers that are gone, and tries once more.
// Mirrors Objects/obmalloc.c (CPython 3.13); departs: instead of keeping empty
// pages from other size classes until readers are quiescent, each object's
// memory is given back only then.

#include "rtcore_heap.h"

#include <assert.h>             // static_assert
#include <mimalloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "rtcore_assert.h"
#include "rtcore_sanitizer.h"
#include "rtcore_state.h"       // RtMem_ReleaseDelayed()

enum {
    // What a lock-free reader may look at after the free.
    HEAD_SIZE = 32,
    CLEAN_BYTE = 0xCD,
    DEAD_BYTE = 0xDD,
};

static_assert(sizeof(RtBlock) == 16, "payloads are aligned to 16 bytes");
static_assert(sizeof(RtObject) <= HEAD_SIZE, "an object's head is kept");

// Frees by threads that have no heap set (any more).
static atomic_llong live_without_set;
static atomic_llong fail_countdown;
#ifdef RT_WITH_HOOKS
static atomic_uint last_serial;
#endif

#ifdef RT_TSAN
__attribute__((constructor)) static void
init_sanitizer(void)
{
    RT_SANITIZER_INIT();
}
#endif

// Its counters are the allocator's own: no scheduling points.
RT_NO_INSTRUMENT static uint32_t
next_serial(void)
{
#ifdef RT_WITH_HOOKS
    return atomic_fetch_add(&last_serial, 1) + 1;
#else
    return 0;
#endif
}

RT_NO_INSTRUMENT static bool
must_fail(void)
{
    long long left = atomic_load(&fail_countdown);
    while (left > 0 &&
           !atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) {
    }
    return left == 1;
}

static mi_heap_t *
heap_for(RtHeapSet *set, RtBlockKind kind)
{
    switch (kind) {
    case RT_BLOCK_OBJECT:
        return set->object_heap;
    case RT_BLOCK_GC:
        return set->gc_heap;
    default:
        rt_assert(kind == RT_BLOCK_MEM);
        return set->mem_heap;
    }
}

// Fills fresh memory. The head of an object is zero from the first moment:
// whoever finds the block in a heap walk, or through a stale pointer, must see
// an object without references that is not tracked.
RT_NO_INSTRUMENT static void
fill_fresh(char *payload, size_t size, RtBlockKind kind)
{
#if RT_DEBUG_LEVEL >= 1
    memset(payload, CLEAN_BYTE, size);
#endif
    if (kind != RT_BLOCK_MEM) {
        memset(payload, 0, size < HEAD_SIZE ? size : HEAD_SIZE);
    }
}

// After a failure. In vain where the thread has no queue of its own.
static void
reclaim(size_t size)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate != NULL) {
        RtMem_ReclaimDelayed(tstate);
#ifdef RT_GIL_DISABLED
        RT_NOTE(MEM_RECLAIMED, tstate, size);
#endif
    }
    (void)size;
}

RT_NO_INSTRUMENT static void *
alloc_block(size_t size, RtBlockKind kind, bool zero)
{
    if (kind == RT_BLOCK_MEM) {
        RtLockOrder_CheckAllocate();
    }
    else {
        RtLockOrder_CheckRun(NULL);
    }
    if (size > PTRDIFF_MAX - sizeof(RtBlock) - RT_REDZONE_SIZE) {
        return NULL;
    }
    RtHeapSet *set = RtHeap_Current();
    if (set == NULL) {
        return NULL;
    }
    rt_assert(RtHeap_IsMine(set));
    if (must_fail()) {
        RT_NOTE(ALLOC_FAILED, NULL, size);
        reclaim(size);          // the second try fails too
        return NULL;
    }
    size_t total = sizeof(RtBlock) + size + RT_REDZONE_SIZE;
    RtBlock *block = mi_heap_malloc(heap_for(set, kind), total);
    if (block == NULL) {
        reclaim(size);
        block = mi_heap_malloc(heap_for(set, kind), total);
        if (block == NULL) {
            return NULL;
        }
    }
    char *payload = (char *)(block + 1);
#if defined(RT_ASAN) || defined(RT_TSAN)
    size_t usable = mi_usable_size(block);
    RT_SANITIZER_ALLOC(block, usable);
    RT_SANITIZER_POISON(block, usable);
    RT_SANITIZER_UNPOISON(payload, size);
#endif
    block->size = size;
    block->serial = next_serial();
    block->magic = RT_BLOCK_MAGIC;
    block->kind = (uint8_t)kind;
    block->flags = 0;
    if (zero) {
        memset(payload, 0, size);
    }
    else {
        fill_fresh(payload, size, kind);
    }
    set->live++;
    if (kind == RT_BLOCK_GC) {
        set->gc_changes++;
        set->gc_made++;
    }
    RT_NOTE(BLOCK_ALLOC, payload, size);
    return payload;
}

void *
RtMem_Malloc(size_t size)
{
    return alloc_block(size, RT_BLOCK_MEM, false);
}

void *
RtMem_Calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    return alloc_block(total, RT_BLOCK_MEM, true);
}

void *
RtObject_MallocBlock(size_t size, RtBlockKind kind)
{
    rt_assert(kind == RT_BLOCK_OBJECT || kind == RT_BLOCK_GC);
    rt_assert(size >= sizeof(RtObject));
    return alloc_block(size, kind, false);
}

// ---------------------------------------------------------------------------
// Freeing.

RT_NO_INSTRUMENT static void
mark_free(RtBlock *block)
{
    rt_assert(block->magic == RT_BLOCK_MAGIC);
    block->magic = 0;
    RtHeapSet *set = rt_thread_local.heaps;
    size_t gc_changes = block->kind == RT_BLOCK_GC;
    if (set != NULL) {
        set->live--;
        set->gc_changes += gc_changes;
    }
    else {
        atomic_fetch_sub(&live_without_set, 1);
        if (gc_changes != 0) {
            RtHeap_CountStrayGcChange();
        }
    }
}

// Makes the contents unusable, but for what readers may still look at.
RT_NO_INSTRUMENT static void
spoil_freed(RtBlock *block)
{
    char *payload = (char *)(block + 1);
    size_t kept = 0;
    if (block->kind != RT_BLOCK_MEM) {
        kept = block->size < HEAD_SIZE ? block->size : HEAD_SIZE;
    }
#if RT_DEBUG_LEVEL >= 1
    memset(payload + kept, DEAD_BYTE, block->size - kept);
#endif
#ifndef RT_GIL_DISABLED
    kept = 0;                   // nobody reads without the GIL
#endif
    RT_SANITIZER_POISON(payload + kept, block->size - kept);
}

RT_NO_INSTRUMENT static bool
keep_freed(RtBlock *block)
{
#ifdef RT_WITH_HOOKS
    if (rt_hooks != NULL && rt_hooks->keep_freed != NULL) {
        return rt_hooks->keep_freed(block + 1, block->size);
    }
#endif
    (void)block;
    return false;
}

RT_NO_INSTRUMENT void
RtMem_Free(void *payload)
{
    if (payload == NULL) {
        return;
    }
    RtLockOrder_CheckAllocate();
    RtBlock *block = RtBlock_FromPointer(payload);
    // Noted first: who listens tells a second free before the assertion does.
    RT_NOTE(BLOCK_FREE, payload, 0);
    mark_free(block);
    spoil_freed(block);
    if (keep_freed(block)) {
        return;
    }
#ifdef RT_GIL_DISABLED
    if (block->kind != RT_BLOCK_MEM
        && (block->flags & RT_BLOCK_RETIRED) == 0) {
        RtMem_ReleaseDelayed(payload);
        return;
    }
#endif
    RtMem_ReleaseBlock(payload);
}

RT_NO_INSTRUMENT void
RtMem_RetireBlock(void *payload)
{
    RtBlock *block = RtBlock_FromPointer(payload);
    rt_assert(block->magic == RT_BLOCK_MAGIC);
    rt_assert(block->kind != RT_BLOCK_MEM);
    block->flags |= RT_BLOCK_RETIRED;
}

RT_NO_INSTRUMENT bool
RtMem_IsBlock(const void *payload)
{
    const RtBlock *block = RtBlock_FromPointer(payload);
    return block->kind >= RT_BLOCK_MEM && block->kind <= RT_BLOCK_GC;
}

RT_NO_INSTRUMENT void
RtMem_ReleaseBlock(void *payload)
{
    RtBlock *block = RtBlock_FromPointer(payload);
    if (block->magic == RT_BLOCK_MAGIC) {
        mark_free(block);
    }
    rt_assert(RtMem_IsBlock(payload));
    block->kind = 0;            // a second release is caught
#if defined(RT_ASAN) || defined(RT_TSAN)
    size_t usable = mi_usable_size(block);
    RT_SANITIZER_UNPOISON(block, usable);
    RT_SANITIZER_FREE(block, usable);
#endif
    mi_free(block);
}

RT_NO_INSTRUMENT ssize_t
RtMem_LiveBlocks(void)
{
    return RtHeap_CountLive() + (ssize_t)atomic_load(&live_without_set);
}

void
RtMem_ResetSerial(void)
{
#ifdef RT_WITH_HOOKS
    atomic_store(&last_serial, 0);
#endif
}

RT_NO_INSTRUMENT int64_t
RtMem_AllocationsToFailure(void)
{
    return atomic_load(&fail_countdown);
}

RT_NO_INSTRUMENT int64_t
RtMem_FailAllocation(int64_t nth)
{
    int64_t left = atomic_exchange(&fail_countdown, nth);
    rt_assert(nth >= 0 && left >= 0);
    return left;
}
