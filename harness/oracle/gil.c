// gil.c: one holder of an interpreter's GIL at most; who is attached holds it
// while it is on (in the free-threaded build a program may switch it); a holder
// that is asked to drop it does so at its next eval-breaker checks (bugs L1-L5,
// L8 of the GIL).

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_state.h"

enum {
    // A request made between the load of the breaker and the check's end is
    // seen at the next check; the one after that must have dropped.
    CHECKS_ALLOWED = 3,
    MAX_GILS = 64,
};

typedef struct Gil {
    const void *holder;         // thread state, or NULL
    uint32_t holder_thread;
    const void *asked;          // holder with a pending request
    uint32_t asked_by;
    unsigned checks;            // passed since the request
    bool off;                   // free-threaded build: nobody needs it
} Gil;

static struct {
    FzMap numbers;              // interpreter -> 1 + index in gils
    Gil gils[MAX_GILS];
    uint32_t count;
} state;

static void
begin(void)
{
    FzMap_Clear(&state.numbers);
    state.count = 0;
}

// Interpreters beyond the last one share it, and are not checked.
static Gil *
gil_of_interp(const void *interp)
{
    FzMapEntry *number = FzMap_Get(&state.numbers, interp);
    if (number->value == 0) {
        if (state.count < MAX_GILS) {
            state.gils[state.count++] = (Gil){
#ifdef RT_GIL_DISABLED
                .off = RtConfig_GetGil() != 1,
#endif
            };
        }
        number->value = state.count;
    }
    return &state.gils[number->value - 1];
}

static Gil *
gil_of(const void *tstate)
{
    return gil_of_interp(((const RtThreadState *)tstate)->interp);
}

static bool
is_shared(const Gil *gil)
{
    return gil == &state.gils[MAX_GILS - 1];
}

static void
taken(uint32_t thread, const void *tstate)
{
    Gil *gil = gil_of(tstate);
    if (gil->holder != NULL && !is_shared(gil)) {
        FzEngine_Violation(FZ_RULE_GIL_TWO_HOLDERS, gil->holder_thread,
                           "thread %u took the GIL while thread %u held it",
                           thread, gil->holder_thread);
        FzEngine_Stop();
    }
    gil->holder = tstate;
    gil->holder_thread = thread;
    gil->asked = NULL;
}

static void
must_hold(uint32_t thread, const void *tstate, const char *what)
{
    const Gil *gil = gil_of(tstate);
    if (!gil->off && gil->holder != tstate && !is_shared(gil)) {
        FzEngine_Violation(FZ_RULE_GIL_NOT_HELD,
                           gil->holder != NULL ? gil->holder_thread
                                               : UINT32_MAX,
                           "thread %u %s without the GIL", thread, what);
        FzEngine_Stop();
    }
}

static void
checked(uint32_t thread, const void *tstate)
{
    Gil *gil = gil_of(tstate);
    if (gil->asked != tstate || gil->asked == NULL) {
        return;
    }
    if (++gil->checks > CHECKS_ALLOWED) {
        FzEngine_Violation(
            FZ_RULE_GIL_DROP_IGNORED, gil->asked_by,
            "thread %u passed %u eval-breaker checks after thread %u asked "
            "for the GIL, and still holds it",
            thread, gil->checks, gil->asked_by);
        FzEngine_Stop();
    }
}

static void
dropped(const void *tstate)
{
    Gil *gil = gil_of(tstate);
    if (gil->holder == tstate) {
        gil->holder = NULL;
        gil->asked = NULL;
    }
}

static void
asked(uint32_t thread, const void *tstate)
{
    Gil *gil = gil_of(tstate);
    if (tstate == gil->holder && gil->asked == NULL) {
        gil->asked = tstate;
        gil->asked_by = thread;
        gil->checks = 0;
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_TSTATE_ATTACHED:
        must_hold(thread, a, "attached");
        break;
    case RT_NOTE_GIL_ENABLED:
        gil_of_interp(a)->off = false;
        break;
    case RT_NOTE_GIL_DISABLED:
        gil_of_interp(a)->off = b == 0;
        break;
    case RT_NOTE_GIL_TAKEN:
        taken(thread, a);
        break;
    case RT_NOTE_GIL_DROPPED:
        dropped(a);
        break;
    case RT_NOTE_GIL_DROP_REQUESTED:
        asked(thread, a);
        break;
    case RT_NOTE_EVAL_BREAKER:
        must_hold(thread, a, "runs bytecode");
        checked(thread, a);
        break;
    default:
        return false;
    }
    return true;
}

const FzOracleOps fz_oracle_gil = {
    .name = "gil",
    .begin = begin,
    .note = note,
};
