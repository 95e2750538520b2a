// test_eval_interpreters.c: what is asked of an interpreter is done in it and
// in no other: pending calls, asynchronous exceptions, the GIL, extensions; and
// its end leaves nothing undone.

#include "objects.h"

#include "rt_module.h"
#include "rtcore_heap.h"
#include "rtcore_interp.h"

static RtThreadState *caller;   // of the main interpreter
static RtThreadState *inside;   // of `interp`
static RtInterpreterState *interp;

// A new interpreter, and the calling thread in it.
static void
enter(void)
{
    int64_t id = RtInterpreterState_New();
    CHECK(id > 0);
    bool found;
    interp = RtInterpreter_Claim(id, RT_INTERPRETER_RUNNING, &found);
    CHECK(interp != NULL);
    caller = RtThreadState_Swap(NULL);
    inside = RtThreadState_New(interp);
    CHECK(inside != NULL);
    RtThreadState_Bind(inside);
    RtThreadState_Attach(inside);
}

static void
leave(void)
{
    RtThreadState_Clear(inside);
    RtThreadState_DeleteCurrent(inside);
    RtThreadState_Attach(caller);
}

static void
end(void)
{
    int64_t id = interp->id;
    RtInterpreter_Unclaim(interp);
    bool found;
    CHECK(RtInterpreter_Claim(id, RT_INTERPRETER_ENDING, &found) == interp);
    CHECK(RtInterpreterState_Delete(interp) == 0);
}

// ---------------------------------------------------------------------------
// Pending calls (bug EB07 of 3.11: those of a subinterpreter never ran).

static RtInterpreterState *ran_in;
static int ran;

static int
note_where(void *arg)
{
    (void)arg;
    ran_in = RtThreadState_Get()->interp;
    ran++;
    return 0;
}

static void
test_pending_calls(void)
{
    ran = 0;
    enter();
    leave();
    CHECK(RtEval_AddPendingCall(interp, note_where, NULL, 0) == 0);
    // Not the main interpreter's to run, also for its main thread.
    for (int i = 0; i < 5; i++) {
        Breathe();
    }
    CHECK(RtEval_MakePendingCalls(caller) == 0);
    CHECK(ran == 0);
    // The next thread there finds it.
    caller = RtThreadState_Swap(NULL);
    inside = RtThreadState_New(interp);
    RtThreadState_Bind(inside);
    RtThreadState_Attach(inside);
    CHECK(RtEval_MakePendingCalls(inside) == 0);
    CHECK(ran == 1);
    CHECK(ran_in == interp);
    // Nor is a call for the main thread this state's, though the thread is.
    CHECK(RtEval_AddPendingCall(interp, note_where, NULL,
                                RT_PENDING_MAINTHREADONLY) == 0);
    Breathe();
    CHECK(ran == 1);
    leave();
    Breathe();
    CHECK(ran == 2);
    CHECK(ran_in == caller->interp);
    end();
}

static void
test_left_at_the_end(void)
{
    ran = 0;
    enter();
    leave();
    CHECK(RtEval_AddPendingCall(interp, note_where, NULL, 0) == 0);
    CHECK(RtEval_AddPendingCall(interp, note_where, NULL, 0) == 0);
    RtInterpreterState *ended = interp;
    end();
    CHECK(ran == 2);
    CHECK(ran_in == ended);
}

// ---------------------------------------------------------------------------
// Asynchronous exceptions: ids are an interpreter's own.

static void
test_async_exc(void)
{
    enter();
    // The ids that both interpreters have given away.
    CHECK(inside->id > 1);
    CHECK(RtThreadState_SetAsyncExc(inside->id,
                                    (RtObject *)&RtExc_KeyError) == 1);
    CHECK(RtThreadState_SetAsyncExc(inside->id + 1,
                                    (RtObject *)&RtExc_KeyError) == 0);
    CHECK(RtEval_CheckBreaker(inside) == -1);
    CHECK(RtErr_ExceptionMatches(&RtExc_KeyError));
    RtErr_Clear();
    // Set again and never raised: the state ends first.
    CHECK(RtThreadState_SetAsyncExc(inside->id,
                                    (RtObject *)&RtExc_KeyError) == 1);
    uint64_t id = inside->id;
    leave();
    Breathe();
    if (id != caller->id) {
        CHECK(RtThreadState_SetAsyncExc(id, NULL) == 0);
    }
    end();
}

// ---------------------------------------------------------------------------
// The GIL and extensions.

static void
check_import(const char *name, const char *message)
{
    RtObject *module = RtImport_Import(name);
    if (message == NULL) {
        CHECK(module != NULL);
        Rt_DECREF(module);
    }
    else {
        EXPECT_ERROR(module, message);
    }
}

static void
test_extensions(void)
{
    RtObject *mine = RtImport_Import("_xxsafe");
    CHECK(mine != NULL);
    enter();
    // Each interpreter has its own, and none that needs a GIL: another holds
    // another GIL.
    RtObject *other = RtImport_Import("_xxsafe");
    CHECK(other != NULL);
    CHECK(other != mine);
    Rt_DECREF(other);
    check_import("_xxunsafe", "ImportError: module _xxunsafe does not support "
                              "loading in subinterpreters");
    check_import("_xxbroken", "ImportError: module _xxbroken does not support "
                              "loading in subinterpreters");
    leave();
    check_import("_xxunsafe", NULL);
    end();
    Rt_DECREF(mine);
}

static void
test_gil(void)
{
    enter();
#ifdef RT_GIL_DISABLED
    CHECK(RtEval_EnableGILTransient(inside) == 1);
    CHECK(inside->holds_gil);
    CHECK(RtEval_EnableGILPermanent(inside) == 1);
    CHECK(!RtEval_IsGILEnabled(caller->interp));
#endif
    CHECK(RtEval_IsGILEnabled(interp));
    CHECK(RtEval_IsGilHolder(inside));
    leave();
    CHECK(caller->holds_gil == RtEval_IsGILEnabled(caller->interp));
    CHECK(rt_atomic_load_int(&interp->gil.locked) == 0);
    end();
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_pending_calls, test_left_at_the_end, test_async_exc,
        test_extensions, test_gil,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
