// gil.c: one holder of an interpreter's GIL at most; who is attached holds it
// while it is on (in the free-threaded build a program may switch it, while all
// are stopped, and each request is taken back once); a holder that is asked to
// drop it does so at its next eval-breaker checks, and does not have it again
// before another had it (invariants L1-L5, L7, L8 of the GIL).

#include <limits.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_state.h"

enum {
    // A request made between the load of the breaker and the check's end is
    // seen at the next check; the one after that must have dropped. Not counted
    // are checks that have something else to do first, which may run code and
    // so pass more checks (oracle eval-request follows those).
    CHECKS_ALLOWED = 3,
    DONE_LATER = RT_GIL_DROP_REQUEST_BIT | RT_ASYNC_EXCEPTION_BIT,
    MAX_GILS = 64,
};

typedef struct Gil {
    const void *holder;         // thread state, or NULL
    uint32_t holder_thread;
    const void *asked;          // holder with a pending request
    uint32_t asked_by;
    unsigned checks;            // passed since the request
    const void *dropped;        // last, on request, and nobody had it since
    // Free-threaded build: how many need it. INT_MAX: for good.
    uintptr_t requests;
    bool fixed;                 // GIL build, or by choice: nobody asks
} Gil;

static struct {
    FzMap numbers;              // interpreter -> 1 + index in gils
    Gil gils[MAX_GILS];
    uint32_t count;
    const void *last_interp;    // asked for, and its gil
    Gil *last_gil;
    bool exited;                // a thread had to
} state;

static void
begin(void)
{
    FzMap_Clear(&state.numbers);
    state.count = 0;
    state.last_interp = NULL;
    state.exited = false;
}

// Interpreters beyond the last one share it, and are not checked.
static Gil *
gil_of_interp(const void *interp)
{
    if (interp == state.last_interp && interp != NULL) {
        return state.last_gil;
    }
    FzMapEntry *number = FzMap_Get(&state.numbers, interp);
    if (number->value == 0) {
        if (state.count < MAX_GILS) {
            bool always = RtConfig_GetGil() == 1;
#ifndef RT_GIL_DISABLED
            always = true;
#endif
            state.gils[state.count++] = (Gil){
                .requests = always ? INT_MAX : 0,
                .fixed = always || RtConfig_GetGil() == 0,
            };
        }
        number->value = state.count;
    }
    state.last_interp = interp;
    state.last_gil = &state.gils[number->value - 1];
    return state.last_gil;
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
    if (gil->dropped == tstate && !is_shared(gil)) {
        FzEngine_Violation(FZ_RULE_GIL_RETAKEN, UINT32_MAX,
                           "thread %u dropped the GIL because another asked "
                           "for it, and took it again first",
                           thread);
        FzEngine_Stop();
    }
    gil->holder = tstate;
    gil->holder_thread = thread;
    gil->asked = NULL;
    gil->dropped = NULL;
}

static void
must_hold(uint32_t thread, const void *tstate, const char *what)
{
    const Gil *gil = gil_of(tstate);
    if (gil->requests != 0 && gil->holder != tstate && !is_shared(gil)) {
        FzEngine_Violation(FZ_RULE_GIL_NOT_HELD,
                           gil->holder != NULL ? gil->holder_thread
                                               : UINT32_MAX,
                           "thread %u %s without the GIL", thread, what);
        FzEngine_Stop();
    }
}

// An object is made or begins to die.
static void
touches_object(uint32_t thread)
{
    const RtThreadState *tstate = rt_thread_local.tstate;
    if (tstate == NULL) {
        FzEngine_Violation(FZ_RULE_GIL_NOT_HELD, UINT32_MAX,
                           "thread %u touches an object and is not attached",
                           thread);
        FzEngine_Stop();
    }
    must_hold(thread, tstate, "touches an object");
}

static void
checked(uint32_t thread, const void *tstate, uintptr_t bits)
{
    Gil *gil = gil_of(tstate);
    if (gil->asked != tstate || gil->asked == NULL ||
        (bits & ~(uintptr_t)DONE_LATER) != 0 || FzEngine_HasWeakLoads()) {
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
dropped(uint32_t thread, const void *tstate, bool on_request)
{
    Gil *gil = gil_of(tstate);
    if (gil->holder != tstate && !is_shared(gil)) {
        FzEngine_Violation(FZ_RULE_GIL_NOT_HELD,
                           gil->holder != NULL ? gil->holder_thread
                                               : UINT32_MAX,
                           "thread %u drops a GIL that it does not hold",
                           thread);
        FzEngine_Stop();
    }
    gil->holder = NULL;
    gil->asked = NULL;
    gil->dropped = on_request ? tstate : NULL;
}

static void
unbalanced(uint32_t thread, const Gil *gil, uintptr_t requests)
{
    FzEngine_Violation(FZ_RULE_GIL_UNBALANCED, UINT32_MAX,
                       "thread %u changes the number of those that need the "
                       "GIL from %llu to %llu",
                       thread, (unsigned long long)gil->requests,
                       (unsigned long long)requests);
    FzEngine_Stop();
}

// One more, or for good.
static void
enabled(uint32_t thread, const void *interp, uintptr_t requests)
{
    Gil *gil = gil_of_interp(interp);
    if (is_shared(gil)) {
        return;
    }
    bool one_more = requests == gil->requests + 1;
    bool for_good = requests == INT_MAX && gil->requests > 0;
    if (gil->fixed || gil->requests == INT_MAX || (!one_more && !for_good)) {
        unbalanced(thread, gil, requests);
    }
    gil->requests = requests;
}

static void
disabled(uint32_t thread, const void *interp, uintptr_t requests)
{
    Gil *gil = gil_of_interp(interp);
    if (is_shared(gil)) {
        return;
    }
    if (gil->fixed || gil->requests == INT_MAX || gil->requests == 0 ||
        requests != gil->requests - 1) {
        unbalanced(thread, gil, requests);
    }
    gil->requests = requests;
    if (requests == 0) {
        gil->dropped = NULL;
    }
}

// When nobody runs any more nobody needs it, unless it is for good. A thread
// that had to exit in the middle of an import takes no request back.
static void
end(void)
{
    if (state.exited) {
        return;
    }
    for (uint32_t i = 0; i < state.count; i++) {
        const Gil *gil = &state.gils[i];
        if (!is_shared(gil) && gil->requests != 0 &&
            gil->requests != INT_MAX) {
            FzEngine_Violation(FZ_RULE_GIL_UNBALANCED, UINT32_MAX,
                               "%llu requests for the GIL were not taken back",
                               (unsigned long long)gil->requests);
        }
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
        enabled(thread, a, b);
        break;
    case RT_NOTE_GIL_DISABLED:
        disabled(thread, a, b);
        break;
    case RT_NOTE_GIL_TAKEN:
        taken(thread, a);
        break;
    case RT_NOTE_GIL_DROPPED:
        dropped(thread, a, b != 0);
        break;
    case RT_NOTE_GIL_DROP_REQUESTED:
        asked(thread, a);
        break;
    case RT_NOTE_OBJECT_NEW:
    case RT_NOTE_OBJECT_DEALLOC:
        touches_object(thread);
        break;
    case RT_NOTE_THREAD_EXITED:
        state.exited = true;
        break;
    case RT_NOTE_FORKED:
        gil_of(a)->asked = NULL;        // who asked is gone
        break;
    case RT_NOTE_EVAL_BREAKER:
        must_hold(thread, a, "runs bytecode");
        checked(thread, a, b);
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
    .end = end,
};
