// stage.c: where twins act: a script of threads, with the runtime or without
// it, and the mark that tells where they differ.

#include "twins_internal.h"

#include <string.h>

#ifdef RT_WITH_HOOKS

#include "rtcore_semaphore.h"

FzTwinState fz_stage;

// ---------------------------------------------------------------------------
// The mark.

void
FzTwin_Begin(FzTwinPhase phase)
{
    fz_stage.phase = phase;
    fz_stage.thread = FzEngine_CurrentThread();
    fz_stage.step = FzEngine_Step();
    fz_stage.event = fz_stage.run->nevents;
}

void
FzTwin_Past(void)
{
    fz_stage.phase = FZ_TWIN_PAST;
}

// ---------------------------------------------------------------------------
// The script.

static void
begin(void *state, const FzSchedule *schedule)
{
    (void)state;
    (void)schedule;
}

static void
thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static uint32_t
next(void *state, const FzPointView *view)
{
    (void)state;
    return FzThreadSet_Has(view->runnable, fz_stage.preferred)
               ? fz_stage.preferred
               : FzThreadSet_First(view->runnable);
}

const FzStrategy fz_twin_script = {
    .name = "twins",
    .sentence = "the preferred thread, else the first",
    .state_size = 1,
    .begin = begin,
    .thread_created = thread_created,
    .next = next,
};

void
FzTwin_Prefer(uint32_t thread)
{
    fz_stage.preferred = thread;
}

static int spent;

static __attribute__((noinline)) void
pass_point(void)
{
    RT_SCHED_POINT(LOAD, &spent);
}

void
FzTwin_Let(uint32_t thread)
{
    FzTwin_Prefer(thread);
    pass_point();
}

void
FzTwin_SpendMicroseconds(int us)
{
    for (int i = 0; i < us; i++) {
        pass_point();
    }
}

// ---------------------------------------------------------------------------
// Stages.

typedef struct Member {
    const FzTwin *twin;
    uint32_t number;
    RtSemaphore *done;
} Member;

static void
member_main(void *arg)
{
    Member *member = arg;
    member->twin->body(member->number);
    RtSemaphore_Post(member->done);
}

static void
run_team(const FzTwin *twin)
{
    RtSemaphore done;
    Member members[C];
    rt_world->sem_init(&done);
    for (uint32_t i = 0; i < C; i++) {
        members[i] = (Member){ twin, i + 1, &done };
        int started = rt_world->thread_start(member_main, &members[i]);
        FZ_ASSERT(started == 0);
    }
    for (uint32_t i = 0; i < C; i++) {
        RtWaitResult result = RtSemaphore_Wait(&done, -1);
        FZ_ASSERT(result == RT_WAIT_OK);
    }
    rt_world->sem_destroy(&done);
}

void
FzTwin_Attach(uint32_t self)
{
    RtThreadState_Bind(fz_stage.states[self]);
    RtThreadState_Attach(fz_stage.states[self]);
}

void
FzTwin_Detach(uint32_t self)
{
    RtThreadState_Clear(fz_stage.states[self]);
    RtThreadState_DeleteCurrent(fz_stage.states[self]);
    fz_stage.states[self] = NULL;
}

// To make a state may stop the world: before there is a team.
static void
run_attached(const FzTwin *twin)
{
    for (uint32_t i = A; i <= C; i++) {
        fz_stage.states[i] = RtThreadState_New(&rt_runtime.main_interp);
        FZ_ASSERT(fz_stage.states[i] != NULL);
    }
    RtThreadState_Detach(fz_stage.me);
    run_team(twin);
    RtThreadState_Attach(fz_stage.me);
    for (uint32_t i = A; i <= C; i++) {
        if (fz_stage.states[i] != NULL) {
            RtThreadState_Delete(fz_stage.states[i]);
        }
    }
}

void
FzTwin_Body(void *arg)
{
    const FzTwin *twin = arg;
    if (twin->stage == FZ_TWIN_ALONE) {
        twin->body(0);
        return;
    }
    if (twin->stage == FZ_TWIN_TEAM) {
        run_team(twin);
        return;
    }
    fz_stage.me = RtRuntime_Start();
    FZ_ASSERT(fz_stage.me != NULL);
    if (twin->stage == FZ_TWIN_RUNTIME) {
        twin->body(0);
    }
    else {
        run_attached(twin);
    }
    RtRuntime_Finish(fz_stage.me);
}

#endif
