// mechanism.c: runs the steps of an input on a mechanism.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_targets.h"
#include "mechanism.h"
#include "rtcore_semaphore.h"

enum { HEADER = 14, STEP = 4 };

typedef struct Plan {
    FzInput input;              // for its schedule; the program is empty
    uint32_t nthreads;
    uint32_t nsteps;
    FuzzStep steps[FUZZ_MAX_STEPS];
    RtInterpreterState *interp;
    RtSemaphore ended;
} Plan;

static const FuzzMechanism *const mechanisms[] = {
    &fuzz_brc, &fuzz_critical_section, &fuzz_dict, &fuzz_gc, &fuzz_gil,
    &fuzz_linear, &fuzz_list, &fuzz_mutex, &fuzz_parking_lot, &fuzz_qsbr,
    &fuzz_stop_the_world, &fuzz_weakref,
};
enum { NMECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

static const FuzzMechanism *mechanism;
static Plan plan;

static uint64_t
number_at(const uint8_t *bytes, int n)
{
    uint64_t value = 0;
    for (int i = 0; i < n; i++) {
        value |= (uint64_t)bytes[i] << 8 * i;
    }
    return value;
}

static void
decode(const uint8_t *data, size_t size)
{
    uint8_t header[HEADER] = {0};
    size_t have = size < HEADER ? size : HEADER;
    if (have > 0) {
        memcpy(header, data, have);
    }
    memset(&plan, 0, sizeof(plan));
    plan.input.seed = number_at(header, 8);
    plan.input.strategy = header[8];
    plan.input.fail_allocation = (uint16_t)number_at(header + 9, 2);
    plan.nthreads = 2 + header[11] % (FUZZ_MAX_THREADS - 1);
    size_t wanted = number_at(header + 12, 2);
    const uint8_t *at = data + have;
    size_t rest = size - have;
    wanted = wanted < rest / STEP ? wanted : rest / STEP;
    plan.nsteps = (uint32_t)(wanted < FUZZ_MAX_STEPS ? wanted
                                                     : FUZZ_MAX_STEPS);
    for (uint32_t i = 0; i < plan.nsteps; i++, at += STEP, rest -= STEP) {
        plan.steps[i] = (FuzzStep){(uint8_t)(at[0] % plan.nthreads), at[1],
                                   at[2], at[3]};
    }
    size_t limit = sizeof(plan.input.overrides);
    plan.input.noverrides = rest < limit ? rest : limit;
    if (plan.input.noverrides > 0) {
        memcpy(plan.input.overrides, at, plan.input.noverrides);
    }
}

// ---------------------------------------------------------------------------
// Threads

static void
run_steps(uint32_t thread)
{
    for (uint32_t i = 0; i < plan.nsteps; i++) {
        if (plan.steps[i].thread == thread) {
            mechanism->step(thread, &plan.steps[i]);
            RtErr_Clear();
            if (RtEval_CheckBreaker(RtThreadState_Get()) != 0) {
                RtErr_Clear();
            }
        }
    }
    if (mechanism->leave != NULL) {
        mechanism->leave(thread);
    }
    RtErr_Clear();
}

static void
thread_main(void *arg)
{
    RtThreadState *tstate = RtThreadState_New(plan.interp);
    if (tstate != NULL) {
        RtThreadState_Bind(tstate);
        RtThreadState_Attach(tstate);
        run_steps((uint32_t)(uintptr_t)arg);
        RtThreadState_Clear(tstate);
        RtThreadState_DeleteCurrent(tstate);
    }
    RtSemaphore_Post(&plan.ended);
}

static void
run_threads(void)
{
    RtThreadState *tstate = RtEval_SaveThread();
    uint32_t started = 0;
    rt_world->sem_init(&plan.ended);
    for (uint32_t i = 0; i < plan.nthreads; i++) {
        started += rt_world->thread_start(thread_main,
                                          (void *)(uintptr_t)i) == 0;
    }
    for (uint32_t i = 0; i < started; i++) {
        RtSemaphore_Wait(&plan.ended, -1);
    }
    rt_world->sem_destroy(&plan.ended);
    RtEval_RestoreThread(tstate);
}

static void
body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    if (tstate == NULL) {
        return;                 // no memory: an end like another
    }
    plan.interp = tstate->interp;
    mechanism->begin();
    RtErr_Clear();
    run_threads();
    mechanism->end();
    RtErr_Clear();
    RtRuntime_Finish(tstate);
}

// ---------------------------------------------------------------------------
// The target

// By the name of the executable; what follows the target's name is the kind of
// the build.
static const FuzzMechanism *
find_mechanism(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const FuzzMechanism *found = NULL;
    for (size_t i = 0; i < NMECHANISMS; i++) {
        const FuzzMechanism *m = mechanisms[i];
        if (strncmp(name, m->name, strlen(m->name)) == 0 &&
            (found == NULL || strlen(found->name) < strlen(m->name))) {
            found = m;
        }
    }
    return found;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    mechanism = find_mechanism((*argv)[0]);
    if (mechanism == NULL) {
        fprintf(stderr, "%s: call it by the name of a target:", (*argv)[0]);
        for (size_t i = 0; i < NMECHANISMS; i++) {
            fprintf(stderr, " %s", mechanisms[i]->name);
        }
        fprintf(stderr, "\n");
        exit(2);
    }
    Fuzz_Init((*argv)[0]);
    return 0;
}

// Whether nothing that it checks says when a store must be seen.
static bool
may_be_weak(void)
{
    static const FuzzMechanism *const weak[] = {
        &fuzz_brc, &fuzz_critical_section, &fuzz_dict, &fuzz_gc, &fuzz_list,
        &fuzz_mutex, &fuzz_qsbr, &fuzz_weakref,
    };
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        if (weak[i] == mechanism) {
            return true;
        }
    }
    return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FzRun run;
    decode(data, size);
    FzEngineConfig config = Fuzz_Config();
    config.schedule = FzExec_ScheduleOf(&plan.input);
    // Where the engine sees every atomic access, loads of half of the inputs
    // may return older values. Elsewhere it means nothing.
    if (plan.input.seed >> 63 != 0 && may_be_weak()) {
        config.schedule.weak_seed = (uint32_t)plan.input.seed | 1;
    }
    FzExec_CarryBody(body, NULL, &config, &run);
    Fuzz_Check(&plan.input, NULL, &run);
    return 0;
}

// Steps of all kinds and threads, more and more of them.
size_t
FuzzTarget_Seed(uint32_t number, uint8_t *out, size_t size)
{
    size_t steps = 4 + 4 * number, wanted = HEADER + STEP * steps;
    if (number >= FUZZ_SEEDS || size < wanted) {
        return 0;
    }
    FzRng rng;
    FzRng_Seed(&rng, number + 1);
    for (size_t i = 0; i < wanted; i++) {
        out[i] = (uint8_t)FzRng_Next(&rng);
    }
    out[9] = out[10] = 0;       // no allocation fails
    out[12] = (uint8_t)steps;
    out[13] = 0;
    return wanted;
}

// ---------------------------------------------------------------------------
// Objects

RtObject *
Fuzz_NewClass(RtTypeObject *base)
{
    RtErr_Clear();
    RtObject *name = RtStr_FromString("Node"), *dict = RtDict_New();
    RtObject *bases = RtTuple_New(base != NULL);
    if (base != NULL && bases != NULL) {
        RtTuple_SetItem(bases, 0, Rt_NewRef(base));
    }
    RtObject *type = name != NULL && bases != NULL && dict != NULL
                         ? RtType_New(name, bases, dict)
                         : NULL;
    Rt_XDECREF(name);
    Rt_XDECREF(bases);
    Rt_XDECREF(dict);
    RtErr_Clear();
    return type;
}

RtObject *
Fuzz_NewObject(void)
{
    RtObject *type = Fuzz_NewClass(NULL);
    RtObject *op = type != NULL ? RtObject_CallNoArgs(type) : NULL;
    Rt_XDECREF(type);
    RtErr_Clear();
    return op;
}

RtObject *
Fuzz_Take(RtMutex *m, RtObject **slot)
{
    RtMutex_Lock(m);
    RtObject *op = *slot;
    Rt_XINCREF(op);
    RtMutex_Unlock(m);
    return op;
}

void
Fuzz_Put(RtMutex *m, RtObject **slot, RtObject *op)
{
    RtMutex_Lock(m);
    RtObject *old = *slot;
    *slot = op;
    RtMutex_Unlock(m);
    Rt_XDECREF(old);
}
