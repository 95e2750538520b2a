// note.c: what the runtime notes: a part of the trace, and what the tables of
// blocks and the oracles learn from.

#include "engine_internal.h"

#include <string.h>

#include "fz_oracle.h"
#include "rt_object.h"
#include "rtcore_heap.h"

// Which arguments of a note are addresses, from the names of the arguments in
// rtcore_hooks.def.
static const struct {
    const char *a, *b;
} note_arguments[RT_NOTE_COUNT] = {
#define RT_NOTE_ROW(name, a, b, text) {a, b},
#include "rtcore_hooks.def"
};
static uint64_t note_counts[RT_NOTE_COUNT];
static bool a_is_address[RT_NOTE_COUNT];
static bool b_is_address[RT_NOTE_COUNT];

void
FzNote_Init(void)
{
    for (int i = 0; i < RT_NOTE_COUNT; i++) {
        const char *b = note_arguments[i].b;
        a_is_address[i] = strcmp(note_arguments[i].a, "message") != 0;
        b_is_address[i] = strcmp(b, "type") == 0 || strcmp(b, "interp") == 0 ||
                          strcmp(b, "interp or 0") == 0 ||
                          strcmp(b, "second mutex or 0") == 0 ||
                          strcmp(b, "referent") == 0 ||
                          strcmp(b, "name") == 0 ||
                          strcmp(b, "callback") == 0 ||
                          strcmp(b, "block") == 0 ||
                          strcmp(b, "tstate, or 0") == 0 ||
                          strcmp(b, "exception type") == 0 ||
                          strcmp(b, "exception type, or 0") == 0 ||
                          strcmp(b, "waiter") == 0;
    }
}

uint64_t
FzEngine_CountNotes(unsigned note)
{
    FZ_ASSERT(note < RT_NOTE_COUNT);
    return note_counts[note];
}

// What the tables of blocks learn from a note.
static void
update_blocks(RtNote note, const void *a, uintptr_t b)
{
    switch (note) {
    case RT_NOTE_BLOCK_ALLOC:
        FzShadow_Alloc(a, b, RtBlock_FromPointer(a)->kind);
        break;
    case RT_NOTE_OBJECT_NEW:
        FzShadow_NameBlock(a, ((const RtTypeObject *)b)->tp_name);
        break;
    case RT_NOTE_TSTATE_NEW:
        FzShadow_NameBlock(a, "tstate");
        break;
    default:
        break;
    }
}

// C code that passes no point: a hash of what is nested, a comparison.
static void
count_c_calls(FzEngine *e, uint64_t n)
{
    e->c_calls += n;
    if (e->c_calls > e->budget) {
        FzEngine_Violation(FZ_RULE_STEP_BUDGET, UINT32_MAX,
                           "C code has called itself more than %llu times",
                           (unsigned long long)e->budget);
        FzEngine_Stop();
    }
}

void
FzNote_Happened(RtNote note, const void *a, uintptr_t b)
{
    FzEngine *e = &fz_engine;
    update_blocks(note, a, b);
    if (e->active) {
        note_counts[note]++;
        e->threads[e->current].place = ((uint32_t)note + 1) << 16;
        uint64_t object = a_is_address[note] ? FzAddress_EventKey(a) : 0;
        uint64_t value =
            b_is_address[note] ? FzAddress_EventKey((const void *)b) : b;
        FzTrace_Mix(0x40 + note, object);
        e->hash = FzHash_Mix(e->hash, value);
        if (e->recording) {
            FzTrace_Record(FZ_TRACE_NOTE, note, object, value);
        }
        if (e->oracles) {
            // They look at objects through the runtime's own, instrumented
            // code; that is no access of the program's.
            bool races = e->races;
            e->races = false;
            FzOracle_Note(e->current, note, a, b);
            e->races = races;
        }
        if (note == RT_NOTE_BLOCK_FREE && e->config->detail) {
            FzViolation_RecordFree(a);
        }
        if (note == RT_NOTE_FATAL) {
            FzEngine_Violation(FZ_RULE_FATAL, UINT32_MAX, "%s",
                               (const char *)a);
            FzEngine_Stop();
        }
        if (note == RT_NOTE_C_CALLS) {
            count_c_calls(e, b);
        }
    }
    // Oracles see a block that is being freed in the state it had before.
    if (note == RT_NOTE_BLOCK_FREE) {
        FzShadow_Free(a);
    }
}
