// audit_type.c: heap types: what the cache holds for a version that is valid is
// what the MRO says (Y2), bases, MRO and lists of subclasses agree (Y4), and so
// do slots and special methods (Y5).
//
// As audit.c: the world is stopped, nothing is locked or allocated, and nothing
// written but tp_audited.
// Mirrors Objects/typeobject.c, _PyType_CheckConsistency (CPython 3.13, debug
// builds); departs: looks at the cache and at the bases too.

#include "rtcore_audit.h"

#include "rt_types.h"
#include "rtcore_sanitizer.h"
#include "rtcore_type.h"
#include "rtcore_types.h"

RT_NO_INSTRUMENT static RtTypeObject *
type_at(RtObject *tuple, ssize_t i)
{
    return (RtTypeObject *)((RtTupleObject *)tuple)->ob_item[i];
}

RT_NO_INSTRUMENT static bool
is_in_tuple(RtObject *tuple, const RtTypeObject *type)
{
    for (ssize_t i = 0; i < Rt_SIZE(tuple); i++) {
        if (type_at(tuple, i) == type) {
            return true;
        }
    }
    return false;
}

RT_NO_INSTRUMENT static RtObject *
find_along_mro(RtObject *mro, RtObject *name)
{
    for (ssize_t i = 0; i < Rt_SIZE(mro); i++) {
        RtTypeObject *base = type_at(mro, i);
        RtObject *value = base->tp_dict == NULL
            ? NULL : RtDict_AuditGet(base->tp_dict, name);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

RT_NO_INSTRUMENT static bool
cache_is_right(const RtInterpreterState *interp, const RtTypeObject *type)
{
    if (type->tp_version_tag == 0) {
        return true;
    }
    for (size_t i = 0; i < RT_TYPE_CACHE_SIZE; i++) {
        const RtTypeCacheEntry *entry = &interp->types.cache[i];
        if ((entry->sequence.sequence & 1) != 0) {
            continue;               // a writer is inside
        }
        // Else it was filled in vain, or would answer for no name.
        if ((entry->version == 0) != (entry->name == NULL)) {
            return false;
        }
        if (entry->version == type->tp_version_tag &&
            find_along_mro(type->tp_mro, entry->name) != entry->value)
        {
            return false;
        }
    }
    return true;
}

RT_NO_INSTRUMENT static bool
is_listed(const RtTypeList *list, const RtTypeObject *type)
{
    for (ssize_t i = 0; i < list->count; i++) {
        if (list->items[i] == type) {
            return true;
        }
    }
    return false;
}

RT_NO_INSTRUMENT static bool
bases_agree(const RtTypeObject *type)
{
    RtObject *mro = type->tp_mro;
    if (type_at(mro, 0) != type || !is_in_tuple(type->tp_bases, type->tp_base))
    {
        return false;
    }
    for (ssize_t i = 0; i < Rt_SIZE(type->tp_bases); i++) {
        const RtTypeObject *base = type_at(type->tp_bases, i);
        bool heap = (base->tp_flags & RT_TPFLAGS_HEAPTYPE) != 0;
        if (!is_in_tuple(mro, base) ||
            (heap && !is_listed(&base->tp_subclasses, type)) ||
            (heap && type->tp_version_tag != 0 && base->tp_version_tag == 0))
        {
            return false;
        }
    }
    for (ssize_t i = 0; i < type->tp_subclasses.count; i++) {
        const RtTypeObject *subclass = type->tp_subclasses.items[i];
        if (!is_in_tuple(subclass->tp_bases, type)) {
            return false;
        }
    }
    return true;
}

// A class that was changed stops the world to have its slots follow, and one
// that the collector takes apart may have lost its dict before its MRO. As long
// as no class changes, neither do slots.
RT_NO_INSTRUMENT static bool
slots_agree(const RtInterpreterState *interp, RtTypeObject *type)
{
    uint32_t now = interp->types.class_changes + 1;
    if (interp->types.slots_behind > 0 || type->tp_audited == now) {
        return true;
    }
#ifdef RT_GIL_DISABLED
    if ((type->ob_base.ob_base.ob_gc_bits & RT_GC_BITS_UNREACHABLE) != 0) {
        return true;
    }
#endif
    for (ssize_t i = 0; i < Rt_SIZE(type->tp_mro); i++) {
        if (type_at(type->tp_mro, i)->tp_dict == NULL) {
            return true;
        }
    }
    type->tp_audited = now;
    return RtTypeSlots_Agree(type);
}

RT_NO_INSTRUMENT RtAuditRule
RtAudit_Type(RtInterpreterState *interp, RtObject *op)
{
    RtTypeObject *type = (RtTypeObject *)op;
    if (type->tp_mro == NULL) {
        // The collector takes it apart, and does not void a version again.
        return type->tp_version_tag == 0 ? RT_AUDIT_COUNT
                                         : RT_AUDIT_TYPE_BASES;
    }
    if (!bases_agree(type)) {
        return RT_AUDIT_TYPE_BASES;
    }
    if (!slots_agree(interp, type)) {
        return RT_AUDIT_TYPE_SLOTS;
    }
    return cache_is_right(interp, type) ? RT_AUDIT_COUNT
                                        : RT_AUDIT_TYPE_CACHE_STALE;
}
