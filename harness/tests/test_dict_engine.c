// test_dict_engine.c: two threads at one dict, each operation of the one
// stopped at each of its points: every outcome must be one that an order of the
// two operations has (invariants K2, K3, K4 and K10 of dicts, whole and split).

#include <string.h>

#include "engine_plan.h"
#include "rtcore_dict.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// What the cases work on. All of it is the main thread's.

enum { X, Y, Z, NNAMES = 8 };

static struct {
    RtObject *dict;             // {x: old, y: other}
    RtObject *second;           // {y: new, z: new}
    RtObject *iter;             // shared by both threads
    RtObject *old, *new, *other;
    RtObject *names[NNAMES];
    int yields[2];
    bool strange[2];            // an item that the dict has never had
    ssize_t dict_count;
} w;

static RtObject *
make_dict(int a, RtObject *a_value, int b, RtObject *b_value)
{
    RtObject *dict = RtDict_New();
    CHECK(RtDict_SetItem(dict, w.names[a], a_value) == 0);
    CHECK(RtDict_SetItem(dict, w.names[b], b_value) == 0);
    return dict;
}

static void
make_objects(void)
{
    memset(&w, 0, sizeof(w));
    for (int i = 0; i < NNAMES; i++) {
        w.names[i] = RtStr_FromStringAndSize(&"xyzpqrst"[i], 1);
    }
    w.old = RtLong_FromInt64(1001);
    w.new = RtLong_FromInt64(1002);
    w.other = RtLong_FromInt64(1003);
    w.dict = make_dict(X, w.old, Y, w.other);
    w.second = make_dict(Y, w.new, Z, w.new);
}

static void
drop_objects(void)
{
    for (int i = 0; i < NNAMES; i++) {
        Rt_DecRef(w.names[i]);
    }
    Rt_DecRef(w.iter);
    Rt_DecRef(w.dict);
    Rt_DecRef(w.second);
    Rt_DecRef(w.old);
    Rt_DecRef(w.new);
    Rt_DecRef(w.other);
}

// The dict of an instance, whose values stand in the instance, or (if that is
// gone) in a block of their own.
static void
make_split(bool keep)
{
    RtObject *bases = RtTuple_New(0);
    RtObject *body = RtDict_New();
    RtObject *type = RtType_New(w.names[7], bases, body);
    CHECK(type != NULL);
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(op != NULL);
    CHECK(RtObject_SetAttr(op, w.names[X], w.old) == 0);
    CHECK(RtObject_SetAttr(op, w.names[Y], w.other) == 0);
    Rt_DecRef(w.dict);
    w.dict = RtInstance_GetDict(op);
    CHECK(((RtDictObject *)w.dict)->ma_values != NULL);
    if (keep) {
        w.iter = op;            // dropped with the rest
    }
    else {
        Rt_DecRef(op);
    }
    Rt_DecRef(type);
    Rt_DecRef(bases);
    Rt_DecRef(body);
}

static void
split_embedded(void)
{
    make_split(true);
}

static void
split_detached(void)
{
    make_split(false);
}

// ---------------------------------------------------------------------------
// Helpers.

static RtObject *
get(RtObject *dict, int name)
{
    RtObject *value;
    CHECK(RtDict_GetItemRef(dict, w.names[name], &value) >= 0);
    return value;
}

static bool
is(RtObject *dict, int name, RtObject *value)
{
    RtObject *found = get(dict, name);
    Rt_DecRef(found);
    return found == value;
}

static void
set(int name, RtObject *value)
{
    CHECK(RtDict_SetItem(w.dict, w.names[name], value) == 0);
}

static RtObject *
call(RtObject *op, const char *method, RtObject *a, RtObject *b)
{
    RtObject *args[2] = { a, b };
    RtObject *name = RtStr_FromString(method);
    RtObject *result = RtObject_CallMethod(op, name, args,
                                           a == NULL ? 0 : b == NULL ? 1 : 2);
    Rt_DecRef(name);
    return result;
}

// ---------------------------------------------------------------------------
// Operations.

static void a_reads(void) { a_result = get(w.dict, X); }
static void b_sets(void) { set(X, w.new); }
static void b_clears(void) { CHECK(RtDict_Clear(w.dict) == 0); }

static void
b_deletes(void)
{
    CHECK(RtDict_DelItem(w.dict, w.names[X]) == 0);
}

static void
b_deletes_and_sets(void)
{
    b_deletes();
    b_sets();
}

static void
b_grows(void)
{
    for (int i = 2; i < NNAMES; i++) {
        set(i, w.new);
    }
}

static void
b_sets_two(void)
{
    set(X, w.new);
    set(Y, w.new);
}

static void
b_replaces_y_by_z(void)
{
    CHECK(RtDict_DelItem(w.dict, w.names[Y]) == 0);
    set(Z, w.new);
}

static void
a_setdefault(void)
{
    a_result = call(w.dict, "setdefault", w.names[Z], w.old);
}

static void
b_setdefault(void)
{
    b_result = call(w.dict, "setdefault", w.names[Z], w.new);
}

static void a_pops(void) { a_result = call(w.dict, "pop", w.names[X], NULL); }
static void b_pops(void) { b_result = call(w.dict, "pop", w.names[X], NULL); }
static void a_popitem(void) { a_result = call(w.dict, "popitem", NULL, NULL); }
static void b_popitem(void) { b_result = call(w.dict, "popitem", NULL, NULL); }
static void b_sets_z(void) { set(Z, w.new); }
static void a_copies(void) { a_result = call(w.dict, "copy", NULL, NULL); }

static void
a_updates_second(void)
{
    CHECK(RtDict_Update(w.second, w.dict) == 0);
    a_result = Rt_NewRef(w.second);
}

static void
b_updates_first(void)
{
    CHECK(RtDict_Update(w.dict, w.second) == 0);
}

static void
a_lists_items(void)
{
    RtObject *items = call(w.dict, "items", NULL, NULL);
    RtObject *list = RtList_New(0);
    CHECK(RtList_Extend(list, items) == 0);
    Rt_DecRef(items);
    a_result = RtDict_New();
    for (ssize_t i = 0; i < RtList_Size(list); i++) {
        RtObject *pair = RtList_GetItemRef(list, i);
        CHECK(RtDict_SetItem(a_result, RtTuple_GetItem(pair, 0),
                             RtTuple_GetItem(pair, 1)) == 0);
        Rt_DecRef(pair);
    }
    Rt_DecRef(list);
}

static void
a_fromkeys(void)
{
    a_result = call((RtObject *)&RtDict_Type, "fromkeys", w.dict, w.old);
}

static void
a_intersects(void)
{
    RtObject *keys = call(w.dict, "keys", NULL, NULL);
    RtObject *others = call(w.second, "keys", NULL, NULL);
    a_result = RtNumber_BinaryOp(keys, others, RT_NB_AND);
    Rt_DecRef(keys);
    Rt_DecRef(others);
}

static void
a_compares(void)
{
    a_result = RtObject_RichCompare(w.dict, w.second, RT_EQ);
}

// Goes through an iterator of items.
static void
exhaust(int index, RtObject *iter)
{
    RtObject *pair;
    while ((pair = RtIter_Next(iter)) != NULL) {
        RtObject *key = RtTuple_GetItem(pair, 0);
        RtObject *value = RtTuple_GetItem(pair, 1);
        bool known = key == w.names[X] ? value == w.old || value == w.new
                   : key == w.names[Y] ? value == w.other || value == w.new
                                       : value == w.new;
        w.strange[index] |= !known;
        w.yields[index]++;
        Rt_DecRef(pair);
    }
}

static void
a_iterates(void)
{
    w.yields[0] = 0;
    RtObject *items = call(w.dict, "items", NULL, NULL);
    RtObject *iter = RtObject_GetIter(items);
    Rt_DecRef(items);
    exhaust(0, iter);
    Rt_DecRef(iter);
}

static void
a_iterates_backwards(void)
{
    w.yields[0] = 0;
    RtObject *items = call(w.dict, "items", NULL, NULL);
    RtObject *iter = call(items, "__reversed__", NULL, NULL);
    Rt_DecRef(items);
    exhaust(0, iter);
    Rt_DecRef(iter);
}

static void
share_iterator(void)
{
    set(Z, w.new);
    w.dict_count = Rt_REFCNT(w.dict);
    RtObject *items = call(w.dict, "items", NULL, NULL);
    w.iter = RtObject_GetIter(items);
    Rt_DecRef(items);
}

static void
share_reverse_iterator(void)
{
    set(Z, w.new);
    w.dict_count = Rt_REFCNT(w.dict);
    RtObject *items = call(w.dict, "items", NULL, NULL);
    w.iter = call(items, "__reversed__", NULL, NULL);
    Rt_DecRef(items);
}

static void a_exhausts(void) { exhaust(0, w.iter); }
static void b_exhausts(void) { exhaust(1, w.iter); }

// ---------------------------------------------------------------------------
// Outcomes.

// Whoever is not the owner marks a dict that it reads or that it resizes.
static bool
is_shared(void)
{
#ifdef RT_GIL_DISABLED
    return RtContainer_IsShared(w.dict);
#else
    return true;
#endif
}

static bool
old_or_new(void)
{
    return a_result == w.old || a_result == w.new;
}

static bool
old_or_none(void)
{
    return a_result == w.old || a_result == NULL;
}

static bool
any_of_x(void)
{
    return old_or_new() || a_result == NULL;
}

static bool
old_and_grown(void)
{
    return a_result == w.old && is_shared() && is(w.dict, 7, w.new) &&
           RtDict_Size(w.dict) == NNAMES;
}

static bool
same_default(void)
{
    return a_result == b_result && old_or_new() && is(w.dict, Z, a_result) &&
           RtDict_Size(w.dict) == 3;
}

static bool
one_popped(void)
{
    return (a_result == w.old) != (b_result == w.old) &&
           a_raised == (a_result == NULL) && b_raised == (b_result == NULL) &&
           is(w.dict, X, NULL);
}

static bool
popped_old_or_new(void)
{
    return a_result == w.old ? is(w.dict, X, w.new)
                             : a_result == w.new && is(w.dict, X, NULL);
}

static bool
is_pair(RtObject *pair, int name, RtObject *value)
{
    return pair != NULL && RtTuple_GetItem(pair, 0) == w.names[name] &&
           RtTuple_GetItem(pair, 1) == value;
}

static bool
both_popped(void)
{
    bool a_first = is_pair(a_result, Y, w.other) && is_pair(b_result, X, w.old);
    bool b_first = is_pair(b_result, Y, w.other) && is_pair(a_result, X, w.old);
    return (a_first || b_first) && RtDict_Size(w.dict) == 0;
}

static bool
popped_last(void)
{
    return is_pair(a_result, Z, w.new)
        ? is(w.dict, Y, w.other) && is(w.dict, Z, NULL)
        : is_pair(a_result, Y, w.other) && is(w.dict, Z, w.new);
}

static bool
popped_not_x(void)
{
    return old_or_none() && is(w.dict, X, NULL) == is_pair(b_result, X, w.old);
}

// What was taken of the dict at one instant, while x and then y were set.
static bool
one_instant(void)
{
    return (is(a_result, X, w.old) && is(a_result, Y, w.other)) ||
           (is(a_result, X, w.new) &&
            (is(a_result, Y, w.other) || is(a_result, Y, w.new)));
}

static bool
keys_of_one_instant(void)
{
    ssize_t size = RtDict_Size(a_result);
    return is(a_result, X, w.old) &&
           size == 1 + RtDict_Contains(a_result, w.names[Y]) +
                   RtDict_Contains(a_result, w.names[Z]) &&
           size <= 2;
}

static bool
both_updated(void)
{
    RtObject *y = get(w.dict, Y);
    bool right = (y == w.other || y == w.new) && is(w.second, Y, y) &&
                 is(w.dict, Z, w.new) && is(w.second, X, w.old);
    Rt_DecRef(y);
    return right;
}

static bool
was_in_both(void)
{
    if (a_raised) {             // it went through the keys meanwhile
        return a_result == NULL;
    }
    ssize_t size = RtSet_Size(a_result);
    return size == RtSet_Contains(a_result, w.names[Y]) +
                   RtSet_Contains(a_result, w.names[Z]);
}

static bool
were_different(void)
{
    return a_result == Rt_False;
}

static bool
known_items(void)
{
    return !w.strange[0] && w.yields[0] <= RtDict_Size(w.dict);
}

static bool
known_and_shared(void)
{
    if (w.strange[0] || w.strange[1] || w.yields[0] + w.yields[1] > 2 * 3) {
        return false;
    }
    Rt_DecRef(w.iter);
    w.iter = NULL;
    return Rt_REFCNT(w.dict) == w.dict_count;
}

static const Case cases[] = {
    {"get | set", NULL, a_reads, b_sets, old_or_new, true},
    {"get | delete", NULL, a_reads, b_deletes, old_or_none, true},
    {"get | clear", NULL, a_reads, b_clears, old_or_none, true},
    {"get | delete, set", NULL, a_reads, b_deletes_and_sets, any_of_x, true},
    {"get | grow", NULL, a_reads, b_grows, old_and_grown, true},
    {"get | popitem", NULL, a_reads, b_popitem, popped_not_x, true},
    {"setdefault | setdefault", NULL, a_setdefault, b_setdefault,
     same_default, false},
    {"pop | pop", NULL, a_pops, b_pops, one_popped, false},
    {"pop | set", NULL, a_pops, b_sets, popped_old_or_new, false},
    {"popitem | popitem", NULL, a_popitem, b_popitem, both_popped, false},
    {"popitem | set", NULL, a_popitem, b_sets_z, popped_last, false},
    {"copy | two sets", NULL, a_copies, b_sets_two, one_instant, true},
    {"update | two sets", NULL, a_updates_second, b_sets_two, one_instant,
     false},
    {"list | two sets", NULL, a_lists_items, b_sets_two, one_instant, true},
    {"fromkeys | another key", NULL, a_fromkeys, b_replaces_y_by_z,
     keys_of_one_instant, true},
    {"update | update", NULL, a_updates_second, b_updates_first, both_updated,
     false},
    {"keys & keys | another key", NULL, a_intersects, b_replaces_y_by_z,
     was_in_both, true},
    {"== | set", NULL, a_compares, b_sets, were_different, true},
    {"items | delete, set", NULL, a_iterates, b_deletes_and_sets, known_items,
     true},
    {"items | grow", NULL, a_iterates, b_grows, known_items, true},
    {"items backwards | delete, set", NULL, a_iterates_backwards,
     b_deletes_and_sets, known_items, true},
    {"items backwards | grow", NULL, a_iterates_backwards, b_grows,
     known_items, true},
    {"one iterator", share_iterator, a_exhausts, b_exhausts, known_and_shared,
     false},
    {"one reverse iterator", share_reverse_iterator, a_exhausts, b_exhausts,
     known_and_shared, false},

    {"split: setdefault | setdefault", split_embedded, a_setdefault,
     b_setdefault, same_default, false},
    {"split: pop | pop", split_embedded, a_pops, b_pops, one_popped, false},
    {"split: get | popitem", split_embedded, a_reads, b_popitem, popped_not_x,
     true},
    {"split: popitem | popitem", split_detached, a_popitem, b_popitem,
     both_popped, false},
    {"split: get | grow", split_detached, a_reads, b_grows, old_and_grown,
     true},
    {"split: copy | two sets", split_embedded, a_copies, b_sets_two,
     one_instant, true},
    {"split: list | two sets", split_detached, a_lists_items, b_sets_two,
     one_instant, true},
    {"split: items | delete, set", split_embedded, a_iterates,
     b_deletes_and_sets, known_items, true},
    {"split: items backwards | grow", split_embedded, a_iterates_backwards,
     b_grows, known_items, true},
    {"split: items | grow", split_detached, a_iterates, b_grows, known_items,
     true},
};

int
main(void)
{
    static const Plan plan = { make_objects, drop_objects };
    return run_cases("test_dict_engine", &plan, cases,
                     sizeof(cases) / sizeof(cases[0]));
}

#else

int
main(void)
{
    return 0;
}

#endif
