// trace.c: the trace of a run: its hash, always; its events, when asked.
//
// Only numbers that are the same in every process enter: address keys, sizes,
// counts. No address, no code site.

#include "engine_internal.h"

#include <stdlib.h>

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
    if (kind == FZ_TRACE_SWITCH) {      // of the thread that is left
        event.line = e->threads[value].line;
        event.site = FzAddress_SiteOffset(e->threads[value].site);
    }
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
    if (e->config->sample != NULL) {
        e->config->sample(e->config->sample_arg, e->run);
    }
}
