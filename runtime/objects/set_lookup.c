// set_lookup.c: reading a set without its lock, and checking one.
//
// A lookup loads generation, table and mask, probes, compares keys that it
// holds by a try-incref that looks at the slot again, and makes sure that the
// generation is still the set's: a rewrite counts it on before the first slot
// changes. Whenever anything has changed, or the table is hidden, it asks again
// under the lock. The first read by a thread that is not the owner takes the
// lock too and marks the set SHARED: from then on tables are freed by QSBR. The
// GIL build has the lock. A frozenset has no writer: reading it is free.
// Mirrors set_lookkey_threadsafe in Objects/setobject.c (CPython 3.15; 3.13
// locks); departs: the generation.

#include "rtcore_set.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_unbroken.h"

#ifdef RT_GIL_DISABLED
// As compare_locked(), with a slot of a table that was the set's in that
// generation.
static int
compare_lockfree(RtSetObject *so, uintptr_t generation, RtSetEntry *entry,
                 RtObject *found, RtObject *key)
{
    if (!RtObject_TryIncrefCompare(&entry->key, found)) {
        return RT_SET_CHANGED;
    }
    int equal = RtObject_EqualBool(found, key);
    Rt_DECREF(found);
    if (equal < 0) {
        return RT_SET_ERROR;
    }
    // The comparison or the decref may have been a quiescent state: the slot
    // is only an address until the table is known to be the set's.
    if (rt_atomic_load_uintptr_acquire(&so->generation) != generation
        || rt_atomic_load_ptr_acquire(&entry->key) != found) {
        return RT_SET_CHANGED;
    }
    return equal;
}

static int
probe_lockfree(RtSetObject *so, uintptr_t generation, RtSetEntry *table,
               size_t mask, RtObject *key, ssize_t hash)
{
    uint64_t begun = RtLockFree_Begin();
    RtSetProbe p = RtSetProbe_Start(mask, hash);
    for (;; RtSetProbe_Next(&p)) {
        RtSetEntry *entry = &table[p.i];
        rt_assert(RtLockFree_Holds(begun));
        RtObject *found = rt_atomic_load_ptr_acquire(&entry->key);
        if (found == NULL) {
            return 0;
        }
        if (found == key) {
            return 1;
        }
        if (found == rt_set_dummy
            || rt_atomic_load_ssize_acquire(&entry->hash) != hash) {
            continue;
        }
        int equal = compare_lockfree(so, generation, entry, found, key);
        if (equal != 0) {
            return equal;
        }
        begun = RtLockFree_Begin();     // the table was looked at again
    }
}

// 1, 0, RT_SET_ERROR or RT_SET_CHANGED.
static int
lookup_lockfree(RtSetObject *so, RtObject *key, ssize_t hash)
{
    uintptr_t generation = rt_atomic_load_uintptr_acquire(&so->generation);
    RtSetEntry *table = rt_atomic_load_ptr_acquire(&so->table);
    size_t mask = (size_t)rt_atomic_load_ssize_acquire(&so->mask);
    // The mask is this table's if the generation still is.
    if (table == NULL
        || rt_atomic_load_uintptr_acquire(&so->generation) != generation) {
        return RT_SET_CHANGED;
    }
    int found = probe_lockfree(so, generation, table, mask, key, hash);
    if (found >= 0
        && rt_atomic_load_uintptr_acquire(&so->generation) != generation) {
        return RT_SET_CHANGED;
    }
    return found;
}

static int
contains_locked(RtSetObject *so, RtObject *key, ssize_t hash)
{
    ssize_t i;
    RtSet_NoteLookupLocked(so);
    RT_BEGIN_CRITICAL_SECTION(so);
    if (!RtObject_IsOwnedByCurrentThread((RtObject *)so)) {
        RtContainer_SetShared((RtObject *)so);
    }
    i = RtSet_LookupLocked(so, key, hash);
    if (i >= 0) {
        // The next try without the lock shall succeed.
        RtObject_SetMaybeWeakref(so->table[i].key);
    }
    RT_END_CRITICAL_SECTION();
    return i >= 0 ? 1 : i == RT_SET_ERROR ? -1 : 0;
}

int
RtSet_ContainsKnownHash(RtSetObject *so, RtObject *key, ssize_t hash)
{
    if (!RtFrozenSet_Check((RtObject *)so)) {
        int found = RT_SET_CHANGED;
        if (RtContainer_CanRead((RtObject *)so)) {
            found = lookup_lockfree(so, key, hash);
        }
        return found == RT_SET_CHANGED ? contains_locked(so, key, hash)
               : found == RT_SET_ERROR ? -1 : found;
    }
    ssize_t i = RtSet_LookupLocked(so, key, hash);
    return i >= 0 ? 1 : i == RT_SET_ERROR ? -1 : 0;
}
#else
int
RtSet_ContainsKnownHash(RtSetObject *so, RtObject *key, ssize_t hash)
{
    ssize_t i = RtSet_LookupLocked(so, key, hash);
    return i >= 0 ? 1 : i == RT_SET_ERROR ? -1 : 0;
}
#endif

// ---------------------------------------------------------------------------
// The audit's view. Plain reads: the world is stopped.

RT_NO_INSTRUMENT static bool
audit_reachable(const RtSetObject *so, size_t slot)
{
    size_t mask = (size_t)so->mask;
    size_t perturb = (size_t)so->table[slot].hash;
    size_t i = perturb & mask;
    for (size_t step = 0; step <= mask + 64; step++) {
        size_t last = i + RT_SET_LINEAR_PROBES <= mask
                      ? i + RT_SET_LINEAR_PROBES : i;
        for (size_t k = i; k <= last; k++) {
            if (k == slot) {
                return true;
            }
            if (so->table[k].key == NULL) {
                return false;
            }
        }
        perturb >>= RT_SET_PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
    return false;
}

RT_NO_INSTRUMENT bool
RtSet_IsValid(RtObject *op)
{
    RtSetObject *so = (RtSetObject *)op;
    size_t size = (size_t)so->mask + 1;
    if (so->table == NULL || size < RT_SET_MINSIZE || (size & (size - 1)) != 0
        || (size == RT_SET_MINSIZE) != (so->table == so->smalltable)) {
        return false;
    }
    ssize_t used = 0;
    ssize_t fill = 0;
    for (size_t i = 0; i < size; i++) {
        RtObject *key = so->table[i].key;
        fill += key != NULL;
        if (key == NULL || key == rt_set_dummy) {
            continue;
        }
        used++;
        if (!audit_reachable(so, i)) {
            return false;
        }
    }
    return used == so->used && fill == so->fill && fill <= so->mask;
}
