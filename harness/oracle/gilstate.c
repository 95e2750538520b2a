// gilstate.c: calls of RtGILState_Ensure() and RtGILState_Release() pair up:
// the counter of a state goes up and down by one, and no state goes whose
// counter would still be released.

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_hooks.h"

enum {                          // extra
    BY_RUNTIME,                 // its counter began at 1 and ends there
    BY_ENSURE,                  // at 0
    ENDING,                     // made by Ensure(); 0 has been reached, and it
                                // counts from 1 again for destructors
};

// Thread state -> its counter; extra as above. Those that are not here have
// their first.
static FzMap counters;

static void
begin(void)
{
    FzMap_Clear(&counters);
}

static void
unbalanced(uint32_t thread, const char *what, uint64_t counter,
           uint64_t expected)
{
    FzEngine_Violation(FZ_RULE_GILSTATE_UNBALANCED, UINT32_MAX,
                       "thread %u %s with counter %llu, not %llu", thread,
                       what, (unsigned long long)counter,
                       (unsigned long long)expected);
    FzEngine_Stop();
}

static void
ensured(uint32_t thread, const void *tstate, uint64_t counter)
{
    FzMapEntry *entry = FzMap_Get(&counters, tstate);
    if (entry->value == 0) {
        entry->extra = counter == 1 ? BY_ENSURE : BY_RUNTIME;
        entry->value = counter == 1 ? 0 : 1;
    }
    if (counter != ++entry->value) {
        unbalanced(thread, "ensures its state", counter, entry->value);
    }
}

static void
released(uint32_t thread, const void *tstate, uint64_t counter)
{
    FzMapEntry *entry = FzMap_Get(&counters, tstate);
    if (counter + 1 != entry->value ||
        (counter == 0 && entry->extra != BY_ENSURE)) {
        unbalanced(thread, "releases its state", counter, entry->value - 1);
    }
    entry->value = counter;
    if (counter == 0) {
        entry->value = 1;
        entry->extra = ENDING;
    }
}

static void
deleted(uint32_t thread, const void *tstate)
{
    const FzMapEntry *entry = FzMap_Find(&counters, tstate);
    if (entry == NULL) {
        return;
    }
    if (entry->value != 1 || entry->extra == BY_ENSURE) {
        unbalanced(thread, "deletes its state", entry->value,
                   entry->extra == BY_ENSURE ? 0 : 1);
    }
}

// Whoever had the other states is gone, or will be, in the middle of something.
static void
is_alone(const void *tstate)
{
    const FzMapEntry *found = FzMap_Find(&counters, tstate);
    FzMapEntry own = found != NULL ? *found : (FzMapEntry){0};
    FzMap_Clear(&counters);
    if (found != NULL) {
        FzMapEntry *entry = FzMap_Get(&counters, tstate);
        entry->value = own.value;
        entry->extra = own.extra;
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_GILSTATE_ENSURE:
        ensured(thread, a, b);
        break;
    case RT_NOTE_GILSTATE_RELEASE:
        released(thread, a, b);
        break;
    case RT_NOTE_TSTATE_DELETED:
        deleted(thread, a);
        break;
    case RT_NOTE_FINALIZING:
    case RT_NOTE_FORKED:
        is_alone(a);
        break;
    default:
        return false;
    }
    return true;
}

const FzOracleOps fz_oracle_gilstate = {
    .name = "gilstate",
    .begin = begin,
    .note = note,
};
