// eval_request.c: what is asked of a thread through its eval breaker is seen at
// its next check, taken out of the word before it is done, and done soon; and
// who finds objects on his merge queue was asked to merge them (invariants E1,
// E2, E6, B6).
//
// The word is followed note by note: bits that were set and not cleared since
// are what a check must find.

#include <string.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"

enum {
    NBITS = 7,
    // Checks at which a bit is found set while nothing at all is done. A check
    // may be left early by an exception, but not without work.
    CHECKS_ALLOWED = 8,
    MAX_STATES = 256,
};

typedef struct Breaker {
    uint8_t word;               // as the notes say
    uint8_t seen;               // found at the last check, and not cleared yet
    uint8_t checks[NBITS];      // since anything was done or the bit cleared
} Breaker;

static struct {
    FzMap numbers;              // thread state -> 1 + index in breakers
    Breaker breakers[MAX_STATES];
    uint32_t count;
    const void *last;           // thread state of the last note, mostly also of
    Breaker *last_breaker;      // the next
} state;

static void
begin(void)
{
    FzMap_Clear(&state.numbers);
    memset(state.breakers, 0, state.count * sizeof(Breaker));
    state.count = 0;
    state.last = NULL;
}

// NULL: more thread states than this oracle follows.
static Breaker *
breaker_of(const void *tstate)
{
    if (tstate == state.last) {
        return state.last_breaker;
    }
    FzMapEntry *number = FzMap_Get(&state.numbers, tstate);
    if (number->value == 0) {
        if (state.count == MAX_STATES) {
            return NULL;
        }
        number->value = ++state.count;
    }
    state.last = tstate;
    state.last_breaker = &state.breakers[number->value - 1];
    return state.last_breaker;
}

static void
lost(uint32_t thread, unsigned expected, unsigned found)
{
    FzEngine_Violation(FZ_RULE_REQUEST_LOST, UINT32_MAX,
                       "thread %u finds %#x in its eval breaker, but %#x was "
                       "set and not cleared",
                       thread, found, expected);
    FzEngine_Stop();
}

static void
ignored(uint32_t thread, unsigned bit, unsigned checks)
{
    FzEngine_Violation(FZ_RULE_REQUEST_IGNORED, UINT32_MAX,
                       "thread %u passed %u eval-breaker checks with bit %#x "
                       "set, and did nothing",
                       thread, checks, bit);
    FzEngine_Stop();
}

static void
checked(uint32_t thread, Breaker *b, unsigned bits)
{
    if (bits != b->word) {
        if (FzEngine_HasWeakLoads()) {
            return;             // what was set has not come yet
        }
        lost(thread, b->word, bits);
    }
    b->seen = (uint8_t)bits;
    for (unsigned rest = bits; rest != 0; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        if (++b->checks[i] > CHECKS_ALLOWED) {
            ignored(thread, 1u << i, b->checks[i]);
        }
    }
}

#ifdef RT_GIL_DISABLED
// Who pushes tells the owner before the bucket's lock is released: between two
// checks of its own the owner cannot have been forgotten.
static void
check_queue(uint32_t thread, const RtThreadState *tstate, unsigned bits)
{
    const RtBrcThreadState *brc = &tstate->brc;
    if (FzEngine_HasWeakLoads() ||
        RtObjectStack_IsEmpty(&brc->objects_to_merge) ||
        (bits & RT_EVAL_EXPLICIT_MERGE_BIT) != 0)
    {
        return;
    }
    const RtBrcBucket *bucket =
        &tstate->interp->brc_table[brc->tid % RT_BRC_NUM_BUCKETS];
    if ((bucket->mutex.bits & RT_MUTEX_LOCKED) == 0) {
        FzEngine_Violation(FZ_RULE_QUEUE_UNANNOUNCED, UINT32_MAX,
                           "thread %u passes an eval-breaker check, has "
                           "objects to merge and was not told so",
                           thread);
        FzEngine_Stop();
    }
}
#else
static void
check_queue(uint32_t thread, const RtThreadState *tstate, unsigned bits)
{
    (void)thread;
    (void)tstate;
    (void)bits;
}
#endif

static void
cleared(Breaker *b, unsigned bits)
{
    b->word &= (uint8_t)~bits;
    b->seen &= (uint8_t)~bits;
    for (unsigned rest = bits; rest != 0; rest &= rest - 1) {
        b->checks[__builtin_ctz(rest)] = 0;
    }
}

// The bit must have been cleared since it was seen: what is asked for while the
// work goes on would be forgotten with it.
static void
work(uint32_t thread, Breaker *b, unsigned bit)
{
    if ((b->seen & bit) != 0) {
        FzEngine_Violation(FZ_RULE_REQUEST_ORDER, UINT32_MAX,
                           "thread %u does what bit %#x of its eval breaker "
                           "asks for and has not cleared it",
                           thread, bit);
        FzEngine_Stop();
    }
    memset(b->checks, 0, sizeof(b->checks));
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t value)
{
    switch (kind) {
    case RT_NOTE_EVAL_BIT_SET:
    case RT_NOTE_EVAL_BIT_CLEARED:
    case RT_NOTE_EVAL_WORK:
    case RT_NOTE_EVAL_BREAKER:
        break;
    default:
        return false;
    }
    Breaker *b = breaker_of(a);
    if (b == NULL) {
        return true;
    }
    switch (kind) {
    case RT_NOTE_EVAL_BIT_SET:
        b->word |= (uint8_t)value;
        break;
    case RT_NOTE_EVAL_BIT_CLEARED:
        cleared(b, (unsigned)value);
        break;
    case RT_NOTE_EVAL_WORK:
        work(thread, b, (unsigned)value);
        break;
    default:
        checked(thread, b, (unsigned)value);
        check_queue(thread, a, (unsigned)value);
        break;
    }
    return true;
}

const FzOracleOps fz_oracle_eval_request = {
    .name = "eval-request",
    .begin = begin,
    .note = note,
};
