// set.c: the hash table of set and frozenset, changed under its lock, and the
// C API.
//
// Writers hold the set's critical section; `in` reads without it. A slot is
// filled hash first, key last; a deleted key becomes a dummy, never unused: a
// probe passes it, and an item may take its place. Everything else (another
// size, clear, swap) rewrites the table: it is hidden (NULL) first, then the
// generation counts on, then slots change, then mask and table are stored. A
// reader that saw the table before finds another generation at its end and asks
// again under the lock. Tables that readers may hold (SHARED) are freed by
// QSBR. A frozenset has no writer.
// Mirrors Objects/setobject.c (CPython 3.13; the hidden table: 3.15); departs:
// the generation (readers of a table rewritten in place cannot be deceived), no
// item is given up before its slot is, an add whose growth fails is done.

#include "rtcore_set.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_unbroken.h"

#include <string.h>

// Small growth: tables are rewritten in place more often.
#ifdef RT_TINY_LIMITS
enum { GROWTH = 2 };
#else
enum { GROWTH = 4 };
#endif
enum { LARGE = 50000 };         // from here on, tables grow by the factor 2

const char rt_set_dummy_byte = 0;

// What a set has given up, dropped when its lock is released.
typedef struct SetGarbage {
    RtSetEntry *table;          // NULL: the items are in `small`
    size_t size;                // slots
    bool shared;                // readers may hold the table
    RtSetEntry small[RT_SET_MINSIZE];
} SetGarbage;

static inline RtSetObject *
as_set(RtObject *op)
{
    rt_assert(RtAnySet_Check(op));
    return (RtSetObject *)op;
}

static inline void
store_entry(RtSetEntry *entry, RtObject *key, ssize_t hash)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELEASE(&entry->hash, hash);
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&entry->key, key);
}

static inline void
store_used(RtSetObject *so, ssize_t used)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&so->used, used);
}

// ---------------------------------------------------------------------------
// Tables.

static RtSetEntry *
new_table(size_t size)
{
    if (size > (size_t)RT_SEQUENCE_SIZE_MAX) {
        return NULL;
    }
    return RtMem_Calloc(size, sizeof(RtSetEntry));
}

static void
free_table(RtSetEntry *table, bool delayed)
{
    if (delayed) {
        RtMem_FreeDelayed(table);
    }
    else {
        RtMem_Free(table);
    }
}

// Into a table that nobody else sees and that has room; the key is new to it.
static void
insert_clean(RtSetEntry *table, size_t mask, RtObject *key, ssize_t hash)
{
    RtSetProbe p = RtSetProbe_Start(mask, hash);
    while (table[p.i].key != NULL) {
        RtSetProbe_Next(&p);
    }
    table[p.i] = (RtSetEntry){ key, hash };
}

static void
copy_items(RtSetEntry *to, size_t mask, const RtSetObject *from)
{
    for (ssize_t i = 0; i <= from->mask; i++) {
        const RtSetEntry *entry = &from->table[i];
        if (RtSetKey_IsItem(entry->key)) {
            insert_clean(to, mask, entry->key, entry->hash);
        }
    }
}

// From here to show_table() readers go to the lock. No user code runs between.
// The order of the two stores mirrors lookup_lockfree(): who has seen the new
// generation finds no table, or the new one.
static void
hide_table(RtSetObject *so)
{
    RtContainer_EnsureSharedOnResize((RtObject *)so);
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&so->table, NULL);
#ifdef RT_GIL_DISABLED
    rt_atomic_store_uintptr_release(&so->generation, so->generation + 1);
#else
    so->generation++;
#endif
}

static void
show_table(RtSetObject *so, RtSetEntry *table, size_t size)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELEASE(&so->mask, (ssize_t)size - 1);
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&so->table, table);
}

// Makes `entries` the table. A small one is copied into the object: readers
// may be looking at that memory.
static void
install_table(RtSetObject *so, RtSetEntry *entries, size_t size)
{
    RtSetEntry *table = entries;
    hide_table(so);
    if (size == RT_SET_MINSIZE) {
        table = so->smalltable;
        for (size_t i = 0; i < size; i++) {
            if (table[i].key != entries[i].key
                || table[i].hash != entries[i].hash) {
                store_entry(&table[i], entries[i].key, entries[i].hash);
            }
        }
    }
    show_table(so, table, size);
}

static size_t
size_for(ssize_t minused)
{
    size_t size = RT_SET_MINSIZE;
    while (size <= (size_t)minused) {
        size <<= 1;
    }
    return size;
}

// A table of the set's items without dummies. -1 without an exception. The
// lock may have been released meanwhile (while memory is freed).
static int
resize(RtSetObject *so, ssize_t minused)
{
    RtSetEntry small[RT_SET_MINSIZE] = { { NULL, 0 } };
    RtSetEntry *entries = small;
    size_t size = size_for(minused);
    if (size > RT_SET_MINSIZE && (entries = new_table(size)) == NULL) {
        return -1;
    }
    RtSet_NoteResize(so, (ssize_t)size);
    copy_items(entries, size - 1, so);
    RtSetEntry *old = so->table;
    install_table(so, entries, size);
    so->fill = so->used;
    if (old != so->smalltable) {
        free_table(old, RtContainer_IsShared((RtObject *)so));
    }
    return 0;
}

// As CPython has it: three fifths.
static inline bool
is_crowded(const RtSetObject *so, ssize_t fill)
{
    return (size_t)fill * 5 >= (size_t)so->mask * 3;
}

static void
drop_entries(RtSetEntry *entries, size_t size, bool shared)
{
    for (size_t i = 0; i < size; i++) {
        RtObject *key = entries[i].key;
        if (!RtSetKey_IsItem(key)) {
            continue;
        }
        if (shared) {
            RT_FT_ATOMIC_STORE_PTR_RELEASE(&entries[i].key, NULL);
        }
        Rt_DECREF(key);
    }
}

static void
take_all_locked(RtSetObject *so, SetGarbage *garbage)
{
    RtSetEntry empty[RT_SET_MINSIZE] = { { NULL, 0 } };
    garbage->size = (size_t)so->mask + 1;
    garbage->table = so->table;
    if (so->table == so->smalltable) {
        garbage->table = NULL;
        memcpy(garbage->small, so->smalltable, sizeof(garbage->small));
    }
    install_table(so, empty, RT_SET_MINSIZE);
    so->fill = 0;
    store_used(so, 0);
    garbage->shared = RtContainer_IsShared((RtObject *)so);
}

static void
drop_garbage(SetGarbage *garbage)
{
    if (garbage->table == NULL) {
        drop_entries(garbage->small, garbage->size, false);
        return;
    }
    drop_entries(garbage->table, garbage->size, garbage->shared);
    free_table(garbage->table, garbage->shared);
}

// ---------------------------------------------------------------------------
// Under the lock.

// Compares the key of a slot. 1, 0, RT_SET_ERROR, or RT_SET_CHANGED if the
// table is another one afterwards.
static int
compare_locked(RtSetObject *so, RtSetEntry *entry, RtObject *key)
{
    RtObject *found = entry->key;
    int equal = RtObject_EqualFast(found, key);
    if (equal >= 0) {
        return equal;
    }
    uintptr_t generation = so->generation;
#ifdef RT_GIL_DISABLED
    RtObject_NewRefWithLock(found);
#else
    Rt_INCREF(found);
#endif
    equal = RtObject_RichCompareBool(found, key, RT_EQ);
    Rt_DECREF(found);
    if (equal < 0) {
        return RT_SET_ERROR;
    }
    if (so->generation != generation || entry->key != found) {
        return RT_SET_CHANGED;
    }
    return equal;
}

ssize_t
RtSet_LookupLocked(RtSetObject *so, RtObject *key, ssize_t hash)
{
    RtSetProbe p = RtSetProbe_Start((size_t)so->mask, hash);
    for (;;) {
        RtSetEntry *entry = &so->table[p.i];
        if (entry->key == NULL) {
            return RT_SET_ABSENT;
        }
        if (entry->key == key) {
            return (ssize_t)p.i;
        }
        if (entry->hash == hash && entry->key != rt_set_dummy) {
            int equal = compare_locked(so, entry, key);
            if (equal == RT_SET_ERROR) {
                return RT_SET_ERROR;
            }
            if (equal == RT_SET_CHANGED) {
                p = RtSetProbe_Start((size_t)so->mask, hash);
                continue;
            }
            if (equal) {
                return (ssize_t)p.i;
            }
        }
        RtSetProbe_Next(&p);
    }
}

int
RtSet_AddLocked(RtSetObject *so, RtObject *key, ssize_t hash)
{
    ssize_t i;
    // One slot stays unused: it ends every probe. Before the lookup, because
    // its answer does not outlive a resize.
    while (so->fill >= so->mask) {
        if (resize(so, so->used * GROWTH) < 0) {
            RtErr_NoMemory();
            return -1;
        }
    }
    i = RtSet_LookupLocked(so, key, hash);
    uint64_t begun = RtUnbroken_Begin();
    if (i != RT_SET_ABSENT) {
        return i == RT_SET_ERROR ? -1 : 0;
    }
    if (so->fill >= so->mask) {
        // The comparisons have filled it.
        return RtSet_AddLocked(so, key, hash);
    }
    RtSetEntry *dummy = NULL;
    RtSetProbe p = RtSetProbe_Start((size_t)so->mask, hash);
    for (; so->table[p.i].key != NULL; RtSetProbe_Next(&p)) {
        if (so->table[p.i].key == rt_set_dummy) {
            dummy = &so->table[p.i];
        }
    }
    store_entry(dummy != NULL ? dummy : &so->table[p.i], Rt_NewRef(key), hash);
    so->fill += dummy == NULL;
    store_used(so, so->used + 1);
    rt_assert(RtUnbroken_Holds(begun));
    if (is_crowded(so, so->fill)) {
        // Without memory the set goes on in the table that it has.
        (void)resize(so, so->used > LARGE ? so->used * 2 : so->used * GROWTH);
    }
    return 1;
}

static RtObject *
remove_entry(RtSetObject *so, RtSetEntry *entry)
{
    RtObject *key = entry->key;
    rt_assert(RtSetKey_IsItem(key));
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&entry->key, rt_set_dummy);
    store_used(so, so->used - 1);
    return key;
}

int
RtSet_DiscardLocked(RtSetObject *so, RtObject *key, ssize_t hash,
                    RtObject **old)
{
    *old = NULL;
    ssize_t i = RtSet_LookupLocked(so, key, hash);
    if (i < 0) {
        return i == RT_SET_ERROR ? -1 : 0;
    }
    *old = remove_entry(so, &so->table[i]);
    return 1;
}

RtObject *
RtSet_PopLocked(RtSetObject *so)
{
    rt_assert(RtContainer_IsHeld((RtObject *)so));
    if (so->used == 0) {
        return NULL;
    }
    size_t i = so->finger & (size_t)so->mask;
    while (!RtSetKey_IsItem(so->table[i].key)) {
        i = (i + 1) & (size_t)so->mask;
    }
    so->finger = i + 1;
    return remove_entry(so, &so->table[i]);
}

bool
RtSet_NextLocked(RtSetObject *so, ssize_t *pos, RtObject **key, ssize_t *hash)
{
    // A frozen set never changes.
    rt_assert(RtFrozenSet_Check((RtObject *)so) ||
              RtContainer_IsHeld((RtObject *)so));
    ssize_t i = *pos;
    while (i <= so->mask && !RtSetKey_IsItem(so->table[i].key)) {
        i++;
    }
    *pos = i + 1;
    if (i > so->mask) {
        return false;
    }
    *key = Rt_NewRef(so->table[i].key);
    *hash = so->table[i].hash;
    return true;
}

// Fills a set that has neither items nor dummies.
static int
clone_locked(RtSetObject *so, RtSetObject *other)
{
    RtSetEntry small[RT_SET_MINSIZE] = { { NULL, 0 } };
    RtSetEntry *entries = small;
    size_t size = RT_SET_MINSIZE;
    if ((size_t)other->used * 5 >= (size - 1) * 3) {
        size = size_for(other->used * 2);
    }
    if (size > RT_SET_MINSIZE && (entries = new_table(size)) == NULL) {
        RtErr_NoMemory();
        return -1;
    }
    copy_items(entries, size - 1, other);
    for (size_t i = 0; i < size; i++) {
        Rt_XINCREF(entries[i].key);
    }
    RtSetEntry *old = so->table;
    install_table(so, entries, size);
    so->fill = other->used;
    store_used(so, other->used);
    if (old != so->smalltable) {
        free_table(old, RtContainer_IsShared((RtObject *)so));
    }
    return 0;
}

// Grows at once for so many items, of which few are there already.
int
RtSet_ReserveLocked(RtSetObject *so, ssize_t more)
{
    if (is_crowded(so, so->fill + more) &&
        resize(so, (so->used + more) * 2) < 0)
    {
        RtErr_NoMemory();
        return -1;
    }
    return 0;
}

int
RtSet_MergeLocked(RtSetObject *so, RtSetObject *other)
{
    rt_assert(RtFrozenSet_Check((RtObject *)other) ||
              RtContainer_IsHeld((RtObject *)other));
    if (so == other || other->used == 0) {
        return 0;
    }
    if (so->fill == 0) {
        return clone_locked(so, other);
    }
    ssize_t pos = 0;
    RtObject *key;
    ssize_t hash;
    int status = RtSet_ReserveLocked(so, other->used);
    while (status >= 0 && RtSet_NextLocked(other, &pos, &key, &hash)) {
        status = RtSet_AddLocked(so, key, hash);
        Rt_DECREF(key);
    }
    return status < 0 ? -1 : 0;
}

void
RtSet_SwapBodiesLocked(RtSetObject *so, RtSetObject *temporary)
{
    rt_assert(RtContainer_IsHeld((RtObject *)so));
    SetGarbage mine;
    ssize_t fill = so->fill;
    ssize_t used = so->used;
    mine.size = (size_t)so->mask + 1;
    mine.table = so->table;
    memcpy(mine.small, so->smalltable, sizeof(mine.small));
    bool is_small = so->table == so->smalltable;
    install_table(so, temporary->table, (size_t)temporary->mask + 1);
    so->fill = temporary->fill;
    store_used(so, temporary->used);
    memcpy(temporary->smalltable, mine.small, sizeof(mine.small));
    temporary->table = is_small ? temporary->smalltable : mine.table;
    temporary->mask = (ssize_t)mine.size - 1;
    temporary->fill = fill;
    temporary->used = used;
#ifdef RT_GIL_DISABLED
    // Its readers may still hold the table that goes.
    if (RtContainer_IsShared((RtObject *)so)) {
        RtContainer_SetShared((RtObject *)temporary);
    }
#endif
}

// ---------------------------------------------------------------------------
// The C API.

RtSetObject *
RtSet_NewEmpty(RtTypeObject *type)
{
    RtSetObject *so = (RtSetObject *)RtObject_New(type, 0);
    if (so != NULL) {
        so->mask = RT_SET_MINSIZE - 1;
        so->table = so->smalltable;
        so->hash = -1;
    }
    return so;
}

RtObject *
RtSet_FromIterable(RtTypeObject *type, RtObject *iterable)
{
    RtSetObject *so = RtSet_NewEmpty(type);
    if (so == NULL) {
        return NULL;
    }
    RtGC_Track((RtObject *)so);
    if (iterable != NULL && RtSet_Update(so, iterable) < 0) {
        Rt_DECREF(so);
        return NULL;
    }
    return (RtObject *)so;
}

RtObject *
RtSet_New(RtObject *iterable)
{
    return RtSet_FromIterable(&RtSet_Type, iterable);
}

RtObject *
RtFrozenSet_New(RtObject *iterable)
{
    return RtSet_FromIterable(&RtFrozenSet_Type, iterable);
}

ssize_t
RtSet_Size(RtObject *op)
{
    return RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&as_set(op)->used);
}

int
RtSet_Add(RtObject *op, RtObject *key)
{
    ssize_t hash = RtDict_HashKey(key);
    if (hash == -1) {
        return -1;
    }
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = RtSet_AddLocked(as_set(op), key, hash);
    RT_END_CRITICAL_SECTION();
    return status < 0 ? -1 : 0;
}

int
RtSet_Discard(RtObject *op, RtObject *key)
{
    ssize_t hash = RtDict_HashKey(key);
    if (hash == -1) {
        return -1;
    }
    RtObject *old;
    int found;
    RT_BEGIN_CRITICAL_SECTION(op);
    found = RtSet_DiscardLocked(as_set(op), key, hash, &old);
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(old);
    return found;
}

RtObject *
RtSet_Pop(RtObject *op)
{
    RtObject *key;
    RT_BEGIN_CRITICAL_SECTION(op);
    key = RtSet_PopLocked(as_set(op));
    RT_END_CRITICAL_SECTION();
    if (key == NULL) {
        RtErr_SetString(&RtExc_KeyError, "pop from an empty set");
    }
    return key;
}

int
RtSet_Clear(RtObject *op)
{
    SetGarbage garbage = { .size = 0 };
    RT_BEGIN_CRITICAL_SECTION(op);
    if (as_set(op)->fill > 0 || as_set(op)->mask >= RT_SET_MINSIZE) {
        take_all_locked(as_set(op), &garbage);
    }
    RT_END_CRITICAL_SECTION();
    drop_garbage(&garbage);
    return 0;
}

void
RtSet_FreeContents(RtSetObject *so)
{
    bool shared = RtContainer_IsShared((RtObject *)so);
    drop_entries(so->table, (size_t)so->mask + 1, false);
    if (so->table != so->smalltable) {
        free_table(so->table, shared);
    }
}

RtObject *
RtSet_Snapshot(RtSetObject *so)
{
    RtObject *list;
    RT_BEGIN_CRITICAL_SECTION(so);
    list = RtList_New(so->used);
    ssize_t pos = 0;
    RtObject *key;
    ssize_t hash;
    for (ssize_t i = 0; list != NULL
         && RtSet_NextLocked(so, &pos, &key, &hash); i++) {
        RtList_SetItemNew(list, i, key);
    }
    RT_END_CRITICAL_SECTION();
    return list;
}
