// generator.c: the frame of a generator is run by one thread at a time, which
// has claimed it and gives it back; it is created, then suspended any number of
// times, then cleared, for good (invariant N1).

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_code.h"        // states of generators
#include "rtcore_hooks.h"

// FzMapEntry.value of a generator: its state as the notes say; never 0.
#define STATE(s) ((uint64_t)(s) + 4)

static struct {
    FzMap generators;           // generator -> STATE, 0: new; extra: claimer
} state;

static void
begin(void)
{
    FzMap_Clear(&state.generators);
}

static void
violation(const FzMapEntry *gen, uint32_t thread, const char *what)
{
    FzEngine_Violation(FZ_RULE_GENERATOR_SHARED, (uint32_t)gen->extra,
                       "thread %u %s %s; thread %u was the last to claim it",
                       thread, what, FzName_Of((const void *)gen->key).text,
                       (uint32_t)gen->extra);
    FzEngine_Stop();
}

// before: what the claimer found.
static void
claimed(uint32_t thread, const void *op, uintptr_t before)
{
    FzMapEntry *gen = FzMap_Get(&state.generators, op);
    uint64_t expected = gen->value == 0 ? STATE(RT_GEN_CREATED) : gen->value;
    if (expected == STATE(RT_GEN_EXECUTING)) {
        violation(gen, thread, "claims the running");
    }
    if (expected != STATE(before) || before == RT_GEN_CLEARED) {
        violation(gen, thread, "claims in another state");
    }
    gen->value = STATE(RT_GEN_EXECUTING);
    gen->extra = thread;
}

static void
released(uint32_t thread, const void *op, uintptr_t after)
{
    FzMapEntry *gen = FzMap_Get(&state.generators, op);
    if (gen->value != STATE(RT_GEN_EXECUTING) || gen->extra != thread) {
        violation(gen, thread, "gives back without a claim");
    }
    if (after == RT_GEN_EXECUTING) {
        violation(gen, thread, "gives back as if it ran");
    }
    gen->value = STATE(after);
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_GEN_CLAIMED:
        claimed(thread, a, b);
        return true;
    case RT_NOTE_GEN_RELEASED:
        released(thread, a, b);
        return true;
    case RT_NOTE_OBJECT_NEW: {
        FzMapEntry *before = FzShadow_MayRepeat()
            ? FzMap_Find(&state.generators, a) : NULL;
        if (before != NULL) {
            before->value = 0;
        }
        return true;
    }
    default:
        return false;
    }
}

const FzOracleOps fz_oracle_generator = {
    .name = "generator",
    .begin = begin,
    .note = note,
};
