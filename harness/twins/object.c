// object.c: twins of what objects promise: one dict, one runner of a
// generator's frame, weak references that know when their object is gone.

#include "twins_internal.h"

#include "rt_types.h"
#include "rtcore_code.h"        // states of generators
#include "rtcore_gc.h"
#include "rtcore_object.h"
#include "rtcore_type.h"
#include "rtcore_weakref.h"

#ifdef RT_WITH_HOOKS

static const RtObject thing;

static void
make_dict_twice(uint32_t self)
{
    (void)self;
    RT_NOTE(DICT_MATERIALIZED, &thing, 0);
    FZ_PLACE(RT_NOTE(DICT_MATERIALIZED, &thing, 0),
             RT_NOTE(DICT_ASSIGNED, &thing, 0);
             RT_NOTE(DICT_MATERIALIZED, &thing, 0));
}

// B finds the frame running, and takes it or goes away.
static void
claim_running(uint32_t self)
{
    if (self == A) {
        FzTwin_Prefer(A);
        RT_NOTE(GEN_CLAIMED, &thing, RT_GEN_CREATED);
        FzTwin_Let(B);
        RT_NOTE(GEN_RELEASED, &thing, RT_GEN_SUSPENDED);
    }
    else if (self == B) {
        FZ_PLACE(RT_NOTE(GEN_CLAIMED, &thing, RT_GEN_CREATED),
                 RT_NOTE(GEN_BUSY, &thing, 0));
        FzTwin_Prefer(A);
    }
}

static void
forget_slot(uint32_t self)
{
    (void)self;
    RtObject *name = RtStr_FromString("C");
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *type = RtType_New(name, bases, dict);
    FZ_PLACE(((RtTypeObject *)type)->tp_repr = NULL, FZ_NOTHING);
    FZ_LOOK(RtGC_Collect(fz_stage.me, 2));
    Rt_DECREF(type);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
}

// ---------------------------------------------------------------------------
// Weak references.

static void
forget_references(uint32_t self)
{
    (void)self;
    RtObject *op = RtSet_New(NULL);
    RtObject *ref = RtWeakref_NewRef(op, NULL);
    FZ_PLACE(*RtWeakref_List(op) = NULL; Rt_DECREF(op), Rt_DECREF(op));
    Rt_DECREF(ref);
}

static void
give_out_dead(uint32_t self)
{
    (void)self;
    RtObject *op = RtSet_New(NULL);
    RtObject *ref = RtWeakref_NewRef(op, NULL);
    Rt_DECREF(op);
    FZ_PLACE(RT_NOTE(WEAKREF_GOT, ref, op), Rt_XDECREF(RtWeakref_GetRef(ref)));
    Rt_DECREF(ref);
}

static void
call_back_first(uint32_t self)
{
    (void)self;
    static const RtObject ref;
    RT_NOTE(WEAKREF_CREATED, &ref, &thing);
    FZ_PLACE(RT_NOTE(WEAKREF_CALLBACK, &ref, &thing);
             RT_NOTE(WEAKREF_CLEARED, &ref, &thing),
             RT_NOTE(WEAKREF_CLEARED, &ref, &thing);
             RT_NOTE(WEAKREF_CALLBACK, &ref, &thing));
}

const FzTwin fz_twins_object[] = {
    FZ_TWIN(TWO_DICTS, ALONE, AT_ONCE, make_dict_twice,
            "an instance is given a first dict again"),
    FZ_TWIN(GENERATOR_SHARED, TEAM, AT_ONCE, claim_running,
            "a frame that runs is claimed"),
    FZ_TWIN(HEAP_INVALID, RUNTIME, AT_LOOK, forget_slot,
            "a class loses a slot that it inherits"),
    FZ_TWIN(WEAKREF_DANGLING, RUNTIME, AT_ONCE, forget_references,
            "an object dies and does not clear its weak references"),
    FZ_TWIN(WEAKREF_STATE, RUNTIME, AT_ONCE, give_out_dead,
            "a cleared reference gives out its object"),
    FZ_TWIN(WEAKREF_CALLBACK, ALONE, AT_ONCE, call_back_first,
            "a callback comes before the clearing"),
    FZ_TWINS_END,
};

#endif
