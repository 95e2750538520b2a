// subtype.c: how instances of heap types die and are seen by the collector.
//
// The layout of an instance is that of the nearest static base, whose own
// functions look after it, followed by a dict if that base has none. The
// instance holds a reference to its type, which RtObject_Free() drops.
// Mirrors Objects/typeobject.c, subtype_dealloc (CPython 3.13); departs: no
// __slots__.

#include "rtcore_type.h"

#include "rtcore_gc.h"
#include "rtcore_weakref.h"

// The dict that heap types add, or NULL if the static base has its own.
static RtObject **
added_dict(RtObject *self, const RtTypeObject *base)
{
    return base->tp_dictoffset != 0 ? NULL : RtObject_DictPointer(self);
}

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
    RtObject **dict = added_dict(self, base);
    if (dict != NULL) {
        Rt_CLEAR(*dict);
    }
    base->tp_dealloc(self);
}

int
RtSubtype_Traverse(RtObject *self, visitproc visit, void *arg)
{
    RtTypeObject *type = Rt_TYPE(self);
    RtTypeObject *base = RtType_StaticBase(type);
    Rt_VISIT(type);
    RtObject **dict = added_dict(self, base);
    if (dict != NULL) {
        Rt_VISIT(*dict);
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
    RtObject **dict = added_dict(self, base);
    if (dict != NULL) {
        // Nothing that is not garbage itself can reach the instance any more;
        // attribute lookup takes NULL for an empty dict.
        Rt_CLEAR(*dict);
    }
    return 0;
}
