// rtcore_set.h: the table of set and frozenset, and how it is probed.
//
// A slot goes from unused (key NULL) to items and dummies by turns, and never
// back but by a rewrite of its table: a key that stays in the set stays
// reachable.
// set.c says who may read what without the set's lock.

#ifndef RT_INTERNAL_SET_H
#define RT_INTERNAL_SET_H

#include "rtcore_types.h"

enum {
    RT_SET_MINSIZE = 8,         // slots of the table in the object
    RT_SET_LINEAR_PROBES = 9,
    RT_SET_PERTURB_SHIFT = 5,
};

typedef struct RtSetEntry {
    RtObject *key;              // NULL: never used; rt_set_dummy: deleted
    ssize_t hash;               // stored before the key
} RtSetEntry;

typedef struct RtSetObject {
    RtObject ob_base;
    ssize_t used;               // items; read without the lock
    ssize_t fill;               // items and dummies; lock
    ssize_t mask;               // slots - 1; read without the lock
    RtSetEntry *table;          // ditto; NULL while it is being rewritten
    uintptr_t generation;       // counts changes of table and mask; ditto
    ssize_t hash;               // frozenset: cached, or -1; relaxed
    size_t finger;              // where pop() goes on; lock
    struct RtWeakReference *weakreflist;        // its stripe
    RtSetEntry smalltable[RT_SET_MINSIZE];
} RtSetObject;

// The key of a deleted slot: an address, never an object.
#define rt_set_dummy ((RtObject *)&rt_set_dummy_byte)
extern const char rt_set_dummy_byte;

enum {                          // what a lookup gives instead of a slot
    RT_SET_ABSENT = -1,
    RT_SET_ERROR = -2,          // an exception is set
    RT_SET_CHANGED = -3,        // the set changed under a lock-free reader
};

static inline bool
RtFrozenSet_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_FROZENSET_SUBCLASS);
}

static inline bool
RtAnySet_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_SET_SUBCLASS
                                          | RT_TPFLAGS_FROZENSET_SUBCLASS);
}

static inline bool
RtAnySet_CheckExact(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtSet_Type) || Rt_IS_TYPE(op, &RtFrozenSet_Type);
}

static inline bool
RtSetKey_IsItem(RtObject *key)
{
    return key != NULL && key != rt_set_dummy;
}

// The sequence of slots that belong to a hash: some neighbours, then a jump.
typedef struct RtSetProbe {
    size_t mask;
    size_t perturb;
    size_t start;
    size_t i;
    size_t last;                // of the neighbours
} RtSetProbe;

static inline void
RtSetProbe_From(RtSetProbe *p, size_t i)
{
    p->start = p->i = i & p->mask;
    p->last = p->i + RT_SET_LINEAR_PROBES <= p->mask
              ? p->i + RT_SET_LINEAR_PROBES : p->i;
}

static inline RtSetProbe
RtSetProbe_Start(size_t mask, ssize_t hash)
{
    RtSetProbe p = { .mask = mask, .perturb = (size_t)hash };
    RtSetProbe_From(&p, (size_t)hash);
    return p;
}

static inline void
RtSetProbe_Next(RtSetProbe *p)
{
    if (p->i < p->last) {
        p->i++;
        return;
    }
    p->perturb >>= RT_SET_PERTURB_SHIFT;
    RtSetProbe_From(p, p->start * 5 + 1 + p->perturb);
}

// What happened, for whoever counts it.
static inline void
RtSet_NoteLookupLocked(RtSetObject *so)
{
    (void)so;
    RT_NOTE(SET_LOOKUP_LOCKED, so, 0);
}

static inline void
RtSet_NoteResize(RtSetObject *so, ssize_t slots)
{
    (void)so, (void)slots;
    RT_NOTE(SET_RESIZE, so, slots);
}

// ---------------------------------------------------------------------------
// set.c. The caller holds the set's lock where the name ends in Locked, or is
// the only one who knows the set. A lookup may run user code, which suspends
// the section and may change the set; its result is true of the set as it then
// is.

// An empty set of this type; not tracked yet.
RtSetObject *RtSet_NewEmpty(RtTypeObject *type);
// The slot, RT_SET_ABSENT or RT_SET_ERROR.
ssize_t RtSet_LookupLocked(RtSetObject *so, RtObject *key, ssize_t hash);
// 1, 0, -1. Takes the lock only if it must.
int RtSet_ContainsKnownHash(RtSetObject *so, RtObject *key, ssize_t hash);
// 1 if added, 0 if it was there, -1. Increfs key.
int RtSet_AddLocked(RtSetObject *so, RtObject *key, ssize_t hash);
// 1 and *old, which the caller drops without the lock; 0, or -1.
int RtSet_DiscardLocked(RtSetObject *so, RtObject *key, ssize_t hash,
                        RtObject **old);
// Adds the items of another set, which is locked too. 0, or -1.
int RtSet_ReserveLocked(RtSetObject *so, ssize_t more);
int RtSet_MergeLocked(RtSetObject *so, RtSetObject *other);
// The next item from *pos on, as a new reference. False at the end.
bool RtSet_NextLocked(RtSetObject *so, ssize_t *pos, RtObject **key,
                      ssize_t *hash);
// Takes an item out and gives it to the caller; NULL if there is none.
RtObject *RtSet_PopLocked(RtSetObject *so);
// Exchanges all items with those of a set that no other thread knows.
void RtSet_SwapBodiesLocked(RtSetObject *so, RtSetObject *temporary);
void RtSet_FreeContents(RtSetObject *so);       // at the end of its life
// A list of the items as they are at one instant.
RtObject *RtSet_Snapshot(RtSetObject *so);
// An empty or filled set or frozenset (iterable NULL: empty), tracked.
RtObject *RtSet_FromIterable(RtTypeObject *type, RtObject *iterable);

// ---- set_ops.c: methods and operators; CPython's names.
int RtSet_Update(RtSetObject *so, RtObject *other);             // 0, -1
RtObject *RtSet_RichCompare(RtObject *a, RtObject *b, int op);
RtObject *RtSet_Or(RtObject *a, RtObject *b);
RtObject *RtSet_And(RtObject *a, RtObject *b);
RtObject *RtSet_Sub(RtObject *a, RtObject *b);
RtObject *RtSet_Xor(RtObject *a, RtObject *b);
// Methods: name, least and most arguments.
#define RT_SET_ALGEBRA_METHODS(ROW) \
    ROW(difference, 0, -1) \
    ROW(intersection, 0, -1) \
    ROW(isdisjoint, 1, 1) \
    ROW(issubset, 1, 1) \
    ROW(issuperset, 1, 1) \
    ROW(symmetric_difference, 1, 1) \
    ROW(union, 0, -1)
#define RT_SET_UPDATE_METHODS(ROW) \
    ROW(difference_update, 0, -1) \
    ROW(intersection_update, 0, -1) \
    ROW(symmetric_difference_update, 1, 1) \
    ROW(update, 0, -1)
#define RT_DECLARE_METHOD(name, min, max) \
    RtObject *rt_set_##name(RtObject *self, RtObject *const *args, \
                            ssize_t nargs);
RT_SET_ALGEBRA_METHODS(RT_DECLARE_METHOD)
RT_SET_UPDATE_METHODS(RT_DECLARE_METHOD)
#undef RT_DECLARE_METHOD

// ---- set_iter.c
RtObject *RtSetIter_New(RtObject *set);

#endif  // RT_INTERNAL_SET_H
