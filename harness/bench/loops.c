// loops.c: small loops of bytecode: what the interpreter loop, local variables
// and the most frequent operations cost, and how far two threads that share
// nothing get in the time of one.
//
// The loops take turns; each figure is the least of many short rounds: of CPU
// time on one thread, of time on the clock for the speed-up. They run twice:
// alone, and while a second thread exists (the free-threaded build does without
// locks as long as there is none).

#include "fz_bench.h"

#include <alloca.h>
#include <string.h>

#include "bench_clock.h"
#include "fz_exec.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { ROUNDS = 40, ITERATIONS = 40000, SPEED_UP_ROUNDS = 60, THREADS = 2 };

// Locals, names and constants that the loops have in common.
enum { N, I, X, S, THING, NLOCALS };
enum { NAME_A, NAME_F, NAME_RANGE, NNAMES };
enum { CONST_0, CONST_1, CONST_2, CONST_A, NCONSTS };

#define I_(op, arg) ((RtInstruction)RT_OP_##op | (uint32_t)(arg) << 8)
#define LOAD(local) I_(LOAD_FAST, local)
#define STORE(local) I_(STORE_FAST, local)
#define ADD I_(BINARY_OP, RT_NB_ADD)

// for i in range(n):
#define HEAD \
    I_(LOAD_GLOBAL, NAME_RANGE), LOAD(N), I_(CALL, 1), I_(GET_ITER, 0), \
    I_(FOR_ITER, 0), STORE(I)
enum { FOR_AT = 4 };

static const RtInstruction counter[] = {        // while i < n: i = i + 1
    I_(LOAD_CONST, CONST_0), STORE(I),
    LOAD(I), LOAD(N), I_(COMPARE_OP, RT_LT), I_(POP_JUMP_IF_FALSE, 11),
    LOAD(I), I_(LOAD_CONST, CONST_1), ADD, STORE(I), I_(JUMP_BACKWARD, 2),
    LOAD(I), I_(RETURN_VALUE, 0),
};
static const RtInstruction squares[] = {        // s = s + i * i
    HEAD, LOAD(S), LOAD(I), LOAD(I), I_(BINARY_OP, RT_NB_MULTIPLY), ADD,
    STORE(S),
};
static const RtInstruction list_items[] = {     // x = l[1]; l[2] = i
    HEAD, LOAD(THING), I_(LOAD_CONST, CONST_1), I_(BINARY_SUBSCR, 0), STORE(X),
    LOAD(I), LOAD(THING), I_(LOAD_CONST, CONST_2), I_(STORE_SUBSCR, 0),
};
static const RtInstruction dict_items[] = {     // x = d['a']; d['a'] = i
    HEAD, LOAD(THING), I_(LOAD_CONST, CONST_A), I_(BINARY_SUBSCR, 0), STORE(X),
    LOAD(I), LOAD(THING), I_(LOAD_CONST, CONST_A), I_(STORE_SUBSCR, 0),
};
static const RtInstruction attributes[] = {     // x = o.a; o.a = i
    HEAD, LOAD(THING), I_(LOAD_ATTR, NAME_A), STORE(X),
    LOAD(I), LOAD(THING), I_(STORE_ATTR, NAME_A),
};
static const RtInstruction calls[] = {          // x = f(i)
    HEAD, I_(LOAD_GLOBAL, NAME_F), LOAD(I), I_(CALL, 1), STORE(X),
};
static const RtInstruction identity[] = { LOAD(N), I_(RETURN_VALUE, 0) };

typedef enum Thing { NOTHING, A_LIST, A_DICT, AN_INSTANCE } Thing;

static const struct {
    const char *name;
    const RtInstruction *code;
    size_t n;
    Thing thing;
} loops[] = {
#define LOOP(name, code, thing) \
    { name, code, sizeof(code) / sizeof(code[0]), thing }
    LOOP("counter", counter, NOTHING),
    LOOP("sum of squares", squares, NOTHING),
    LOOP("list items", list_items, A_LIST),
    LOOP("dict items", dict_items, A_DICT),
    LOOP("attribute", attributes, AN_INSTANCE),
    LOOP("call", calls, NOTHING),
};
enum { LOOPS = sizeof(loops) / sizeof(loops[0]) };

typedef struct Setting {
    RtObject *names, *consts, *globals, *instance_type;
    RtObject *funcs[LOOPS];
} Setting;

static RtObject *
checked(RtObject *op)
{
    FZ_ASSERT(op != NULL);
    return op;
}

// Completes a loop whose body is given: jumps back, returns s.
static RtObject *
make_function(const Setting *s, const char *name, const RtInstruction *code,
              size_t n, int nargs)
{
    RtInstruction all[64];
    bool is_loop = n > FOR_AT &&
                   RtInstruction_Opcode(code[FOR_AT]) == RT_OP_FOR_ITER;
    FZ_ASSERT(n + 4 < sizeof(all) / sizeof(all[0]));
    memcpy(all, code, n * sizeof(code[0]));
    if (is_loop) {
        all[n++] = I_(JUMP_BACKWARD, FOR_AT);
        all[FOR_AT] = RtInstruction_Make(RT_OP_FOR_ITER, (uint32_t)n);
        all[n++] = LOAD(S);
        all[n++] = I_(RETURN_VALUE, 0);
    }
    RtCodeSpec spec = {
        .name = name, .filename = "bench", .nlocals = nargs,
        .argcount = nargs, .instructions = all, .ninstructions = n,
        .consts = s->consts, .names = s->names,
    };
    RtObject *made = checked(RtCode_New(&spec));
    RtObject *text = checked(RtStr_FromString(name));
    RtObject *func = checked(RtFunction_New(made, s->globals, text));
#ifdef RT_GIL_DISABLED
    // As functions and code of a module are.
    RtObject_SetDeferredRefcount(made);
    RtObject_SetDeferredRefcount(func);
#endif
    Rt_DECREF(text);
    Rt_DECREF(made);
    return func;
}

static RtObject *
tuple_of(RtObject **items, ssize_t n)
{
    RtObject *tuple = checked(RtTuple_FromArray(items, n));
    for (ssize_t i = 0; i < n; i++) {
        Rt_DECREF(items[i]);
    }
    return tuple;
}

static void
set_up(Setting *s)
{
    RtObject *names[NNAMES] = {
        [NAME_A] = checked(RtStr_FromString("a")),
        [NAME_F] = checked(RtStr_FromString("f")),
        [NAME_RANGE] = checked(RtStr_FromString("range")),
    };
    s->names = tuple_of(names, NNAMES);
    RtObject *consts[NCONSTS] = {
        checked(RtLong_FromInt64(0)), checked(RtLong_FromInt64(1)),
        checked(RtLong_FromInt64(2)), Rt_NewRef(names[NAME_A]),
    };
    s->consts = tuple_of(consts, NCONSTS);
    s->globals = checked(RtDict_New());
    RtObject *bases = checked(RtTuple_New(0));
    s->instance_type = checked(RtType_New(names[NAME_A], bases, s->globals));
    Rt_DECREF(bases);
    RtObject *f = make_function(s, "f", identity, 2, 1);
    int status = RtDict_SetItem(s->globals, names[NAME_F], f);
    FZ_ASSERT(status == 0);
    Rt_DECREF(f);
    for (int i = 0; i < LOOPS; i++) {
        s->funcs[i] = make_function(s, loops[i].name, loops[i].code,
                                    loops[i].n, NLOCALS);
    }
}

static void
tear_down(Setting *s)
{
    for (int i = 0; i < LOOPS; i++) {
        Rt_DECREF(s->funcs[i]);
    }
    Rt_DECREF(s->instance_type);
    Rt_DECREF(s->globals);
    Rt_DECREF(s->consts);
    Rt_DECREF(s->names);
}

// What the loop works on: an object of the thread's own.
static RtObject *
make_thing(const Setting *s, Thing thing)
{
    RtObject *value = checked(RtLong_FromInt64(0));
    RtObject *op = Rt_NewRef(Rt_None);
    int status = 0;
    if (thing == A_LIST) {
        op = checked(RtList_New(0));
        for (int i = 0; i < 4; i++) {
            status |= RtList_Append(op, value);
        }
    }
    else if (thing == A_DICT) {
        op = checked(RtDict_New());
        status = RtDict_SetItem(op, RtTuple_GetItem(s->names, NAME_A), value);
    }
    else if (thing == AN_INSTANCE) {
        op = checked(RtObject_CallNoArgs(s->instance_type));
        status = RtObject_SetAttr(op, RtTuple_GetItem(s->names, NAME_A),
                                  value);
    }
    FZ_ASSERT(status == 0);
    Rt_DECREF(value);
    return op;
}

static void
run_loop(const Setting *s, int loop, int64_t n)
{
    RtObject *number = checked(RtLong_FromInt64(n));
    RtObject *zero = checked(RtLong_FromInt64(0));
    RtObject *thing = make_thing(s, loops[loop].thing);
    RtObject *args[NLOCALS] = {
        [N] = number, [I] = zero, [X] = zero, [S] = zero, [THING] = thing,
    };
    Rt_DECREF(checked(RtObject_Vectorcall(s->funcs[loop], args, NLOCALS)));
    Rt_DECREF(thing);
    Rt_DECREF(zero);
    Rt_DECREF(number);
}

// Where the frames of the loop happen to lie on the stack must not decide.
static double
measure(const Setting *s, int loop, int round)
{
    char *gap = alloca((size_t)(1 + round % 32) * 128);
    __asm__ volatile("" : : "r"(gap) : "memory");
    double start = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID);
    run_loop(s, loop, ITERATIONS);
    double end = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID);
    return 1e9 * (end - start) / ITERATIONS;
}

// ---------------------------------------------------------------------------
// Speed-up.

typedef struct Worker {
    const Setting *setting;
    RtThreadState *tstate;
    int *start;                 // atomic; the common start
    int ready;                  // atomic
    int done;                   // atomic
    double end;
} Worker;

static void
worker_main(void *arg)
{
    Worker *w = arg;
    RtThreadState_Bind(w->tstate);
    rt_atomic_store_int(&w->ready, 1);
    while (rt_atomic_load_int(w->start) == 0) {
    }
    RtThreadState_Attach(w->tstate);
    run_loop(w->setting, 0, 20 * ITERATIONS);
    w->end = FzBench_Clock(CLOCK_MONOTONIC);
    RtThreadState_Clear(w->tstate);
    RtThreadState_DeleteCurrent(w->tstate);
    rt_atomic_store_int(&w->done, 1);
}

static void
wait_for(int *flag)
{
    while (rt_atomic_load_int(flag) == 0) {
        struct timespec pause = { .tv_nsec = 100000 };
        nanosleep(&pause, NULL);
    }
}

// Seconds from the common start until the last of `count` threads has run one
// loop.
static double
seconds_of(const Setting *s, int count)
{
    Worker workers[THREADS] = { 0 };
    int start = 0;
    RtThreadState *caller = RtThreadState_Get();
    for (int i = 0; i < count; i++) {
        workers[i].setting = s;
        workers[i].start = &start;
        workers[i].tstate = RtThreadState_New(caller->interp);
        FZ_ASSERT(workers[i].tstate != NULL);
    }
    RtThreadState_Detach(caller);
    for (int i = 0; i < count; i++) {
        int error = rt_world->thread_start(worker_main, &workers[i]);
        FZ_ASSERT(error == 0);
    }
    for (int i = 0; i < count; i++) {
        wait_for(&workers[i].ready);
    }
    double begin = FzBench_Clock(CLOCK_MONOTONIC);
    rt_atomic_store_int(&start, 1);
    double end = begin;
    for (int i = 0; i < count; i++) {
        wait_for(&workers[i].done);
        end = workers[i].end > end ? workers[i].end : end;
    }
    RtThreadState_Attach(caller);
    return end - begin;
}

static double
measure_speed_up(const Setting *s)
{
    double one[SPEED_UP_ROUNDS];
    double all[SPEED_UP_ROUNDS];
    for (int i = 0; i < SPEED_UP_ROUNDS; i++) {
        one[i] = seconds_of(s, 1);
        all[i] = seconds_of(s, THREADS);
    }
    return THREADS * FzBench_Min(one, SPEED_UP_ROUNDS) /
           FzBench_Min(all, SPEED_UP_ROUNDS);
}

static void
measure_all(const Setting *s, double least[LOOPS])
{
    double ns[LOOPS][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LOOPS; i++) {
            ns[i][round] = measure(s, i, round);
        }
    }
    for (int i = 0; i < LOOPS; i++) {
        least[i] = FzBench_Min(ns[i], ROUNDS);
    }
}

static void
print_all(FILE *out, bool json, const double ns[LOOPS], const char *when)
{
    for (int i = 0; i < LOOPS; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s", loops[i].name, when);
        fprintf(out, json ? "%s\"%s\": %.3f" : "%s%-32s %8.2f ns\n",
                json && i > 0 ? ", " : "", name, ns[i]);
    }
}

int
FzBench_Loops(bool json, double seconds, FILE *out)
{
    (void)seconds;
    double alone[LOOPS];
    double not_alone[LOOPS];
    Setting s;
    RtThreadState *tstate = RtRuntime_Start();
    FZ_ASSERT(tstate != NULL);
    set_up(&s);
    measure_all(&s, alone);
    RtThreadState *second = RtThreadState_New(tstate->interp);
    FZ_ASSERT(second != NULL);
    measure_all(&s, not_alone);
    RtThreadState_Delete(second);
    double speed_up = measure_speed_up(&s);
    tear_down(&s);
    RtRuntime_Finish(tstate);
    fprintf(out, json ? "{\"build\": \"%s\", \"nanoseconds\": {"
                      : "loops, nanoseconds of an iteration; build %s\n",
            FzExec_BuildName());
    print_all(out, json, alone, "");
    fprintf(out, json ? "}, \"others\": {" : "");
    print_all(out, json, not_alone, ", one of 2 threads");
    fprintf(out, json ? ", \"counter, 2 threads, speed-up\": %.3f}}\n"
                      : "counter, speed-up on 2 threads %10.2f\n", speed_up);
    return 0;
}
