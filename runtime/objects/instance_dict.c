// instance_dict.c: the attributes of instances: values behind the instance, and
// the dict that it gets when somebody asks for it.
//
// While the values are valid they are the attributes, and the instance's dict,
// if it has one, points at them. Without a dict the instance's lock guards
// them, with a dict the dict's lock does: both writers make sure, with the lock
// held, that the dict is what they took it for. Once the values have moved, to
// a combined table or out of the instance, they are invalid for ever, and all
// slots are NULL. Readers take no lock: they try to incref a value and make
// sure that the values are still valid.
//
// The instance visits its dict, the dict visits the values. A dict may outlive
// its instance, which then hands over a copy of the values; the instance's
// memory waits for those who read the dict without its lock.
// Mirrors _PyObject_StoreInstanceAttribute, _PyObject_TryGetInstanceAttribute
// and _PyObject_SetManagedDict in Objects/dictobject.c (CPython 3.13); departs:
// every class that adds a dict has inline values; readers own the dict they
// look into, so that a replaced one is dropped at once (gh-124470); who stores
// an attribute makes sure that the dict is still the instance's (gh-149816).

#include "rtcore_dict.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_type.h"
#include "rtcore_unbroken.h"

#include <string.h>

enum { LOOK_IN_DICT = 2, RETRY = 3 };

static inline RtDictValues *
inline_values(RtObject *op)
{
    rt_assert(RtType_HasInlineValues(Rt_TYPE(op)));
    return RtInstance_Values(op, Rt_TYPE(op));
}

static inline bool
are_valid(const RtDictValues *values)
{
    return RT_FT_ATOMIC_LOAD_UINT8_ACQUIRE(&values->valid) != 0;
}

// The values move elsewhere; the caller holds the lock that guards them.
static inline void
invalidate(RtDictValues *values)
{
    RT_FT_ATOMIC_STORE_UINT8_RELEASE(&values->valid, 0);
}

static inline void
store_dict(RtObject *op, RtObject *dict)
{
    RT_FT_ATOMIC_STORE_PTR_RELEASE(RtObject_DictPointer(op), dict);
}

static inline RtObject *
new_ref_with_lock(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return RtObject_NewRefWithLock(op);
#else
    return Rt_NewRef(op);
#endif
}

static void
drop_all(RtObject *const *items, uint8_t n)
{
    for (uint8_t i = 0; i < n; i++) {
        Rt_DECREF(items[i]);
    }
}

// ---------------------------------------------------------------------------
// Birth.

size_t
RtInstance_ReserveValues(RtTypeObject *type, uint8_t *capacity)
{
    RtSharedKeys_CountInstance(type->ht_cached_keys);
    *capacity = RtSharedKeys_Capacity(type->ht_cached_keys);
    return RtDictValues_Bytes(*capacity);
}

void
RtInstance_InitValues(RtObject *op, uint8_t capacity)
{
    RtDictValues_Init(inline_values(op), capacity, true);
}

// ---------------------------------------------------------------------------
// The dict.

// The instance's lock is held and it has no dict. Borrowed; NULL: MemoryError.
static RtObject *
make_dict_locked(RtObject *op)
{
    RtTypeObject *type = Rt_TYPE(op);
    RtDictKeysObject *keys = type->ht_cached_keys;
    uint64_t begun = RtUnbroken_Begin();
    RtObject *dict;
    if (keys == NULL) {
        dict = RtDict_New();
    }
    else if (RtType_HasInlineValues(type) && are_valid(inline_values(op))) {
        RtDictValues *values = inline_values(op);
        dict = RtDict_NewSplit(keys, values);
        values->published |= dict != NULL;
    }
    else {
        RtDictValues *values = RtDictValues_New(RtSharedKeys_Capacity(keys));
        dict = values == NULL ? NULL : RtDict_NewSplit(keys, values);
        if (dict == NULL) {
            RtMem_Free(values);
        }
    }
    if (dict != NULL) {
        rt_assert(RtUnbroken_Holds(begun));
        store_dict(op, dict);
        RT_NOTE(DICT_MATERIALIZED, op, 0);
    }
    return dict;
}

// A new reference; NULL without an exception if the instance has no dict and
// none is to be made.
static RtObject *
get_dict(RtObject *op, bool make)
{
    RtObject **slot = RtObject_DictPointer(op);
#ifdef RT_GIL_DISABLED
    RtObject *found = RtObject_TryXGetRef(slot);
    if (found != NULL) {
        return found;
    }
#endif
    RtObject *dict;
    RT_BEGIN_CRITICAL_SECTION(op);
    dict = *slot;
    if (dict == NULL && make) {
        dict = make_dict_locked(op);
    }
    if (dict != NULL) {
        (void)new_ref_with_lock(dict);
    }
    RT_END_CRITICAL_SECTION();
    return dict;
}

RtObject *
RtInstance_GetDict(RtObject *op)
{
    return get_dict(op, true);
}

// Gives the dict values of its own if it has the instance's. Both locks are
// held, or the instance is dead.
static int
detach_locked(RtObject *op, RtDictObject *mp)
{
    RtDictValues *values = inline_values(op);
    uint64_t begun = RtUnbroken_Begin();
    if (mp->ma_values != values) {
        return 0;
    }
    RtDictValues *copy = RtDictValues_New(values->capacity);
    if (copy == NULL) {
        return -1;
    }
    memcpy(copy->values, values->values,
           values->capacity * (sizeof(RtObject *) + 1));
    copy->size = values->size;
    RtDict_PublishLocked(mp, mp->ma_keys, copy, mp->ma_used);
    invalidate(values);
    RtObject *moved[RT_SHARED_KEYS_MAX];
    (void)RtDictValues_TakeAll(values, moved);
    rt_assert(RtUnbroken_Holds(begun));
    RT_NOTE(VALUES_DETACHED, op, 0);
    return 0;
}

bool
RtInstance_ValuesAreValid(RtObject *op)
{
    return inline_values(op)->valid != 0;
}

int
RtInstance_DetachValues(RtObject *op)
{
    if (!are_valid(inline_values(op))) {
        return 0;
    }
    RtObject *dict = get_dict(op, true);
    if (dict == NULL) {
        return -1;
    }
    // If it is not the instance's any more, it has no inline values either.
    int status;
    RT_BEGIN_CRITICAL_SECTION2(op, dict);
    status = detach_locked(op, (RtDictObject *)dict);
    rt_assert(status < 0 || !RtInstance_ValuesAreValid(op));
    RT_END_CRITICAL_SECTION2();
    Rt_DECREF(dict);
    return status;
}

static void
assign_dict(RtObject *op, RtObject *value)
{
    store_dict(op, Rt_XNewRef(value));
    RT_NOTE(DICT_ASSIGNED, op, value != NULL);
}

// Sets the dict of an instance that has none: 0, or RETRY if it has one, which
// is put into *dict as a new reference.
static int
set_first_dict(RtObject *op, RtObject *value, RtObject **dict)
{
    RtObject *taken[RT_SHARED_KEYS_MAX];
    uint8_t ntaken = 0;
    RT_BEGIN_CRITICAL_SECTION(op);
    *dict = *RtObject_DictPointer(op);
    if (*dict != NULL) {
        (void)new_ref_with_lock(*dict);
    }
    else {
        if (RtType_HasInlineValues(Rt_TYPE(op))) {
            invalidate(inline_values(op));
            ntaken = RtDictValues_TakeAll(inline_values(op), taken);
        }
        assign_dict(op, value);
    }
    RT_END_CRITICAL_SECTION();
    drop_all(taken, ntaken);
    return *dict == NULL ? 0 : RETRY;
}

// Puts another dict in the place of `dict`: 0, -1, or RETRY if that is not the
// instance's any more.
static int
replace_dict(RtObject *op, RtObject *dict, RtObject *value)
{
    int status = 0;
    RtObject *old = NULL;
    RT_BEGIN_CRITICAL_SECTION2(op, dict);
    if (*RtObject_DictPointer(op) != dict) {
        status = RETRY;
    }
    else if (RtType_HasInlineValues(Rt_TYPE(op))) {
        status = detach_locked(op, (RtDictObject *)dict);
    }
    if (status == 0) {
        old = dict;
        assign_dict(op, value);
    }
    RT_END_CRITICAL_SECTION2();
    Rt_XDECREF(old);
    return status;
}

int
RtInstance_SetDict(RtObject *op, RtObject *value)
{
    if (value != NULL && !RtDict_Check(value)) {
        RtErr_Format(&RtExc_TypeError,
                     "__dict__ must be set to a dictionary, not a '%s'",
                     Rt_TYPE(value)->tp_name);
        return -1;
    }
    if (value == NULL && !RtType_HasInlineValues(Rt_TYPE(op))) {
        RtErr_SetString(&RtExc_TypeError, "cannot delete __dict__");
        return -1;
    }
    int status;
    do {
        RtObject *dict;
        status = set_first_dict(op, value, &dict);
        if (status == RETRY) {
            status = replace_dict(op, dict, value);
            Rt_DECREF(dict);
        }
    } while (status == RETRY);
    return status;
}

// ---------------------------------------------------------------------------
// Reading an attribute.

#ifdef RT_GIL_DISABLED
// A value that cannot be taken without a lock. The dict has its own way.
static int
get_inline_locked(RtObject *op, ssize_t ix, RtObject **result)
{
    RtDictValues *values = inline_values(op);
    int found = LOOK_IN_DICT;
    RT_NOTE(READ_LOCKED, op, 0);
    RT_BEGIN_CRITICAL_SECTION(op);
    if (*RtObject_DictPointer(op) == NULL && are_valid(values)) {
        RtObject *value = values->values[ix];
        found = value != NULL;
        if (found) {
            *result = RtObject_NewRefWithLock(value);
        }
    }
    RT_END_CRITICAL_SECTION();
    return found;
}

static int
get_value(RtObject *op, ssize_t ix, RtObject **result)
{
    RtDictValues *values = inline_values(op);
    RtObject **slot = &values->values[ix];
    RtObject *value = rt_atomic_load_ptr_acquire(slot);
    uint64_t begun = RtLockFree_Begin();
    if (value != NULL && !RtObject_TryIncrefCompare(slot, value)) {
        return get_inline_locked(op, ix, result);
    }
    // They were made invalid before a slot was cleared.
    if (are_valid(values)) {
        rt_assert(RtLockFree_Holds(begun));
        *result = value;
        return value != NULL;
    }
    Rt_XDECREF(value);
    return LOOK_IN_DICT;
}
#else
static int
get_value(RtObject *op, ssize_t ix, RtObject **result)
{
    *result = Rt_XNewRef(inline_values(op)->values[ix]);
    return *result != NULL;
}
#endif

static int
get_inline(RtObject *op, RtObject *name, RtObject **result)
{
    if (!are_valid(inline_values(op))) {
        return LOOK_IN_DICT;
    }
    // The instance keeps its class alive, the class its keys.
    ssize_t ix = RtSharedKeys_Lookup(Rt_TYPE(op)->ht_cached_keys, name);
    if (ix == RT_DICT_EMPTY) {
        return 0;
    }
    rt_assert(ix < inline_values(op)->capacity);
    return get_value(op, ix, result);
}

static inline bool
is_dict_of(RtObject *op, RtObject *dict)
{
    return RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(RtObject_DictPointer(op)) == dict;
}

int
RtInstance_GetAttr(RtObject *op, RtObject *name, RtObject **result)
{
    *result = NULL;
    RtTypeObject *type = Rt_TYPE(op);
    if (type->tp_dictoffset == 0) {
        return 0;
    }
    if (RtType_HasInlineValues(type) && RtStr_CheckExact(name)) {
        int found = get_inline(op, name, result);
        if (found != LOOK_IN_DICT) {
            return found;
        }
    }
    else if (!RtType_HasInlineValues(type) && is_dict_of(op, NULL)) {
        return 0;
    }
    // A name that is not exactly a str may equal one without being it.
    bool make = !RtStr_CheckExact(name);
    for (;;) {
        RtObject *dict = get_dict(op, make);
        if (dict == NULL) {
            return make ? -1 : 0;
        }
        int found = RtDict_GetItemRef(dict, name, result);
        bool current = is_dict_of(op, dict);
        Rt_DECREF(dict);
        if (found < 0 || current) {
            return found;
        }
        Rt_CLEAR(*result);
    }
}

// ---------------------------------------------------------------------------
// Storing and deleting an attribute.

static int
set_inline(RtObject *op, RtObject *name, RtObject *value)
{
    RtDictValues *values = inline_values(op);
    if (!are_valid(values) || !is_dict_of(op, NULL)) {
        return LOOK_IN_DICT;
    }
    RtDictKeysObject *keys = Rt_TYPE(op)->ht_cached_keys;
    ssize_t ix = value != NULL ? RtSharedKeys_Insert(keys, name)
                               : RtSharedKeys_Lookup(keys, name);
    if (ix == RT_DICT_EMPTY) {
        return LOOK_IN_DICT;
    }
    RtObject *old = NULL;
    int status = LOOK_IN_DICT;
    RT_BEGIN_CRITICAL_SECTION(op);
    if (*RtObject_DictPointer(op) == NULL && are_valid(values)) {
        old = RtDictValues_Set(values, ix, value);
        status = value != NULL || old != NULL;
    }
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(old);
    return status;
}

// The same in a dict that was the instance's: RETRY if it is not any more.
static int
set_in_dict(RtObject *op, RtObject *dict, RtObject *name, RtObject *value)
{
    ssize_t hash = RtDict_HashKey(name);
    if (hash == -1) {
        return -1;
    }
    RtDictObject *mp = (RtDictObject *)dict;
    RtObject *old_key = NULL;
    RtObject *old = NULL;
    int status = 1;
    RT_BEGIN_CRITICAL_SECTION(dict);
    ssize_t ix = RtDict_LookupLocked(mp, name, hash);
    if (ix == RT_DICT_ERROR) {
        status = -1;
    }
    else if (!is_dict_of(op, dict)) {
        status = RETRY;
    }
    else if (value == NULL) {
        status = ix >= 0;
        if (ix >= 0) {
            RtDict_RemoveLocked(mp, ix, &old_key, &old);
        }
    }
    else if (ix >= 0) {
        old = RtDict_ReplaceLocked(mp, ix, value);
    }
    else if (RtDict_InsertAbsentLocked(mp, name, hash, value) < 0) {
        status = -1;
    }
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(old_key);
    Rt_XDECREF(old);
    return status;
}

int
RtInstance_SetAttr(RtObject *op, RtObject *name, RtObject *value)
{
    RtTypeObject *type = Rt_TYPE(op);
    int status = LOOK_IN_DICT;
    if (type->tp_dictoffset == 0) {
        return 0;
    }
    if (RtType_HasInlineValues(type) && RtStr_CheckExact(name)) {
        status = set_inline(op, name, value);
    }
    if (status != LOOK_IN_DICT) {
        return status;
    }
    bool make = value != NULL || !RtStr_CheckExact(name);
    do {
        RtObject *dict = get_dict(op, make);
        if (dict == NULL) {
            return make ? -1 : 0;
        }
        status = set_in_dict(op, dict, name, value);
        Rt_DECREF(dict);
    } while (status == RETRY);
    return status;
}

// ---------------------------------------------------------------------------
// The collector, and death.

int
RtInstance_Traverse(RtObject *op, visitproc visit, void *arg)
{
    RtObject *dict = *RtObject_DictPointer(op);
    if (dict != NULL) {
        Rt_VISIT(dict);
        return 0;
    }
    RtDictValues *values = inline_values(op);
    for (uint8_t i = 0; i < values->capacity; i++) {
        Rt_VISIT(values->values[i]);
    }
    return 0;
}

// A cycle through a dict is broken by the dict's own tp_clear.
void
RtInstance_Clear(RtObject *op)
{
    RtObject *taken[RT_SHARED_KEYS_MAX];
    uint8_t ntaken = 0;
    RT_BEGIN_CRITICAL_SECTION(op);
    if (*RtObject_DictPointer(op) == NULL) {
        ntaken = RtDictValues_TakeAll(inline_values(op), taken);
    }
    RT_END_CRITICAL_SECTION();
    drop_all(taken, ntaken);
}

// Whether the instance's reference is the only one. Others cannot get one then.
static bool
is_only_reference(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    if (!RtObject_IsOwnedByCurrentThread(op) && !RtObject_IsMerged(op)) {
        return false;
    }
#endif
    return Rt_REFCNT(op) == 1;
}

static void
part_from_dict(RtObject *op, RtObject *dict)
{
    RtDictObject *mp = (RtDictObject *)dict;
    RtDictValues *values = inline_values(op);
    RtObject *taken[RT_SHARED_KEYS_MAX];
    uint8_t ntaken = 0;
    RtDictKeysObject *keys = NULL;
    bool lost = false;
    RtObject *raised = RtErr_GetRaisedException();
    RT_BEGIN_CRITICAL_SECTION(dict);
    if (mp->ma_values == values) {
        bool dies = is_only_reference(dict);
        lost = !dies && detach_locked(op, mp) < 0;
        if (dies || lost) {
            keys = mp->ma_keys;
            RtDict_PublishLocked(mp, rt_dict_empty_keys, NULL, 0);
            invalidate(values);
            ntaken = RtDictValues_TakeAll(values, taken);
        }
    }
    RT_END_CRITICAL_SECTION();
    if (lost) {
        // There is no memory for its items: the dict lives on without them.
        RtErr_WriteUnraisable(dict);
    }
    RtErr_SetRaisedException(raised);
    drop_all(taken, ntaken);
    RtSharedKeys_DecRef(keys);
}

void
RtInstance_Finish(RtObject *op)
{
    RtObject **slot = RtObject_DictPointer(op);
    RtDictValues *values = inline_values(op);
    RtObject *dict = *slot;
    if (dict == NULL) {
        RtInstance_Clear(op);
    }
    else {
        part_from_dict(op, dict);
        *slot = NULL;
        Rt_DECREF(dict);
    }
#ifdef RT_GIL_DISABLED
    if (values->published) {
        uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
        rt_atomic_store_uint8_owned(&op->ob_gc_bits,
                                    bits | RT_GC_BITS_SHARED_INLINE);
    }
#else
    (void)values;
#endif
}
