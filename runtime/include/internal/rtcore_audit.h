// rtcore_audit.h: whole-heap checks in words and code (audit/).
//
// They read with the world stopped (free-threaded build) or holding the GIL,
// take no lock, allocate nothing and make no scheduling point.

#ifndef RT_INTERNAL_AUDIT_H
#define RT_INTERNAL_AUDIT_H

#include "rt_object.h"
#include "rtcore_state.h"

// One row per rule: id, sentence.
#define RT_AUDIT_ROWS(ROW) \
    ROW(REFCOUNT_BELOW_REFERENCES, \
        "an object's count is lower than the references found on the heap") \
    ROW(MERGED_HAS_OWNER, "a merged object has an owner or a local count") \
    ROW(OWNER_WITHOUT_FLAG, \
        "an unowned object is neither merged nor immortal") \
    ROW(QUEUE, \
        "an object that is queued for merging is in no queue, or in two") \
    ROW(LIST_INVALID, \
        "a list's size exceeds its capacity, or an item is NULL") \
    ROW(DICT_INVALID, \
        "a dict's counts, order or index table contradict its entries") \
    ROW(SET_INVALID, \
        "a set's counts contradict its table, or an item is unreachable") \
    ROW(DEQUE_INVALID, \
        "a deque's length contradicts its blocks, or an item is NULL") \
    ROW(INSTANCE_INVALID, \
        "an instance's values contradict its class's keys or its dict") \
    ROW(KEYS_BELOW_USERS, \
        "shared keys have fewer references than classes and dicts use them") \
    ROW(TRACKED_DEAD, "a tracked object has no references") \
    ROW(TYPE_CACHE_STALE, \
        "the type cache holds for a valid version what the MRO does not say") \
    ROW(TYPE_BASES, \
        "a type's base, bases, MRO or its bases' lists of subclasses " \
        "disagree") \
    ROW(TYPE_SLOTS, \
        "a type's slots are not what its special methods and bases say") \
    ROW(WEAKREF_LIST, \
        "a weak reference and the list of its referent contradict each " \
        "other") \
    ROW(WEAKREF_FLAG, \
        "an object with weak references does not say that it may have some") \
    ROW(DEFERRED_UNTRACKED, \
        "an object with deferred references is not seen by the collector") \
    ROW(UNCOUNTED_WITHOUT_MARK, \
        "a frame does not count a reference to an ordinary object")

typedef enum RtAuditRule {
#define RT_AUDIT_ENUM(name, text) RT_AUDIT_##name,
    RT_AUDIT_ROWS(RT_AUDIT_ENUM)
#undef RT_AUDIT_ENUM
    RT_AUDIT_COUNT
} RtAuditRule;

const char *RtAudit_Name(RtAuditRule rule);
const char *RtAudit_Sentence(RtAuditRule rule);

// Checks every live GC object; notes AUDIT for each violation. Number found.
int RtAudit_Heap(RtInterpreterState *interp);

// audit_type.c: what is wrong with a heap type; RT_AUDIT_COUNT: nothing.
RtAuditRule RtAudit_Type(RtInterpreterState *interp, RtObject *type);

// members.c: the member of rt_runtime at this offset, "runtime.stop_mutex", or
// of the main interpreter in it, "interp.types.cache"; *offset becomes that
// into the member. Needs nothing.
const char *RtAudit_NameMember(size_t *offset);

#endif  // RT_INTERNAL_AUDIT_H
