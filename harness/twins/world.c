// world.c: twins of stops of the world and of interpreters.

#include "twins_internal.h"

#include <string.h>

#include "rt_types.h"
#include "rtcore_object.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// Stops. A stops the world, B is there too.

#ifdef RT_GIL_DISABLED

static RtMutex mutexes[2];

static RtInterpreterState *
interp(void)
{
    return &rt_runtime.main_interp;
}

static RtThreadState *
state_of(uint32_t thread)
{
    return fz_stage.states[thread];
}

static void
stop_and_start(void)
{
    RtEval_StopTheWorld(interp());
    RtEval_StartTheWorld(interp());
}

static void
call_it_stopped(uint32_t self)
{
    if (self == A) {
        FzTwin_Attach(A);
        FzTwin_Let(B);
        FZ_PLACE(RT_NOTE(STW_STOPPED, state_of(A), interp()),
                 stop_and_start());
        FzTwin_Detach(A);
    }
    else if (self == B) {
        FzTwin_Attach(B);
        FzTwin_Let(A);
        RtEval_CheckBreaker(state_of(B));
        FzTwin_Detach(B);
    }
}

// B has the first mutex, and is detached.
static void
wait_as_stopper(uint32_t self)
{
    if (self == A) {
        memset(mutexes, 0, sizeof(mutexes));
        FzTwin_Attach(A);
        FzTwin_Let(B);
        RtEval_StopTheWorld(interp());
        FZ_PLACE(RtMutex_Lock(&mutexes[0]), RtMutex_Lock(&mutexes[1]));
        RtEval_StartTheWorld(interp());
        RtMutex_Unlock(&mutexes[1]);
        FzTwin_Detach(A);
    }
    else if (self == B) {
        FzTwin_Attach(B);
        RtMutex_Lock(&mutexes[0]);
        RtThreadState_Detach(state_of(B));
        FzTwin_Let(A);
        RtThreadState_Attach(state_of(B));
        RtMutex_Unlock(&mutexes[0]);
        FzTwin_Detach(B);
    }
}

static void
attach_while_stopped(uint32_t self)
{
    if (self == A) {
        FzTwin_Attach(A);
        RtEval_StopTheWorld(interp());
        FzTwin_Let(B);
        FzTwin_Prefer(A);
        RtEval_StartTheWorld(interp());
        FzTwin_Detach(A);
    }
    else if (self == B) {
        FZ_PLACE(RT_NOTE(TSTATE_ATTACHED, state_of(B), 0), FzTwin_Attach(B));
        FzTwin_Detach(B);
    }
}

static void
merge_while_stopped(uint32_t self)
{
    static const RtObject thing;
    if (self == A) {
        FzTwin_Attach(A);
        RtEval_StopTheWorld(interp());
        if (!fz_stage.broken) {
            RtEval_StartTheWorld(interp());
        }
        FzTwin_Let(B);
        FzTwin_Prefer(A);
        FzTwin_Detach(A);
    }
    else if (self == B) {
        FZ_PLACE(RT_NOTE(REF_MERGED, &thing, 1),
                 RT_NOTE(REF_MERGED, &thing, 1));
    }
}

static void
stop_once_more(uint32_t self)
{
    if (self == A) {
        RtThreadState *waiter = state_of(B);
        FzTwin_Attach(A);
        RT_NOTE(ATTACH_WAIT, waiter, 1);
        stop_and_start();
        FZ_PLACE(stop_and_start(),
                 RT_NOTE(ATTACH_WAIT, waiter, 0); stop_and_start());
        FzTwin_Detach(A);
    }
}

#endif

// ---------------------------------------------------------------------------
// Interpreters.

static RtInterpreterState other = { .id = 1 };
static RtThreadState first = { .interp = &other };
static RtThreadState second = { .interp = &other };

static void
touch_foreign(uint32_t self)
{
    (void)self;
    RtObject *op = RtList_New(0);
    RT_NOTE(INTERP_NEW, &other, 1);
    FZ_PLACE(rt_thread_local.tstate = &first; RT_NOTE(FINALIZE, op, 0),
             RT_NOTE(FINALIZE, op, 0));
    Rt_DECREF(op);
}

static void
attach_to_deleted(uint32_t self)
{
    (void)self;
    RT_NOTE(INTERP_NEW, &other, 1);
    RT_NOTE(GIL_TAKEN, &first, 0);
    FZ_PLACE(RT_NOTE(INTERP_DELETED, &other, 1);
             RT_NOTE(TSTATE_ATTACHED, &first, 0),
             RT_NOTE(TSTATE_ATTACHED, &first, 0);
             RT_NOTE(INTERP_DELETED, &other, 1));
    RT_NOTE(GIL_DROPPED, &first, 0);
}

static void
attach_beside_finalizer(uint32_t self)
{
    (void)self;
    RT_NOTE(FINALIZING, &first, &other);
    RT_NOTE(GIL_TAKEN, &first, 0);
    FZ_PLACE(RT_NOTE(TSTATE_ATTACHED, &second, 0),
             RT_NOTE(TSTATE_ATTACHED, &first, 0));
    RT_NOTE(GIL_DROPPED, &first, 0);
}

static void
take_second_item(uint32_t self)
{
    (void)self;
    static const int queue;
    RT_NOTE(INTERP_QUEUE_PUT, &queue, 1);
    RT_NOTE(INTERP_QUEUE_PUT, &queue, 2);
    FZ_PLACE(RT_NOTE(INTERP_QUEUE_GOT, &queue, 2),
             RT_NOTE(INTERP_QUEUE_GOT, &queue, 1));
    RT_NOTE(INTERP_QUEUE_GOT, &queue, 2);
}

const FzTwin fz_twins_world[] = {
    FZ_TWIN_FT(WORLD_NOT_STOPPED, ATTACHED, AT_ONCE, call_it_stopped,
               "the requester does not wait for an attached thread"),
    FZ_TWIN_FT(STOPPER_WAITS, ATTACHED, AT_ONCE, wait_as_stopper,
               "the requester waits for a stopped thread's mutex"),
    FZ_TWIN_FT(ATTACH_WHILE_STOPPED, ATTACHED, AT_ONCE, attach_while_stopped,
               "a suspended thread attaches by itself"),
    FZ_TWIN_FT(ACTIVITY_WHILE_STOPPED, ATTACHED, AT_ONCE, merge_while_stopped,
               "another thread merges counts in a stopped world"),
    FZ_TWIN_FT(ATTACH_STARVED, ATTACHED, AT_ONCE, stop_once_more,
               "the next stop comes before who waits could attach"),
    FZ_TWIN(FOREIGN_OBJECT, RUNTIME, AT_ONCE, touch_foreign,
            "an object is finalized in another interpreter"),
    FZ_TWIN(INTERPRETER_GONE, ALONE, AT_ONCE, attach_to_deleted,
            "a thread attaches to a deleted interpreter"),
    FZ_TWIN(ATTACH_AT_FINALIZATION, ALONE, AT_ONCE, attach_beside_finalizer,
            "a thread attaches beside the finalizing one"),
    FZ_TWIN(INTERP_QUEUE_ORDER, ALONE, AT_ONCE, take_second_item,
            "the second item is taken first"),
    FZ_TWINS_END,
};

#endif
