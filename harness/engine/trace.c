// trace.c: the trace of a run: its hash, always; its events, when asked.
//
// Only numbers that are the same in every process enter: address keys, sizes,
// counts. No address, no code site.

#include "engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "fz_oracle.h"
#include "fz_race.h"
#include "rt_object.h"

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
FzTrace_Begin(void)
{
    for (int i = 0; i < RT_NOTE_COUNT; i++) {
        const char *b = note_arguments[i].b;
        a_is_address[i] = strcmp(note_arguments[i].a, "message") != 0;
        b_is_address[i] = strcmp(b, "type") == 0 || strcmp(b, "interp") == 0 ||
                          strcmp(b, "second mutex or 0") == 0 ||
                          strcmp(b, "referent") == 0 ||
                          strcmp(b, "name") == 0 ||
                          strcmp(b, "callback") == 0 ||
                          strcmp(b, "tstate, or 0") == 0 ||
                          strcmp(b, "exception type") == 0 ||
                          strcmp(b, "exception type, or 0") == 0;
    }
}

uint64_t
FzEngine_CountNotes(unsigned note)
{
    FZ_ASSERT(note < RT_NOTE_COUNT);
    return note_counts[note];
}

static void
push(FzTraceEvent event)
{
    FzRun *run = fz_engine.run;
    if (run->nevents == run->events_capacity) {
        size_t capacity = run->events_capacity * 2 + 256;
        FzTraceEvent *events =
            realloc(run->events, capacity * sizeof(FzTraceEvent));
        FZ_ASSERT(events != NULL);
        run->events = events;
        run->events_capacity = capacity;
    }
    run->events[run->nevents++] = event;
}

void
FzTrace_Record(FzTraceKind kind, unsigned what, uint64_t object,
               uint64_t value)
{
    FzEngine *e = &fz_engine;
    FzThread *thread = &e->threads[e->current];
    FzTraceEvent event = {
        .kind = (uint8_t)kind,
        .what = (uint8_t)what,
        .thread = (uint16_t)e->current,
        .line = thread->line,
        .object = object,
        .value = value,
        .site = FzAddress_SiteOffset(thread->site),
    };
    // A switch has changed rt_thread_local already, but the new thread's line
    // is asked for at its own next event.
    if (e->config->current_line != NULL && kind != FZ_TRACE_SWITCH) {
        uint32_t line = e->config->current_line();
        if (line != thread->line) {
            thread->line = line;
            event.line = line;
            FzTraceEvent moved = event;
            moved.kind = FZ_TRACE_LINE;
            moved.what = 0;
            moved.object = 0;
            moved.value = line;
            push(moved);
        }
    }
    push(event);
}

// What the tables of blocks learn from a note.
static void
update_blocks(RtNote note, const void *a, uintptr_t b)
{
    switch (note) {
    case RT_NOTE_BLOCK_ALLOC:
        FzShadow_Alloc(a, b);
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

void
FzTrace_Note(RtNote note, const void *a, uintptr_t b)
{
    FzEngine *e = &fz_engine;
    update_blocks(note, a, b);
    if (e->active) {
        note_counts[note]++;
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
        if (note == RT_NOTE_FATAL) {
            FzEngine_Violation(FZ_RULE_FATAL, UINT32_MAX, "%s",
                               (const char *)a);
            FzEngine_Stop();
        }
    }
    // Oracles see a block that is being freed in the state it had before.
    if (note == RT_NOTE_BLOCK_FREE) {
        FzShadow_Free(a);
    }
}
