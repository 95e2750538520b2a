// subtype.c: how instances of heap types die and are seen by the collector.
//
// The layout of an instance is that of the nearest static base, whose own
// functions look after it, followed by a dict and inline values if that base
// has no dict (instance_dict.c), and by the slots of the classes (member.c).
// The instance holds a reference to its type, which RtObject_Free() drops.
// Mirrors Objects/typeobject.c, subtype_dealloc (CPython 3.13).

#include "rtcore_type.h"

#include "rtcore_dict.h"
#include "rtcore_gc.h"
#include "rtcore_weakref.h"

void
RtSubtype_Dealloc(RtObject *self)
{
    RtTypeObject *type = Rt_TYPE(self);
    rt_assert(RtType_IsHeap(type));
    RtGC_Untrack(self);
    if (type->tp_finalize != NULL) {
        // Tracked, because it may live on; untracked before that is known
        // it could not be, as it may be gone then.
        RtGC_Track(self);
        if (RtObject_CallFinalizerFromDealloc(self) < 0) {
            return;
        }
        RtGC_Untrack(self);
    }
    // The finalizer may have made it an instance of another class.
    RtTypeObject *base = RtType_StaticBase(Rt_TYPE(self));
    if (base->tp_weaklistoffset == 0) {
        RtObject_ClearWeakRefs(self);   // else the base does it
    }
    RtSlots_Clear(self);
    if (RtType_HasInlineValues(Rt_TYPE(self))) {
        RtInstance_Finish(self);
    }
    base->tp_dealloc(self);
}

int
RtSubtype_Traverse(RtObject *self, visitproc visit, void *arg)
{
    RtTypeObject *type = Rt_TYPE(self);
    RtTypeObject *base = RtType_StaticBase(type);
    Rt_VISIT(type);
    int slots = RtSlots_Traverse(self, visit, arg);
    if (slots != 0) {
        return slots;
    }
    if (RtType_HasInlineValues(type)) {
        int result = RtInstance_Traverse(self, visit, arg);
        if (result != 0) {
            return result;
        }
    }
    return base->tp_traverse == NULL ? 0 : base->tp_traverse(self, visit, arg);
}

int
RtSubtype_Clear(RtObject *self)
{
    RtTypeObject *base = RtType_StaticBase(Rt_TYPE(self));
    if (base->tp_clear != NULL) {
        (void)base->tp_clear(self);
    }
    RtSlots_Clear(self);
    if (RtType_HasInlineValues(Rt_TYPE(self))) {
        RtInstance_Clear(self);
    }
    return 0;
}
