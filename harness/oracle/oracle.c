// oracle.c: hands the notes of a run to each oracle, in a fixed order: those
// that name a cause (locks, the stopped world) before those that see damage.

#include <assert.h>
#include <setjmp.h>

#include "fz_oracle.h"
#include "oracle_internal.h"
#include "rtcore_hooks.h"

static const FzOracleOps *const oracles[] = {
    &fz_oracle_parking, &fz_oracle_wait_queue,
    &fz_oracle_lock,        &fz_oracle_stop_world, &fz_oracle_interpreter,
    &fz_oracle_gil, &fz_oracle_gilstate,
    &fz_oracle_eval_request,
    &fz_oracle_memory,      &fz_oracle_gc,         &fz_oracle_refcount,
    &fz_oracle_attributes,
    &fz_oracle_dead_object, &fz_oracle_weakref,    &fz_oracle_eval_breaker,
    &fz_oracle_attach,      &fz_oracle_heap_walk,  &fz_oracle_gc_count,
    &fz_oracle_generator,
};
enum { NORACLES = sizeof(oracles) / sizeof(oracles[0]) };
static_assert(NORACLES < 32, "a bit for each");

// Whom a kind of note concerns, as bits: all, until they deny it.
static uint32_t concerned[RT_NOTE_COUNT] = {
#define RT_NOTE_ROW(name, a, b, text) (1u << NORACLES) - 1,
#include "rtcore_hooks.def"
};

// Where an oracle is left that reports what is ignored; NULL: nothing is.
static jmp_buf *back;

bool
FzOracle_MayGoOn(void)
{
    return back != NULL;
}

_Noreturn void
FzOracle_GoOn(void)
{
    FZ_ASSERT(back != NULL);
    longjmp(*back, 1);
}

void
FzOracle_NeedsRoom(bool there_is_room)
{
    if (!there_is_room && FzEngine_IgnoresAny()) {
        FzEngine_Stop();
    }
    FZ_ASSERT(there_is_room);
}

void
FzOracle_Begin(void)
{
    back = NULL;
    for (int i = 0; i < NORACLES; i++) {
        oracles[i]->begin();
    }
}

static void
note_and_go_on(int i, uint32_t thread, unsigned note, const void *a,
               uintptr_t b)
{
    jmp_buf here;
    back = &here;
    if (setjmp(here) == 0) {
        (void)oracles[i]->note(thread, note, a, b);
    }
    back = NULL;
}

static void
end_and_go_on(int i)
{
    jmp_buf here;
    back = FzEngine_IgnoresAny() ? &here : NULL;
    if (setjmp(here) == 0) {
        oracles[i]->end();
    }
    back = NULL;
}

void
FzOracle_Note(uint32_t thread, unsigned note, const void *a, uintptr_t b)
{
    if (note == RT_NOTE_FATAL) {
        FzEngine_Violation(FZ_RULE_FATAL, UINT32_MAX, "%s", (const char *)a);
        FzEngine_Stop();
    }
    bool may_go_on = FzEngine_IgnoresAny();
    for (uint32_t rest = concerned[note]; rest != 0; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        if (may_go_on) {
            note_and_go_on(i, thread, note, a, b);
        }
        else if (!oracles[i]->note(thread, note, a, b)) {
            concerned[note] &= ~(1u << i);
        }
    }
}

void
FzOracle_Access(uint32_t thread, const void *addr, bool write)
{
    fz_oracle_memory.access(thread, addr, write);
}

void
FzOracle_ThreadEnd(uint32_t thread)
{
    for (int i = 0; i < NORACLES; i++) {
        if (oracles[i]->thread_end != NULL) {
            oracles[i]->thread_end(thread);
        }
    }
}

void
FzOracle_Stuck(uint32_t nthreads, const bool *ended)
{
    FzOracleLock_Stuck(nthreads, ended);
}

bool
FzOracle_IsPolling(uint32_t thread)
{
    return FzOracleStop_IsPending(thread) || FzOracleLock_WaitsForGil(thread);
}

void
FzOracle_End(void)
{
    for (int i = 0; i < NORACLES; i++) {
        if (oracles[i]->end != NULL) {
            end_and_go_on(i);
        }
    }
}
