// fused.h: what the loop does without a call: items of lists and dicts, global
// names, attributes that stand in the instance, methods of static types.
//
// Each function here either does the whole of what it is asked for or has had
// no effect; then the general way is gone. What it reads of shared objects it
// reads as the lock-free reads of list.c, dict_lookup.c and instance_dict.c
// do, but takes only references that need no atomic read-modify-write.
// It stores where it has the lock at once or needs none (with the GIL, or while
// the process has one thread state); under the lock nothing blocks.
// A cache is one word of an instruction, which all threads share: a guess that
// is checked before it is used, so that a stale or lost one does no harm.
// Mirrors the specialised instructions of Python/bytecodes.c (CPython 3.13);
// departs: they are chosen when code is made, only caches are filled later, so
// that instructions never change under a thread that runs them.

#ifndef RT_VM_FUSED_H
#define RT_VM_FUSED_H

#include "fused_int.h"
#include "rtcore_code.h"
#include "rtcore_dict.h"
#include "rtcore_type.h"

// Handlers of the loop behind those of the opcodes.
typedef enum RtFusedOp {
#define RT_FUSED(name, a, b, c, d, e, f) RT_FUSED_##name,
#include "fused.def"
    RT_FUSED_COUNT
} RtFusedOp;

// The sequence that begins at an instruction, or -1.
int RtFused_Find(const RtInstruction *code, size_t n);

// ---------------------------------------------------------------------------
// Containers.

// The object in a local, or NULL if that is unset or an int.
static inline RT_IN_LOOP RtObject *
RtFused_ObjectIn(RtStackRef local)
{
    return RtStackRef_IsInt(local) ? NULL : RtStackRef_AsObjectBorrow(local);
}

// Whether containers may be read, and stored into, as the head comment says.
static inline RT_IN_LOOP bool
RtFused_MayRead(RtThreadState *tstate, RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return rt_atomic_load_uintptr_owned(&op->ob_tid) == tstate->thread_id;
#else
    (void)tstate, (void)op;
    return true;
#endif
}

// Whether a store needs no lock, if nothing blocks in it.
static inline RT_IN_LOOP bool
RtFused_MayStore(void)
{
#ifdef RT_GIL_DISABLED
    return RtRuntime_IsSingleThreaded();
#else
    return true;
#endif
}

// Replaces the value in a slot by what is in a local, and returns it: the
// caller drops it. NULL if there is none, or nothing to store at hand.
static inline RT_IN_LOOP RtObject *
RtFused_Replace(RtThreadState *tstate, RtObject **slot, RtStackRef local)
{
    RtObject *old = slot == NULL ? NULL : *slot;
    RtObject *op = old == NULL ? NULL : RtFused_NewRef(tstate, local);
    if (op == NULL) {
        return NULL;
    }
    RT_FT_ATOMIC_STORE_PTR_RELEASE(slot, op);
    return old;
}

// ---------------------------------------------------------------------------
// Caches.

static inline RT_IN_LOOP uint64_t
RtFused_LoadCache(const RtTargetInstruction *ip)
{
#ifdef RT_GIL_DISABLED
    return rt_atomic_load_uint64_relaxed(&ip->cache);
#else
    return ip->cache;
#endif
}

// Where an attribute that the class does not have stands in its instances.
typedef union RtAttrCache {
    uint64_t word;
    struct {
        uint32_t version;       // tp_version_tag; 0: none
        uint16_t index;         // of the values
        uint16_t fills;         // how often it was filled
    };
} RtAttrCache;

// Where an entry of a dict may stand.
typedef union RtEntryCache {
    uint64_t word;
    struct {
        uint32_t index;         // one more; 0: none
        uint32_t fills;
    };
} RtEntryCache;

// How often it was filled stands above these bits; below, a method of a static
// type: its descriptor; or, with the lowest bit set, of a class: its version,
// and how many names its instances have in common, none of which is this one.
enum {
    RT_METHOD_CACHE_SHIFT = 48, RT_METHOD_CACHE_NAMES = 32,
    RT_METHOD_NO_NAMES = UINT16_MAX,    // its instances have no attributes
};

// Guesses for the next time; nothing where that was in vain before.
RT_COLD void RtFused_FillAttr(const RtTargetInstruction *ip, RtObject *op,
                              bool stores);
RT_COLD void RtFused_FillMethod(const RtTargetInstruction *ip, RtObject *op);
// A method of a class by a cache that says so, or NULL.
RtObject *RtFused_ClassMethod(const RtTargetInstruction *ip, uint64_t word,
                              RtObject *op);
RT_COLD void RtFused_FillEntry(const RtTargetInstruction *ip, RtObject *dict,
                               RtObject *key);
// RtFused_StoreItem() and RtFused_StoreAttr() where a lock is needed. NULL if
// it cannot be had at once, or if a driver is to see all of a section.
RT_COLD RtObject *RtFused_StoreItemLocked(RtThreadState *tstate,
                                          const RtTargetInstruction *ip,
                                          RtStackRef container,
                                          RtStackRef key, RtStackRef value);
RT_COLD RtObject *RtFused_StoreAttrLocked(RtThreadState *tstate,
                                          const RtTargetInstruction *ip,
                                          RtStackRef owner, RtStackRef value);

// ---------------------------------------------------------------------------
// Items.

static inline RT_IN_LOOP RtObject **
RtFused_ListSlot(RtListObject *list, RtStackRef key, RtObject ***items)
{
    int64_t i;
    if (!RtFused_GetInt(key, &i)) {
        return NULL;
    }
    ssize_t size = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&Rt_SIZE(list));
    i += i < 0 ? size : 0;
    if (i < 0 || i >= size) {
        return NULL;
    }
    *items = RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&list->ob_item);
    if (*items == NULL || i >= RtList_Capacity(*items)) {
        return NULL;
    }
    return &(*items)[i];
}

static inline RT_IN_LOOP RtStackRef
RtFused_ListItem(RtThreadState *tstate, RtListObject *list, RtStackRef key)
{
    RtObject **items;
    RtObject **slot = RtFused_ListSlot(list, key, &items);
    RtObject *item = slot == NULL ? NULL : RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(slot);
    if (item == NULL) {
        return RT_STACKREF_NULL;
    }
    RtStackRef ref = RtFused_Take(tstate, item);
    if (RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&list->ob_item) != items) {
        RtStackRef_XClose(ref);
        return RT_STACKREF_NULL;
    }
    return ref;
}

// The slot of the entry that the cache guesses, if its key is this object.
static inline RT_IN_LOOP RtObject **
RtFused_EntrySlot(const RtTargetInstruction *ip, RtDictObject *mp,
                  RtObject *key, RtDictKeysObject **keys)
{
    RtEntryCache cache = { RtFused_LoadCache(ip) };
    *keys = RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&mp->ma_keys);
    if (cache.index == 0 || (*keys)->split
        || cache.index > RT_FT_ATOMIC_LOAD_SSIZE_ACQUIRE(&(*keys)->nentries)) {
        return NULL;
    }
    RtDictEntry *ep = &RtDict_ENTRIES(*keys)[cache.index - 1];
    return RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&ep->key) == key ? &ep->value : NULL;
}

// dict[key] of a dict that the thread may read without its lock.
static inline RT_IN_LOOP RtStackRef
RtFused_DictItem(RtThreadState *tstate, const RtTargetInstruction *ip,
                 RtDictObject *mp, RtObject *key)
{
    RtDictKeysObject *keys;
    RtObject **slot = RtFused_EntrySlot(ip, mp, key, &keys);
    RtObject *value = slot == NULL ? NULL : RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(slot);
    if (value == NULL) {
        return RT_STACKREF_NULL;
    }
    RtStackRef ref = RtFused_Take(tstate, value);
    if (RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&mp->ma_keys) != keys) {
        RtStackRef_XClose(ref);
        return RT_STACKREF_NULL;
    }
    return ref;
}

// A name of the globals, or NULL.
static inline RT_IN_LOOP RtStackRef
RtFused_Global(RtThreadState *tstate, const RtTargetInstruction *ip,
               RtObject *globals)
{
    if (!Rt_IS_TYPE(globals, &RtDict_Type)) {
        return RT_STACKREF_NULL;
    }
#ifdef RT_GIL_DISABLED
    if (!RtContainer_CanRead(globals)) {
        return RT_STACKREF_NULL;
    }
#endif
    RtStackRef ref = RtFused_DictItem(tstate, ip, (RtDictObject *)globals,
                                      ip->name);
    if (RtStackRef_IsNull(ref)) {
        RtFused_FillEntry(ip, globals, ip->name);
    }
    return ref;
}

// container[key], or NULL.
static inline RT_IN_LOOP RtStackRef
RtFused_Item(RtThreadState *tstate, const RtTargetInstruction *ip,
             RtStackRef container, RtStackRef key)
{
    RtObject *op = RtFused_ObjectIn(container);
    if (op == NULL || !RtFused_MayRead(tstate, op)) {
        return RT_STACKREF_NULL;
    }
    if (RtList_CheckExact(op)) {
        return RtFused_ListItem(tstate, (RtListObject *)op, key);
    }
    RtObject *name = RtFused_ObjectIn(key);
    if (name == NULL || !Rt_IS_TYPE(op, &RtDict_Type)) {
        return RT_STACKREF_NULL;
    }
    RtStackRef ref = RtFused_DictItem(tstate, ip, (RtDictObject *)op, name);
    if (RtStackRef_IsNull(ref)) {
        RtFused_FillEntry(ip, op, name);
    }
    return ref;
}

// The slot of container[key] to store into, or NULL. The container is locked,
// or needs no lock.
static inline RT_IN_LOOP RtObject **
RtFused_ItemSlot(const RtTargetInstruction *ip, RtObject *op, RtStackRef key)
{
    if (RtList_CheckExact(op)) {
        RtObject **items;
        return RtFused_ListSlot((RtListObject *)op, key, &items);
    }
    RtObject *name = RtFused_ObjectIn(key);
    if (name == NULL || !Rt_IS_TYPE(op, &RtDict_Type)) {
        return NULL;
    }
    RtDictKeysObject *keys;
    RtObject **slot = RtFused_EntrySlot(ip, (RtDictObject *)op, name, &keys);
    if (slot == NULL) {
        RtFused_FillEntry(ip, op, name);
    }
    return slot;
}

// container[key] = value where there was another, which is returned: the caller
// drops it. NULL if that was not to be had at once.
static inline RT_IN_LOOP RtObject *
RtFused_StoreItem(RtThreadState *tstate, const RtTargetInstruction *ip,
                  RtStackRef container, RtStackRef key, RtStackRef value)
{
    RtObject *op = RtFused_ObjectIn(container);
    if (op == NULL || !RtFused_MayRead(tstate, op)) {
        return NULL;
    }
    if (!RtFused_MayStore()) {
        return RtFused_StoreItemLocked(tstate, ip, container, key, value);
    }
    return RtFused_Replace(tstate, RtFused_ItemSlot(ip, op, key), value);
}

// A name of the globals that has a value, as RtFused_StoreItem().
static inline RT_IN_LOOP RtObject *
RtFused_StoreGlobal(RtThreadState *tstate, const RtTargetInstruction *ip,
                    RtObject *globals, RtStackRef value)
{
    return RtFused_StoreItem(tstate, ip, (RtStackRef){ (uintptr_t)globals },
                             (RtStackRef){ (uintptr_t)ip->name }, value);
}

// ---------------------------------------------------------------------------
// Attributes.

// The method that op has by this name, or NULL. Static types never change, and
// their instances have no attributes of their own.
static inline RT_IN_LOOP RtStackRef
RtFused_Method(const RtTargetInstruction *ip, RtObject *op)
{
    uint64_t word = RtFused_LoadCache(ip);
    if ((word & 1) != 0) {
        RtObject *method = RtFused_ClassMethod(ip, word, op);
        return RtStackRef_FromObjectFound(method);
    }
    uintptr_t descr = word & (((uintptr_t)1 << RT_METHOD_CACHE_SHIFT) - 1);
    if (descr == 0 || ((RtMethodDescrObject *)descr)->d_type != Rt_TYPE(op)) {
        RtFused_FillMethod(ip, op);
        return RT_STACKREF_NULL;
    }
    return (RtStackRef){ descr | RT_STACKREF_UNCOUNTED };
}

// The slot of the value that the cache guesses, or NULL.
static inline RT_IN_LOOP RtObject **
RtFused_AttrSlot(const RtTargetInstruction *ip, RtObject *op,
                 RtDictValues **values)
{
    RtAttrCache cache = { RtFused_LoadCache(ip) };
    RtTypeObject *type = Rt_TYPE(op);
    if (cache.version == 0 || RtType_LoadVersion(type) != cache.version) {
        return NULL;
    }
    *values = RtInstance_Values(op, type);
    if (RT_FT_ATOMIC_LOAD_UINT8_ACQUIRE(&(*values)->valid) == 0) {
        return NULL;
    }
    rt_assert(cache.index < (*values)->capacity);
    return &(*values)->values[cache.index];
}

// op.name, or NULL.
static inline RT_IN_LOOP RtStackRef
RtFused_Attr(RtThreadState *tstate, const RtTargetInstruction *ip,
             RtStackRef owner)
{
    RtObject *op = RtFused_ObjectIn(owner);
    if (op == NULL || !RtFused_MayRead(tstate, op)) {
        return RT_STACKREF_NULL;
    }
    RtDictValues *values;
    RtObject **slot = RtFused_AttrSlot(ip, op, &values);
    if (slot == NULL) {
        RtFused_FillAttr(ip, op, false);
        return RT_STACKREF_NULL;
    }
    RtObject *value = RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(slot);
    if (value == NULL) {
        return RT_STACKREF_NULL;
    }
    RtStackRef ref = RtFused_Take(tstate, value);
    if (RT_FT_ATOMIC_LOAD_UINT8_ACQUIRE(&values->valid) == 0) {
        RtStackRef_XClose(ref);
        return RT_STACKREF_NULL;
    }
    return ref;
}

// The slot to store a value into that the cache guesses, or NULL. The instance
// is locked, or needs no lock.
static inline RT_IN_LOOP RtObject **
RtFused_AttrSlotToStore(const RtTargetInstruction *ip, RtObject *op)
{
    RtDictValues *values;
    RtObject **slot = RtFused_AttrSlot(ip, op, &values);
    return slot != NULL && *RtObject_DictPointer(op) == NULL ? slot : NULL;
}

// op.name = value where there was another, as RtFused_StoreItem().
static inline RT_IN_LOOP RtObject *
RtFused_StoreAttr(RtThreadState *tstate, const RtTargetInstruction *ip,
                  RtStackRef owner, RtStackRef value)
{
    RtObject *op = RtFused_ObjectIn(owner);
    if (op == NULL || !RtFused_MayRead(tstate, op)) {
        return NULL;
    }
    if (!RtFused_MayStore()) {
        return RtFused_StoreAttrLocked(tstate, ip, owner, value);
    }
    RtObject **slot = RtFused_AttrSlotToStore(ip, op);
    if (slot == NULL) {
        RtFused_FillAttr(ip, op, true);
        return NULL;
    }
    return RtFused_Replace(tstate, slot, value);
}

#endif  // RT_VM_FUSED_H
