// worker.c: runs programs on this build, one after another, in one thread of
// the operating system and without the engine. Nobody else could end a wait: a
// wait with a time limit ends at once, and the clock has passed its end.

#include "fz_differ.h"

#include <string.h>
#include <unistd.h>

#include "fz_exec.h"
#include "observe.h"
#include "pipe.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_atomic.h"
#include "rtcore_code.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

static RtWorld world;
static int64_t time_passed;

static RtWaitResult
wait_briefly(RtSemaphore *sem, int64_t timeout_ns)
{
    if (timeout_ns <= 0) {
        return rt_native_world.sem_wait(sem, timeout_ns);
    }
    RtWaitResult result = rt_native_world.sem_wait(sem, 0);
    if (result == RT_WAIT_TIMEOUT) {
        time_passed += timeout_ns;
    }
    return result;
}

static int64_t
now_ns(void)
{
    return time_passed;
}

bool
FzDiffer_InitRun(char *why, size_t why_size)
{
    world = rt_native_world;
    world.write = FzObserve_Output;
    world.write_error = FzObserve_Message;
    world.sem_wait = wait_briefly;
    world.now_ns = now_ns;
    RtHooks_Install(NULL, &world);
    if (RtRuntime_Initialize() != 0) {
        snprintf(why, why_size, "the runtime could not be initialised");
        return false;
    }
    FzProgram_LowerInit();
    return true;
}

static void
show_finals(const FzProgram *program, RtObject *globals)
{
    for (int i = 0; i < program->nshared; i++) {
        char name[] = { 's', (char)('0' + i), '\0' };
        RtObject *key = RtStr_FromString(name);
        RtObject *value = NULL;
        if (key != NULL && RtDict_GetItemRef(globals, key, &value) > 0) {
            FzObserve_Final(name, value);
        }
        RtErr_Clear();
        Rt_XDECREF(key);
        Rt_XDECREF(value);
    }
}

static void
run(const FzProgram *program)
{
    RtObject *code = FzProgram_LowerObserved(program);
    RtObject *globals = RtDict_New();
    FZ_ASSERT(code != NULL && globals != NULL);
    FZ_ASSERT(FzObserve_AddNames(globals) == 0);
    RtObject *name = RtStr_FromString("__name__");
    RtObject *value = RtStr_FromString("__main__");
    FZ_ASSERT(name != NULL && value != NULL);
    FZ_ASSERT(RtDict_SetItem(globals, name, value) == 0);
    Rt_DECREF(name);
    Rt_DECREF(value);
    RtObject *result = RtEval_EvalCode(code, globals);
    if (result == NULL) {
        FzObserve_Escaped(RtErr_GetRaisedException());
    }
    show_finals(program, globals);
    Rt_XDECREF(result);
    Rt_DECREF(globals);
    Rt_DECREF(code);
}

void
FzDiffer_RunHere(const FzProgram *program, bool messages, FzBuf *out)
{
    FzObserve_Begin(out, messages);
    RtThreadState *tstate = RtRuntime_Start();
    FZ_ASSERT(tstate != NULL);
    rt_atomic_store_int(&tstate->interp->gc.enabled, 0);
    run(program);
    // Destructors that run from here on, CPython's child runs later.
    FzBuf after = { 0 };
    FzObserve_Begin(&after, messages);
    int status = RtRuntime_Finish(tstate);
    FzBuf_Free(&after);
    if (status != 0) {
        FzBuf_Printf(out, "the runtime ends with status %d\n", status);
    }
}

int
FzDiffer_Work(void)
{
    char why[256];
    if (!FzDiffer_InitRun(why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        return 2;
    }
    const char *name = FzExec_BuildName();
    FzBuf in = { 0 }, out = { 0 };
    if (!FzPipe_Send(STDOUT_FILENO, name, strlen(name)) ||
        !FzPipe_Receive(STDIN_FILENO, &in, -1) || in.size != 1)
    {
        return 2;
    }
    bool messages = in.data[0] != 0;
    FzBuf text = { 0 };
    FzRecord record;
    bool ok = true;
    while (ok && FzPipe_Receive(STDIN_FILENO, &in, -1)) {
        FzBuf_Clear(&out);
        for (size_t at = 0; FzBatch_Next(&in, &at, &record); ) {
            FzProgram program;
            FzProgram_Decode(&program, record.data, record.size);
            FzBuf_Clear(&text);
            FzDiffer_RunHere(&program, messages, &text);
            FzBatch_Add(&out, text.data, text.size);
        }
        ok = FzPipe_Send(STDOUT_FILENO, out.data, out.size);
    }
    FzBuf_Free(&text);
    FzBuf_Free(&in);
    FzBuf_Free(&out);
    return 0;
}
