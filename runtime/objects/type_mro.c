// type_mro.c: the order in which a class and its bases are searched.
//
// C3: the order of each base's own MRO and of the list of bases is kept.
// MROs change in a stopped world only, and nothing here blocks: they are read
// without a lock, and what was read belongs together.
// Mirrors Objects/typeobject.c, mro_implementation (CPython 3.13); departs: not
// at all.

#include "rtcore_type.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_heap.h"

// The sequences to merge: the MRO of each base, then the bases themselves.
typedef struct MroMerge {
    RtObject *bases;
    const RtMroChange *changes; // instead of the MROs that some types have
    size_t nchanges;
    ssize_t nsequences;
    ssize_t *next;              // of each sequence: the first not taken yet
} MroMerge;

static RtObject *
sequence(const MroMerge *m, ssize_t i)
{
    if (i == m->nsequences - 1) {
        return m->bases;
    }
    RtTypeObject *type = (RtTypeObject *)RtTuple_GetItem(m->bases, i);
    for (size_t k = 0; k < m->nchanges; k++) {
        if (m->changes[k].type == type) {
            return m->changes[k].mro;
        }
    }
    return type->tp_mro;
}

// Whether a type stands in some sequence behind its first item.
static bool
is_in_tail(const MroMerge *m, RtObject *type)
{
    for (ssize_t i = 0; i < m->nsequences; i++) {
        RtObject *s = sequence(m, i);
        for (ssize_t j = m->next[i] + 1; j < RtTuple_Size(s); j++) {
            if (RtTuple_GetItem(s, j) == type) {
                return true;
            }
        }
    }
    return false;
}

// The next type, or NULL; *exhausted tells whether none was left.
static RtObject *
take_next(MroMerge *m, bool *exhausted)
{
    *exhausted = true;
    for (ssize_t i = 0; i < m->nsequences; i++) {
        RtObject *s = sequence(m, i);
        if (m->next[i] >= RtTuple_Size(s)) {
            continue;
        }
        *exhausted = false;
        RtObject *candidate = RtTuple_GetItem(s, m->next[i]);
        if (is_in_tail(m, candidate)) {
            continue;
        }
        for (ssize_t j = 0; j < m->nsequences; j++) {
            RtObject *t = sequence(m, j);
            if (m->next[j] < RtTuple_Size(t) &&
                RtTuple_GetItem(t, m->next[j]) == candidate)
            {
                m->next[j]++;
            }
        }
        return candidate;
    }
    return NULL;
}

// Says which classes stand in each other's way.
static void
raise_inconsistent(const MroMerge *m)
{
    RtObject *names = RtStr_FromString("");
    for (ssize_t i = 0; i < m->nsequences && names != NULL; i++) {
        RtObject *s = sequence(m, i);
        if (m->next[i] >= RtTuple_Size(s)) {
            continue;
        }
        RtObject *type = RtTuple_GetItem(s, m->next[i]);
        bool named = false;
        for (ssize_t j = 0; j < i; j++) {
            RtObject *t = sequence(m, j);
            named = named || (m->next[j] < RtTuple_Size(t) &&
                              RtTuple_GetItem(t, m->next[j]) == type);
        }
        if (!named) {
            RtObject *longer = RtStr_FromFormat(
                "%s%s%s", RtStr_AsUTF8(names), Rt_SIZE(names) > 0 ? ", " : "",
                ((RtTypeObject *)type)->tp_name);
            Rt_DECREF(names);
            names = longer;
        }
    }
    if (names != NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "Cannot create a consistent method resolution order "
                     "(MRO) for bases %s", RtStr_AsUTF8(names));
        Rt_DECREF(names);
    }
}

static RtObject *
merge_into(MroMerge *m, RtObject **order)
{
    ssize_t n = 1;              // order[0] is the class itself
    for (;;) {
        bool exhausted;
        RtObject *type = take_next(m, &exhausted);
        if (type != NULL) {
            order[n++] = type;
            continue;
        }
        if (exhausted) {
            return RtTuple_FromArray(order, n);
        }
        raise_inconsistent(m);
        return NULL;
    }
}

static int
check_duplicates(RtObject *bases)
{
    for (ssize_t i = 1; i < RtTuple_Size(bases); i++) {
        RtObject *base = RtTuple_GetItem(bases, i);
        for (ssize_t j = 0; j < i; j++) {
            if (RtTuple_GetItem(bases, j) == base) {
                RtErr_Format(&RtExc_TypeError, "duplicate base class %s",
                             ((RtTypeObject *)base)->tp_name);
                return -1;
            }
        }
    }
    return 0;
}

RtObject *
RtType_MroC3(RtTypeObject *type, RtObject *bases, const RtMroChange *changes,
             size_t nchanges)
{
    if (check_duplicates(bases) < 0) {
        return NULL;
    }
    ssize_t nbases = RtTuple_Size(bases);
    MroMerge m = { bases, changes, nchanges, nbases + 1, NULL };
    ssize_t length = 1 + nbases;
    for (ssize_t i = 0; i < nbases; i++) {
        length += RtTuple_Size(sequence(&m, i));
    }
    m.next = RtMem_Calloc((size_t)m.nsequences, sizeof(ssize_t));
    RtObject **order = RtMem_Malloc((size_t)length * sizeof(RtObject *));
    RtObject *result = NULL;
    if (m.next == NULL || order == NULL) {
        RtErr_NoMemory();
    }
    else {
        order[0] = (RtObject *)type;
        result = merge_into(&m, order);
    }
    RtMem_Free(m.next);
    RtMem_Free(order);
    return result;
}
