// test_attrs.c: attributes of instances, read and stored by one thread while
// another changes how they are kept: makes, replaces, clears or combines the
// dict, or assigns another class (invariants K2, K5 and K6).

#include <string.h>

#include "engine_plan.h"
#include "rtcore_dict.h"
#include "rtcore_type.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// What the cases work on. All of it is the main thread's.

static struct {
    RtObject *type;
    RtObject *second_type;      // of the same layout
    RtObject *op;               // an instance of it with x = `old`
    RtObject *sibling;          // another
    RtObject *dict;             // a dict with x = `other`, or op.__dict__
    RtObject *list;
    RtObject *old, *new, *other;        // objects of their own
    RtObject *names[8];         // x, y, z, p, q, r, s, t
    RtObject *seen;             // by B, after its operation
} w;

static void
set(RtObject *op, int name, RtObject *value)
{
    CHECK(RtObject_SetAttr(op, w.names[name], value) == 0);
}

// A new reference, or NULL if there is no such attribute.
static RtObject *
get(RtObject *op, int name)
{
    RtObject *value;
    CHECK(RtObject_GetOptionalAttr(op, w.names[name], &value) >= 0);
    return value;
}

static RtObject *
get_item(RtObject *dict, int name)
{
    RtObject *value;
    CHECK(RtDict_GetItemRef(dict, w.names[name], &value) >= 0);
    return value;
}

// Whether an attribute or item of this name is now `value`.
static bool
is_attr(RtObject *op, int name, RtObject *value)
{
    RtObject *found = get(op, name);
    Rt_DecRef(found);
    return found == value;
}

static bool
is_item(RtObject *dict, int name, RtObject *value)
{
    RtObject *found = get_item(dict, name);
    Rt_DecRef(found);
    return found == value;
}

static RtObject *
new_instance(void)
{
    RtObject *op = RtObject_CallNoArgs(w.type);
    CHECK(op != NULL);
    return op;
}

static void
make_objects(void)
{
    static const char *const names[] = {"x", "y", "z", "p",
                                        "q", "r", "s", "t"};
    memset(&w, 0, sizeof(w));
    for (int i = 0; i < 8; i++) {
        w.names[i] = RtStr_FromString(names[i]);
    }
    RtObject *bases = RtTuple_New(0);
    w.dict = RtDict_New();
    w.type = RtType_New(w.names[7], bases, w.dict);
    w.second_type = RtType_New(w.names[6], bases, w.dict);
    CHECK(w.type != NULL && w.second_type != NULL);
    Rt_DecRef(bases);
    w.old = RtLong_FromInt64(1001);
    w.new = RtLong_FromInt64(1002);
    w.other = RtLong_FromInt64(1003);
    w.op = new_instance();
    w.sibling = new_instance();
    set(w.op, 0, w.old);
    CHECK(RtDict_SetItem(w.dict, w.names[0], w.other) == 0);
    w.list = RtList_New(0);
    for (int i = 0; i < 3; i++) {
        RtObject *value = i == 1 ? w.old : w.other;
        CHECK(RtList_Append(w.list, value) == 0);
    }
}

static void
drop_objects(void)
{
    for (int i = 0; i < 8; i++) {
        Rt_DecRef(w.names[i]);
    }
    Rt_DecRef(w.type);
    Rt_DecRef(w.second_type);
    Rt_DecRef(w.op);
    Rt_DecRef(w.sibling);
    Rt_DecRef(w.dict);
    Rt_DecRef(w.list);
    Rt_DecRef(w.old);
    Rt_DecRef(w.new);
    Rt_DecRef(w.other);
    Rt_DecRef(w.seen);
}

// ---------------------------------------------------------------------------
// The operations.

static void
a_reads_x(void)
{
    a_result = get(w.op, 0);
}

static void
a_reads_y(void)
{
    a_result = get(w.op, 1);
}

static void
a_reads_item_x(void)
{
    a_result = get_item(w.dict, 0);
}

static void
a_sets_x(void)
{
    set(w.op, 0, w.new);
}

static void
a_sets_y(void)
{
    set(w.op, 1, w.new);
}

static void
a_gets_dict(void)
{
    a_result = RtObject_GetAttr(w.op, RtStr_InternStatic("__dict__"));
}

static void
a_lists_dict(void)
{
    RtObject *iter = RtObject_GetIter(w.dict);
    CHECK(iter != NULL);
    RtObject *key;
    while ((key = RtIter_Next(iter)) != NULL) {
        Rt_DecRef(key);
    }
    Rt_DecRef(iter);
}

static void
b_gets_dict(void)
{
    b_result = RtInstance_GetDict(w.op);
}

static void
b_gets_dict_and_sets_x(void)
{
    b_gets_dict();
    CHECK(RtDict_SetItem(b_result, w.names[0], w.new) == 0);
}

static void
b_sets_y(void)
{
    set(w.op, 1, w.new);
}

static void
b_sets_y_of_sibling(void)
{
    set(w.sibling, 1, w.new);
}

static void
b_replaces_dict(void)
{
    CHECK(RtInstance_SetDict(w.op, w.dict) == 0);
}

// What it has replaced, nothing may be stored to for the instance's sake.
static void
b_replaces_dict_and_looks(void)
{
    CHECK(RtInstance_SetDict(w.op, w.dict) == 0);
    w.seen = get_item(b_result, 0);
}

static void
b_deletes_dict(void)
{
    CHECK(RtInstance_SetDict(w.op, NULL) == 0);
}

static void
b_clears_dict(void)
{
    CHECK(RtDict_Clear(w.dict) == 0);
}

static void
b_puts_int_key(void)
{
    CHECK(RtDict_SetItem(w.dict, w.new, w.new) == 0);
}

static void
b_deletes_x(void)
{
    CHECK(RtObject_SetAttr(w.op, w.names[0], NULL) == 0);
}

static void
b_drops_op(void)
{
    RtObject *op = w.op;
    w.op = NULL;
    Rt_DecRef(op);
}

static void
b_sets_class(void)
{
    CHECK(RtObject_SetClass(w.op, w.second_type) == 0);
}

static void
a_sets_first_class(void)
{
    CHECK(RtObject_SetClass(w.op, w.type) == 0);
}

static void
b_sets_many(void)
{
    for (int i = 2; i < 8; i++) {
        set(w.op, i, w.other);
    }
}

// ---------------------------------------------------------------------------
// What goes before, and what must be so after.

// w.dict is op.__dict__, which nobody has read yet.
static void
take_dict(void)
{
    Rt_DecRef(w.dict);
    w.dict = RtInstance_GetDict(w.op);
}

static void
take_dict_of_two(void)
{
    set(w.op, 1, w.other);
    take_dict();
}

static void
give_op_away(void)
{
    take_dict_of_two();
#ifdef RT_GIL_DISABLED
    // Who drops the last reference to it destroys it.
    (void)RtObject_ExplicitMergeRefcount(w.op, 0);
#endif
}

static bool
read_old(void)
{
    return a_result == w.old;
}

static bool
read_old_or_new(void)
{
    return a_result == w.old || a_result == w.new;
}

static bool
read_old_or_other(void)
{
    return a_result == w.old || a_result == w.other;
}

static bool
read_old_or_none(void)
{
    return a_result == w.old || a_result == NULL;
}

static bool
read_none(void)
{
    return a_result == NULL && is_attr(w.sibling, 1, w.new);
}

static bool
read_none_or_new(void)
{
    return (a_result == NULL || a_result == w.new)
           && is_attr(w.op, 1, w.new);
}

// A's value went into one of the dicts, whole.
static bool
new_is_in_one_dict(void)
{
    bool in_first = is_item(b_result, 0, w.new);
    bool in_second = is_item(w.dict, 0, w.new);
    return in_first != in_second && w.seen == (in_first ? w.new : w.old)
           && (in_first || is_item(b_result, 0, w.old))
           && (in_second || is_item(w.dict, 0, w.other))
           && is_attr(w.op, 0, in_second ? w.new : w.other);
}

static void
take_dict_aside(void)
{
    b_result = RtInstance_GetDict(w.op);
}

static bool
both_have_y(void)
{
    return is_attr(w.op, 1, w.new) && is_attr(w.sibling, 1, w.new);
}

static bool
one_dict(void)
{
    return a_result != NULL && a_result == b_result
           && is_item(a_result, 0, w.old);
}

static bool
all_are_set(void)
{
    for (int i = 2; i < 8; i++) {
        if (!is_attr(w.op, i, w.other)) {
            return false;
        }
    }
    return is_attr(w.op, 0, w.new);
}

static bool
x_is_new_or_gone(void)
{
    return is_attr(w.op, 0, w.new) || is_attr(w.op, 0, NULL);
}

static bool
read_old_of_second(void)
{
    return a_result == w.old && is_attr(w.op, 0, w.old) &&
           (RtObject *)Rt_TYPE(w.op) == w.second_type;
}

static bool
second_has_both(void)
{
    return is_attr(w.op, 0, w.old) && is_attr(w.op, 1, w.new);
}

static bool
second_has_new(void)
{
    return is_attr(w.op, 0, w.new) &&
           (RtObject *)Rt_TYPE(w.op) == w.second_type;
}

static bool
dict_of_second(void)
{
    return is_item(a_result, 0, w.old) && is_attr(w.op, 0, w.old);
}

static bool
either_class(void)
{
    return is_attr(w.op, 0, w.old);
}

static bool
dict_lost_nothing(void)
{
    return is_item(w.dict, 0, w.old) && is_item(w.dict, 1, w.other);
}

static bool
dict_has_all(void)
{
    RtObject *value;
    CHECK(RtDict_GetItemRef(w.dict, w.new, &value) == 1);
    Rt_DecRef(value);
    return a_result == w.old && is_attr(w.op, 0, w.old);
}

static const Case cases[] = {
    {"read | name shared by sibling", NULL, a_reads_y,
     b_sets_y_of_sibling, read_none, true},
    {"read | first store", NULL, a_reads_y, b_sets_y, read_none_or_new, true},
    {"two first stores", NULL, a_sets_y,
     b_sets_y_of_sibling, both_have_y, false},
    {"read | dict made", NULL, a_reads_x, b_gets_dict, read_old, true},
    {"read | dict made and stored to", NULL, a_reads_x,
     b_gets_dict_and_sets_x, read_old_or_new, true},
    {"store | dict made and stored to", NULL, a_sets_x,
     b_gets_dict_and_sets_x, NULL, false},
    {"two ask for the dict", NULL, a_gets_dict, b_gets_dict, one_dict, false},
    {"read | first dict set", NULL, a_reads_x,
     b_replaces_dict, read_old_or_other, true},
    {"read | dict replaced", take_dict_aside, a_reads_x,
     b_replaces_dict, read_old_or_other, true},
    {"store | dict replaced", take_dict_aside, a_sets_x,
     b_replaces_dict_and_looks, new_is_in_one_dict, false},
    {"dict read | dict deleted", take_dict, a_reads_item_x,
     b_deletes_dict, read_old, true},
    {"read | dict deleted", take_dict, a_reads_x,
     b_deletes_dict, read_old_or_none, true},
    {"store | dict deleted", NULL, a_sets_x,
     b_deletes_dict, x_is_new_or_gone, false},
    {"read | dict cleared", take_dict, a_reads_x,
     b_clears_dict, read_old_or_none, true},
    {"dict read | dict cleared", take_dict, a_reads_item_x,
     b_clears_dict, read_old_or_none, true},
    {"dict read | combined", take_dict, a_reads_item_x,
     b_puts_int_key, dict_has_all, true},
    {"read | combined", take_dict, a_reads_x,
     b_puts_int_key, dict_has_all, true},
    {"store | more than fits", NULL, a_sets_x, b_sets_many, all_are_set, false},
    {"read | deleted", NULL, a_reads_x, b_deletes_x, read_old_or_none, true},
    {"iterate | deleted", take_dict_of_two, a_lists_dict,
     b_deletes_x, NULL, true},
    {"read | class assigned", NULL, a_reads_x, b_sets_class,
     read_old_of_second, true},
    {"store | class assigned", NULL, a_sets_x, b_sets_class, second_has_new,
     false},
    {"first store | class assigned", NULL, a_sets_y, b_sets_class,
     second_has_both, false},
    {"dict made | class assigned", NULL, a_gets_dict, b_sets_class,
     dict_of_second, false},
    {"two assign classes", NULL, a_sets_first_class, b_sets_class,
     either_class, false},
    {"dict read | instance dies", give_op_away, a_reads_item_x,
     b_drops_op, read_old, true},
    {"iterate | instance dies", give_op_away, a_lists_dict,
     b_drops_op, dict_lost_nothing, true},
};

int
main(void)
{
    static const Plan plan = { make_objects, drop_objects };
    return run_cases("test_attrs", &plan, cases,
                     sizeof(cases) / sizeof(cases[0]));
}

#else

int
main(void)
{
    return 0;
}

#endif
