// set_iter.c: the iterator over a set or frozenset.
//
// It holds the set, the size that the set had, and a position. One step is one
// section over iterator and set: threads that share an iterator get each item
// once, and none twice. In the free-threaded build only the destructor drops
// the set, so that nobody drops it twice.
// Mirrors setiter of Objects/setobject.c (CPython 3.13, with the repair of
// gh-144356); departs: none.

#include "rtcore_set.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

typedef struct SetIter {
    RtObject ob_base;
    RtSetObject *set;           // GIL build: NULL once exhausted
    ssize_t used;               // size to be found; -1 for ever an error
    ssize_t position;           // of the next slot; -1 once exhausted
    ssize_t left;
} SetIter;

RtObject *
RtSetIter_New(RtObject *set)
{
    rt_assert(RtAnySet_Check(set));
    SetIter *it = (SetIter *)RtObject_New(&RtSetIter_Type, 0);
    if (it == NULL) {
        return NULL;
    }
    it->set = Rt_NewRef(set);
    it->used = RtSet_Size(set);
    it->left = it->used;
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
setiter_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((SetIter *)op)->set);
    RtObject_Free(op);
}

static int
setiter_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((SetIter *)op)->set);
    return 0;
}

static RtObject *
setiter_iter(RtObject *op)
{
    return Rt_NewRef(op);
}

// *changed: the set has another size than it had.
static RtObject *
next_locked(SetIter *it, RtSetObject *so, bool *changed)
{
    RtObject *key = NULL;
    ssize_t hash;
    if (it->position < 0) {
        return NULL;
    }
    if (it->used != so->used) {
        it->used = -1;
        *changed = true;
    }
    else if (RtSet_NextLocked(so, &it->position, &key, &hash)) {
        it->left--;
    }
    else {
        it->position = -1;
    }
    return key;
}

static RtObject *
setiter_next(RtObject *op)
{
    SetIter *it = (SetIter *)op;
    RtSetObject *so = it->set;
    if (so == NULL) {
        return NULL;
    }
    RtObject *key;
    bool changed = false;
    RT_BEGIN_CRITICAL_SECTION2(it, so);
    key = next_locked(it, so, &changed);
    RT_END_CRITICAL_SECTION2();
    if (changed) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "Set changed size during iteration");
    }
#ifndef RT_GIL_DISABLED
    else if (key == NULL) {
        Rt_CLEAR(it->set);
    }
#endif
    return key;
}

static RtObject *
setiter_length_hint(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    SetIter *it = (SetIter *)self;
    ssize_t left = 0;
    RT_BEGIN_CRITICAL_SECTION(it);
    if (it->set != NULL && it->position >= 0
        && it->used == RtSet_Size((RtObject *)it->set)) {
        left = it->left;
    }
    RT_END_CRITICAL_SECTION();
    return RtLong_FromInt64(left);
}

static RtMethodDef setiter_methods[] = {
    {"__length_hint__", setiter_length_hint, 0, 0},
    {NULL, NULL, 0, 0},
};

RtTypeObject RtSetIter_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "set_iterator",
    .tp_basicsize = sizeof(SetIter),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = setiter_dealloc,
    .tp_traverse = setiter_traverse,
    .tp_iter = setiter_iter,
    .tp_iternext = setiter_next,
    .tp_methods = setiter_methods,
};
