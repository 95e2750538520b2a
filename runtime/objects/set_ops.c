// set_ops.c: what is done with two sets: operators, their methods, comparison.
//
// Two sets are held by one critical section over both; results are new sets
// that no other thread knows. Keys' __eq__ may run inside, suspend the section
// and change either set: each step looks at the sets as they then are. Other
// iterables run code of their own: each of their items is one operation. The
// in-place intersection makes a set apart and exchanges the bodies.
// Mirrors Objects/setobject.c (CPython 3.13); departs: items of an iterable
// that is no set are looked up and added one by one, each under the lock.

#include "rtcore_dict_object.h"
#include "rtcore_set.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

static inline RtSetObject *
as_set(RtObject *op)
{
    rt_assert(RtAnySet_Check(op));
    return (RtSetObject *)op;
}

// Results are of the built-in type, whatever class the operand has.
static RtObject *
new_like(RtSetObject *so, RtObject *iterable)
{
    return RtSet_FromIterable(RtFrozenSet_Check((RtObject *)so)
                              ? &RtFrozenSet_Type : &RtSet_Type, iterable);
}

// Calls func for every item of an iterable, which runs user code: a section
// around it may be suspended between the calls. It may say STOP. 0, or -1.
enum { STOP = 2 };

static int
for_each(RtObject *iterable, int (*func)(RtObject *item, void *arg), void *arg)
{
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        return -1;
    }
    int status = 0;
    RtObject *item;
    while (status >= 0 && status != STOP &&
           (item = RtIter_Next(iter)) != NULL) {
        status = func(item, arg);
        Rt_DECREF(item);
    }
    Rt_DECREF(iter);
    return status < 0 || RtErr_Occurred() != NULL ? -1 : 0;
}

// ---------------------------------------------------------------------------
// Union.

static int
add_item(RtObject *item, void *so)
{
    return RtSet_Add(so, item);
}

// The hashes are known: no key's __hash__ is asked again.
static int
merge_keys_locked(RtSetObject *so, RtDictObject *dict)
{
    ssize_t pos = 0;
    RtObject *key;
    RtObject *value;
    int status = RtSet_ReserveLocked(so, RtDict_Size((RtObject *)dict));
    while (status >= 0 && RtDict_NextLocked(dict, &pos, &key, &value)) {
        status = RtSet_AddLocked(so, key, RtDict_HashBefore(dict, pos));
        Rt_DECREF(key);
        Rt_DECREF(value);
    }
    return status < 0 ? -1 : 0;
}

static int
update_from_dict(RtSetObject *so, RtObject *dict)
{
    int status;
    RT_BEGIN_CRITICAL_SECTION2(so, dict);
    status = merge_keys_locked(so, (RtDictObject *)dict);
    RT_END_CRITICAL_SECTION2();
    return status;
}

int
RtSet_Update(RtSetObject *so, RtObject *other)
{
    if (Rt_IS_TYPE(other, &RtDict_Type)) {
        return update_from_dict(so, other);
    }
    if (!RtAnySet_Check(other)) {
        return for_each(other, add_item, so);
    }
    int status;
    RT_BEGIN_CRITICAL_SECTION2(so, other);
    status = RtSet_MergeLocked(so, as_set(other));
    RT_END_CRITICAL_SECTION2();
    return status;
}

// ---------------------------------------------------------------------------
// Intersection.

// The items of `a` that `b` has, into `result`.
static int
select_locked(RtSetObject *result, RtSetObject *a, RtSetObject *b, bool wanted)
{
    ssize_t pos = 0;
    RtObject *key;
    ssize_t hash;
    int status = 0;
    while (status >= 0 && RtSet_NextLocked(a, &pos, &key, &hash)) {
        ssize_t i = RtSet_LookupLocked(b, key, hash);
        if (i == RT_SET_ERROR) {
            status = -1;
        }
        else if ((i >= 0) == wanted) {
            status = RtSet_AddLocked(result, key, hash);
        }
        Rt_DECREF(key);
    }
    return status < 0 ? -1 : 0;
}

static int
intersect_locked(RtSetObject *result, RtSetObject *a, RtSetObject *b)
{
    return b->used > a->used ? select_locked(result, a, b, true)
                             : select_locked(result, b, a, true);
}

typedef struct Selection {
    RtSetObject *so;
    RtSetObject *result;
} Selection;

static int
select_item(RtObject *item, void *arg)
{
    Selection *selection = arg;
    ssize_t hash = RtDict_HashKey(item);
    if (hash == -1) {
        return -1;
    }
    ssize_t i = RtSet_LookupLocked(selection->so, item, hash);
    if (i < 0) {
        return i == RT_SET_ERROR ? -1 : 0;
    }
    if (RtSet_AddLocked(selection->result, item, hash) < 0) {
        return -1;
    }
    // No more can be found: what is left is not asked for.
    return selection->result->used >= selection->so->used ? STOP : 0;
}

static RtObject *
intersection(RtSetObject *so, RtObject *other)
{
    RtSetObject *result = (RtSetObject *)new_like(so, NULL);
    if (result == NULL) {
        return NULL;
    }
    int status;
    if (RtAnySet_Check(other)) {
        RT_BEGIN_CRITICAL_SECTION2(so, other);
        status = intersect_locked(result, so, as_set(other));
        RT_END_CRITICAL_SECTION2();
    }
    else {
        Selection selection = { so, result };
        RT_BEGIN_CRITICAL_SECTION(so);
        status = for_each(other, select_item, &selection);
        RT_END_CRITICAL_SECTION();
    }
    if (status < 0) {
        Rt_DECREF(result);
        return NULL;
    }
    return (RtObject *)result;
}

// ---------------------------------------------------------------------------
// Difference.

static int
discard_item(RtObject *item, void *so)
{
    return RtSet_Discard(so, item);
}

// What is taken out is dropped inside: every step starts from the sets as they
// are.
static int
subtract_locked(RtSetObject *so, RtSetObject *other)
{
    ssize_t pos = 0;
    RtObject *key;
    ssize_t hash;
    int status = 0;
    while (status >= 0 && RtSet_NextLocked(other, &pos, &key, &hash)) {
        RtObject *old;
        status = RtSet_DiscardLocked(so, key, hash, &old);
        Rt_XDECREF(old);
        Rt_DECREF(key);
    }
    return status < 0 ? -1 : 0;
}

static int
difference_update(RtSetObject *so, RtObject *other)
{
    if ((RtObject *)so == other) {
        return RtSet_Clear(other);
    }
    if (!RtAnySet_Check(other)) {
        return for_each(other, discard_item, so);
    }
    int status;
    RT_BEGIN_CRITICAL_SECTION2(so, other);
    status = subtract_locked(so, as_set(other));
    RT_END_CRITICAL_SECTION2();
    return status;
}

static RtObject *
difference(RtSetObject *so, RtObject *other)
{
    bool is_set = RtAnySet_Check(other);
    RtSetObject *result =
        (RtSetObject *)new_like(so, is_set ? NULL : (RtObject *)so);
    if (result == NULL) {
        return NULL;
    }
    int status;
    if (is_set) {
        RT_BEGIN_CRITICAL_SECTION2(so, other);
        status = select_locked(result, so, as_set(other), false);
        RT_END_CRITICAL_SECTION2();
    }
    else {
        status = for_each(other, discard_item, result);
    }
    if (status < 0) {
        Rt_DECREF(result);
        return NULL;
    }
    return (RtObject *)result;
}

// ---------------------------------------------------------------------------
// Symmetric difference.

static int
toggle_locked(RtSetObject *so, RtSetObject *other)
{
    ssize_t pos = 0;
    RtObject *key;
    ssize_t hash;
    int status = 0;
    while (status >= 0 && RtSet_NextLocked(other, &pos, &key, &hash)) {
        RtObject *old;
        status = RtSet_DiscardLocked(so, key, hash, &old);
        Rt_XDECREF(old);
        if (status == 0) {
            status = RtSet_AddLocked(so, key, hash);
        }
        Rt_DECREF(key);
    }
    return status < 0 ? -1 : 0;
}

static int
symmetric_difference_update(RtSetObject *so, RtObject *other)
{
    if ((RtObject *)so == other) {
        return RtSet_Clear(other);
    }
    // An iterable may name an item twice: its set does not.
    RtObject *items = RtAnySet_Check(other) ? Rt_NewRef(other)
                                            : RtSet_New(other);
    if (items == NULL) {
        return -1;
    }
    int status;
    RT_BEGIN_CRITICAL_SECTION2(so, items);
    status = toggle_locked(so, as_set(items));
    RT_END_CRITICAL_SECTION2();
    Rt_DECREF(items);
    return status;
}

static RtObject *
symmetric_difference(RtSetObject *so, RtObject *other)
{
    RtObject *result = new_like(so, other);
    if (result != NULL
        && symmetric_difference_update(as_set(result), (RtObject *)so) < 0) {
        Rt_DECREF(result);
        return NULL;
    }
    return result;
}

// ---------------------------------------------------------------------------
// Comparison.

// Whether b has every item of a. 1, 0, -1.
static int
is_subset_locked(RtSetObject *a, RtSetObject *b)
{
    ssize_t pos = 0;
    RtObject *key;
    ssize_t hash;
    ssize_t i = 0;
    if (a->used > b->used) {
        return 0;
    }
    while (i >= 0 && RtSet_NextLocked(a, &pos, &key, &hash)) {
        i = RtSet_LookupLocked(b, key, hash);
        Rt_DECREF(key);
    }
    return i >= 0 ? 1 : i == RT_SET_ERROR ? -1 : 0;
}

static int
is_disjoint_locked(RtSetObject *a, RtSetObject *b)
{
    ssize_t pos = 0;
    RtObject *key;
    ssize_t hash;
    ssize_t i = RT_SET_ABSENT;
    while (i == RT_SET_ABSENT && RtSet_NextLocked(a, &pos, &key, &hash)) {
        i = RtSet_LookupLocked(b, key, hash);
        Rt_DECREF(key);
    }
    return i >= 0 ? 0 : i == RT_SET_ERROR ? -1 : 1;
}

static int
compare_sizes_locked(RtSetObject *a, RtSetObject *b, int op)
{
    switch (op) {
    case RT_EQ:
    case RT_NE:
        return a->used == b->used;
    case RT_LT:
        return a->used < b->used;
    case RT_GT:
        return a->used > b->used;
    default:
        return 1;
    }
}

RtObject *
RtSet_RichCompare(RtObject *a, RtObject *b, int op)
{
    if (!RtAnySet_Check(a) || !RtAnySet_Check(b)) {
        return Rt_NotImplemented;
    }
    if (RtRecursion_Enter(" in comparison") < 0) {
        return NULL;
    }
    int answer;
    RT_BEGIN_CRITICAL_SECTION2(a, b);
    answer = compare_sizes_locked(as_set(a), as_set(b), op);
    if (answer && (op == RT_GE || op == RT_GT)) {
        answer = is_subset_locked(as_set(b), as_set(a));
    }
    else if (answer) {
        answer = is_subset_locked(as_set(a), as_set(b));
    }
    RT_END_CRITICAL_SECTION2();
    RtRecursion_Leave();
    return answer < 0 ? NULL : RtBool_FromInt(answer == (op != RT_NE));
}

// ---------------------------------------------------------------------------
// Operators: both sides are sets.

RtObject *
RtSet_Or(RtObject *a, RtObject *b)
{
    if (!RtAnySet_Check(a) || !RtAnySet_Check(b)) {
        return Rt_NotImplemented;
    }
    RtObject *result = new_like(as_set(a), a);
    if (result != NULL && a != b && RtSet_Update(as_set(result), b) < 0) {
        Rt_DECREF(result);
        return NULL;
    }
    return result;
}

RtObject *
RtSet_And(RtObject *a, RtObject *b)
{
    return RtAnySet_Check(a) && RtAnySet_Check(b)
           ? intersection(as_set(a), b) : Rt_NotImplemented;
}

RtObject *
RtSet_Sub(RtObject *a, RtObject *b)
{
    return RtAnySet_Check(a) && RtAnySet_Check(b)
           ? difference(as_set(a), b) : Rt_NotImplemented;
}

RtObject *
RtSet_Xor(RtObject *a, RtObject *b)
{
    return RtAnySet_Check(a) && RtAnySet_Check(b)
           ? symmetric_difference(as_set(a), b) : Rt_NotImplemented;
}

// ---------------------------------------------------------------------------
// Methods of set and frozenset.

RtObject *
rt_set_union(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *result = new_like(as_set(self), self);
    for (ssize_t i = 0; result != NULL && i < nargs; i++) {
        if (RtSet_Update(as_set(result), args[i]) < 0) {
            Rt_CLEAR(result);
        }
    }
    return result;
}

// A chain of operations, each on the result of the one before.
static RtObject *
apply_all(RtObject *self, RtObject *const *args, ssize_t nargs,
          RtObject *(*func)(RtSetObject *, RtObject *))
{
    if (nargs == 0) {
        return new_like(as_set(self), self);
    }
    RtObject *result = Rt_NewRef(self);
    for (ssize_t i = 0; result != NULL && i < nargs; i++) {
        RtObject *next = func(as_set(result), args[i]);
        Rt_DECREF(result);
        result = next;
    }
    return result;
}

RtObject *
rt_set_intersection(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return apply_all(self, args, nargs, intersection);
}

RtObject *
rt_set_difference(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return apply_all(self, args, nargs, difference);
}

RtObject *
rt_set_symmetric_difference(RtObject *self, RtObject *const *args,
                            ssize_t nargs)
{
    (void)nargs;
    return symmetric_difference(as_set(self), args[0]);
}

// A subset test wants sets; another iterable on the right becomes one.
static RtObject *
test_subset(RtObject *a, RtObject *b)
{
    int answer;
    RT_BEGIN_CRITICAL_SECTION2(a, b);
    answer = is_subset_locked(as_set(a), as_set(b));
    RT_END_CRITICAL_SECTION2();
    return answer < 0 ? NULL : RtBool_FromInt(answer);
}

RtObject *
rt_set_issubset(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *other = RtAnySet_Check(args[0]) ? Rt_NewRef(args[0])
                                              : RtSet_New(args[0]);
    if (other == NULL) {
        return NULL;
    }
    RtObject *answer = test_subset(self, other);
    Rt_DECREF(other);
    return answer;
}

// Both end at the first item that decides, as an error that is none.
static int
find_item(RtObject *item, void *so)
{
    int found = RtSet_Contains(so, item);
    return found > 0 ? -1 : found;
}

static int
find_missing(RtObject *item, void *so)
{
    return RtSet_Contains(so, item) > 0 ? 0 : -1;
}

// 1: no item ended the walk, 0: one did, -1: an error did.
static int
none_decides(RtObject *iterable, int (*decide)(RtObject *, void *),
             RtObject *so)
{
    if (for_each(iterable, decide, so) == 0) {
        return 1;
    }
    return RtErr_Occurred() != NULL ? -1 : 0;
}

RtObject *
rt_set_issuperset(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (RtAnySet_Check(args[0])) {
        return test_subset(args[0], self);
    }
    int answer = none_decides(args[0], find_missing, self);
    return answer < 0 ? NULL : RtBool_FromInt(answer);
}

RtObject *
rt_set_isdisjoint(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *other = args[0];
    int answer;
    if (RtAnySet_Check(other)) {
        RT_BEGIN_CRITICAL_SECTION2(self, other);
        answer = as_set(other)->used > as_set(self)->used
                 ? is_disjoint_locked(as_set(self), as_set(other))
                 : is_disjoint_locked(as_set(other), as_set(self));
        RT_END_CRITICAL_SECTION2();
    }
    else {
        answer = none_decides(other, find_item, self);
    }
    return answer < 0 ? NULL : RtBool_FromInt(answer);
}

// ---------------------------------------------------------------------------
// Methods of set alone.

RtObject *
rt_set_update(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    for (ssize_t i = 0; i < nargs; i++) {
        if (RtSet_Update(as_set(self), args[i]) < 0) {
            return NULL;
        }
    }
    return Rt_None;
}

// The intersection and the exchange are one section: what is added meanwhile is
// not lost (unless a comparison suspends it).
static int
intersection_update(RtSetObject *so, RtObject *other)
{
    RtSetObject *result = (RtSetObject *)RtSet_New(NULL);
    if (result == NULL) {
        return -1;
    }
    int status;
    if (RtAnySet_Check(other)) {
        RT_BEGIN_CRITICAL_SECTION2(so, other);
        status = intersect_locked(result, so, as_set(other));
        if (status == 0) {
            RtSet_SwapBodiesLocked(so, result);
        }
        RT_END_CRITICAL_SECTION2();
    }
    else {
        Selection selection = { so, result };
        RT_BEGIN_CRITICAL_SECTION(so);
        status = for_each(other, select_item, &selection);
        if (status == 0) {
            RtSet_SwapBodiesLocked(so, result);
        }
        RT_END_CRITICAL_SECTION();
    }
    Rt_DECREF(result);
    return status;
}

RtObject *
rt_set_intersection_update(RtObject *self, RtObject *const *args,
                           ssize_t nargs)
{
    for (ssize_t i = 0; i < nargs; i++) {
        if (intersection_update(as_set(self), args[i]) < 0) {
            return NULL;
        }
    }
    return Rt_None;
}

RtObject *
rt_set_difference_update(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    for (ssize_t i = 0; i < nargs; i++) {
        if (difference_update(as_set(self), args[i]) < 0) {
            return NULL;
        }
    }
    return Rt_None;
}

RtObject *
rt_set_symmetric_difference_update(RtObject *self, RtObject *const *args,
                                   ssize_t nargs)
{
    (void)nargs;
    return symmetric_difference_update(as_set(self), args[0]) < 0 ? NULL
                                                                  : Rt_None;
}
