// test_qsbr.c: goals, slots, and memory that waits for its readers. Threads are
// simulated on one OS thread by exchanging rt_thread_local, so that each step
// happens where the test says; a last part uses OS threads.

#include <string.h>

#include "check.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_sanitizer.h"
#include "rtcore_state.h"
#include "rt_types.h"

#ifdef RT_GIL_DISABLED

enum { NTHREADS = 12 };

static RtInterpreterState *const interp = &rt_runtime.main_interp;

typedef struct Simulated {
    RtThreadLocal local;
    RtThreadState *tstate;
} Simulated;

// Exchanges the running thread for the other one, and back.
static void
swap(Simulated *thread)
{
    RtThreadLocal saved = rt_thread_local;
    rt_thread_local = thread->local;
    thread->local = saved;
}

static void
simulate(Simulated *thread, uintptr_t id)
{
    *thread = (Simulated){.local = {.thread_id = id}};
    thread->tstate = RtThreadState_New(interp);
    CHECK(thread->tstate != NULL);
    swap(thread);
    RtThreadState_Bind(thread->tstate);
    RtThreadState_Attach(thread->tstate);
    swap(thread);
}

static void
end(Simulated *thread)
{
    swap(thread);
    RtThreadState_Clear(thread->tstate);
    RtThreadState_DeleteCurrent(thread->tstate);
    swap(thread);
}

// Empties the caller's queue, down to the last chunk.
static void
flush(RtThreadState *me)
{
    RtQsbr_Advance(interp);
    RtQsbr_QuiescentState(me);
    RtMem_AbandonDelayed(me);
    CHECK(me->delayed_head == NULL);
    CHECK(RtLimbo_IsEmpty(&me->limbo));
    CHECK(interp->delayed_abandoned == NULL);
}

static void
test_goals(RtThreadState *me)
{
    Simulated other;
    simulate(&other, 1001);
    uint64_t goal = RtQsbr_Advance(interp);
    CHECK(!RtQsbr_Poll(me, goal));
    RtQsbr_QuiescentState(me);
    CHECK(!RtQsbr_Poll(me, goal));
    swap(&other);
    RtQsbr_QuiescentState(other.tstate);
    swap(&other);
    CHECK(RtQsbr_Poll(me, goal));
    CHECK(RtQsbr_Poll(me, goal));

    // Offline threads hold nothing back; online ones again only new goals.
    goal = RtQsbr_Advance(interp);
    RtQsbr_QuiescentState(me);
    swap(&other);
    RtThreadState_Detach(other.tstate);
    swap(&other);
    CHECK(RtQsbr_Poll(me, goal));
    swap(&other);
    RtThreadState_Attach(other.tstate);
    swap(&other);
    CHECK(RtQsbr_Poll(me, goal));
    goal = RtQsbr_Advance(interp);
    RtQsbr_QuiescentState(me);
    CHECK(!RtQsbr_Poll(me, goal));
    end(&other);
    CHECK(RtQsbr_Poll(me, goal));
}

static void
check_slots(Simulated *threads, int count)
{
    int allocated = 0;
    for (ssize_t i = 0; i < interp->qsbr.size; i++) {
        RtQsbrThreadState *slot = &interp->qsbr.slots[i];
        allocated += slot->allocated;
        CHECK(slot->allocated == (slot->tstate != NULL));
        CHECK(!slot->allocated || slot->tstate->qsbr == slot);
    }
    CHECK(allocated == count + 1);
    for (int i = 0; i < count; i++) {
        CHECK(threads[i].tstate->qsbr->tstate == threads[i].tstate);
    }
}

// The array grows under attached threads, which have to be stopped for it: on
// one OS thread they must be detached instead.
static void
test_slots(RtThreadState *me)
{
    Simulated threads[NTHREADS];
    for (int i = 0; i < NTHREADS; i++) {
        simulate(&threads[i], 1001 + (uintptr_t)i);
        swap(&threads[i]);
        RtThreadState_Detach(threads[i].tstate);
        swap(&threads[i]);
        check_slots(threads, i + 1);
    }
    CHECK(me->qsbr->tstate == me);
    CHECK(me->qsbr->seq != 0);
    CHECK(interp->qsbr.size > NTHREADS);
    for (int i = NTHREADS - 1; i >= 0; i--) {
        swap(&threads[i]);
        RtThreadState_Attach(threads[i].tstate);
        swap(&threads[i]);
        end(&threads[i]);
        check_slots(threads, i);
    }
}

static void
test_out_of_memory(void)
{
    ssize_t before = RtMem_LiveBlocks();
    RtMem_FailAllocation(1);
    CHECK(RtThreadState_New(interp) == NULL);
    CHECK(RtMem_LiveBlocks() == before);
}

// ---------------------------------------------------------------------------
// Delayed frees.

static void
test_delayed(RtThreadState *me)
{
    Simulated reader;
    simulate(&reader, 1001);
    ssize_t before = RtMem_LiveBlocks();
    for (int i = 0; i < 600; i++) {
        RtMem_FreeDelayed(RtMem_Malloc(24));
    }
    RtQsbr_QuiescentState(me);
    RtMem_ProcessDelayed(me);
    CHECK(RtMem_LiveBlocks() >= before + 600);
    RtQsbr_Advance(interp);
    swap(&reader);
    RtQsbr_QuiescentState(reader.tstate);
    swap(&reader);
    RtQsbr_QuiescentState(me);
    RtMem_ProcessDelayed(me);
    // One empty chunk is kept.
    CHECK(RtMem_LiveBlocks() <= before + 1);
    end(&reader);
}

#if defined(RT_WITH_HOOKS) && defined(RT_TINY_LIMITS)
static const void *watched;
static int looks;

static void
count_look(RtPoint kind, const void *addr)
{
    looks += kind == RT_POINT_LOAD && addr == watched;
}

static void
no_note(RtNote kind, const void *a, uintptr_t b)
{
    (void)kind;
    (void)a;
    (void)b;
}

static void
no_atomic(RtPoint kind, const void *addr, unsigned size, RtOrder order)
{
    (void)kind;
    (void)addr;
    (void)size;
    (void)order;
}

static uintptr_t
key_of(const void *addr)
{
    return (uintptr_t)addr;
}

static bool
keep_none(void *block, size_t size)
{
    (void)block;
    (void)size;
    return false;
}

// While a reader stays, a writer looks at its slot for each chunk of frees, and
// at one in eight checks, not for each block.
static void
test_looks_are_bounded(RtThreadState *me)
{
    enum { FREES = 400, CHUNK = 4, CHECKS = 80 };
    static const RtHooks hooks = {
        count_look, no_note, no_atomic, key_of, keep_none,
    };
    flush(me);
    RtThreadState_Detach(me);
    RtHooks_Install(&hooks, NULL);
    RtThreadState_Attach(me);
    Simulated reader;
    simulate(&reader, 1001);
    watched = &reader.tstate->qsbr->seq;
    looks = 0;
    for (int i = 0; i < FREES; i++) {
        RtMem_FreeDelayed(RtMem_Malloc(24));
    }
    CHECK(looks > 0);
    CHECK(looks <= FREES / CHUNK);
    looks = 0;
    for (int i = 0; i < CHECKS; i++) {
        CHECK(RtEval_CheckBreaker(me) == 0);
    }
    CHECK(looks <= CHECKS / 8 + 1);
    // It is gone: all is free after a few checks.
    end(&reader);
    RtQsbr_Advance(interp);
    for (int i = 0; i < 2 * 8; i++) {
        CHECK(RtEval_CheckBreaker(me) == 0);
    }
    CHECK(me->delayed_bytes <= RT_MEM_PRESSURE_LIMIT);
    flush(me);
    RtThreadState_Detach(me);
    RtHooks_Install(NULL, NULL);
    RtThreadState_Attach(me);
}
#endif

static void
test_stopped_world_frees_at_once(RtThreadState *me)
{
    RtEval_StopTheWorld(me->interp);
    ssize_t before = RtMem_LiveBlocks();
    RtMem_FreeDelayed(RtMem_Malloc(24));
    CHECK(RtMem_LiveBlocks() == before);
    RtEval_StartTheWorld(me->interp);
}

static void
test_no_memory_for_a_chunk(RtThreadState *me)
{
    // The block waits for its reader, and the caller's critical section goes
    // on: a stop of the world would have suspended it.
    flush(me);
    Simulated reader;
    simulate(&reader, 1001);
    ssize_t before = RtMem_LiveBlocks();
    char *block = RtMem_Malloc(24);
    strcpy(block, "read without a lock");
    RtObject *owner = RtList_New(0);
    RT_BEGIN_CRITICAL_SECTION(owner);
    RtMem_FailAllocation(1);
    RtMem_FreeDelayed(block);
    RtMem_FailAllocation(0);
    CHECK(me->delayed_head == NULL);
    CHECK(RtCriticalSection_IsHeld(me, RT_LOCK_FIELD(owner)));
    RT_END_CRITICAL_SECTION();
    Rt_DECREF(owner);
    RtQsbr_QuiescentState(me);
    RtMem_ProcessDelayed(me);
    RtQsbr_QuiescentState(me);
    RtMem_ProcessDelayed(me);
    CHECK(RtMem_LiveBlocks() == before + 1);
    CHECK(strcmp(block, "read without a lock") == 0);
    swap(&reader);
    RtQsbr_QuiescentState(reader.tstate);
    swap(&reader);
    RtMem_ProcessDelayed(me);
    CHECK(RtMem_LiveBlocks() == before);
    end(&reader);
}

static void
test_abandoned(RtThreadState *me)
{
    Simulated writer;
    ssize_t before = RtMem_LiveBlocks();
    simulate(&writer, 1001);
    swap(&writer);
    for (int i = 0; i < 7; i++) {
        RtMem_FreeDelayed(RtMem_Malloc(24));
    }
    RtThreadState_Clear(writer.tstate);
    RtThreadState_DeleteCurrent(writer.tstate);
    swap(&writer);
    // This thread has not been quiescent: the queue outlives its thread.
    CHECK(interp->delayed_abandoned != NULL);
    CHECK(RtMem_LiveBlocks() >= before + 7);
    RtQsbr_Advance(interp);
    RtQsbr_QuiescentState(me);
    RtMem_ProcessDelayed(me);
    CHECK(interp->delayed_abandoned == NULL);
    CHECK(RtMem_LiveBlocks() == before);
}

static void
test_process_all(RtThreadState *me)
{
    Simulated reader;
    flush(me);
    simulate(&reader, 1001);
    ssize_t before = RtMem_LiveBlocks();
    RtMem_FreeDelayed(RtMem_Malloc(24));
    swap(&reader);
    for (int i = 0; i < 9; i++) {
        RtMem_FreeDelayed(RtMem_Malloc(24));
    }
    RtThreadState_Detach(reader.tstate);
    swap(&reader);
    RtEval_StopTheWorld(interp);
    RtMem_ProcessAllDelayed(interp);
    CHECK(RtMem_LiveBlocks() == before);
    CHECK(me->delayed_head == NULL);
    CHECK(reader.tstate->delayed_head == NULL);
    RtEval_StartTheWorld(interp);
    swap(&reader);
    RtThreadState_Attach(reader.tstate);
    swap(&reader);
    end(&reader);
}

// Whether the memory of a dead object, which must wait while a reader may look
// at its head, is the allocator's again.
RT_NO_INSTRUMENT static bool
is_given_back(const RtObject *op)
{
    return RtBlock_FromPointer(op)->kind == 0;
}

static RtObject *
new_dead_object(void)
{
    RtObject *op = RtObject_MallocBlock(sizeof(RtObject), RT_BLOCK_OBJECT);
    CHECK(op != NULL);
    op->ob_ref_shared = RT_REF_MERGED;
    RtMem_Free(op);
    return op;
}

static void
make_dead_objects(RtThreadState *me)
{
    for (int i = 0; i < 1000; i++) {
        new_dead_object();
        RtQsbr_QuiescentState(me);
    }
}

static void
test_object_memory(RtThreadState *me)
{
    Simulated reader;
    flush(me);
    ssize_t before = RtMem_LiveBlocks();
    simulate(&reader, 1001);
    ssize_t with_reader = RtMem_LiveBlocks();
    RtObject *op = new_dead_object();
    CHECK(RtMem_LiveBlocks() == with_reader);
    make_dead_objects(me);
    CHECK(!is_given_back(op));
    CHECK(op->ob_ref_shared == RT_REF_MERGED);
    swap(&reader);
    RtQsbr_QuiescentState(reader.tstate);
    RtObject *left = new_dead_object();
    swap(&reader);
    end(&reader);
    CHECK(!is_given_back(left));
    // What an ended thread left is given back by those that stay.
    make_dead_objects(me);
    RtMem_ProcessDelayed(me);
    CHECK(is_given_back(op));
    CHECK(is_given_back(left));
    flush(me);
    CHECK(RtLimbo_IsEmpty(&me->limbo));
    CHECK(RtMem_LiveBlocks() == before);
}

// ---------------------------------------------------------------------------
// Readers and a writer on OS threads: no reader ever sees a freed cell.

enum { MAGIC = 0x600d, NREADERS = 2, NWRITES = 20000 };

typedef struct Cell {
    int64_t magic;
    int64_t padding[3];
} Cell;

static Cell *cell;              // atomic
static int done;                // atomic

static void
read_cells(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtThreadState *tstate = RtThreadState_New(interp);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    for (int i = 0; !rt_atomic_load_int(&done); i++) {
        Cell *c = rt_atomic_load_ptr_acquire(&cell);
        CHECK(rt_atomic_load_int64_relaxed(&c->magic) == MAGIC);
        if (i % 3 == 0) {
            RtEval_CheckBreaker(tstate);
        }
        if (i % 50 == 0) {
            RtThreadState_Detach(tstate);
            RtThreadState_Attach(tstate);
        }
    }
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static Cell *
new_cell(void)
{
    Cell *c = RtMem_Malloc(sizeof(Cell));
    CHECK(c != NULL);
    c->magic = MAGIC;
    return c;
}

static void
test_readers(RtThreadState *me)
{
    CheckThread threads[NREADERS];
    cell = new_cell();
    for (int i = 0; i < NREADERS; i++) {
        CheckThread_Start(&threads[i], read_cells, NULL, i);
    }
    for (int i = 0; i < NWRITES; i++) {
        RtMem_FreeDelayed(rt_atomic_exchange_ptr(&cell, new_cell()));
        RtEval_CheckBreaker(me);
    }
    rt_atomic_store_int(&done, 1);
    RtThreadState_Detach(me);
    for (int i = 0; i < NREADERS; i++) {
        CheckThread_Join(&threads[i]);
    }
    RtThreadState_Attach(me);
    RtMem_Free(cell);
}

int
main(void)
{
    ssize_t before = RtMem_LiveBlocks();
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    test_goals(me);
    test_slots(me);
    test_out_of_memory();
    test_delayed(me);
#if defined(RT_WITH_HOOKS) && defined(RT_TINY_LIMITS)
    test_looks_are_bounded(me);
#endif
    test_stopped_world_frees_at_once(me);
    test_no_memory_for_a_chunk(me);
    test_abandoned(me);
    test_process_all(me);
    test_object_memory(me);
    test_readers(me);
    CHECK(RtRuntime_Finish(me) == 0);
    CHECK(RtMem_LiveBlocks() == before);
    return 0;
}

#else

int
main(void)
{
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    // Nobody reads without the GIL: nothing waits.
    ssize_t before = RtMem_LiveBlocks();
    RtMem_FreeDelayed(RtMem_Malloc(24));
    CHECK(RtMem_LiveBlocks() == before);
    CHECK(RtRuntime_Finish(me) == 0);
    return 0;
}

#endif
