// test_gc_callbacks.c: the program's callbacks are called before and after each
// collection, with the right words, whatever they do; one list for all threads;
// no memory for it or for what they are told. And a collection whose thread
// never goes on is given up, and what it held is collected.

#include "objects.h"

#include "rtcore_audit.h"
#include "rtcore_gc.h"
#include "rtcore_semaphore.h"
#include "rtcore_weakref.h"

#include <setjmp.h>

static RtThreadState *
me(void)
{
    return RtThreadState_Get();
}

static RtInterpreterState *
interp(void)
{
    return me()->interp;
}

// A list that contains itself.
static RtObject *
cycle(void)
{
    RtObject *list = RtList_New(0);
    CHECK(list != NULL);
    CHECK(RtList_Append(list, list) == 0);
    return list;
}

static void
add_callback(RtMethodDef *def)
{
    RtObject *list = RtGC_GetCallbacks(interp());
    RtObject *f = RtCFunction_New(def, NULL);
    CHECK(list != NULL);
    CHECK(RtList_Append(list, f) == 0);
    Rt_DECREF(f);
    Rt_DECREF(list);
}

static void
clear_callbacks(void)
{
    RtObject *list = RtGC_GetCallbacks(interp());
    while (RtList_Size(list) > 0) {
        CHECK(RtList_SetItem(list, 0, NULL) == 0);
    }
    Rt_DECREF(list);
}

// ---------------------------------------------------------------------------
// What they are told.

static char told[400];

static RtObject *
write_down(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    CHECK(nargs == 2);
    RtObject *text = RtObject_Repr(args[1]);
    size_t used = strlen(told);
    snprintf(told + used, sizeof(told) - used, "%s %s\n",
             RtStr_AsUTF8(args[0]), RtStr_AsUTF8(text));
    Rt_DECREF(text);
    // The collection is under way.
    Rt_DECREF(cycle());
    CHECK(RtGC_Collect(me(), 2) == 0);
    return Rt_NewRef(Rt_None);
}

static RtMethodDef write_def = { "write_down", write_down, 2, 2 };

static void
test_words(void)
{
    add_callback(&write_def);
    Rt_DECREF(cycle());
    told[0] = '\0';
    CHECK(RtGC_Collect(me(), 2) == 2);
    CHECK(strcmp(told, "start {'generation': 2, 'collected': 0, "
                       "'uncollectable': 0}\n"
                       "stop {'generation': 2, 'collected': 2, "
                       "'uncollectable': 0}\n") == 0);
    clear_callbacks();
    told[0] = '\0';
    CHECK(RtGC_Collect(me(), 1) == 1);
    CHECK(told[0] == '\0');
}

static int calls;

static RtObject *
raise_error(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    calls++;
    RtErr_SetString(&RtExc_ValueError, "no");
    return NULL;
}

static RtObject *
remove_all(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    calls++;
    clear_callbacks();
    return Rt_NewRef(Rt_None);
}

static RtMethodDef raise_def = { "raise_error", raise_error, 2, 2 };
static RtMethodDef remove_def = { "remove_all", remove_all, 2, 2 };

// An exception of one is reported and stops nobody; the list may change under
// the call of one of its items.
static void
test_bad_ones(void)
{
    add_callback(&raise_def);
    add_callback(&raise_def);
    calls = 0;
    RtErr_SetString(&RtExc_KeyError, "mine");
    CHECK(RtGC_Collect(me(), 2) == 0);
    CHECK(calls == 4);
    CHECK(RtErr_ExceptionMatches(&RtExc_KeyError));
    RtErr_Clear();
    clear_callbacks();
    add_callback(&remove_def);
    add_callback(&raise_def);
    calls = 0;
    CHECK(RtGC_Collect(me(), 2) == 0);
    CHECK(calls == 1);
}

// What they hold is collected when the interpreter ends: RunTests() counts.
static void
test_end(void)
{
    RtObject *list = RtGC_GetCallbacks(interp());
    CHECK(RtList_Append(list, list) == 0);
    Rt_DECREF(list);
}

static void
test_no_memory(void)
{
    int k = 1;
    for (;; k++) {
        RtMem_FailAllocation(k);
        RtObject *list = RtGC_GetCallbacks(interp());
        RtMem_FailAllocation(0);
        if (list != NULL) {
            Rt_DECREF(list);
            break;
        }
        RtErr_Clear();
    }
    CHECK(k > 1);
    add_callback(&raise_def);
    for (k = 1;; k++) {
        RtMem_FailAllocation(k);
        ssize_t n = RtGC_Collect(me(), 2);
        bool done = RtMem_FailAllocation(0) > 0;
        CHECK(n == 0);
        CHECK(RtErr_Occurred() == NULL);
        if (done) {
            break;
        }
    }
    CHECK(k > 8);
}

static RtObject *lists[4];

static void
ask_for_list(int index, void *arg)
{
    (void)arg;
    lists[index] = RtGC_GetCallbacks(interp());
    CHECK(lists[index] != NULL);
}

static void
test_one_list(void)
{
    RunAttached(4, ask_for_list, NULL);
    for (int i = 0; i < 4; i++) {
        CHECK(lists[i] == lists[0]);
    }
    for (int i = 0; i < 4; i++) {
        Rt_CLEAR(lists[i]);
    }
}

// ---------------------------------------------------------------------------
// A thread that hangs.

static RtSemaphore hanging, let_end;
static RtMethodDef no_methods = { NULL, NULL, 0, 0 };
static RtObject *hanging_type;
static RtObject *hanging_call;  // the callback that hangs
static jmp_buf hung_to;
static RtObject *kept;          // a list, to see that it loses no reference
static int hangs;
static int weak_calls;

// The thread detaches, and never comes back to what it was doing.
static void
hang(RtObject *self)
{
    (void)self;
    if (hangs++ == 0) {
        RtThreadState *tstate = RtEval_SaveThread();
        RtSemaphore_Post(&hanging);
        CHECK(RtSemaphore_Wait(&let_end, -1) == RT_WAIT_OK);
        RtEval_RestoreThread(tstate);
        longjmp(hung_to, 1);
    }
}

static RtObject *
hang_in_callback(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    hang(self);
    return Rt_NewRef(Rt_None);
}

static RtObject *
count_weak_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    weak_calls++;
    return Rt_NewRef(Rt_None);
}

static RtMethodDef hang_def = { "hang", hang_in_callback, 1, 1 };
static RtMethodDef weak_def = { "count_weak_call", count_weak_call, 1, 1 };

// An instance in a cycle with `kept`'s only other holder.
static RtObject *
garbage_with(RtObject *type)
{
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(op != NULL);
    RtObject *list = List(2, Rt_NewRef(op), Rt_NewRef(kept));
    RtObject *name = Str("list");
    CHECK(RtObject_SetAttr(op, name, list) == 0);
    Rt_DECREF(name);
    Rt_DECREF(list);
    return op;
}

// No special method says so: for the audit the slots are behind.
static void
set_finalizer(RtObject *type, destructor finalize)
{
    interp()->types.slots_behind = 1;
    ((RtTypeObject *)type)->tp_finalize = finalize;
}

typedef struct Hanging {
    CheckThread thread;
    bool in_callback;           // else in a finalizer
    RtObject *refs[2];
} Hanging;

static void
hang_main(int index, void *arg)
{
    Hanging *h = arg;
    (void)index;
    RtThreadState *tstate = RtThreadState_New(&rt_runtime.main_interp);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    for (int i = 0; i < 2; i++) {
        RtObject *op = garbage_with(hanging_type);
        if (h->in_callback) {
            RtObject *f =
                RtCFunction_New(i == 0 ? &hang_def : &weak_def, NULL);
            h->refs[i] = RtWeakref_NewRef(op, f);
            hanging_call = i == 0 ? f : hanging_call;
            Rt_DECREF(f);
        }
        Rt_DECREF(op);
    }
    if (setjmp(hung_to) == 0) {
        (void)RtGC_Collect(tstate, 2);
        CHECK(false);
    }
    if (h->in_callback) {
        // What the caller of the callback still held.
        Rt_DECREF(hanging_call);
        Rt_DECREF(h->refs[0]);
    }
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
run_hanging(bool in_callback)
{
    Hanging h = { .in_callback = in_callback };
    hangs = weak_calls = 0;
    rt_world->sem_init(&hanging);
    rt_world->sem_init(&let_end);
    kept = RtList_New(0);
    hanging_type = Class("C", NULL, &no_methods);
    if (!in_callback) {
        set_finalizer(hanging_type, hang);
    }
    RtThreadState *tstate = RtEval_SaveThread();
    CheckThread_Start(&h.thread, hang_main, &h, 0);
    CHECK(RtSemaphore_Wait(&hanging, -1) == RT_WAIT_OK);
    RtEval_RestoreThread(tstate);
    int called = weak_calls;            // before the one that hangs
    // As long as it is not known to hang, nobody else collects.
    CHECK(RtGC_Collect(tstate, 2) == 0);
    CHECK(Rt_REFCNT(kept) == 3);
    RtGC_TakeOver(interp());
    CHECK(RtAudit_Heap(interp()) == 0);
    CHECK(RtGC_Collect(tstate, 2) >= 4);
    CHECK(Rt_REFCNT(kept) == 1);
    CHECK(RtAudit_Heap(interp()) == 0);
    CHECK(weak_calls == called);
    // Its second finalizer runs in the collection that frees.
    CHECK(hangs == (in_callback ? 1 : 2));
    tstate = RtEval_SaveThread();
    RtSemaphore_Post(&let_end);
    CheckThread_Join(&h.thread);
    RtEval_RestoreThread(tstate);
    Rt_XDECREF(h.refs[0]);
    Rt_XDECREF(h.refs[1]);
    Rt_CLEAR(kept);
    Rt_CLEAR(hanging_type);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    rt_world->sem_destroy(&hanging);
    rt_world->sem_destroy(&let_end);
}

static void
test_hangs_in_finalizer(void)
{
    run_hanging(false);
}

static void
test_hangs_in_callback(void)
{
    run_hanging(true);
}

static void
ask_for_callbacks(RtObject *self)
{
    (void)self;
    test_end();
}

// The interpreter ends, and a finalizer asks for the list, which is gone.
static void
test_asked_for_at_end(void)
{
    RtObject *type = Class("C", NULL, &no_methods);
    set_finalizer(type, ask_for_callbacks);
    kept = RtList_New(0);
    Rt_DECREF(garbage_with(type));
    Rt_CLEAR(kept);
    Rt_DECREF(type);
}

static void
test_nothing_to_take_over(void)
{
    RtGC_TakeOver(interp());
    Rt_DECREF(cycle());
    CHECK(RtGC_Collect(me(), 2) == 1);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_words, test_bad_ones, test_end, test_no_memory, test_one_list,
        test_nothing_to_take_over, test_hangs_in_finalizer,
        test_hangs_in_callback, test_asked_for_at_end,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
