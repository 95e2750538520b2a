// type_subclasses.c: which classes derive directly from a heap type.
//
// The entries are borrowed: a class stands in the lists of its bases from when
// other threads can see it until its destructor begins, and holds its bases. To
// make a reference of an entry takes TryIncref, because its count may be zero
// already. Nobody blocks between reading a list and his last use of it.
// Programs see no class that the collector has judged to be garbage, as weak
// references to it are cleared then: it might be about to be taken apart.
// Lists change under the type lock or in a stopped world; static types keep
// none: what they are asked for never changes.
// Mirrors Objects/typeobject.c, add_subclass (CPython 3.13); departs: an array
// of borrowed pointers instead of a dict of weak references.

#include "rtcore_type.h"

#include <string.h>

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"

static bool
add_entry(RtTypeList *list, RtTypeObject *type)
{
    if (list->count == list->capacity) {
        ssize_t capacity = list->capacity == 0 ? 4 : 2 * list->capacity;
        RtTypeObject **items =
            RtMem_Malloc((size_t)capacity * sizeof(RtTypeObject *));
        if (items == NULL) {
            return false;
        }
        if (list->count > 0) {
            memcpy(items, list->items,
                   (size_t)list->count * sizeof(RtTypeObject *));
        }
        RtMem_Free(list->items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = type;
    return true;
}

// The others stay in the order in which they came, which programs see; an entry
// that is not there is no error.
static void
remove_entry(RtTypeList *list, const RtTypeObject *type)
{
    for (ssize_t i = 0; i < list->count; i++) {
        if (list->items[i] == type) {
            list->count--;
            memmove(&list->items[i], &list->items[i + 1],
                    (size_t)(list->count - i) * sizeof(RtTypeObject *));
            return;
        }
    }
}

// One entry of each base's list, the older: a type may have two while its bases
// change.
void
RtSubclasses_RemoveLocked(RtTypeObject *type, RtObject *bases)
{
    for (ssize_t i = 0; i < RtTuple_Size(bases); i++) {
        RtTypeObject *base = (RtTypeObject *)RtTuple_GetItem(bases, i);
        if (RtType_IsHeap(base)) {
            remove_entry(&base->tp_subclasses, type);
        }
    }
}

// The newest entry of each of the first n bases' lists.
static void
take_back(const RtTypeObject *type, RtObject *bases, ssize_t n)
{
    for (ssize_t i = 0; i < n; i++) {
        RtTypeObject *base = (RtTypeObject *)RtTuple_GetItem(bases, i);
        if (RtType_IsHeap(base)) {
            RtTypeList *list = &base->tp_subclasses;
            rt_assert(list->items[list->count - 1] == type);
            list->count--;
        }
    }
}

int
RtSubclasses_AddLocked(RtTypeObject *type, RtObject *bases)
{
#ifdef RT_GIL_DISABLED
    // Or no thread but its owner could make references of the entries.
    RtObject_SetMaybeWeakref((RtObject *)type);
#endif
    for (ssize_t i = 0; i < RtTuple_Size(bases); i++) {
        RtTypeObject *base = (RtTypeObject *)RtTuple_GetItem(bases, i);
        if (RtType_IsHeap(base) && !add_entry(&base->tp_subclasses, type)) {
            take_back(type, bases, i);
            return -1;
        }
    }
    type->tp_judged = false;
    return 0;
}

void
RtSubclasses_Hide(RtTypeObject *type)
{
    type->tp_judged = true;
}

void
RtSubclasses_Forget(RtTypeObject *type)
{
    RtTypesState *types = &RtThreadState_Get()->interp->types;
    // A class that was not finished for lack of memory may have no bases.
    if (type->tp_bases != NULL && RtType_HasHeapBase(type->tp_bases)) {
        RT_BEGIN_CRITICAL_SECTION_MUT(&types->mutex);
        RtSubclasses_RemoveLocked(type, type->tp_bases);
        RT_END_CRITICAL_SECTION();
    }
    rt_assert(type->tp_subclasses.count == 0);
    RtMem_Free(type->tp_subclasses.items);
    type->tp_subclasses = (RtTypeList){ 0 };
}

// References to the classes that are alive, into an array with room for all.
static ssize_t
take_entries(const RtTypeList *list, RtObject **taken)
{
    ssize_t n = 0;
    for (ssize_t i = 0; i < list->count; i++) {
        RtTypeObject *type = list->items[i];
        if (!type->tp_judged && RtObject_TryIncref((RtObject *)type)) {
            rt_assert(type->tp_mro != NULL);
            taken[n++] = (RtObject *)type;
        }
    }
    return n;
}

RtObject *
RtType_Subclasses(RtTypeObject *type)
{
    RtTypesState *types = &RtThreadState_Get()->interp->types;
    RtObject **taken;
    ssize_t n = 0;
    RT_BEGIN_CRITICAL_SECTION_MUT(&types->mutex);
    size_t room = (size_t)type->tp_subclasses.count + 1;
    taken = RtMem_Malloc(room * sizeof(RtObject *));
    if (taken != NULL) {
        n = take_entries(&type->tp_subclasses, taken);
    }
    RT_END_CRITICAL_SECTION();
    RtObject *list = taken == NULL ? RtErr_NoMemory() : RtList_New(n);
    for (ssize_t i = 0; i < n; i++) {
        if (list != NULL) {
            RtList_SetItemNew(list, i, taken[i]);
        }
        else {
            Rt_DECREF(taken[i]);
        }
    }
    RtMem_Free(taken);
    return list;
}

static RtObject *
type_subclasses(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtTypeObject *type = (RtTypeObject *)self;
    if (!RtType_IsHeap(type)) {
        RtErr_Format(&RtExc_TypeError,
                     "what derives from '%s', which is of the interpreter "
                     "itself, is not listed", type->tp_name);
        return NULL;
    }
    return RtType_Subclasses(type);
}

RtMethodDef rt_type_methods[] = {
    {"__subclasses__", type_subclasses, 0, 0},
    {NULL, NULL, 0, 0},
};
