// fused.c: which sequences of instructions have a handler of their own, and
// filling the caches of instructions.
//
// A cache is not filled by the first instruction that misses it, which may be
// the last one, and a few times only: where guesses turn out wrong again and
// again, looking for others costs more than it gives.
// Mirrors Python/specialize.c (CPython 3.13); departs: see fused.h.

#include "fused.h"

#include "rtcore_assert.h"

enum { MAX_FILLS = 8 };

// Six opcodes as one number, the first lowest; NOP stands for any.
#define PACK(a, b, c, d, e, f) \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | \
     (uint64_t)(d) << 24 | (uint64_t)(e) << 32 | (uint64_t)(f) << 40)
#define BYTE_MASK(op) (RT_OP_##op == RT_OP_NOP ? 0 : 0xff)
enum { LONGEST = 6 };

static const struct {
    uint64_t opcodes;
    uint64_t mask;
} sequences[RT_FUSED_COUNT] = {
#define RT_FUSED(name, a, b, c, d, e, f) \
    { PACK(RT_OP_##a, RT_OP_##b, RT_OP_##c, RT_OP_##d, RT_OP_##e, \
           RT_OP_##f), \
      PACK(0xff, BYTE_MASK(b), BYTE_MASK(c), BYTE_MASK(d), BYTE_MASK(e), \
           BYTE_MASK(f)) },
#include "fused.def"
};

// The opcodes that sequences begin with, as bits.
_Static_assert(RT_OP_COUNT <= 128, "a set of opcodes is two words");
#define BIT_IN(word, op) \
    ((op) / 64 == (word) ? (uint64_t)1 << (op) % 64 : 0)
static const uint64_t first_opcodes[2] = {
#define RT_FUSED(name, a, b, c, d, e, f) | BIT_IN(0, RT_OP_##a)
    0
#include "fused.def"
    ,
#define RT_FUSED(name, a, b, c, d, e, f) | BIT_IN(1, RT_OP_##a)
    0
#include "fused.def"
};

int
RtFused_Find(const RtInstruction *code, size_t n)
{
    RtOpcode first = RtInstruction_Opcode(code[0]);
    if ((first_opcodes[first / 64] >> first % 64 & 1) == 0) {
        return -1;
    }
    uint64_t found = 0;
    for (size_t i = 0; i < LONGEST && i < n; i++) {
        RtOpcode op = RtInstruction_Opcode(code[i]);
        // To ints it is the same. The first one has no handler to leave it to.
        if (op == RT_OP_INPLACE_OP && i > 0) {
            op = RT_OP_BINARY_OP;
        }
        found |= (uint64_t)op << 8 * i;
    }
    for (int i = 0; i < RT_FUSED_COUNT; i++) {
        // Nothing (NOP) is behind the end.
        if ((found & sequences[i].mask) == sequences[i].opcodes) {
            return i;
        }
    }
    return -1;
}

// The only fields of an instruction that change after it was made.
static void
store_cache(const RtTargetInstruction *ip, uint64_t word)
{
    uint64_t *cache = &((RtTargetInstruction *)ip)->cache;
#ifdef RT_GIL_DISABLED
    rt_atomic_store_uint64_relaxed(cache, word);
#else
    *cache = word;
#endif
}

// Whether instances have the generic attributes.
static bool
is_generic(const RtTypeObject *type, bool stores)
{
    if (stores) {
        return type->tp_setattro == NULL ||
               type->tp_setattro == RtObject_GenericSetAttr;
    }
    return type->tp_getattro == NULL ||
           type->tp_getattro == RtObject_GenericGetAttr;
}

// A version of the type that has no such attribute, so that no descriptor
// decides about it; or 0.
static uint32_t
version_without(RtTypeObject *type, RtObject *name)
{
    uint32_t version;
    RtObject *found = RtType_LookupRefAndVersion(type, name, &version);
    Rt_XDECREF(found);
    return found == NULL ? version : 0;
}

void
RtFused_FillAttr(const RtTargetInstruction *ip, RtObject *op, bool stores)
{
    RtAttrCache cache = { RtFused_LoadCache(ip) };
    RtTypeObject *type = Rt_TYPE(op);
    if (cache.fills >= MAX_FILLS || !RtType_IsHeap(type) ||
        !RtType_HasInlineValues(type) || !RtStr_CheckExact(ip->name))
    {
        return;
    }
    if (cache.fills++ == 0) {
        store_cache(ip, cache.word);
        return;
    }
    Rt_INCREF(type);            // op may become another's instance meanwhile
    cache.version = version_without(type, ip->name);
    ssize_t ix = RtSharedKeys_Lookup(type->ht_cached_keys, ip->name);
    // A type whose slots have changed since has another version.
    if (ix < 0 || !is_generic(type, stores)) {
        cache.version = 0;
    }
    cache.index = (uint16_t)(ix < 0 ? 0 : ix);
    store_cache(ip, cache.word);
    RT_NOTE(INLINE_CACHE_FILL, ip->name, cache.version);
    Rt_DECREF(type);
}

// Of the type itself: an inherited one does not tell whose it is.
static uintptr_t
find_static_method(const RtTypeObject *type, RtObject *name)
{
    RtObject *descr = RtDict_GetItemImmutable(type->tp_dict, name);
    if (type->tp_dictoffset != 0 || descr == NULL ||
        !Rt_IS_TYPE(descr, &RtMethodDescr_Type) ||
        ((RtMethodDescrObject *)descr)->d_type != type)
    {
        return 0;
    }
    rt_assert(Rt_IsImmortal(descr));
    rt_assert((uintptr_t)descr >> RT_METHOD_CACHE_SHIFT == 0);
    return (uintptr_t)descr;
}

// Nothing if an instance may have an attribute of that name: then it is looked
// up each time.
static uintptr_t
find_class_method(RtTypeObject *type, RtObject *name)
{
    uintptr_t names = RT_METHOD_NO_NAMES;
    if (type->tp_dictoffset != 0) {
        RtDictKeysObject *keys = type->ht_cached_keys;
        if (!RtType_HasInlineValues(type)) {
            return 0;
        }
        // Counted before it is looked for: names are added meanwhile.
        names = (uintptr_t)RT_FT_ATOMIC_LOAD_SSIZE_ACQUIRE(&keys->nentries);
        if (RtSharedKeys_Lookup(keys, name) >= 0) {
            return 0;
        }
    }
    uint32_t version;
    RtObject *method = RtType_LookupRefAndVersion(type, name, &version);
    bool is_method = method != NULL && RtType_IsMethod(method);
    Rt_XDECREF(method);
    if (!is_method || version == 0) {
        return 0;
    }
    return names << RT_METHOD_CACHE_NAMES | (uintptr_t)version << 1 | 1;
}

void
RtFused_FillMethod(const RtTargetInstruction *ip, RtObject *op)
{
    uint64_t fills = RtFused_LoadCache(ip) >> RT_METHOD_CACHE_SHIFT;
    RtTypeObject *type = Rt_TYPE(op);
    if (fills >= MAX_FILLS || !RtStr_CheckExact(ip->name) ||
        !is_generic(type, false))
    {
        return;
    }
    uintptr_t found = 0;
    if (fills++ > 0 && RtType_IsHeap(type)) {
        Rt_INCREF(type);        // op may become another's instance meanwhile
        found = find_class_method(type, ip->name);
        // A type whose slots have changed since has another version.
        found = is_generic(type, false) ? found : 0;
        Rt_DECREF(type);
    }
    else if (fills > 1) {
        found = find_static_method(type, ip->name);
    }
    store_cache(ip, fills << RT_METHOD_CACHE_SHIFT | found);
    RT_NOTE(INLINE_CACHE_FILL, ip->name, found != 0);
}

// Whether the cache is about the class of op, and op has no such attribute of
// its own.
static bool
suits(uint64_t word, RtObject *op)
{
    RtTypeObject *type = Rt_TYPE(op);
    if (RtType_LoadVersion(type) != (uint32_t)word >> 1) {
        return false;
    }
    uint16_t names = (uint16_t)(word >> RT_METHOD_CACHE_NAMES);
    if (names == RT_METHOD_NO_NAMES) {
        return true;
    }
    // The values first: names are only ever added.
    const RtDictValues *values = RtInstance_Values(op, type);
    return RT_FT_ATOMIC_LOAD_UINT8_ACQUIRE(&values->valid) != 0 &&
           RT_FT_ATOMIC_LOAD_SSIZE_ACQUIRE(&type->ht_cached_keys->nentries) ==
               names;
}

// Nothing blocks before it is found, so that the type and its slots stay what
// they are.
RtObject *
RtFused_ClassMethod(const RtTargetInstruction *ip, uint64_t word, RtObject *op)
{
    if (!suits(word, op)) {
        RtFused_FillMethod(ip, op);
        return NULL;
    }
    RtObject *method;
    if (!RtType_LookupCached(Rt_TYPE(op), ip->name, &method)) {
        return NULL;
    }
    // The class may have changed after its version was looked at.
    if (method != NULL && !RtType_IsMethod(method)) {
        Rt_CLEAR(method);
    }
    return method;
}

// The lock of an object for a store in which nothing blocks.
static bool
lock(RtObject *op)
{
#if defined(RT_GIL_DISABLED) && !defined(RT_WITH_HOOKS)
    return RtMutex_TryLockFast(RT_LOCK_FIELD(op));
#else
    (void)op;
    return false;
#endif
}

static void
unlock(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    RtMutex_Unlock(RT_LOCK_FIELD(op));
#else
    (void)op;
#endif
}

RtObject *
RtFused_StoreItemLocked(RtThreadState *tstate, const RtTargetInstruction *ip,
                        RtStackRef container, RtStackRef key, RtStackRef value)
{
    RtObject *op = RtFused_ObjectIn(container);
    if ((!RtList_CheckExact(op) && !Rt_IS_TYPE(op, &RtDict_Type)) || !lock(op))
    {
        return NULL;
    }
    RtObject *old = RtFused_Replace(tstate, RtFused_ItemSlot(ip, op, key),
                                    value);
    unlock(op);
    return old;
}

RtObject *
RtFused_StoreAttrLocked(RtThreadState *tstate, const RtTargetInstruction *ip,
                        RtStackRef owner, RtStackRef value)
{
    RtObject *op = RtFused_ObjectIn(owner);
    RtAttrCache cache = { RtFused_LoadCache(ip) };
    if (cache.version == 0 || RtType_LoadVersion(Rt_TYPE(op)) != cache.version)
    {
        RtFused_FillAttr(ip, op, true);
        return NULL;
    }
    if (!lock(op)) {
        return NULL;
    }
    RtObject *old = RtFused_Replace(tstate, RtFused_AttrSlotToStore(ip, op),
                                    value);
    unlock(op);
    return old;
}

void
RtFused_FillEntry(const RtTargetInstruction *ip, RtObject *dict,
                  RtObject *key)
{
    RtEntryCache cache = { RtFused_LoadCache(ip) };
    if (cache.fills >= MAX_FILLS || !RtStr_CheckExact(key)) {
        return;
    }
    if (cache.fills++ > 0) {
        cache.index =
            (uint32_t)(RtDict_GuessEntry((RtDictObject *)dict, key) + 1);
    }
    store_cache(ip, cache.word);
    RT_NOTE(INLINE_CACHE_FILL, key, cache.index);
}
