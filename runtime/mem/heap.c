// heap.c: heap sets, the registry of all of them, and walking the GC heaps.
//
// Invariants: a set is used only by the OS thread that made it (mimalloc's rule
// for heaps), by one thread state at a time; it is never deleted, so that
// objects of ended threads stay findable. OS threads that own sets therefore
// never end while the runtime is in use (sync/native_world.c pools them), but
// for a driver's that call RtHeap_ForgetSets() between two runs.
// The registry grows only at its end: "the first free set" is the same one in
// each run of a process. Nothing here makes a scheduling point, because how
// many sets exist depends on the runs before this one.
// Mirrors tstate_mimalloc_bind() and gc_visit_heaps() (CPython 3.13); departs:
// sets outlive thread states, no abandoned pool.

#include "rtcore_heap.h"

#include <mimalloc.h>
#include <pthread.h>            // pthread_self()
#include <stdatomic.h>
#include <sys/mman.h>

#include "rtcore_assert.h"
#include "rtcore_sanitizer.h"
#include "rtcore_state.h"       // RtGcHead

// mimalloc's arenas are made of blocks of this size.
#define ARENA_ALIGNMENT ((size_t)64 << 20)

static _Atomic(RtHeapSet *) registry;

// All heaps live here if it was reserved.
static mi_arena_id_t arena_id;
static bool arena_reserved;

static mi_heap_t *
new_heap(void)
{
    return arena_reserved ? mi_heap_new_in_arena(arena_id) : mi_heap_new();
}

RT_NO_INSTRUMENT static RtHeapSet *
take_free_set(uintptr_t os_thread)
{
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        if (set->os_thread == os_thread && !set->in_use) {
            set->in_use = true;
            return set;
        }
    }
    return NULL;
}

RT_NO_INSTRUMENT static void
append_set(RtHeapSet *set)
{
    _Atomic(RtHeapSet *) *link = &registry;
    RtHeapSet *next = NULL;
    while (!atomic_compare_exchange_strong(link, &next, set)) {
        rt_assert(next != set);
        link = &next->next;
        next = NULL;
    }
}

RT_NO_INSTRUMENT static RtHeapSet *
make_set(uintptr_t os_thread)
{
    RtHeapSet *set = mi_zalloc(sizeof(RtHeapSet));
    if (set == NULL) {
        return NULL;
    }
    set->mem_heap = new_heap();
    set->object_heap = new_heap();
    set->gc_heap = new_heap();
    if (set->mem_heap == NULL || set->object_heap == NULL ||
        set->gc_heap == NULL) {
        // Sets are never deleted: a half-made one would be a hole in the walk.
        void *heaps[] = { set->mem_heap, set->object_heap, set->gc_heap };
        for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++) {
            if (heaps[i] != NULL) {
                mi_heap_delete(heaps[i]);
            }
        }
        mi_free(set);
        return NULL;
    }
    set->os_thread = os_thread;
    set->in_use = true;
    append_set(set);
    return set;
}

RT_NO_INSTRUMENT RtHeapSet *
RtHeap_Current(void)
{
    RtHeapSet *set = rt_thread_local.heaps;
    if (set != NULL) {
        return set;
    }
    uintptr_t os_thread = (uintptr_t)pthread_self();
    set = take_free_set(os_thread);
    if (set == NULL) {
        set = make_set(os_thread);
    }
    rt_thread_local.heaps = set;
    return set;
}

RT_NO_INSTRUMENT void
RtHeap_Release(RtHeapSet *set)
{
    rt_assert(set->in_use);
    rt_assert(set == rt_thread_local.heaps);
    rt_assert(set->os_thread == (uintptr_t)pthread_self());
    set->in_use = false;
    rt_thread_local.heaps = NULL;
}

RT_NO_INSTRUMENT void
RtHeap_ReleaseAll(void)
{
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        set->in_use = false;
    }
    rt_thread_local.heaps = NULL;
}

// The heaps themselves go with the thread: mimalloc deletes them when it ends.
// Deleting them here too would do that work twice.
RT_NO_INSTRUMENT static void
forget_set(RtHeapSet *set)
{
    RtHeapSet *heir = registry;
    rt_assert(!set->in_use);
    rt_assert(heir != NULL);
    heir->live += set->live;
    mi_free(set);
}

RT_NO_INSTRUMENT void
RtHeap_ForgetSets(void)
{
    uintptr_t os_thread = (uintptr_t)pthread_self();
    _Atomic(RtHeapSet *) *link = &registry;
    RtHeapSet *set;
    while ((set = *link) != NULL) {
        if (set->os_thread == os_thread) {
            *link = set->next;
            forget_set(set);
        }
        else {
            link = &set->next;
        }
    }
}

RT_NO_INSTRUMENT ssize_t
RtHeap_CountLive(void)
{
    ssize_t live = 0;
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        live += set->live;
    }
    return live;
}

int
RtHeap_ReserveArena(size_t size, void **base)
{
    rt_assert(registry == NULL);
    rt_assert(!arena_reserved);
    size = (size + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    size_t mapped = size + ARENA_ALIGNMENT;
    char *start = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        return -1;
    }
    size_t head = -(uintptr_t)start % ARENA_ALIGNMENT;
    if (head != 0) {
        munmap(start, head);
    }
    if (head != ARENA_ALIGNMENT) {
        munmap(start + head + size, mapped - head - size);
    }
    start += head;
    rt_assert((uintptr_t)start % ARENA_ALIGNMENT == 0);
    // "Large" memory is never decommitted: pages that stand empty between two
    // runs would be given back, and be faulted in again by the next.
    bool is_committed = true;
    bool is_large = true;
    bool is_zero = true;
    bool exclusive = true;
    if (!mi_manage_os_memory_ex(start, size, is_committed, is_large, is_zero,
                                -1, exclusive, &arena_id)) {
        munmap(start, size);
        return -1;
    }
    arena_reserved = true;
    *base = start;
    return 0;
}

// ---------------------------------------------------------------------------
// The walk.

typedef struct WalkArg {
    RtHeapVisitor visit;
    void *arg;
    bool stopped;               // visit returned false
} WalkArg;

// The object in a block of kind GC.
static RtObject *
object_from_block(RtBlock *block)
{
    char *payload = (char *)(block + 1);
#ifndef RT_GIL_DISABLED
    payload += sizeof(RtGcHead);
#endif
    return (RtObject *)payload;
}

// mimalloc also shows blocks whose free it has only queued, and may show
// foreign ones: only the second word of a header tells which are ours.
RT_NO_INSTRUMENT static bool
visit_block(const mi_heap_t *heap, const mi_heap_area_t *area, void *start,
            size_t size, void *arg)
{
    (void)heap;
    (void)area;
    if (start == NULL || size < sizeof(RtBlock)) {
        return true;            // the call that announces an area
    }
    RtBlock *block = start;
    if (block->magic != RT_BLOCK_MAGIC || block->kind != RT_BLOCK_GC) {
        return true;
    }
    WalkArg *walk = arg;
    walk->stopped = !walk->visit(object_from_block(block), walk->arg);
    return !walk->stopped;
}

RT_NO_INSTRUMENT void
RtHeap_VisitGc(RtHeapVisitor visit, void *arg)
{
    WalkArg walk = { visit, arg, false };
    for (RtHeapSet *set = registry; set != NULL && !walk.stopped;
         set = set->next)
    {
        // Its result is no reason to stop: it is false for an empty heap.
        mi_heap_visit_blocks(set->gc_heap, true, visit_block, &walk);
    }
}
