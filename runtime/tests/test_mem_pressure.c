// test_mem_pressure.c: memory that waits for readers does not pile up: too many
// bytes are freed at the next check, or soon after the last reader has gone; an
// allocation that fails frees what is due.

#include "objects.h"

#include "rtcore_heap.h"
#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED

static void
test_too_many_bytes(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    ssize_t before = RtMem_LiveBlocks();
    RtMem_FreeDelayed(RtMem_Malloc(16));
    CHECK(tstate->delayed_bytes == 16);
    CHECK(tstate->delayed_pressure == 0);
    RtMem_FreeDelayed(RtMem_Malloc(RT_MEM_PRESSURE_LIMIT));
    CHECK(tstate->delayed_bytes == 16 + RT_MEM_PRESSURE_LIMIT);
    CHECK(tstate->delayed_pressure == 1);
    Breathe();
    CHECK(tstate->delayed_bytes == 0);
    CHECK(tstate->delayed_pressure == 0);
    CHECK(RtMem_LiveBlocks() <= before + 1);    // the queue's own chunk
}

static int step;                // atomic

static void
wait_for(int value)
{
    while (rt_atomic_load_int(&step) < value) {
        rt_world->yield();
    }
}

// The other thread may have to stop the world, until it is attached too.
static void
wait_breathing_for(int value)
{
    while (rt_atomic_load_int(&step) < value) {
        Breathe();
        rt_world->yield();
    }
}

// Attached, and so maybe reading, until the other thread has tried in vain.
static void
read_on(int index, void *arg)
{
    (void)arg;
    if (index == 0) {
        wait_breathing_for(1);
        rt_atomic_store_int(&step, 2);
        wait_for(3);
        return;
    }
    rt_atomic_store_int(&step, 1);
    wait_breathing_for(2);
    RtThreadState *tstate = RtThreadState_Get();
    RtMem_FreeDelayed(RtMem_Malloc(2 * RT_MEM_PRESSURE_LIMIT));
    for (int i = 0; i < 20; i++) {
        Breathe();
        CHECK(tstate->delayed_bytes == 2 * RT_MEM_PRESSURE_LIMIT);
        CHECK(tstate->delayed_pressure > 0);
    }
    rt_atomic_store_int(&step, 3);
    while (tstate->delayed_bytes != 0) {
        Breathe();
        rt_world->yield();
    }
    CHECK(tstate->delayed_pressure == 0);
}

static void
test_reader(void)
{
    step = 0;
    RunAttached(2, read_on, NULL);
}

static void
test_failed_allocation(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtMem_FreeDelayed(RtMem_Malloc(16));
    // Not due: this thread may be reading it.
    RtQsbr_Advance(tstate->interp);
    RtMem_FailAllocation(1);
    CHECK(RtMem_Malloc(16) == NULL);
    CHECK(tstate->delayed_bytes == 16);
    RtQsbr_QuiescentState(tstate);
    RtMem_FailAllocation(1);
    CHECK(RtMem_Malloc(16) == NULL);
    CHECK(tstate->delayed_bytes == 0);
    void *block = RtMem_Malloc(16);
    CHECK(block != NULL);
    RtMem_Free(block);
}

#else

static void
test_too_many_bytes(void)
{
    ssize_t before = RtMem_LiveBlocks();
    RtMem_FreeDelayed(RtMem_Malloc(16));
    CHECK(RtMem_LiveBlocks() == before);        // nobody reads without the GIL
}

static void
test_reader(void)
{
}

static void
test_failed_allocation(void)
{
    RtMem_FailAllocation(1);
    CHECK(RtMem_Malloc(16) == NULL);
    RtMem_FailAllocation(0);
}

#endif

int
main(void)
{
    static void (*const tests[])(void) = {
        test_too_many_bytes, test_reader, test_failed_allocation,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
