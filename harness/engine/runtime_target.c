// runtime_target.c: the runtime as what the engine runs: its hooks, its heaps,
// its thread-local variables.

#include "engine_internal.h"

#include "fz_image.h"
#include "fz_race.h"
#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_state.h"
#include "weak.h"

static RtThreadLocal locals[FZ_MAX_THREADS + 1];        // the last: the host

#ifdef RT_WITH_HOOKS
// The code that a hook speaks for. Where atomics are functions of their own, it
// is the caller of the function.
static inline __attribute__((always_inline)) uintptr_t
hook_site(RtPoint kind, void **frame)
{
#ifdef RT_TRACE_ACCESSES
    if (kind <= RT_POINT_FENCE) {
        frame = frame[0];
    }
#endif
    (void)kind;
    return (uintptr_t)frame[1];
}

static void
hook_point(RtPoint kind, const void *addr)
{
    FzEngine_PointFromCompiler(kind, addr,
                               hook_site(kind, __builtin_frame_address(0)));
}

static void
hook_note(RtNote kind, const void *a, uintptr_t b)
{
    if (fz_engine.active) {
        fz_engine.threads[fz_engine.current].site =
            (uintptr_t)__builtin_return_address(0);
    }
    FzNote_Happened(kind, a, b);
}

static void
hook_atomic(RtPoint kind, const void *addr, unsigned size, RtOrder order)
{
    if (fz_engine.active && fz_engine.races) {
        FzRace_Atomic(fz_engine.current, addr, size, kind, order,
                      hook_site(kind, __builtin_frame_address(0)));
        if (fz_weak && kind == RT_POINT_FENCE && order == RT_ORDER_SEQ_CST) {
            FzWeak_Fence();
        }
    }
}

static const RtHooks engine_hooks = {
    .point = hook_point,
    .note = hook_note,
    .atomic = hook_atomic,
    .address_key = FzEngine_AddressKey,
    .keep_freed = FzShadow_KeepFreed,
};
#endif

void *
FzTarget_ReserveArena(size_t size)
{
    void *arena;
    return RtHeap_ReserveArena(size, &arena) == 0 ? arena : NULL;
}

void
FzTarget_Install(void)
{
    FzNote_Init();
#ifdef RT_WITH_HOOKS
    RtHooks_Install(&engine_hooks, &fz_world);
#endif
}

static bool failed;             // the last run

void
FzTarget_Begin(const FzSchedule *schedule)
{
    // Which heaps a thread gets must not depend on who had some before.
    RtHeap_ReleaseAll();
    FzWorld_Begin();
    RtMem_ResetSerial();
    RtMem_FailAllocation(schedule->fail_allocation);
    failed = false;
}

void
FzTarget_End(bool clean, FzRun *run)
{
    run->allocation_failed =
        RtMem_FailAllocation(0) == 0 &&
        fz_engine.config->schedule.fail_allocation != 0;
    failed = !clean;
    if (failed) {
        RtRuntime_Abandon();
    }
}

void
FzTarget_Ended(void)
{
    RtHeap_ReleaseAll();
}

void
FzTarget_ReleaseBlock(void *block)
{
    // What a failed run has written over stays where it is.
    if (!failed || RtMem_IsBlock(block)) {
        RtMem_ReleaseBlock(block);
    }
}

void
FzTarget_NewThread(uint32_t thread)
{
    locals[thread] = (RtThreadLocal){0};
}

void
FzTarget_SaveThread(uint32_t thread)
{
    locals[thread] = rt_thread_local;
}

void
FzTarget_LoadThread(uint32_t thread)
{
    rt_thread_local = locals[thread];
    fz_engine.locals = (uintptr_t)&rt_thread_local;
    fz_engine.locals_size = sizeof(rt_thread_local);
}

const char *
FzTarget_NameVariable(const void *addr, size_t *offset)
{
    *offset = (uintptr_t)addr - (uintptr_t)&rt_runtime;
    return *offset < sizeof(rt_runtime)
               ? RtAudit_NameMember(offset)
               : FzImage_VariableAt((uintptr_t)addr, offset);
}

void
FzTarget_IdlePoint(RtPoint kind, const void *addr)
{
    // OS threads that take turns (native.c).
#ifdef RT_WITH_HOOKS
    if (rt_hooks != NULL) {
        rt_hooks->point(kind, addr);
    }
#else
    (void)kind, (void)addr;
#endif
}
