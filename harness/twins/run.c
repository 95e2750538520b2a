// run.c: twins of how a run ends that does not end well: races, budgets, fatal
// errors, crashes.

#include "twins_internal.h"

#include "fz_race.h"
#include "rtcore_semaphore.h"
#ifdef RT_COMPILER_POINTS
#include "../engine/tsan_abi.h"
#endif

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// Races. What the compiler would tell the detector is told by hand where it
// does not.

static uint64_t word;
static RtSemaphore written;

static __attribute__((noinline)) void
write_word(void)
{
#ifdef RT_COMPILER_POINTS
    __tsan_write8(&word);
#else
    FzRace_Plain(FzEngine_CurrentThread(), &word, sizeof(word), true,
                 (uintptr_t)__builtin_return_address(0));
#endif
    word++;
}

static void
write_without_order(uint32_t self)
{
    if (self == A) {
        FzTwin_Prefer(A);
        rt_world->sem_init(&written);
        write_word();
        RtSemaphore_Post(&written);
        FzTwin_Let(B);
    }
    else if (self == B) {
        FZ_PLACE(write_word(), RtSemaphore_Wait(&written, -1); write_word());
    }
}

// ---------------------------------------------------------------------------

static void
spin(uint32_t self)
{
    (void)self;
    int passes = fz_stage.broken ? 1 << 30 : 100;
    FZ_PLACE(FzTwin_SpendMicroseconds(passes),
             FzTwin_SpendMicroseconds(passes));
}

static void
attach_twice(uint32_t self)
{
    (void)self;
    RtThreadState *me = fz_stage.me;
    FZ_PLACE(RtThreadState_Attach(me),
             RtThreadState_Detach(me); RtThreadState_Attach(me));
}

#ifndef RT_ASAN
static int *volatile nowhere = (int *)16;

static void
write_nowhere(uint32_t self)
{
    (void)self;
    FZ_PLACE(*nowhere = 1, FZ_NOTHING);
}
#endif

const FzTwin fz_twins_run[] = {
    FZ_TWIN(DATA_RACE, TEAM, AT_ONCE, write_without_order,
            "two threads write a word, nothing orders them"),
    FZ_TWIN(STEP_BUDGET, ALONE, AT_ONCE, spin,
            "a thread never comes to an end"),
    FZ_TWIN(FATAL, RUNTIME, AT_ONCE, attach_twice,
            "an attached state is attached"),
#ifndef RT_ASAN
    FZ_TWIN(CRASH, ALONE, AT_ONCE, write_nowhere,
            "a word is written that is not there"),
#else
    FZ_TWIN_ELSEWHERE(CRASH, "a build without AddressSanitizer"),
#endif
    FZ_TWINS_END,
};

#endif
