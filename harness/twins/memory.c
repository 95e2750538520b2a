// memory.c: twins of what befalls blocks and counts: freed too early, twice, or
// never; counted wrongly, queued and forgotten.

#include "twins_internal.h"

#include "rt_types.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

#ifdef RT_WITH_HOOKS

static RtInterpreterState interp;
static RtThreadState reader = { .interp = &interp };

// ---------------------------------------------------------------------------
// Blocks.

static __attribute__((noinline)) void
read_word(void *const *at)
{
    RT_SCHED_POINT(LOAD, at);
}

static void
read_freed(uint32_t self)
{
    (void)self;
    void **block = RtMem_Calloc(8, sizeof(void *));
    FZ_PLACE(RtMem_Free(block); read_word(block + 1),
             read_word(block + 1); RtMem_Free(block));
}

static void
free_twice(uint32_t self)
{
    (void)self;
    void *block = RtMem_Malloc(64);
    RtMem_Free(block);
    FZ_PLACE(RT_NOTE(BLOCK_FREE, block, 0), FZ_NOTHING);
}

static void
keep_block(uint32_t self)
{
    (void)self;
    void *block = RtMem_Malloc(64);
    FZ_PLACE(FZ_NOTHING, RtMem_Free(block));
}

// ---------------------------------------------------------------------------
// Memory that waits for readers.

static void
free_under_reader(uint32_t self)
{
    (void)self;
    void *block = RtMem_Malloc(64);
    RT_NOTE(QSBR_ONLINE, &reader, 1);
    RT_NOTE(BLOCK_DELAYED, block, 3);
    FZ_PLACE(RtMem_Free(block),
             RT_NOTE(QSBR_QUIESCENT, &reader, 3); RtMem_Free(block));
    RT_NOTE(QSBR_OFFLINE, &reader, 0);
}

static void
let_memory_wait(uint32_t self)
{
    (void)self;
    void *block = RtMem_Malloc(RT_MEM_PRESSURE_LIMIT + 64);
    RT_NOTE(QSBR_ONLINE, &reader, 1);
    RT_NOTE(BLOCK_DELAYED, block, 0);
    for (int i = 0; i < 79; i++) {
        RT_NOTE(QSBR_QUIESCENT, &reader, 3);
    }
    FZ_PLACE(RT_NOTE(QSBR_QUIESCENT, &reader, 3), FZ_NOTHING);
    RtMem_Free(block);
    RT_NOTE(QSBR_OFFLINE, &reader, 0);
}

static void
go_back(uint32_t self)
{
    (void)self;
    RT_NOTE(QSBR_ONLINE, &reader, 5);
    RT_NOTE(QSBR_QUIESCENT, &reader, 7);
    FZ_PLACE(RT_NOTE(QSBR_QUIESCENT, &reader, 5),
             RT_NOTE(QSBR_QUIESCENT, &reader, 9));
    RT_NOTE(QSBR_OFFLINE, &reader, 0);
}

// ---------------------------------------------------------------------------
// Counts.

static void
look_at_heap(void)
{
    FZ_LOOK(RtGC_Collect(fz_stage.me, 2));
}

#ifdef RT_GIL_DISABLED

static void
merge_below_zero(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    RtEval_StopTheWorld(fz_stage.me->interp);
    FZ_PLACE(RtObject_ExplicitMergeRefcount(op, -2),
             RtObject_ExplicitMergeRefcount(op, 0));
    RtEval_StartTheWorld(fz_stage.me->interp);
    Rt_DECREF(op);
}

static void
flag_as_queued(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    FZ_PLACE(op->ob_ref_shared = RT_REF_QUEUED, FZ_NOTHING);
    look_at_heap();
    Rt_DECREF(op);
}

// As another thread that drops the last reference of its own.
static void
queue_in_silence(uint32_t self)
{
    (void)self;
    RtThreadState *me = fz_stage.me;
    RtObject *op = RtList_New(0);
    op->ob_ref_shared = RT_REF_QUEUED;
    int pushed = RtObjectStack_Push(&me->brc.objects_to_merge, op);
    FZ_ASSERT(pushed == 0);
    RT_NOTE(REF_QUEUED, op, me->brc.tid);
    FZ_PLACE(FZ_NOTHING,
             RtThreadState_SetEvalBreakerBit(me, RT_EVAL_EXPLICIT_MERGE_BIT));
    FZ_LOOK(RtEval_CheckBreaker(me));
}

#else

static void
drop_below_zero(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    FZ_PLACE(op->ob_refcnt = 0; Rt_DECREF(op), Rt_DECREF(op));
}

#endif

// Two lists have it.
static void
drop_what_others_have(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    RtObject *lists[2] = { RtList_New(0), RtList_New(0) };
    RtList_Append(lists[0], op);
    RtList_Append(lists[1], op);
    Rt_DECREF(op);
    FZ_PLACE(Rt_DECREF(op), FZ_NOTHING);
    look_at_heap();
    Rt_DECREF(lists[0]);
    Rt_DECREF(lists[1]);
}

static void
never_merge(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    RT_NOTE(REF_QUEUED, op, 1);
    FZ_PLACE(FZ_NOTHING, RT_NOTE(REF_DEQUEUED, op, 0));
    Rt_DECREF(op);
}

static void
destroy_twice(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    RT_NOTE(OBJECT_DEALLOC, op, Rt_TYPE(op));
    FZ_PLACE(Rt_DECREF(op), RT_NOTE(OBJECT_RESURRECTED, op, 0);
             Rt_DECREF(op));
}

static void
free_referenced(uint32_t self)
{
    (void)self;
    RtObject *op = RtStr_FromString("a text");
    FZ_PLACE(RtObject_Free(op), Rt_DECREF(op));
}

// ---------------------------------------------------------------------------

const FzTwin fz_twins_memory[] = {
    FZ_TWIN(USE_AFTER_FREE, ALONE, AT_ONCE, read_freed,
            "a freed block is read"),
    FZ_TWIN(DOUBLE_FREE, ALONE, AT_ONCE, free_twice,
            "a block is freed again"),
    FZ_TWIN(LEAK, RUNTIME, AT_END, keep_block, "a block is not freed"),
    FZ_TWIN(QSBR_FREED_EARLY, ALONE, AT_ONCE, free_under_reader,
            "a block is freed before its reader was quiescent"),
    FZ_TWIN(QSBR_BACKLOG, ALONE, AT_ONCE, let_memory_wait,
            "nobody reads it, and 80 checks have passed"),
    FZ_TWIN(QSBR_STATE, ALONE, AT_ONCE, go_back, "a sequence goes back"),
#ifdef RT_GIL_DISABLED
    FZ_TWIN(REF_NEGATIVE, RUNTIME, AT_ONCE, merge_below_zero,
            "one reference too many is merged away"),
#else
    FZ_TWIN(REF_NEGATIVE, RUNTIME, AT_ONCE, drop_below_zero,
            "a reference is dropped that was not there"),
#endif
    FZ_TWIN_FT(REF_STATE, RUNTIME, AT_LOOK, flag_as_queued,
               "an object is marked as queued and is in no queue"),
    FZ_TWIN_FT(QUEUE_UNANNOUNCED, RUNTIME, AT_LOOK, queue_in_silence,
               "the owner is not told of the queue"),
    FZ_TWIN(REF_BELOW_REFERENCES, RUNTIME, AT_LOOK, drop_what_others_have,
            "one reference of two is dropped, both stand in lists"),
    FZ_TWIN(REF_LOST_QUEUE, RUNTIME, AT_END, never_merge,
            "an object is queued and not taken out"),
    FZ_TWIN(DEALLOC_TWICE, RUNTIME, AT_ONCE, destroy_twice,
            "a destructor begins within itself"),
    FZ_TWIN(FREED_REFERENCED, RUNTIME, AT_ONCE, free_referenced,
            "an object is freed that has a reference"),
    FZ_TWINS_END,
};

#endif
