// test_weakref.c: weak references: making, sharing, asking, comparing, what
// clears them and when their callbacks run; threads that make, ask for and drop
// references to one object; no memory.

#include "objects.h"

#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"
#include "rtcore_weakref.h"

static int calls;               // atomic
static RtObject *last_ref;      // that a callback was called with, borrowed
static RtObject *order[4];
static int referent_was_gone;

static RtObject *
count_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int n = rt_atomic_add_int(&calls, 1);
    if (n < 4) {
        order[n] = args[0];
    }
    rt_atomic_store_ptr_relaxed(&last_ref, args[0]);
    RtObject *op = RtWeakref_GetRef(args[0]);
    rt_atomic_store_int_relaxed(&referent_was_gone, op == NULL);
    Rt_XDECREF(op);
    return Rt_NewRef(Rt_None);
}

static RtObject *
raise_error(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)count_call(self, args, nargs);
    RtErr_SetString(&RtExc_ValueError, "from a callback");
    return NULL;
}

static RtMethodDef count_def = { "count", count_call, 1, 1 };
static RtMethodDef raise_def = { "raise", raise_error, 1, 1 };
static RtMethodDef no_methods = { NULL, NULL, 0, 0 };

static RtObject *
callback(void)
{
    calls = 0;
    return RtCFunction_New(&count_def, NULL);
}

static RtObject *
instance(void)
{
    RtObject *type = Class("C", NULL, &no_methods);
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(op != NULL);
    Rt_DECREF(type);
    return op;
}

static void
test_basic(void)
{
    RtObject *op = instance();
    RtObject *a = RtWeakref_NewRef(op, NULL);
    RtObject *b = RtWeakref_NewRef(op, Rt_None);
    CHECK(a == b);
    CHECK(RtWeakref_Count(op) == 1);
    RtObject *got = RtObject_CallNoArgs(a);
    CHECK(got == op);
    Rt_DECREF(got);
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
    Rt_DECREF(op);
    got = RtObject_CallNoArgs(a);
    CHECK(got == Rt_None);
    CHECK(RtWeakref_GetRef(a) == NULL);
    CHECK(RtErr_Occurred() == NULL);
    Rt_DECREF(a);
    Rt_DECREF(b);
}

static void
test_kinds(void)
{
    RtObject *name = Str("x");
    EXPECT_ERROR(RtWeakref_NewRef(name, NULL),
                 "TypeError: cannot create weak reference to 'str' object");
    Rt_DECREF(name);
    // A class, and a type that is immortal: nothing stays behind in that.
    RtObject *type = Class("C", NULL, &no_methods);
    RtObject *a = RtWeakref_NewRef(type, NULL);
    CHECK(RtWeakref_Count(type) == 1);
    RtObject *b = RtWeakref_NewRef((RtObject *)&RtList_Type, NULL);
    CHECK(RtWeakref_Count((RtObject *)&RtList_Type) == 0);
    EXPECT_REPR(RtObject_CallNoArgs(b), "<class 'list'>");
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
    Rt_DECREF(type);
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) > 0);
    EXPECT_REPR(RtObject_CallNoArgs(a), "None");
    Rt_DECREF(a);
    Rt_DECREF(b);
    EXPECT_ERROR(New(&RtWeakref_Type, 0),
                 "TypeError: ref() takes 1 or 2 arguments (0 given)");
}

static void
test_callbacks(void)
{
    RtObject *op = instance();
    RtObject *f = callback();
    RtObject *basic = RtWeakref_NewRef(op, NULL);
    RtObject *a = RtWeakref_NewRef(op, f);
    RtObject *b = RtWeakref_NewRef(op, f);
    RtObject *dropped = RtWeakref_NewRef(op, f);
    CHECK(a != b);
    CHECK(RtWeakref_Count(op) == 4);
    EXPECT_OBJECT(f, "<built-in function count>");
    RtObject *attribute = Str("__callback__");
    RtObject *got = RtObject_GetAttr(a, attribute);
    CHECK(got == f);
    Rt_DECREF(got);
    Rt_DECREF(dropped);         // its callback is never called
    CHECK(RtWeakref_Count(op) == 3);
    Rt_DECREF(op);
    CHECK(calls == 2);
    CHECK(order[0] == b);       // the youngest first
    CHECK(order[1] == a);
    CHECK(referent_was_gone);
    got = RtObject_GetAttr(a, attribute);
    CHECK(got == Rt_None);
    Rt_DECREF(attribute);
    Rt_DECREF(a);
    Rt_DECREF(b);
    Rt_DECREF(basic);
    Rt_DECREF(f);
    CHECK(calls == 2);
}

static RtWorld quiet_world;
static size_t written;

static void
count_bytes(const char *bytes, size_t length)
{
    (void)bytes;
    written += length;
}

static void
test_errors_in_callbacks(void)
{
    const RtWorld *before = rt_world;
    quiet_world = *rt_world;
    quiet_world.write = count_bytes;
    quiet_world.write_error = count_bytes;
    rt_world = &quiet_world;
    written = 0;
    calls = 0;
    RtObject *op = instance();
    RtObject *f = RtCFunction_New(&raise_def, NULL);
    RtObject *a = RtWeakref_NewRef(op, f);
    RtErr_SetString(&RtExc_KeyError, "pending");
    Rt_DECREF(op);
    CHECK(calls == 1);
    CHECK(written > 0);
    CHECK(RtErr_ExceptionMatches(&RtExc_KeyError));
    RtErr_Clear();
    Rt_DECREF(a);
    Rt_DECREF(f);
    rt_world = before;
}

static void
test_hash_and_equality(void)
{
    RtObject *x = instance();
    RtObject *y = instance();
    RtObject *f = callback();
    RtObject *a = RtWeakref_NewRef(x, NULL);
    RtObject *b = RtWeakref_NewRef(x, f);
    RtObject *c = RtWeakref_NewRef(y, NULL);
    RtObject *unhashed = RtWeakref_NewRef(x, f);
    CHECK(RtObject_Hash(a) == RtObject_Hash(x));
    CHECK(RtObject_RichCompareBool(a, b, RT_EQ) == 1);
    CHECK(RtObject_RichCompareBool(a, c, RT_EQ) == 0);
    CHECK(RtObject_RichCompareBool(a, c, RT_NE) == 1);
    ssize_t hash = RtObject_Hash(a);
    Rt_DECREF(x);
    CHECK(RtObject_Hash(a) == hash);
    CHECK(RtObject_RichCompareBool(a, b, RT_EQ) == 0);
    CHECK(RtObject_RichCompareBool(a, a, RT_EQ) == 1);
    EXPECT_ERROR_INT(RtObject_Hash(unhashed),
                     "TypeError: weak object has gone away");
    Rt_DECREF(y);
    Rt_DECREF(f);
    Rt_DECREF(a);
    Rt_DECREF(b);
    Rt_DECREF(c);
    Rt_DECREF(unhashed);
}

// A class that derives from ref: never shared, callable, itself weakly
// referable.
static void
test_subclass(void)
{
    RtObject *type = Class("R", &RtWeakref_Type, &no_methods);
    RtObject *op = instance();
    RtObject *a = RtObject_CallOneArg(type, op);
    RtObject *b = RtObject_CallOneArg(type, op);
    CHECK(a != NULL && b != NULL && a != b);
    CHECK(RtWeakref_Check(a));
    RtObject *got = RtObject_CallNoArgs(a);
    CHECK(got == op);
    Rt_DECREF(got);
    RtObject *to_a = RtWeakref_NewRef(a, NULL);
    RtObject *basic = RtWeakref_NewRef(op, NULL);
    CHECK(basic == RtWeakref_NewRef(op, NULL));
    Rt_DECREF(basic);
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
    Rt_DECREF(op);
    CHECK(RtWeakref_GetRef(a) == NULL);
    Rt_DECREF(a);
    CHECK(RtWeakref_GetRef(to_a) == NULL);
    Rt_DECREF(to_a);
    Rt_DECREF(b);
    Rt_DECREF(basic);
    Rt_DECREF(type);
}

// ---------------------------------------------------------------------------
// The collector.

static void
set(RtObject *op, const char *name, RtObject *value)
{
    RtObject *key = Str(name);
    CHECK(RtObject_SetAttr(op, key, value) == 0);
    Rt_DECREF(key);
}

static void
test_collector(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtObject *f = callback();
    RtObject *op = instance();
    set(op, "me", op);
    RtObject *outside = RtWeakref_NewRef(op, f);
    RtObject *inside = RtWeakref_NewRef(op, f);
    set(op, "ref", inside);     // garbage too: not called
    Rt_DECREF(inside);
    RtObject *live = instance();
    RtObject *to_live = RtWeakref_NewRef(live, f);
    set(op, "other", to_live);  // garbage, though its referent is not
    Rt_DECREF(to_live);
    CHECK(RtWeakref_Count(live) == 1);
    Rt_DECREF(op);
    CHECK(calls == 0);
    CHECK(RtGC_Collect(tstate, 2) > 0);
    CHECK(calls == 1);
    CHECK(last_ref == outside);
    CHECK(referent_was_gone);
    CHECK(RtWeakref_Count(live) == 0);
    Rt_DECREF(live);
    CHECK(calls == 1);
    Rt_DECREF(outside);
    Rt_DECREF(f);
}

static RtObject *kept;          // by keep()
static RtObject *made;          // by keep(): a reference to what is garbage
static int calls_at_finalizer;
static bool got_in_finalizer;
static RtObject *watched;       // asked in the finalizer

static RtObject *
keep(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    kept = Rt_NewRef(self);
    calls_at_finalizer = calls;
    RtObject *op = RtWeakref_GetRef(watched);
    got_in_finalizer = op != NULL;
    Rt_XDECREF(op);
    return Rt_NewRef(Rt_None);
}

static RtObject *
make_ref(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    made = RtWeakref_NewRef(self, NULL);
    return Rt_NewRef(Rt_None);
}

// References are cleared and callbacks run before finalizers; what a finalizer
// saves has lost its weak references for good.
static void
test_collector_and_finalizers(void)
{
    static RtMethodDef keeper[] = {
        { "__del__", keep, 0, 0 }, { NULL, NULL, 0, 0 }
    };
    RtThreadState *tstate = RtThreadState_Get();
    RtObject *f = callback();
    RtObject *type = Class("C", NULL, keeper);
    RtObject *op = RtObject_CallNoArgs(type);
    set(op, "me", op);
    watched = RtWeakref_NewRef(op, f);
    Rt_DECREF(op);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    CHECK(kept == op);
    CHECK(calls == 1);
    CHECK(calls_at_finalizer == 1);
    CHECK(!got_in_finalizer);
    CHECK(RtWeakref_GetRef(watched) == NULL);
    RtObject *again = RtWeakref_NewRef(kept, NULL);
    RtObject *got = RtWeakref_GetRef(again);
    CHECK(got == kept);
    Rt_DECREF(got);
    Rt_CLEAR(kept);
    CHECK(RtGC_Collect(tstate, 2) > 0);
    CHECK(RtWeakref_GetRef(again) == NULL);
    CHECK(calls == 1);
    Rt_DECREF(again);
    Rt_DECREF(watched);
    Rt_DECREF(type);
    Rt_DECREF(f);
}

// By reference counting it is the other way round: the finalizer comes first,
// and may still ask.
static void
test_finalizer_first(void)
{
    static RtMethodDef keeper[] = {
        { "__del__", keep, 0, 0 }, { NULL, NULL, 0, 0 }
    };
    RtObject *f = callback();
    RtObject *type = Class("C", NULL, keeper);
    RtObject *op = RtObject_CallNoArgs(type);
    watched = RtWeakref_NewRef(op, f);
    Rt_DECREF(op);
    CHECK(kept == op);
    CHECK(got_in_finalizer);
    CHECK(calls == 0);
    RtObject *got = RtWeakref_GetRef(watched);
    CHECK(got == op);
    Rt_DECREF(got);
    Rt_CLEAR(kept);
    CHECK(calls == 1);
    CHECK(RtWeakref_GetRef(watched) == NULL);
    Rt_DECREF(watched);
    Rt_DECREF(type);
    Rt_DECREF(f);
}

static void
test_reference_by_finalizer(void)
{
    static RtMethodDef maker[] = {
        { "__del__", make_ref, 0, 0 }, { NULL, NULL, 0, 0 }
    };
    RtObject *type = Class("C", NULL, maker);
    RtObject *op = RtObject_CallNoArgs(type);
    set(op, "me", op);
    Rt_DECREF(op);
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) > 0);
    CHECK(made != NULL);
    CHECK(RtWeakref_GetRef(made) == NULL);
    Rt_CLEAR(made);
    Rt_DECREF(type);
}

// ---------------------------------------------------------------------------
// No memory.

static void
test_no_memory(void)
{
    RtObject *op = instance();
    RtObject *f = callback();
    for (int k = 1;; k++) {
        RtMem_FailAllocation(k);
        RtObject *a = RtWeakref_NewRef(op, f);
        RtMem_FailAllocation(0);
        if (a != NULL) {
            // Clearing needs none.
            RtMem_FailAllocation(1);
            Rt_DECREF(op);
            RtMem_FailAllocation(0);
            CHECK(calls == 1);
            Rt_DECREF(a);
            break;
        }
        CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(RtWeakref_Count(op) == 0);
    }
    Rt_DECREF(f);
}

// ---------------------------------------------------------------------------
// Threads.

enum { THREADS = 4, ROUNDS = 400 };

typedef struct Shared {
    RtObject *list;             // of one item: the referent, replaced
    RtObject *refs;             // of one item: a weak reference
    RtObject *type;
    RtObject *callback;
} Shared;

static void
churn(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *op = RtList_GetItemRef(s->list, 0);
        RtObject *ref =
            RtWeakref_NewRef(op, (i + index) % 3 == 0 ? s->callback : NULL);
        CHECK(ref != NULL);
        CHECK(RtList_SetItem(s->refs, 0, ref) == 0);
        Rt_DECREF(ref);
        Rt_DECREF(op);
        if ((i + index) % 4 == 0) {
            op = RtObject_CallNoArgs(s->type);
            CHECK(RtList_SetItem(s->list, 0, op) == 0);
            Rt_DECREF(op);
        }
        ref = RtList_GetItemRef(s->refs, 0);
        op = RtWeakref_GetRef(ref);
        if (op != NULL) {
            CHECK(Rt_IS_TYPE(op, (RtTypeObject *)s->type));
            Rt_DECREF(op);
        }
        Rt_DECREF(ref);
        if (i % 100 == 50) {
            CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
        }
        Breathe();
    }
}

static void
test_threads(void)
{
    Shared s;
    s.type = Class("C", NULL, &no_methods);
    s.callback = callback();
    s.list = List(1, RtObject_CallNoArgs(s.type));
    s.refs = List(1, Rt_NewRef(Rt_None));
    RunAttached(THREADS, churn, &s);
    Rt_DECREF(s.refs);
    Rt_DECREF(s.list);
    Rt_DECREF(s.callback);
    Rt_DECREF(s.type);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_basic, test_kinds, test_callbacks, test_errors_in_callbacks,
        test_hash_and_equality, test_subclass, test_collector,
        test_collector_and_finalizers, test_finalizer_first,
        test_reference_by_finalizer, test_no_memory, test_threads,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
