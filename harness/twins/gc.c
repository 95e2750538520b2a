// gc.c: twins of the collectors. Collections are made by hand: the notes of the
// collector, about real objects, in a world that is stopped as for it.

#include "twins_internal.h"

#include "rt_types.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

#ifdef RT_WITH_HOOKS

static RtInterpreterState *
interp(void)
{
    return fz_stage.me->interp;
}

static void
stop(void)
{
#ifdef RT_GIL_DISABLED
    RtEval_StopTheWorld(interp());
#endif
}

static void
start(void)
{
#ifdef RT_GIL_DISABLED
    RtEval_StartTheWorld(interp());
#endif
}

static void
look_at_counts(void)
{
#ifdef RT_GIL_DISABLED
    stop();
    start();
#else
    RtGC_Collect(fz_stage.me, 0);
#endif
}

static void
begin(void)
{
    stop();
    RT_NOTE(GC_BEGIN, interp(), RT_GC_GENERATIONS - 1);
}

// The free-threaded collector has a reference to what it judges.
static void
judge(RtObject *op)
{
    if (op != NULL) {
#ifdef RT_GIL_DISABLED
        Rt_INCREF(op);
#endif
        RT_NOTE(GC_UNREACHABLE, op, 0);
    }
    RT_NOTE(GC_JUDGED, interp(), op != NULL);
}

static void
end(RtObject *op)
{
    if (op != NULL) {
        RT_NOTE(GC_RESCUED, op, 0);
#ifdef RT_GIL_DISABLED
        Rt_DECREF(op);
#endif
    }
    RT_NOTE(GC_END, interp(), 0);
    start();
}

// Only it refers to itself.
static RtObject *
make_garbage(void)
{
    RtObject *op = RtList_New(0);
    RtList_Append(op, op);
    Rt_DECREF(op);
    return op;
}

static void
judge_reachable(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    begin();
    FZ_PLACE(judge(op), judge(NULL));
    end(NULL);
    Rt_DECREF(op);
}

static void
miss_garbage(uint32_t self)
{
    (void)self;
    RtObject *op = make_garbage();
    begin();
    FZ_PLACE(judge(NULL), judge(op));
    end(op);
}

static void
clear_too_early(uint32_t self)
{
    (void)self;
    RtObject *op = make_garbage();
    begin();
    judge(op);
    FZ_PLACE(RT_NOTE(GC_CLEAR, op, 0), RT_NOTE(GC_CONDEMNED, interp(), 1);
             RT_NOTE(GC_CLEAR, op, 0));
    end(op);
}

static void
collect_twice_at_once(uint32_t self)
{
    (void)self;
    begin();
    FZ_PLACE(RT_NOTE(GC_BEGIN, interp(), 0), FZ_NOTHING);
    judge(NULL);
    end(NULL);
}

static void
lose_count(uint32_t self)
{
    (void)self;
    RtObject *made[5];
    RtGC_Collect(fz_stage.me, 2);
    for (int i = 0; i < 5; i++) {
        made[i] = RtList_New(0);
    }
#ifdef RT_GIL_DISABLED
    FZ_PLACE(fz_stage.me->gc_alloc_count = 0;
             interp()->gc.generations[0].count = 0, FZ_NOTHING);
#else
    FZ_PLACE(interp()->gc.generations[0].count = 0, FZ_NOTHING);
#endif
    FZ_LOOK(look_at_counts());
    for (int i = 0; i < 5; i++) {
        Rt_DECREF(made[i]);
    }
}

#ifdef RT_GIL_DISABLED
static void
mark_as_free(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    RtBlock *block = RtBlock_FromPointer(FzShadow_Find(op)->start);
    FZ_PLACE(block->magic = 0, FZ_NOTHING);
    FZ_LOOK(RtGC_Collect(fz_stage.me, 2));
    Rt_DECREF(op);
}
#endif

static int
clear_nothing(RtObject *op)
{
    (void)op;
    return 0;
}

static void
keep_garbage(uint32_t self)
{
    (void)self;
    RtObject *name = RtStr_FromString("C");
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *type = RtType_New(name, bases, dict);
    RtObject *op = RtObject_CallNoArgs(type);
    RtObject_SetAttr(op, name, op);
    FZ_PLACE(((RtTypeObject *)type)->tp_clear = clear_nothing, FZ_NOTHING);
    Rt_DECREF(op);
    RtGC_Collect(fz_stage.me, 2);
    FZ_LOOK(RtGC_Collect(fz_stage.me, 2));
    Rt_DECREF(type);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
}

static void
finalize_twice(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    RT_NOTE(FINALIZE, op, 0);
    FZ_PLACE(RT_NOTE(FINALIZE, op, 0), FZ_NOTHING);
    Rt_DECREF(op);
}

const FzTwin fz_twins_gc[] = {
    FZ_TWIN(GC_FREED_REACHABLE, RUNTIME, AT_ONCE, judge_reachable,
            "a list that a frame holds is judged unreachable"),
    FZ_TWIN(GC_MISSED_GARBAGE, RUNTIME, AT_ONCE, miss_garbage,
            "a list of itself is not judged"),
    FZ_TWIN(GC_ORDER, RUNTIME, AT_ONCE, clear_too_early,
            "an object is taken apart before the finalizers"),
    FZ_TWIN(GC_TWO_COLLECTIONS, RUNTIME, AT_ONCE, collect_twice_at_once,
            "a collection begins within another"),
    FZ_TWIN(GC_COUNT, RUNTIME, AT_LOOK, lose_count,
            "allocations are not counted"),
    FZ_TWIN_FT(HEAP_WALK, RUNTIME, AT_LOOK, mark_as_free,
               "the block of a live object is marked as free"),
    FZ_TWIN(GC_KEPT_GARBAGE, RUNTIME, AT_LOOK, keep_garbage,
            "tp_clear clears nothing"),
    FZ_TWIN(FINALIZED_TWICE, RUNTIME, AT_ONCE, finalize_twice,
            "a finalizer runs again"),
    FZ_TWINS_END,
};

#endif
