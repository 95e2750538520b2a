// exec.c: one execution of a program: runtime up, program lowered and run,
// runtime down, on whatever carrier calls FzExec_Body().

#include "engine_internal.h"

#include <string.h>

#include "fz_exec.h"
#include "fz_native.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED
#define VARIANT "ft"
#else
#define VARIANT "gil"
#endif

const char *
FzExec_BuildName(void)
{
#if defined(RT_ASAN)
    return "asan-" VARIANT;
#elif defined(RT_TSAN)
    return "tsan-" VARIANT;
#elif defined(RT_COMPILER_POINTS)
    return "race-" VARIANT;
#elif !defined(RT_WITH_HOOKS)
    return "release-" VARIANT;
#elif defined(__OPTIMIZE__)
    return "fuzz-" VARIANT;
#else
    return "dev-" VARIANT;
#endif
}

static bool on_os_threads;
static bool is_weak;            // loads may return older values

bool
FzExec_SetGil(int choice)
{
    return RtConfig_SetGil(choice) == 0;
}

int
FzExec_GetGil(void)
{
    return RtConfig_GetGil();
}

bool
FzExec_Init(char *why, size_t why_size)
{
    static bool done;
    if (done) {
        return true;
    }
#ifdef RT_WITH_HOOKS
    // OS threads have heaps each, which need more than the engine's arena.
    if (!on_os_threads && !FzEngine_Init(why, why_size)) {
        return false;
    }
#endif
    if (RtRuntime_Initialize() != 0) {
        snprintf(why, why_size, "the runtime could not be initialised");
        return false;
    }
    FzProgram_LowerInit();
    RtHeap_ReleaseAll();
    RtHeap_Freeze();            // what programs are made of is of no run
    done = true;
    return true;
}

FzEngineConfig
FzExec_DefaultConfig(void)
{
    FzEngineConfig config = {
        .oracles = true,
        .current_line = FzExec_CurrentLine,
    };
#if defined(RT_COMPILER_POINTS) || defined(RT_TRACE_ACCESSES)
    config.races = true;
#endif
    return config;
}

FzSchedule
FzExec_ScheduleOf(const FzInput *input)
{
    // The fast clock lets the switch interval and the fair hand-off expire
    // within a few points; the slow one hardly moves.
    static const uint32_t time_steps[4] = {1000, 50000, 1000000, 200000};
    FzSchedule schedule = {
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = &fz_strategy_pos,
        .seed = input->seed,
        .depth = 2 + (input->strategy >> 4 & 3),
        .time_step_ns = time_steps[input->strategy >> 6 & 3],
        .fail_allocation = input->fail_allocation,
        .weak_seed = is_weak ? (uint32_t)input->seed | 1 : 0,
        .overrides = input->overrides,
        .noverrides = input->noverrides,
    };
    switch (input->strategy & 15) {
    case 4:
    case 5:
    case 6:
    case 14:
        schedule.strategy = &fz_strategy_hold;
        break;
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
        schedule.strategy = &fz_strategy_sticky;
        break;
    case 13:
        schedule.strategy = &fz_strategy_random;
        break;
    case 15:
        schedule.strategy = &fz_strategy_pct;
        break;
    default:
        break;
    }
    return schedule;
}

static bool
is_freed(const void *addr)
{
    const FzBlock *block = FzShadow_Find(addr);
    return block != NULL && block->state == FZ_BLOCK_KEPT;
}

// A thread may be about to touch what is freed: its own state, even.
uint32_t
FzExec_CurrentLine(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate == NULL || is_freed(tstate)) {
        return 0;
    }
    const RtFrame *frame = tstate->current_frame;
    if (frame == NULL || is_freed(frame) ||
        is_freed(RtFrame_GetCode(frame))) {
        return 0;
    }
    return RtFrame_GetLine(frame);
}

static void
run_program(const FzProgram *program)
{
    RtObject *code = FzProgram_Lower(program);
    if (code == NULL) {
        if (!RtErr_ExceptionMatches(&RtExc_MemoryError)) {
            // Every valid program compiles: this is a bug of lowering.
            Rt_FatalError("FzExec_Body", "the program did not compile");
        }
        RtErr_Clear();
        return;
    }
    RtObject *globals = RtDict_New();
    RtObject *result =
        globals != NULL ? RtEval_EvalCode(code, globals) : NULL;
    if (RtErr_Occurred() != NULL) {
        RtErr_WriteUnraisable(NULL);
    }
    Rt_XDECREF(result);
    Rt_XDECREF(globals);
    Rt_DECREF(code);
}

void
FzExec_Body(void *program)
{
    bool may_fail = RtMem_AllocationsToFailure() > 0;
    RtThreadState *tstate = RtRuntime_Start();
    if (tstate == NULL) {
        if (!may_fail) {
            // A campaign that runs nothing would find nothing.
            Rt_FatalError("FzExec_Body", "the runtime did not start");
        }
        return;                 // no memory: an end like another
    }
    run_program(program);
    RtRuntime_Finish(tstate);
}

void
FzExec_RunProgram(const FzProgram *program, const FzEngineConfig *config,
                  FzRun *run)
{
    FzEngine_Run(config, FzExec_Body, (void *)program, run);
}

bool
FzExec_UseWeakLoads(bool use)
{
    is_weak = use;
#ifdef RT_COMPILER_POINTS
    return true;
#else
    return !use;
#endif
}

void
FzExec_UseOsThreads(bool use)
{
    on_os_threads = use;
}

bool
FzExec_IsDeterministic(void)
{
#ifdef RT_WITH_HOOKS
    return !on_os_threads;
#else
    return false;
#endif
}

void
FzExec_CarryBody(void (*body)(void *), void *arg, const FzEngineConfig *config,
                 FzRun *run)
{
    if (FzExec_IsDeterministic()) {
        FzEngine_Run(config, body, arg, run);
    }
    else {
        FzNative_Run(FZ_NATIVE_FREE, &config->schedule, body, arg, run);
    }
}

void
FzExec_Carry(const FzProgram *program, const FzEngineConfig *config,
             FzRun *run)
{
    FzExec_CarryBody(FzExec_Body, (void *)program, config, run);
}

int
FzExec_RunInput(const FzInput *input, FzRun *run)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = FzExec_ScheduleOf(input);
    FzExec_RunProgram(&input->program, &config, run);
    return (int)run->nviolations;
}
