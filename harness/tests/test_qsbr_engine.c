// test_qsbr_engine.c: memory that is read without a lock while another thread
// unlinks it, under scripted schedules (scripted.h): by way of the thread's own
// queue, of that of a thread that ends, of a collection, without memory for the
// queue, and while the slots of QSBR move. The oracles see a read of what is
// freed; here is checked that nothing is kept for longer than it must.

#include "scripted.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

#if defined(RT_WITH_HOOKS) && defined(RT_GIL_DISABLED)

enum { ROUNDS = 4, NSTATES = 6 };

typedef struct Value {
    int number;
} Value;

static Value *slot;             // atomic; what the reader finds

static Value *
new_value(int number)
{
    Value *value = RtMem_Malloc(sizeof(Value));
    CHECK(value != NULL);
    rt_atomic_store_int_relaxed(&value->number, number);
    return value;
}

static void
breathe(void)
{
    CHECK(RtEval_CheckBreaker(RtThreadState_Get()) == 0);
}

// ---------------------------------------------------------------------------
// Actions.

// Each time from the slot to what it leads to, then quiescent.
static void
read_values(int index)
{
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        Value *value = rt_atomic_load_ptr_acquire(&slot);
        CHECK(rt_atomic_load_int(&value->number) >= 42);
        breathe();
    }
}

static void
replace_value(int number)
{
    RtMem_FreeDelayed(rt_atomic_exchange_ptr(&slot, new_value(number)));
}

static void
replace_values(int index)
{
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        replace_value(43 + i);
        breathe();
    }
}

// The thread ends with all of them queued.
static void
replace_and_end(int index)
{
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        replace_value(43 + i);
    }
}

static void
replace_and_collect(int index)
{
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        replace_value(43 + i);
    }
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
    CHECK(RtThreadState_Get()->delayed_head == NULL);
}

static void
replace_without_memory(int index)
{
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        Value *value = new_value(43 + i);
        RtMem_FailAllocation(1);
        RtMem_FreeDelayed(rt_atomic_exchange_ptr(&slot, value));
        RtMem_FailAllocation(0);
        breathe();
    }
}

// So many bytes that the thread looks after them at each check.
static void
replace_large(int index)
{
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        RtMem_FreeDelayed(RtMem_Malloc(2 * RT_MEM_PRESSURE_LIMIT));
        replace_value(43 + i);
        breathe();
    }
}

// More slots than there are: they move.
static void
make_states(int index)
{
    (void)index;
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtThreadState *states[NSTATES];
    for (int i = 0; i < NSTATES; i++) {
        states[i] = RtThreadState_New(interp);
        CHECK(states[i] != NULL);
        CHECK(states[i]->qsbr->tstate == states[i]);
    }
    for (int i = 0; i < NSTATES; i++) {
        CHECK(states[i]->qsbr->tstate == states[i]);
        RtThreadState_Delete(states[i]);
    }
}

static void
collect(int index)
{
    (void)index;
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
}

static void
detach_and_attach(int index)
{
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        RtThreadState *tstate = RtEval_SaveThread();
        RtEval_RestoreThread(tstate);
        Value *value = rt_atomic_load_ptr_acquire(&slot);
        CHECK(rt_atomic_load_int(&value->number) >= 42);
    }
}

static RtSemaphore turn, stay;

// Comes online, maybe with a sequence from before the other's free, and stays
// attached without a check.
static void
attach_and_stay(int index)
{
    (void)index;
    RtThreadState *tstate = RtEval_SaveThread();
    RtEval_RestoreThread(tstate);
    CHECK(RtSemaphore_Wait(&stay, -1) == RT_WAIT_OK);
}

// Its queue waits for the other, which reads nothing: that is no backlog.
static void
replace_and_check(int index)
{
    (void)index;
    RtMem_FreeDelayed(RtMem_Malloc(2 * RT_MEM_PRESSURE_LIMIT));
    CHECK(RtSemaphore_Wait(&turn, 1000) == RT_WAIT_TIMEOUT);
    for (int i = 0; i < 100; i++) {
        breathe();
    }
    RtSemaphore_Post(&stay);
}

// ---------------------------------------------------------------------------

typedef struct Pair {
    void (*actions[2])(int index);
} Pair;

static const Pair *pair;
static RtThreadState *tstates[2];

static void
act(int index)
{
    RtThreadState *tstate = tstates[index];
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    pair->actions[index](index);
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    rt_atomic_store_ptr(&slot, new_value(42));
    // Here, because an action may have the next allocation fail.
    for (int i = 0; i < 2; i++) {
        tstates[i] = RtThreadState_New(tstate->interp);
        CHECK(tstates[i] != NULL);
    }
    rt_world->sem_init(&turn);
    rt_world->sem_init(&stay);
    (void)RtEval_SaveThread();
    run_team(2, act);
    RtEval_RestoreThread(tstate);
    rt_world->sem_destroy(&turn);
    rt_world->sem_destroy(&stay);
    // All readers are gone: one look at the queues empties them.
    breathe();
    RtMem_ProcessDelayed(tstate);
    breathe();
    RtMem_ProcessDelayed(tstate);
    CHECK(tstate->interp->delayed_abandoned == NULL);
    CHECK(RtLimbo_IsEmpty(&tstate->interp->limbo));
    RtMem_Free(rt_atomic_exchange_ptr(&slot, NULL));
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static const Pair pairs[] = {
    { { read_values, replace_values } },
    { { replace_values, read_values } },
    { { replace_values, replace_values } },
    { { read_values, replace_and_end } },
    { { replace_and_end, read_values } },
    { { replace_and_end, replace_and_end } },
    { { read_values, replace_and_collect } },
    { { replace_and_collect, read_values } },
    { { replace_values, replace_and_collect } },
    { { read_values, replace_without_memory } },
    { { replace_without_memory, read_values } },
    { { read_values, replace_large } },
    { { replace_large, read_values } },
    { { detach_and_attach, replace_values } },
    { { replace_values, detach_and_attach } },
    { { make_states, replace_values } },
    { { replace_values, make_states } },
    { { make_states, collect } },
    { { collect, make_states } },
    { { make_states, make_states } },
};

static const Pair stays = { { attach_and_stay, replace_and_check } };

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        pair = &pairs[i];
        sweep_preemptions(1, body, NULL);
    }
    pair = &stays;
    script_of.once = true;
    sweep_preemptions(1, body, NULL);
    FzRun_Free(&run);
    return 0;
}

#else

// Without an engine one thread is left: it reads nothing that it frees. With
// the GIL memory is freed at once; else once the thread has passed a quiescent
// state, and nothing is left when the runtime has ended.
enum { MANY = 100 };

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t at_start = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    ssize_t before = RtMem_LiveBlocks();
    for (int i = 0; i < MANY; i++) {
        RtMem_FreeDelayed(RtMem_Malloc(16));
        CHECK(RtEval_CheckBreaker(tstate) == 0);
        RtMem_ProcessDelayed(tstate);
    }
#ifdef RT_GIL_DISABLED
    // Sequences advance with every tenth free; a chunk holds what waits.
    CHECK(RtMem_LiveBlocks() <= before + 12);
#else
    CHECK(RtMem_LiveBlocks() == before);
#endif
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == at_start);
    return 0;
}

#endif
