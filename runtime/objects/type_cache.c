// type_cache.c: looking attributes up along the MRO, versions of types, and the
// cache that answers most lookups on heap types without a lock.
//
// A version stands for everything that a lookup on its type can find; it is
// never given to another type or another state. An entry whose version is that
// of its type holds what a walk along the MRO finds. Therefore: the version of
// an entry is taken before the walk, under the type lock; who changes a class
// takes the versions of it and its subclasses away first, then changes its
// dict, and drops the old value when the lock is released. If a type has a
// version, so have its bases that are heap types.
// Values are borrowed: the memory of a dead one stays readable until readers
// are quiescent, and TryIncref refuses it.
// Mirrors Objects/typeobject.c, _PyType_LookupRef (CPython 3.13); departs:
// static types never change and are looked up without cache and version.

#include "rtcore_type.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_types.h"       // RtStr_HASH()
#include "rtcore_unbroken.h"

#ifdef RT_TINY_LIMITS
enum { MAX_VERSION_TAG = 24, MAX_VERSIONS_PER_CLASS = 8 };
#else
enum { MAX_VERSION_TAG = INT32_MAX, MAX_VERSIONS_PER_CLASS = 1000 };
#endif

#ifdef RT_GIL_DISABLED
#define LOAD_VERSION(p) rt_atomic_load_uint32_acquire(p)
#define LOAD_VERSION_OWNED(p) rt_atomic_load_uint32_owned(p)
#define STORE_VERSION(p, v) rt_atomic_store_uint32_release((p), (v))
#else
#define LOAD_VERSION(p) (*(p))
#define LOAD_VERSION_OWNED(p) (*(p))
#define STORE_VERSION(p, v) ((void)(*(p) = (v)))
#endif

// ---------------------------------------------------------------------------
// Versions. The type lock is held, or the world is stopped.

uint32_t
RtType_Version(const RtTypeObject *type)
{
    return LOAD_VERSION(&type->tp_version_tag);
}

static void
note_exhausted(const RtTypeObject *type)
{
    RT_NOTE(TYPE_VERSION_EXHAUSTED, type, 0);
    (void)type;
}

uint32_t
RtType_AssignVersion(RtTypesState *types, RtTypeObject *type)
{
    rt_assert(RtType_IsHeap(type));
    uint32_t version = LOAD_VERSION(&type->tp_version_tag);
    if (version != 0 || type->tp_mro == NULL) {
        return version;
    }
    if (type->tp_versions_used >= MAX_VERSIONS_PER_CLASS ||
        types->next_version_tag >= MAX_VERSION_TAG)
    {
        note_exhausted(type);
        return 0;
    }
    for (ssize_t i = 0; i < RtTuple_Size(type->tp_bases); i++) {
        RtTypeObject *base =
            (RtTypeObject *)RtTuple_GetItem(type->tp_bases, i);
        if (RtType_IsHeap(base) && RtType_AssignVersion(types, base) == 0) {
            return 0;
        }
    }
    if (types->next_version_tag >= MAX_VERSION_TAG) {
        note_exhausted(type);
        return 0;               // the bases took the last
    }
    type->tp_versions_used++;
    version = ++types->next_version_tag;
    // Its readers find it void until then, and take no number for two states.
    rt_assert(LOAD_VERSION_OWNED(&type->tp_version_tag) == 0);
    // Nor does the collector, which takes it apart, void it again.
    rt_assert(type->tp_mro != NULL);
    STORE_VERSION(&type->tp_version_tag, version);
    return version;
}

void
RtType_ModifiedLocked(RtTypeObject *type)
{
    uint32_t version = LOAD_VERSION(&type->tp_version_tag);
    if (version == 0) {
        return;                 // and so have all subclasses none
    }
    for (ssize_t i = 0; i < type->tp_subclasses.count; i++) {
        RtType_ModifiedLocked(type->tp_subclasses.items[i]);
    }
    STORE_VERSION(&type->tp_version_tag, 0);
    RT_NOTE(TYPE_MODIFIED, type, version);
}

void
RtType_NoteBases(const RtTypeObject *type)
{
    RT_NOTE(TYPE_BASES_SET, type, 0);
    (void)type;
}

void
RtType_NoteClass(const RtObject *op)
{
    RT_NOTE(OBJECT_CLASS_SET, op, op->ob_type);
    (void)op;
}

// ---------------------------------------------------------------------------
// The walk.

static RtObject *
lookup_in_dict(RtTypeObject *type, RtObject *name, bool *failed)
{
    if (!RtType_IsHeap(type)) {
        // Never changes, and everything in it is immortal.
        return RtDict_GetItemImmutable(type->tp_dict, name);
    }
    RtObject *result = NULL;
    if (type->tp_dict != NULL &&
        RtDict_GetItemRef(type->tp_dict, name, &result) < 0)
    {
        RtErr_Clear();
        *failed = true;
    }
    return result;
}

static RtObject *
walk(RtObject *mro, RtObject *name, bool *failed)
{
    for (ssize_t i = 0; i < RtTuple_Size(mro); i++) {
        RtTypeObject *base = (RtTypeObject *)RtTuple_GetItem(mro, i);
        RtObject *result = lookup_in_dict(base, name, failed);
        if (result != NULL) {
            return result;
        }
    }
    return NULL;
}

// The MRO may be replaced while a dict's lock is waited for: it is held.
static RtObject *
walk_heap_type(RtTypeObject *type, RtObject *name, bool *failed)
{
    RtObject *mro = type->tp_mro;
    if (mro == NULL) {
        return NULL;            // cleared by the collector
    }
    Rt_INCREF(mro);
    RtObject *result = walk(mro, name, failed);
    Rt_DECREF(mro);
    return result;
}

// ---------------------------------------------------------------------------
// The cache.

// A hash of the text, not of an address: the same in every process.
static inline RtTypeCacheEntry *
find_entry(RtTypesState *types, uint32_t version, RtObject *name)
{
    size_t hash = (size_t)RtStr_HASH(name) ^ version;
    return &types->cache[hash % RT_TYPE_CACHE_SIZE];
}

#ifdef RT_GIL_DISABLED

// As long as nobody has written, what was read stands there. For assertions.
__attribute__((unused)) static bool
is_as_read(const RtTypeCacheEntry *entry, uint32_t sequence, uint32_t version,
           const RtObject *name, const RtObject *value)
{
    const uint32_t *now = &entry->sequence.sequence;
    if (rt_atomic_load_uint32_owned(now) != sequence ||
        (rt_atomic_load_uint32_owned(&entry->version) == version &&
         rt_atomic_load_ptr_owned(&entry->name) == name &&
         rt_atomic_load_ptr_owned(&entry->value) == value))
    {
        return true;
    }
    rt_atomic_fence_acquire();
    return rt_atomic_load_uint32_owned(now) != sequence;
}

// True if the entry had the answer: a new reference, or NULL. *late receives a
// reference that is to be dropped later.
static inline bool
read_entry(RtTypesState *types, RtTypeObject *type, RtObject *name,
           RtObject **result, RtObject **late)
{
    uint32_t version = rt_atomic_load_uint32_acquire(&type->tp_version_tag);
    if (version == 0) {
        return false;
    }
    RtTypeCacheEntry *entry = find_entry(types, version, name);
    uint64_t begun = RtLockFree_Begin();
    uint32_t sequence = RtSeqLock_BeginRead(&entry->sequence);
    if (rt_atomic_load_uint32_relaxed(&entry->version) != version ||
        rt_atomic_load_ptr_relaxed(&entry->name) != name)
    {
        return false;
    }
    // Pairs with the release in fill_entry(): the value is initialised, even if
    // it is a later one than that of the version.
    RtObject *value = rt_atomic_load_ptr_acquire(&entry->value);
    if (value != NULL && !RtObject_TryIncref(value)) {
        return false;
    }
    rt_assert(RtLockFree_Holds(begun));
    if (!RtSeqLock_EndRead(&entry->sequence, sequence)) {
        *late = value;
        return false;
    }
    rt_assert(is_as_read(entry, sequence, version, name, value));
    *result = value;
    return true;
}

static void
fill_entry(RtTypesState *types, uint32_t version, RtObject *name,
           RtObject *value)
{
    RtTypeCacheEntry *entry = find_entry(types, version, name);
    if (value != NULL) {
        // Or no thread but its owner could take it from the cache.
        RtObject_SetMaybeWeakref(value);
    }
    RtObject *old_name = Rt_NewRef(name);
    RtSeqLock_LockWrite(&entry->sequence);
    if (rt_atomic_load_uint32_owned(&entry->version) == version &&
        entry->name == name)
    {
        RtSeqLock_AbandonWrite(&entry->sequence);       // another was first
    }
    else {
        old_name = entry->name;
        rt_atomic_store_ptr_release(&entry->value, value);
        rt_atomic_store_ptr_relaxed(&entry->name, name);
        rt_atomic_store_uint32_relaxed(&entry->version, version);
        RtSeqLock_UnlockWrite(&entry->sequence);
    }
    // Only now: it may block, and readers spin while a writer is inside.
    Rt_XDECREF(old_name);
}

#else

static inline bool
read_entry(RtTypesState *types, RtTypeObject *type, RtObject *name,
           RtObject **result, RtObject **late)
{
    (void)late;
    uint32_t version = type->tp_version_tag;
    RtTypeCacheEntry *entry = find_entry(types, version, name);
    if (entry->version != version || entry->name != name) {
        return false;
    }
    *result = Rt_XNewRef(entry->value);
    return true;
}

static void
fill_entry(RtTypesState *types, uint32_t version, RtObject *name,
           RtObject *value)
{
    RtTypeCacheEntry *entry = find_entry(types, version, name);
    RtObject *old_name = entry->name;
    entry->version = version;
    entry->name = Rt_NewRef(name);
    entry->value = value;
    Rt_XDECREF(old_name);
}

#endif

// The type is held: while the thread waits for a lock its last instance may
// become one of another class.
static __attribute__((noinline)) RtObject *
lookup_slow(RtTypesState *types, RtTypeObject *type, RtObject *name,
            uint32_t *of_version)
{
    RT_NOTE(TYPE_CACHE_MISS, type, name);
    bool failed = false;
    *of_version = 0;
    if (!RtStr_CheckExact(name)) {
        return walk_heap_type(type, name, &failed);
    }
    RtObject *result;
    uint32_t version;
    RT_BEGIN_CRITICAL_SECTION_MUT(&types->mutex);
    // Before the walk, during which the lock may be released.
    version = RtType_AssignVersion(types, type);
    result = walk_heap_type(type, name, &failed);
    RT_END_CRITICAL_SECTION();
    if (version != 0 && !failed && !types->closed) {
        fill_entry(types, version, name, result);
        RT_NOTE(TYPE_CACHE_FILL, name, version);
        *of_version = version;
    }
    return result;
}

RtObject *
RtType_LookupRef(RtTypeObject *type, RtObject *name)
{
    bool failed = false;
    if (!RtType_IsHeap(type)) {
        // NULL: not ready yet.
        return type->tp_mro == NULL ? NULL : walk(type->tp_mro, name, &failed);
    }
    RtTypesState *types = &RtThreadState_Get()->interp->types;
    RtObject *result = NULL;
    RtObject *late = NULL;
    if (RtStr_CheckExact(name) &&
        read_entry(types, type, name, &result, &late))
    {
        RT_NOTE(TYPE_CACHE_HIT, type, name);
        return result;
    }
    Rt_INCREF(type);
    Rt_XDECREF(late);
    uint32_t version;
    result = lookup_slow(types, type, name, &version);
    Rt_DECREF(type);
    return result;
}

bool
RtType_LookupCached(RtTypeObject *type, RtObject *name, RtObject **result)
{
    RtObject *late = NULL;
    bool found = read_entry(&RtThreadState_Get()->interp->types, type, name,
                            result, &late);
    Rt_XDECREF(late);
    if (found) {
        RT_NOTE(TYPE_CACHE_HIT, type, name);
    }
    return found;
}

RtObject *
RtType_LookupRefAndVersion(RtTypeObject *type, RtObject *name,
                           uint32_t *version)
{
    rt_assert(RtType_IsHeap(type));
    return lookup_slow(&RtThreadState_Get()->interp->types, type, name,
                       version);
}

void
RtTypeCache_Close(RtInterpreterState *interp)
{
    interp->types.closed = true;
    for (size_t i = 0; i < RT_TYPE_CACHE_SIZE; i++) {
        RtTypeCacheEntry *entry = &interp->types.cache[i];
        RtObject *name = entry->name;
        if (name != NULL) {
            *entry = (RtTypeCacheEntry){ .sequence = entry->sequence };
            Rt_DECREF(name);
        }
    }
}

// The name of such an entry may be counted or not: it is not dropped.
void
RtTypeCache_AfterFork(RtInterpreterState *interp)
{
    for (size_t i = 0; i < RT_TYPE_CACHE_SIZE; i++) {
        RtTypeCacheEntry *entry = &interp->types.cache[i];
        if (RtSeqLock_AfterFork(&entry->sequence)) {
            entry->version = 0;
            entry->name = NULL;
            entry->value = NULL;
        }
    }
}
