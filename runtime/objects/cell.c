// cell.c: variables that functions share.
//
// The content of a cell is exchanged atomically, and read without a lock: a
// reader takes its reference by XGetRef, which only succeeds while the slot
// still holds the object.
// Mirrors Objects/cellobject.c (CPython 3.13); departs: writers exchange the
// pointer where 3.13 takes the cell's critical section.

#include "rtcore_code.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"

static inline RtCellObject *
as_cell(RtObject *op)
{
    rt_assert(Rt_IS_TYPE(op, &RtCell_Type));
    return (RtCellObject *)op;
}

RtObject *
RtCell_Get(RtObject *cell)
{
#ifdef RT_GIL_DISABLED
    return RtObject_XGetRef(&as_cell(cell)->ob_ref);
#else
    return Rt_XNewRef(as_cell(cell)->ob_ref);
#endif
}

bool
RtCell_Set(RtObject *cell, RtObject *value)
{
    RtObject **slot = &as_cell(cell)->ob_ref;
#ifdef RT_GIL_DISABLED
    if (value != NULL) {
        // So that readers' tries succeed on an object of another thread.
        RtObject_SetMaybeWeakref(value);
    }
    RtObject *old = rt_atomic_exchange_ptr(slot, value);
#else
    RtObject *old = *slot;
    *slot = value;
#endif
    RT_NOTE(CELL_SET, cell, value != NULL);
    Rt_XDECREF(old);
    return old != NULL;
}

static int
cell_traverse(RtObject *self, visitproc visit, void *arg)
{
    Rt_VISIT(as_cell(self)->ob_ref);
    return 0;
}

static int
cell_clear(RtObject *self)
{
    (void)RtCell_Set(self, NULL);
    return 0;
}

static void
cell_dealloc(RtObject *self)
{
    RtGC_Untrack(self);
    Rt_CLEAR(as_cell(self)->ob_ref);
    RtObject_Free(self);
}

static RtObject *
cell_repr(RtObject *self)
{
    return RtStr_FromFormat("<cell at 0x%llx>",
                            (unsigned long long)RtAddress_Key(self));
}

RtTypeObject RtCell_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "cell",
    .tp_basicsize = sizeof(RtCellObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = cell_dealloc,
    .tp_traverse = cell_traverse,
    .tp_clear = cell_clear,
    .tp_repr = cell_repr,
};

RtObject *
RtCell_New(void)
{
    RtObject *cell = RtObject_New(&RtCell_Type, 0);
    if (cell != NULL) {
        RtGC_Track(cell);
    }
    return cell;
}
