// heap.c: heap sets, the registry of all of them, and walking the GC heaps.
//
// Invariants: a set is used only by the OS thread that made it (mimalloc's rule
// for heaps), by one thread state at a time, and holds collectable objects of
// one interpreter; it is never deleted, so that objects of ended threads stay
// findable, by the collector of their interpreter and by no other. OS threads
// that own sets therefore never end while the runtime is in use
// (sync/native_world.c pools them), but for a driver's that call
// RtHeap_ForgetSets() between two runs.
// The registry grows only at its end: "the first free set" is the same one in
// each run of a process. Nothing here makes a scheduling point, because how
// many sets exist depends on the runs before this one.
// Mirrors tstate_mimalloc_bind() and gc_visit_heaps() (CPython 3.13); departs:
// sets outlive thread states, no abandoned pool.

#include "rtcore_heap.h"

#include <mimalloc.h>
#include <pthread.h>            // pthread_self()
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "rtcore_assert.h"
#include "rtcore_sanitizer.h"
#include "rtcore_state.h"       // RtGcHead

// mimalloc's arenas are made of blocks of this size.
#define ARENA_ALIGNMENT ((size_t)64 << 20)

enum { COMPACT_AFTER = 2048 };  // GC blocks made

static _Atomic(RtHeapSet *) registry;

static void release_lists(RtInterpreterState *interp);

// All heaps live here if it was reserved.
static mi_arena_id_t arena_id;
static bool arena_reserved;

RT_NO_INSTRUMENT static mi_heap_t *
new_heap(void)
{
    return arena_reserved ? mi_heap_new_in_arena(arena_id) : mi_heap_new();
}

// Whether it is a free set of this interpreter or of none.
RT_NO_INSTRUMENT static bool
may_take(const RtHeapSet *set, const RtInterpreterState *interp)
{
    if (set->in_use || set->frozen) {
        return false;
    }
    const RtInterpreterState *owner = set->owner;
    return owner == NULL ? !set->lost : owner == interp;
}

RT_NO_INSTRUMENT static RtHeapSet *
take_free_set(uintptr_t os_thread, RtInterpreterState *interp)
{
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        if (set->os_thread == os_thread && may_take(set, interp)) {
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

RT_NO_INSTRUMENT static RtHeapSet *
take_set(RtInterpreterState *interp)
{
    uintptr_t os_thread = (uintptr_t)pthread_self();
    RtHeapSet *set = take_free_set(os_thread, interp);
    return set != NULL ? set : make_set(os_thread);
}

RT_NO_INSTRUMENT RtHeapSet *
RtHeap_Current(void)
{
    if (rt_thread_local.heaps == NULL) {
        rt_thread_local.heaps = take_set(NULL);
    }
    return rt_thread_local.heaps;
}

RT_NO_INSTRUMENT RtHeapSet *
RtHeap_Bind(RtInterpreterState *interp)
{
    RtHeapSet *set = rt_thread_local.heaps;
    // A set without an owner is the thread's from before it had any state.
    if (set == NULL || (set->owner != NULL && set->owner != interp)) {
        set = take_set(interp);
        rt_thread_local.heaps = set;
        if (set != NULL && set->owner == interp) {
            RT_NOTE(HEAP_INHERITED, interp, 0);
        }
    }
    if (set != NULL) {
        set->owner = interp;
    }
    return set;
}

RT_NO_INSTRUMENT bool
RtHeap_IsMine(const RtHeapSet *set)
{
    return set->in_use && set->os_thread == (uintptr_t)pthread_self();
}

RT_NO_INSTRUMENT void
RtHeap_Release(RtHeapSet *set)
{
    rt_assert(RtHeap_IsMine(set));
    set->in_use = false;
    if (rt_thread_local.heaps == set) {
        rt_thread_local.heaps = NULL;
    }
}

// Blocks that stay unused make the walk of a heap longer: a page that once had
// many of them keeps them all until it is given back. The GIL build does not
// walk.
RT_NO_INSTRUMENT static void
compact(RtHeapSet *set)
{
#ifdef RT_GIL_DISABLED
    if (set->gc_made >= COMPACT_AFTER &&
        set->os_thread == (uintptr_t)pthread_self())
    {
        mi_heap_collect(set->gc_heap, false);
        set->gc_made = 0;
    }
#else
    (void)set;
    (void)COMPACT_AFTER;
#endif
}

RT_NO_INSTRUMENT void
RtHeap_ReleaseAll(void)
{
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        set->in_use = false;
        set->lost = false;
        set->owner = NULL;
        compact(set);
        // Or each run would make sets of its own, and take others than its
        // repetition does.
        rt_assert(set->frozen || may_take(set, NULL));
    }
    release_lists(NULL);
    rt_thread_local.heaps = NULL;
}

RT_NO_INSTRUMENT void
RtHeap_Freeze(void)
{
    rt_assert(rt_thread_local.heaps == NULL);
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        rt_assert(!set->in_use);
        set->frozen = true;
        set->gc_changes++;
    }
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
    // Not merely the sum: it must never come back to what it was.
    heir->gc_changes += set->gc_changes + 1;
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

static bool
add_area(const mi_heap_t *heap, const mi_heap_area_t *area, void *start,
         size_t size, void *arg)
{
    (void)heap;
    (void)start;
    (void)size;
    *(size_t *)arg += area->used * area->full_block_size;
    return true;
}

size_t
RtHeap_CountBytes(void)
{
    size_t bytes = 0;
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        mi_heap_t *heaps[] = {set->mem_heap, set->object_heap, set->gc_heap};
        for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++) {
            mi_heap_visit_blocks(heaps[i], false, add_area, &bytes);
        }
    }
    return bytes;
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

// From the end of a block's header to its object, in blocks of kind GC. The
// walk calls no function for it: how many blocks there are is the allocator's
// matter, and no coverage of the program.
#ifdef RT_GIL_DISABLED
enum { BEFORE_OBJECT = 0 };
#else
enum { BEFORE_OBJECT = sizeof(RtGcHead) };
#endif

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
    RtObject *op = (RtObject *)((char *)(block + 1) + BEFORE_OBJECT);
    walk->stopped = !walk->visit(op, walk->arg);
    return !walk->stopped;
}

RT_NO_INSTRUMENT static void
walk_heaps(RtInterpreterState *interp, RtHeapVisitor visit, void *arg)
{
    WalkArg walk = { visit, arg, false };
    for (RtHeapSet *set = registry; set != NULL && !walk.stopped;
         set = set->next)
    {
        if (set->owner == interp && !set->frozen) {
            // Its result is no reason to stop: it is false for an empty heap.
            mi_heap_visit_blocks(set->gc_heap, true, visit_block, &walk);
        }
    }
}

// ---------------------------------------------------------------------------
// The list of an interpreter's GC blocks, as the last walk found them. It holds
// until one is made or freed: a collection asks for them more than once. Lists
// are kept and serve one interpreter after the other.

typedef struct ListRow {
    RtObject *op;
    uint32_t serial;            // of its block
} ListRow;

// Written while the interpreter's world is stopped only.
typedef struct HeapList {
    _Atomic(struct HeapList *) next;    // all lists
    _Atomic(RtInterpreterState *) owner;        // NULL: free
    ListRow *rows;
    size_t count, capacity;
    size_t version;             // count_gc_changes() at that time
    bool valid;
} HeapList;

static _Atomic(HeapList *) lists;

static atomic_size_t stray_gc_changes;

void
RtHeap_CountStrayGcChange(void)
{
    atomic_fetch_add(&stray_gc_changes, 1);
}

RT_NO_INSTRUMENT static size_t
count_gc_changes(RtInterpreterState *interp)
{
    size_t changes = atomic_load(&stray_gc_changes);
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        if (set->owner == interp) {
            changes += set->gc_changes;
        }
    }
    return changes;
}

// The lists of one interpreter, or of all (NULL), are free again.
RT_NO_INSTRUMENT static void
release_lists(RtInterpreterState *interp)
{
    for (HeapList *list = lists; list != NULL; list = list->next) {
        if (interp == NULL || list->owner == interp) {
            list->valid = false;
            list->owner = NULL;
        }
    }
}

// The interpreter's list: its own, a free one, or a new one. NULL: no memory.
RT_NO_INSTRUMENT static HeapList *
list_of(RtInterpreterState *interp)
{
    for (HeapList *list = lists; list != NULL; list = list->next) {
        if (list->owner == interp) {
            return list;
        }
    }
    for (HeapList *list = lists; list != NULL; list = list->next) {
        RtInterpreterState *none = NULL;
        if (atomic_compare_exchange_strong(&list->owner, &none, interp)) {
            return list;
        }
    }
    HeapList *list = calloc(1, sizeof(HeapList));
    if (list != NULL) {
        list->owner = interp;
        HeapList *first = lists;
        do {
            list->next = first;
        } while (!atomic_compare_exchange_weak(&lists, &first, list));
    }
    return list;
}

// Counts on when the list is full.
RT_NO_INSTRUMENT static bool
add_row(RtObject *op, void *arg)
{
    HeapList *list = arg;
    if (list->count < list->capacity) {
        const RtBlock *block = (RtBlock *)((char *)op - BEFORE_OBJECT) - 1;
        list->rows[list->count] = (ListRow){ op, block->serial };
    }
    list->count++;
    return true;
}

// In the order of allocation: what is done first to whom must not depend on
// addresses. The rows come from the pages in runs that are mostly in order.
RT_NO_INSTRUMENT static void
sort_rows(ListRow *rows, size_t count)
{
    size_t gap = 1;
    while (gap < count / 3) {
        gap = gap * 3 + 1;
    }
    for (; gap > 0; gap /= 3) {
        for (size_t i = gap; i < count; i++) {
            ListRow row = rows[i];
            size_t j = i;
            for (; j >= gap && rows[j - gap].serial > row.serial; j -= gap) {
                rows[j] = rows[j - gap];
            }
            rows[j] = row;
        }
    }
}

// Brings the list up to date. False if there is no memory for it.
RT_NO_INSTRUMENT static bool
update_list(RtInterpreterState *interp, HeapList *list)
{
    size_t version = count_gc_changes(interp);
    if (list->valid && list->version == version) {
        return true;
    }
    list->valid = false;
    list->count = 0;
    walk_heaps(interp, add_row, list);
    if (list->count > list->capacity) {
        // The walk itself must not allocate: once more, with enough room.
        size_t capacity = list->count + list->count / 2 + 64;
        ListRow *rows = realloc(list->rows, capacity * sizeof(ListRow));
        if (rows == NULL) {
            return false;
        }
        list->rows = rows;
        list->capacity = capacity;
        list->count = 0;
        walk_heaps(interp, add_row, list);
    }
    sort_rows(list->rows, list->count);
    list->version = version;
    list->valid = true;
    return true;
}

RT_NO_INSTRUMENT void
RtHeap_VisitGc(RtInterpreterState *interp, RtHeapVisitor visit, void *arg)
{
    HeapList *list = interp != NULL ? list_of(interp) : NULL;
    // What is made or freed meanwhile would be missed, or be shown when it is
    // gone.
    RtLockOrder_Has(RT_RANK_HEAP_WALK);
    if (list == NULL || !update_list(interp, list)) {
        walk_heaps(interp, visit, arg);
    }
    else {
        for (size_t i = 0; i < list->count; i++) {
            if (!visit(list->rows[i].op, arg)) {
                break;
            }
        }
    }
    RtLockOrder_GivesBack(RT_RANK_HEAP_WALK);
}

// ---------------------------------------------------------------------------
// The end of an interpreter.

RT_NO_INSTRUMENT static bool
note_block(RtObject *op, void *arg)
{
    (void)op;
    *(bool *)arg = true;
    return false;
}

RT_NO_INSTRUMENT static bool
holds_objects(RtHeapSet *set)
{
    bool some = false;
    WalkArg walk = { note_block, &some, false };
    mi_heap_visit_blocks(set->gc_heap, true, visit_block, &walk);
    return some;
}

RT_NO_INSTRUMENT void
RtHeap_ReleaseInterpreter(RtInterpreterState *interp)
{
    release_lists(interp);
    // After the main interpreter there is none that could mistake an object
    // that is left for one of its own, and if no thread had to exit none is.
    bool is_last =
        interp == &rt_runtime.main_interp && rt_runtime.exited == 0;
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        if (set->owner == interp) {
            set->lost = !is_last && holds_objects(set);
            set->owner = NULL;
        }
    }
}

typedef struct OwnsArg {
    const RtObject *op;
    bool found;
} OwnsArg;

RT_NO_INSTRUMENT static bool
compare_block(RtObject *op, void *arg)
{
    OwnsArg *owns = arg;
    owns->found = op == owns->op;
    return !owns->found;
}

RT_NO_INSTRUMENT bool
RtHeap_Owns(RtInterpreterState *interp, RtObject *op)
{
    OwnsArg owns = { op, false };
    walk_heaps(interp, compare_block, &owns);
    return owns.found;
}

// ---------------------------------------------------------------------------
// What threads leave that had to exit.

typedef struct LeftBlocks {
    RtBlock **blocks;
    size_t count, capacity;
    bool failed;                // out of memory
} LeftBlocks;

// Live, or freed but kept for readers: whoever kept it is gone.
RT_NO_INSTRUMENT static bool
note_left(const mi_heap_t *heap, const mi_heap_area_t *area, void *start,
          size_t size, void *arg)
{
    (void)heap;
    (void)area;
    LeftBlocks *left = arg;
    RtBlock *block = start;
    if (start == NULL || size < sizeof(RtBlock) || block->kind == 0 ||
        (block->magic != RT_BLOCK_MAGIC && block->magic != 0)) {
        return true;
    }
    if (left->count == left->capacity) {
        size_t capacity = left->capacity * 2 + 256;
        RtBlock **blocks = realloc(left->blocks, capacity * sizeof(*blocks));
        if (blocks == NULL) {
            left->failed = true;
            return false;
        }
        left->blocks = blocks;
        left->capacity = capacity;
    }
    left->blocks[left->count++] = block;
    return true;
}

// Noted first, freed then: a page must not change while it is visited.
RT_NO_INSTRUMENT bool
RtHeap_FreeLeft(void)
{
    LeftBlocks left = {0};
    for (RtHeapSet *set = registry; set != NULL; set = set->next) {
        mi_heap_t *heaps[] = {set->mem_heap, set->object_heap, set->gc_heap};
        rt_assert(!set->in_use);
        for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]) &&
             !set->frozen; i++) {
            mi_heap_visit_blocks(heaps[i], true, note_left, &left);
        }
    }
    for (size_t i = 0; i < left.count; i++) {
        RtMem_ReleaseBlock(left.blocks[i] + 1);
    }
    free(left.blocks);
    return !left.failed;
}
