// gil.c: one holder of the GIL at most; who is attached holds it while it is on
// (in the free-threaded build a program may switch it); a holder that is asked
// to drop it does so at its next eval-breaker checks (bugs L1-L5, L8 of the
// GIL).

#include <string.h>

#include "oracle_internal.h"
#include "rtcore_state.h"

enum {
    // A request made between the load of the breaker and the check's end is
    // seen at the next check; the one after that must have dropped.
    CHECKS_ALLOWED = 3,
};

static struct {
    const void *holder;         // thread state, or NULL
    uint32_t holder_thread;
    const void *asked;          // holder with a pending request
    uint32_t asked_by;
    unsigned checks;            // passed since the request
    bool off;                   // free-threaded build: nobody needs it
} state;

static void
begin(void)
{
    memset(&state, 0, sizeof(state));
#ifdef RT_GIL_DISABLED
    state.off = RtConfig_GetGil() != 1;
#endif
}

static void
taken(uint32_t thread, const void *tstate)
{
    if (state.holder != NULL) {
        FzEngine_Violation(FZ_RULE_GIL_TWO_HOLDERS, state.holder_thread,
                           "thread %u took the GIL while thread %u held it",
                           thread, state.holder_thread);
        FzEngine_Stop();
    }
    state.holder = tstate;
    state.holder_thread = thread;
    state.asked = NULL;
}

static void
must_hold(uint32_t thread, const void *tstate, const char *what)
{
    if (!state.off && state.holder != tstate) {
        FzEngine_Violation(FZ_RULE_GIL_NOT_HELD,
                           state.holder != NULL ? state.holder_thread
                                                : UINT32_MAX,
                           "thread %u %s without the GIL", thread, what);
        FzEngine_Stop();
    }
}

static void
checked(uint32_t thread, const void *tstate)
{
    if (state.asked != tstate || state.asked == NULL) {
        return;
    }
    if (++state.checks > CHECKS_ALLOWED) {
        FzEngine_Violation(
            FZ_RULE_GIL_DROP_IGNORED, state.asked_by,
            "thread %u passed %u eval-breaker checks after thread %u asked "
            "for the GIL, and still holds it",
            thread, state.checks, state.asked_by);
        FzEngine_Stop();
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
        state.off = false;
        break;
    case RT_NOTE_GIL_DISABLED:
        state.off = b == 0;
        break;
    case RT_NOTE_GIL_TAKEN:
        taken(thread, a);
        break;
    case RT_NOTE_GIL_DROPPED:
        if (state.holder == a) {
            state.holder = NULL;
            state.asked = NULL;
        }
        break;
    case RT_NOTE_GIL_DROP_REQUESTED:
        if (a == state.holder && state.asked == NULL) {
            state.asked = a;
            state.asked_by = thread;
            state.checks = 0;
        }
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
