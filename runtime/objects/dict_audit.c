// dict_audit.c: whether a dict, or the attributes of an instance, are what they
// should be.
//
// Plain reads, no lock, no point: the world is stopped, or the caller is alone.
// Mirrors _PyDict_CheckConsistency in Objects/dictobject.c (CPython 3.13).

#include "rtcore_dict.h"
#include "rtcore_type.h"
#include "rtcore_types.h"

#include <string.h>

RT_NO_INSTRUMENT static ssize_t
audit_index(const RtDictKeysObject *keys, size_t i)
{
    const void *indices = keys + 1;
    if (keys->log2_size < 8) {
        return ((const int8_t *)indices)[i];
    }
    if (keys->log2_size < 16) {
        return ((const int16_t *)indices)[i];
    }
    return ((const int32_t *)indices)[i];
}

RT_NO_INSTRUMENT static bool
audit_is_str(const RtObject *key)
{
    return key->ob_type == &RtStr_Type;
}

RT_NO_INSTRUMENT static bool
audit_equal(const RtObject *a, const RtObject *b)
{
    if (a == b || !audit_is_str(a) || !audit_is_str(b)) {
        return a == b;
    }
    const RtStrObject *x = (const RtStrObject *)a;
    const RtStrObject *y = (const RtStrObject *)b;
    return x->ob_base.ob_size == y->ob_base.ob_size
           && memcmp(x->data, y->data, (size_t)x->ob_base.ob_size) == 0;
}

// What an entry says of its key.
RT_NO_INSTRUMENT static bool
audit_key(const RtDictKeysObject *keys, const RtDictEntry *entry)
{
    return audit_is_str(entry->key)
        ? ((const RtStrObject *)entry->key)->hash == entry->hash
        : !keys->all_str;
}

// Whether probing for the key of entry ix comes to it, and to no equal one
// before.
RT_NO_INSTRUMENT static bool
audit_reachable(const RtDictKeysObject *keys, const RtDictEntry *entries,
                ssize_t ix)
{
    ssize_t hash = entries[ix].hash;
    size_t mask = ((size_t)1 << keys->log2_size) - 1;
    size_t perturb = (size_t)hash;
    size_t i = perturb & mask;
    for (size_t step = 0; step <= mask + 64; step++) {
        ssize_t found = audit_index(keys, i);
        if (found == ix) {
            return true;
        }
        if (found == RT_DICT_EMPTY || found >= keys->nentries
            || (found >= 0 && entries[found].hash == hash
                && entries[found].key != NULL
                && audit_equal(entries[found].key, entries[ix].key))) {
            return false;
        }
        perturb >>= RT_DICT_PERTURB_SHIFT;
        i = (i * 5 + perturb + 1) & mask;
    }
    return false;
}

RT_NO_INSTRUMENT static RtDictEntry *
audit_entries(RtDictKeysObject *keys)
{
    return (RtDictEntry *)((char *)(keys + 1) +
                           ((size_t)1 << keys->log2_index_bytes));
}

// As many indices as live entries, each of which is reachable: a bijection.
RT_NO_INSTRUMENT static bool
audit_index_count(const RtDictKeysObject *keys, ssize_t live)
{
    ssize_t indices = 0;
    for (size_t i = 0; i < (size_t)1 << keys->log2_size; i++) {
        indices += audit_index(keys, i) >= 0;
    }
    return indices == live;
}

RT_NO_INSTRUMENT static bool
audit_combined(RtDictObject *mp)
{
    RtDictKeysObject *keys = mp->ma_keys;
    size_t size = (size_t)1 << keys->log2_size;
    RtDictEntry *entries = audit_entries(keys);
    ssize_t live = 0;
    if (mp->ma_values != NULL || keys->nentries < 0 || keys->usable < 0
        || (size_t)(keys->nentries + keys->usable) != size * 2 / 3) {
        return false;
    }
    for (ssize_t i = 0; i < keys->nentries; i++) {
        if ((entries[i].key == NULL) != (entries[i].value == NULL)) {
            return false;
        }
        if (entries[i].value != NULL) {
            live++;
            if (i >= keys->last || !audit_key(keys, &entries[i])
                || !audit_reachable(keys, entries, i)) {
                return false;
            }
        }
    }
    return live == mp->ma_used && audit_index_count(keys, live);
}

RT_NO_INSTRUMENT static bool
audit_shared_keys(RtDictKeysObject *keys)
{
    RtDictEntry *entries = audit_entries(keys);
    if (!keys->split || !keys->all_str || keys->refcnt <= 0
        || keys->nentries < 0 || keys->usable < 0
        || keys->nentries + keys->usable > RT_SHARED_KEYS_MAX) {
        return false;
    }
    for (ssize_t i = 0; i < keys->nentries; i++) {
        if (entries[i].key == NULL || entries[i].value != NULL
            || !audit_key(keys, &entries[i])
            || !audit_reachable(keys, entries, i)) {
            return false;
        }
    }
    return audit_index_count(keys, keys->nentries);
}

// The order names each value that is not NULL once, and each has a name.
RT_NO_INSTRUMENT static bool
audit_values(const RtDictValues *values, const RtDictKeysObject *keys)
{
    const uint8_t *order = (const uint8_t *)&values->values[values->capacity];
    uint64_t named = 0;
    if (values->capacity > RT_SHARED_KEYS_MAX
        || values->size > values->capacity) {
        return false;
    }
    for (uint8_t i = 0; i < values->size; i++) {
        if (order[i] >= values->capacity || order[i] >= keys->nentries
            || (named >> order[i] & 1) != 0) {
            return false;
        }
        named |= UINT64_C(1) << order[i];
    }
    for (uint8_t i = 0; i < values->capacity; i++) {
        if ((values->values[i] != NULL) != (named >> i & 1)) {
            return false;
        }
    }
    return true;
}

RT_NO_INSTRUMENT bool
RtDict_IsValid(RtObject *op)
{
    RtDictObject *mp = (RtDictObject *)op;
    RtDictKeysObject *keys = mp->ma_keys;
    if (keys == NULL || keys == rt_dict_empty_keys) {
        return keys != NULL && mp->ma_used == 0 && mp->ma_values == NULL;
    }
    if (!keys->split) {
        return audit_combined(mp);
    }
    RtDictValues *values = mp->ma_values;
    return values != NULL && audit_shared_keys(keys)
           && audit_values(values, keys) && values->size == mp->ma_used
           && (values->valid != 0) == values->embedded;
}

// Values that are valid are those of the dict, if there is one; those that are
// not are all NULL.
RT_NO_INSTRUMENT bool
RtInstance_IsValid(RtObject *op)
{
    RtTypeObject *type = op->ob_type;
    RtDictValues *values = (RtDictValues *)((char *)op + type->tp_basicsize);
    RtDictObject *dict = *(RtDictObject **)((char *)op + type->tp_dictoffset);
    if (type->ht_cached_keys == NULL || !values->embedded
        || !audit_shared_keys(type->ht_cached_keys)
        || !audit_values(values, type->ht_cached_keys)) {
        return false;
    }
    if (values->valid == 0) {
        return values->size == 0
               && (dict == NULL || dict->ma_values != values);
    }
    return dict == NULL
           || (dict->ma_values == values && values->published
               && dict->ma_keys == type->ht_cached_keys);
}

RT_NO_INSTRUMENT RtObject *
RtDict_AuditGet(RtObject *op, RtObject *name)
{
    RtDictKeysObject *keys = ((RtDictObject *)op)->ma_keys;
    RtDictEntry *entries = audit_entries(keys);
    for (ssize_t i = 0; i < keys->nentries; i++) {
        if (entries[i].key != NULL && audit_equal(entries[i].key, name)) {
            return entries[i].value;
        }
    }
    return NULL;
}
