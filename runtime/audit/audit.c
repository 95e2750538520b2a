// audit.c: counts against references, flags against owners, containers against
// their own rules, for every object that the collector sees and for what those
// refer to.
//
// The caller has stopped the world, or holds the GIL. Nothing of the runtime is
// written, locked or allocated: the table is plain memory of the process, kept
// from one audit to the next. Counts may exceed the references found (C stacks,
// merge queues, objects that are not traversed), but never fall below them.
// Mirrors nothing in CPython; nearest is validate_refcounts in
// Python/gc_free_threading.c (3.13).

#include "rtcore_audit.h"

#include <stdlib.h>
#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"        // frames
#include "rtcore_dict.h"
#include "rtcore_gc.h"
#include "rtcore_sanitizer.h"
#include "rtcore_weakref.h"

// A part of functions that are RT_NO_INSTRUMENT: it may be inlined into them.
#if defined(__clang__)
#define RT_NO_INSTRUMENT_PART \
    __attribute__((no_sanitize("address", "thread", "coverage"), \
                   disable_sanitizer_instrumentation))
#else
#define RT_NO_INSTRUMENT_PART \
    __attribute__((no_sanitize_address, no_sanitize_thread))
#endif

typedef struct AuditEntry {
    RtObject *op;
    size_t found;               // references from traversed objects
    RtObject *keys_user;        // not NULL: op is the shared keys of this
} AuditEntry;

// One audit runs at a time, because the world is stopped.
static struct {
    AuditEntry *entries;
    size_t count;
    size_t ntracked;            // the first entries
    size_t capacity;
    uint32_t *slots;            // open addressing: index of an entry + 1
    size_t nslots;              // a power of two, more than twice count
} table;

static const char *const rule_names[RT_AUDIT_COUNT] = {
#define RULE_NAME(name, text) #name,
    RT_AUDIT_ROWS(RULE_NAME)
#undef RULE_NAME
};

static const char *const rule_sentences[RT_AUDIT_COUNT] = {
#define RULE_SENTENCE(name, text) text,
    RT_AUDIT_ROWS(RULE_SENTENCE)
#undef RULE_SENTENCE
};

const char *
RtAudit_Name(RtAuditRule rule)
{
    return (unsigned)rule < RT_AUDIT_COUNT ? rule_names[rule] : "?";
}

const char *
RtAudit_Sentence(RtAuditRule rule)
{
    return (unsigned)rule < RT_AUDIT_COUNT ? rule_sentences[rule] : "?";
}

// ---------------------------------------------------------------------------
// The table.

RT_NO_INSTRUMENT static void *
grow(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (memory == NULL) {
        Rt_FatalError("RtAudit_Heap", "out of memory");
    }
    return memory;
}

RT_NO_INSTRUMENT_PART static size_t
slot_of(const RtObject *op)
{
    uint64_t hash = ((uintptr_t)op >> 4) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 32) & (table.nslots - 1);
}

RT_NO_INSTRUMENT_PART static void
link_entry(size_t index)
{
    size_t slot = slot_of(table.entries[index].op);
    while (table.slots[slot] != 0) {
        slot = (slot + 1) & (table.nslots - 1);
    }
    table.slots[slot] = (uint32_t)index + 1;
}

// Room for `count` entries in the index.
RT_NO_INSTRUMENT static void
rebuild_index(size_t count)
{
    size_t nslots = 64;
    while (nslots <= 2 * count) {
        nslots *= 2;
    }
    if (nslots > table.nslots) {
        table.slots = grow(table.slots, nslots * sizeof(uint32_t));
    }
    table.nslots = nslots;
    memset(table.slots, 0, nslots * sizeof(uint32_t));
    for (size_t i = 0; i < table.count; i++) {
        link_entry(i);
    }
}

RT_NO_INSTRUMENT static void
reserve_entries(size_t count)
{
    if (count > table.capacity) {
        table.capacity = count + count / 2 + 64;
        table.entries = grow(table.entries,
                             table.capacity * sizeof(AuditEntry));
    }
}

RT_NO_INSTRUMENT_PART static AuditEntry *
find_or_add(RtObject *op)
{
    size_t slot = slot_of(op);
    while (table.slots[slot] != 0) {
        AuditEntry *entry = &table.entries[table.slots[slot] - 1];
        if (entry->op == op) {
            return entry;
        }
        slot = (slot + 1) & (table.nslots - 1);
    }
    reserve_entries(table.count + 1);
    table.entries[table.count] = (AuditEntry){ .op = op };
    table.count++;
    if (2 * table.count > table.nslots) {
        rebuild_index(table.count);
    }
    else {
        table.slots[slot] = (uint32_t)table.count;
    }
    return &table.entries[table.count - 1];
}

// Counts on when the table is full.
RT_NO_INSTRUMENT static bool
gather_visitor(RtObject *op, void *arg)
{
    (void)arg;
    if (table.count < table.capacity) {
        table.entries[table.count] = (AuditEntry){ .op = op };
    }
    table.count++;
    return true;
}

RT_NO_INSTRUMENT static void
gather(RtInterpreterState *interp)
{
    table.count = 0;
    RtGC_VisitTracked(interp, gather_visitor, NULL);
    if (table.count > table.capacity) {
        // The walk itself must not allocate: once more, with enough room.
        reserve_entries(table.count);
        table.count = 0;
        RtGC_VisitTracked(interp, gather_visitor, NULL);
    }
    table.ntracked = table.count;
    rebuild_index(table.count);
}

// ---------------------------------------------------------------------------
// The rules. Fields are read plainly: no thread that could change them runs.

RT_NO_INSTRUMENT_PART static bool
is_immortal(const RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return op->ob_ref_local == RT_IMMORTAL_REFCNT_LOCAL;
#else
    return op->ob_refcnt >= RT_IMMORTAL_REFCNT / 2;
#endif
}

// Only uncounted references may be left, or none: the collector frees it.
RT_NO_INSTRUMENT_PART static bool
is_deferred(const RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return (op->ob_gc_bits & RT_GC_BITS_DEFERRED) != 0;
#else
    (void)op;
    return false;
#endif
}

RT_NO_INSTRUMENT static int
visit_count(RtObject *op, void *arg)
{
    (void)arg;
    if (!is_immortal(op)) {
        find_or_add(op)->found++;
    }
    return 0;
}

RT_NO_INSTRUMENT static int
report(RtObject *op, RtAuditRule rule)
{
    (void)op;
    (void)rule;
    RT_NOTE(AUDIT, op, rule);
    return 1;
}

// Number of broken rules; *count receives the object's references.
RT_NO_INSTRUMENT_PART static int
check_head(const RtInterpreterState *interp, RtObject *op, ssize_t *count)
{
#ifdef RT_GIL_DISABLED
    ssize_t shared = op->ob_ref_shared;
    *count = (ssize_t)op->ob_ref_local + (shared >> RT_REF_SHARED_SHIFT);
    if ((op->ob_gc_bits & RT_GC_BITS_DEFERRED) != 0) {
        *count -= RT_REF_DEFERRED;
        if ((op->ob_gc_bits & RT_GC_BITS_TRACKED) == 0) {
            return report(op, RT_AUDIT_DEFERRED_UNTRACKED);
        }
    }
    if ((shared & RT_REF_SHARED_FLAG_MASK) == RT_REF_QUEUED &&
        !RtBrc_IsQueued(interp, op))
    {
        return report(op, RT_AUDIT_QUEUE);
    }
    bool merged = (shared & RT_REF_SHARED_FLAG_MASK) == RT_REF_MERGED;
    if (merged && (op->ob_tid != 0 || op->ob_ref_local != 0)) {
        return report(op, RT_AUDIT_MERGED_HAS_OWNER);
    }
    if (!merged && op->ob_tid == 0) {
        return report(op, RT_AUDIT_OWNER_WITHOUT_FLAG);
    }
#else
    (void)interp;
    *count = op->ob_refcnt;
#endif
    return 0;
}

RT_NO_INSTRUMENT_PART static int
check_container(RtInterpreterState *interp, RtObject *op)
{
    uint32_t flags = Rt_TYPE(op)->tp_flags;
    if ((flags & RT_TPFLAGS_LIST_SUBCLASS) != 0 && !RtList_IsValid(op)) {
        return report(op, RT_AUDIT_LIST_INVALID);
    }
    if ((flags & RT_TPFLAGS_DICT_SUBCLASS) != 0 && !RtDict_IsValid(op)) {
        return report(op, RT_AUDIT_DICT_INVALID);
    }
    if ((flags & (RT_TPFLAGS_SET_SUBCLASS | RT_TPFLAGS_FROZENSET_SUBCLASS))
            != 0 && !RtSet_IsValid(op)) {
        return report(op, RT_AUDIT_SET_INVALID);
    }
    if ((flags & RT_TPFLAGS_INLINE_VALUES) != 0 && !RtInstance_IsValid(op)) {
        return report(op, RT_AUDIT_INSTANCE_INVALID);
    }
    if ((flags & RT_TPFLAGS_DEQUE_SUBCLASS) != 0 && !RtDeque_IsValid(op)) {
        return report(op, RT_AUDIT_DEQUE_INVALID);
    }
    if ((flags & RT_TPFLAGS_TYPE_SUBCLASS) != 0) {
        RtAuditRule rule = RtAudit_Type(interp, op);
        return rule == RT_AUDIT_COUNT ? 0 : report(op, rule);
    }
    return 0;
}

// A reference stands in the list of a live referent, where its neighbours say
// that it is.
RT_NO_INSTRUMENT static int
check_weakref(const RtWeakReference *ref)
{
    if (!ref->wr_linked) {
        bool cleared = ref->wr_object == &rt_none_struct ||
                       is_immortal(ref->wr_object);
        return cleared ? 0 : report((RtObject *)ref, RT_AUDIT_WEAKREF_LIST);
    }
    RtObject *op = ref->wr_object;
    if (RtObject_Block(op)->magic != RT_BLOCK_MAGIC ||
        RtWeakref_List(op) == NULL)
    {
        return report((RtObject *)ref, RT_AUDIT_WEAKREF_LIST);
    }
    const RtWeakReference *before =
        ref->wr_prev == NULL ? *RtWeakref_List(op) : ref->wr_prev->wr_next;
    if (before != ref ||
        (ref->wr_next != NULL && ref->wr_next->wr_prev != ref))
    {
        return report((RtObject *)ref, RT_AUDIT_WEAKREF_LIST);
    }
    return 0;
}

// What stands in the object's list leads to it, and the object is flagged, so
// that TryIncref() can tell whether it lives.
RT_NO_INSTRUMENT_PART static int
check_weakrefs_to(RtObject *op)
{
    RtWeakReference **list = RtWeakref_List(op);
    if (list == NULL || *list == NULL) {
        return 0;
    }
    for (RtWeakReference *ref = *list; ref != NULL; ref = ref->wr_next) {
        if (!ref->wr_linked || ref->wr_object != op) {
            return report(op, RT_AUDIT_WEAKREF_LIST);
        }
    }
#ifdef RT_GIL_DISABLED
    // While its finalizer runs it has one reference that others must not see.
    if ((op->ob_ref_shared & RT_REF_SHARED_FLAG_MASK) == RT_REF_INIT &&
        (op->ob_gc_bits & RT_GC_BITS_FINALIZED) == 0)
    {
        return report(op, RT_AUDIT_WEAKREF_FLAG);
    }
#endif
    return 0;
}

// A class and a dict hold one reference each to the keys that they share.
RT_NO_INSTRUMENT_PART static void
count_keys(RtObject *op)
{
    uint32_t flags = Rt_TYPE(op)->tp_flags;
    RtDictKeysObject *keys = NULL;
    if ((flags & RT_TPFLAGS_TYPE_SUBCLASS) != 0) {
        keys = ((RtTypeObject *)op)->ht_cached_keys;
    }
    else if ((flags & RT_TPFLAGS_DICT_SUBCLASS) != 0
             && ((RtDictObject *)op)->ma_keys->split) {
        keys = ((RtDictObject *)op)->ma_keys;
    }
    if (keys != NULL) {
        AuditEntry *entry = find_or_add((RtObject *)keys);
        entry->keys_user = op;
        entry->found++;
    }
}

RT_NO_INSTRUMENT_PART static int
check_entry(const RtInterpreterState *interp, const AuditEntry *entry,
            bool tracked)
{
    RtObject *op = entry->op;
    if (entry->keys_user != NULL) {
        ssize_t users = ((RtDictKeysObject *)op)->refcnt;
        return users >= (ssize_t)entry->found ? 0
            : report(entry->keys_user, RT_AUDIT_KEYS_BELOW_USERS);
    }
    if (is_immortal(op)) {
        return 0;
    }
    ssize_t count;
    int broken = check_head(interp, op, &count);
    if (count < (ssize_t)entry->found) {
        broken += report(op, RT_AUDIT_REFCOUNT_BELOW_REFERENCES);
    }
    else if (tracked && count <= 0 && !is_deferred(op)) {
        broken += report(op, RT_AUDIT_TRACKED_DEAD);
    }
    if (tracked) {
        broken += check_weakrefs_to(op);
    }
    if (tracked && RtWeakref_Check(op)) {
        broken += check_weakref((RtWeakReference *)op);
    }
    return broken;
}

#ifdef RT_GIL_DISABLED
RT_NO_INSTRUMENT_PART static int
check_slots(const RtStackRef *from, const RtStackRef *to)
{
    int broken = 0;
    for (const RtStackRef *slot = from; slot < to; slot++) {
        if (RtStackRef_IsInt(*slot)) {
            continue;
        }
        RtObject *op = RtStackRef_AsObjectBorrow(*slot);
        if (RtStackRef_IsUncounted(*slot) && !is_immortal(op) &&
            !is_deferred(op))
        {
            broken += report(op, RT_AUDIT_UNCOUNTED_WITHOUT_MARK);
        }
    }
    return broken;
}

RT_NO_INSTRUMENT static int
check_frame(const RtFrame *frame)
{
    return check_slots(&frame->f_executable, &frame->f_executable + 1) +
           check_slots(&frame->f_funcobj, &frame->f_funcobj + 1) +
           check_slots(frame->localsplus, frame->stackpointer);
}

// What the frames of all threads hold, and those of suspended generators.
RT_NO_INSTRUMENT static int
check_frames(RtInterpreterState *interp)
{
    int broken = 0;
    for (RtThreadState *tstate = interp->threads; tstate != NULL;
         tstate = tstate->next)
    {
        for (const RtFrame *frame = tstate->current_frame; frame != NULL;
             frame = frame->previous)
        {
            broken += check_frame(frame);
        }
    }
    for (size_t i = 0; i < table.ntracked; i++) {
        RtObject *op = table.entries[i].op;
        if (RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HOLDS_UNCOUNTED) &&
            ((RtGenObject *)op)->gi_frame_state < RT_GEN_EXECUTING)
        {
            broken += check_frame(&((RtGenObject *)op)->gi_frame);
        }
    }
    return broken;
}
#endif

RT_NO_INSTRUMENT int
RtAudit_Heap(RtInterpreterState *interp)
{
    gather(interp);
    int broken = 0;
    // First of all: what is broken cannot be traversed.
    for (size_t i = 0; i < table.ntracked; i++) {
        broken += check_container(interp, table.entries[i].op);
    }
#ifdef RT_GIL_DISABLED
    broken += check_frames(interp);
#endif
    if (broken > 0) {
        return broken;
    }
    for (size_t i = 0; i < table.ntracked; i++) {
        RtObject *op = table.entries[i].op;
        (void)Rt_TYPE(op)->tp_traverse(op, visit_count, NULL);
        count_keys(op);
    }
    for (size_t i = 0; i < table.count; i++) {
        broken += check_entry(interp, &table.entries[i],
                              i < table.ntracked);
    }
    return broken;
}
