// test_attrs.c: attributes of instances, dicts and lists, read by one thread
// while another changes how they are stored: each operation of the one stopped
// at each of its points, for some or all points of the other.
//
// Threads A and B do one operation each, on objects of the main thread, so that
// neither owns what it meets. The oracles of the memory, the counts and (where
// there is one) the race detector watch every execution; the main thread audits
// the heap, and then each case says whether the outcome is one that an order of
// the two operations has.

#include <string.h>

#include "engine_bodies.h"
#include "fz_exec.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_audit.h"
#include "rtcore_dict.h"
#include "rtcore_heap.h"
#include "rtcore_state.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// The schedule: A stops after `a_points`, B after `b_points`, then A, then B.

enum { A = 1, B = 2 };

static uint64_t a_points, b_points;
static uint64_t a_begin, a_end, b_begin, b_end;     // steps; 0: not yet
static bool a_begun, b_begun;

static void
plan_begin(void *state, const FzSchedule *schedule)
{
    (void)state, (void)schedule;
    a_begin = a_end = b_begin = b_end = 0;
    a_begun = b_begun = false;
}

static void
plan_thread_created(void *state, uint32_t thread)
{
    (void)state, (void)thread;
}

static uint32_t
wanted(uint64_t step)
{
    if (!b_begun || a_end != 0) {
        return B;               // attached, it waits for its turn
    }
    if (!a_begun) {
        return A;
    }
    if (a_begin == 0) {
        a_begin = step;
    }
    if (step - a_begin < a_points) {
        return A;
    }
    if (b_begin == 0) {
        b_begin = step;
    }
    return b_end != 0 || step - b_begin >= b_points ? A : B;
}

static uint32_t
plan_next(void *state, const FzPointView *view)
{
    (void)state;
    // The main thread starts both; then it only waits.
    uint32_t thread = view->nthreads <= B ? 0 : wanted(view->step);
    if ((view->runnable >> thread & 1) != 0) {
        return thread;
    }
    uint32_t others = view->runnable & ~1u;
    return (uint32_t)__builtin_ctz(others != 0 ? others : view->runnable);
}

static const FzStrategy plan = {
    .name = "plan",
    .sentence = "A up to a point, B up to a point, A, B",
    .state_size = 1,
    .begin = plan_begin,
    .thread_created = plan_thread_created,
    .next = plan_next,
};

// ---------------------------------------------------------------------------
// What the cases work on. All of it is the main thread's.

static struct {
    RtObject *type;
    RtObject *op;               // an instance of it with x = `old`
    RtObject *sibling;          // another
    RtObject *dict;             // a dict with x = `other`, or op.__dict__
    RtObject *list;
    RtObject *old, *new, *other;        // objects of their own
    RtObject *names[8];         // x, y, z, p, q, r, s, t
    RtObject *a_result, *b_result;
    RtObject *seen;             // by B, after its operation
    bool a_raised, b_raised;
} w;

typedef struct Case {
    const char *name;
    void (*prepare)(void);      // after the objects above are there; or NULL
    void (*a)(void);
    void (*b)(void);
    bool (*is_right)(void);     // NULL: the oracles are enough
    bool reads;                 // A may be done twice
} Case;

static const Case *current;
static bool warm;               // A has read before: now it needs no lock

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
    CHECK(w.type != NULL);
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
    Rt_DecRef(w.op);
    Rt_DecRef(w.sibling);
    Rt_DecRef(w.dict);
    Rt_DecRef(w.list);
    Rt_DecRef(w.old);
    Rt_DecRef(w.new);
    Rt_DecRef(w.other);
    Rt_DecRef(w.a_result);
    Rt_DecRef(w.b_result);
    Rt_DecRef(w.seen);
}

// ---------------------------------------------------------------------------
// One execution.

static RtThreadState *tstates[2];

static void
do_operation(int index)
{
    RtThreadState *tstate = tstates[index];
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    if (index + 1 == A && warm) {
        current->a();
        Rt_DecRef(w.a_result);
        w.a_result = NULL;
        CHECK(RtErr_Occurred() == NULL);
    }
    *(index + 1 == A ? &a_begun : &b_begun) = true;
    (index + 1 == A ? current->a : current->b)();
    *(index + 1 == A ? &w.a_raised : &w.b_raised) = RtErr_Occurred() != NULL;
    RtErr_Clear();
    *(index + 1 == A ? &a_end : &b_end) = FzEngine_Step();
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    make_objects();
    if (current->prepare != NULL) {
        current->prepare();
    }
    for (int i = 0; i < 2; i++) {
        tstates[i] = RtThreadState_New(tstate->interp);
        CHECK(tstates[i] != NULL);
    }
    RtThreadState_Detach(tstate);
    run_team(2, do_operation);
    RtThreadState_Attach(tstate);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    if (current->is_right != NULL && !current->is_right()) {
        FzEngine_Violation(FZ_RULE_FATAL, UINT32_MAX, "wrong outcome");
    }
    drop_objects();
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static void
run_plan(uint64_t a, uint64_t b)
{
    a_points = a;
    b_points = b;
    FzEngineConfig config = config_of(&plan, 0);
    config.races = true;
    FzEngine_Run(&config, body, NULL, &run);
    if (run.nviolations != 0) {
        fprintf(stderr, "%s, A stopped after %lld, B after %lld: %s\n",
                current->name, (long long)a, (long long)b,
                run.violations[0].message);
    }
    CHECK_EQUAL(run.nviolations, 0);
    CHECK(run.completed);
}

static void
run_all_plans(void)
{
    run_plan(0, UINT64_MAX);
    uint64_t b_length = b_end - b_begin;
    run_plan(UINT64_MAX, 0);
    uint64_t a_length = a_end - a_begin;
    uint64_t stride = 1 + a_length * b_length / 400;
    for (uint64_t a = 0; a <= a_length; a++) {
        run_plan(a, UINT64_MAX);
        for (uint64_t b = a % stride; b <= b_length; b += stride) {
            run_plan(a, b);
        }
    }
}

static void
run_case(const Case *c)
{
    current = c;
    warm = false;
    run_all_plans();
    warm = c->reads;
    if (warm) {
        run_all_plans();
    }
}

// ---------------------------------------------------------------------------
// The operations.

static void
a_reads_x(void)
{
    w.a_result = get(w.op, 0);
}

static void
a_reads_y(void)
{
    w.a_result = get(w.op, 1);
}

static void
a_reads_item_x(void)
{
    w.a_result = get_item(w.dict, 0);
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
    w.a_result = RtObject_GetAttr(w.op, RtStr_InternStatic("__dict__"));
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
    w.b_result = RtInstance_GetDict(w.op);
}

static void
b_gets_dict_and_sets_x(void)
{
    b_gets_dict();
    CHECK(RtDict_SetItem(w.b_result, w.names[0], w.new) == 0);
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
    w.seen = get_item(w.b_result, 0);
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
    return w.a_result == w.old;
}

static bool
read_old_or_new(void)
{
    return w.a_result == w.old || w.a_result == w.new;
}

static bool
read_old_or_other(void)
{
    return w.a_result == w.old || w.a_result == w.other;
}

static bool
read_old_or_none(void)
{
    return w.a_result == w.old || w.a_result == NULL;
}

static bool
read_none(void)
{
    return w.a_result == NULL && is_attr(w.sibling, 1, w.new);
}

static bool
read_none_or_new(void)
{
    return (w.a_result == NULL || w.a_result == w.new)
           && is_attr(w.op, 1, w.new);
}

// A's value went into one of the dicts, whole.
static bool
new_is_in_one_dict(void)
{
    bool in_first = is_item(w.b_result, 0, w.new);
    bool in_second = is_item(w.dict, 0, w.new);
    return in_first != in_second && w.seen == (in_first ? w.new : w.old)
           && (in_first || is_item(w.b_result, 0, w.old))
           && (in_second || is_item(w.dict, 0, w.other))
           && is_attr(w.op, 0, in_second ? w.new : w.other);
}

static void
take_dict_aside(void)
{
    w.b_result = RtInstance_GetDict(w.op);
}

static bool
both_have_y(void)
{
    return is_attr(w.op, 1, w.new) && is_attr(w.sibling, 1, w.new);
}

static bool
one_dict(void)
{
    return w.a_result != NULL && w.a_result == w.b_result
           && is_item(w.a_result, 0, w.old);
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
    return w.a_result == w.old && is_attr(w.op, 0, w.old);
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
    {"dict read | instance dies", give_op_away, a_reads_item_x,
     b_drops_op, read_old, true},
    {"iterate | instance dies", give_op_away, a_lists_dict,
     b_drops_op, dict_lost_nothing, true},
};

int
main(void)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "test_attrs: %s\n", why);
        return 1;
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_case(&cases[i]);
    }
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    return 0;
}

#endif
