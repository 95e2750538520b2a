// deque_iter.c: the iterators over a deque, from either end.
//
// One holds the deque, a place in it, and the state that the deque had. One
// step is one section over iterator and deque: the place is the deque's as long
// as the state is, and threads that share an iterator get each item once. Only
// the destructor drops the deque.
// Mirrors dequeiter of Modules/_collectionsmodule.c (CPython 3.13); departs:
// none.

#include "rtcore_deque.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

typedef struct DequeIter {
    RtObject ob_base;
    RtDequeObject *deque;
    RtDequeCursor next;
    size_t state;               // of the deque, to be found
    ssize_t left;               // items
} DequeIter;

RtObject *
RtDequeIter_New(RtObject *deque, RtDequeEnd from)
{
    RtDequeObject *d = (RtDequeObject *)deque;
    rt_assert(RtDeque_Check(deque));
    DequeIter *it = (DequeIter *)RtObject_New(
        from == RT_DEQUE_LEFT ? &RtDequeIter_Type : &RtDequeRevIter_Type, 0);
    if (it == NULL) {
        return NULL;
    }
    it->deque = (RtDequeObject *)Rt_NewRef(deque);
    RT_BEGIN_CRITICAL_SECTION(d);
    it->next = from == RT_DEQUE_LEFT
               ? (RtDequeCursor){ d->leftblock, d->leftindex }
               : (RtDequeCursor){ d->rightblock, d->rightindex };
    it->state = d->state;
    it->left = d->size;
    RT_END_CRITICAL_SECTION();
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
dequeiter_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_DECREF(((DequeIter *)op)->deque);
    RtObject_Free(op);
}

static int
dequeiter_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((DequeIter *)op)->deque);
    return 0;
}

static RtObject *
dequeiter_iter(RtObject *op)
{
    return Rt_NewRef(op);
}

// *changed: the deque has changed, and the iterator is at its end.
static RtObject *
next_locked(DequeIter *it, bool *changed)
{
    // Backwards, the end comes before the look at the deque.
    if (it->left == 0 && Rt_IS_TYPE((RtObject *)it, &RtDequeRevIter_Type)) {
        return NULL;
    }
    if (it->deque->state != it->state) {
        it->left = 0;
        *changed = true;
        return NULL;
    }
    if (it->left == 0) {
        return NULL;
    }
    RtObject *item = *RtDequeCursor_Slot(&it->next);
    rt_assert(item != NULL);
    if (--it->left > 0) {
        if (Rt_IS_TYPE((RtObject *)it, &RtDequeIter_Type)) {
            RtDequeCursor_Right(&it->next);
        }
        else {
            RtDequeCursor_Left(&it->next);
        }
    }
    return Rt_NewRef(item);
}

static RtObject *
dequeiter_next(RtObject *op)
{
    DequeIter *it = (DequeIter *)op;
    RtObject *item;
    bool changed = false;
    RT_BEGIN_CRITICAL_SECTION2(it, it->deque);
    item = next_locked(it, &changed);
    RT_END_CRITICAL_SECTION2();
    if (changed) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "deque mutated during iteration");
    }
    return item;
}

static RtObject *
dequeiter_length_hint(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    ssize_t left;
    RT_BEGIN_CRITICAL_SECTION(self);
    left = ((DequeIter *)self)->left;
    RT_END_CRITICAL_SECTION();
    return RtLong_FromInt64(left);
}

static RtMethodDef dequeiter_methods[] = {
    {"__length_hint__", dequeiter_length_hint, 0, 0},
    {NULL, NULL, 0, 0},
};

#define ITER_TYPE(name) \
    { \
        .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
        .tp_name = name, \
        .tp_basicsize = sizeof(DequeIter), \
        .tp_flags = RT_TPFLAGS_HAVE_GC, \
        .tp_dealloc = dequeiter_dealloc, \
        .tp_traverse = dequeiter_traverse, \
        .tp_iter = dequeiter_iter, \
        .tp_iternext = dequeiter_next, \
        .tp_methods = dequeiter_methods, \
    }

RtTypeObject RtDequeIter_Type = ITER_TYPE("collections._deque_iterator");
RtTypeObject RtDequeRevIter_Type =
    ITER_TYPE("collections._deque_reverse_iterator");
