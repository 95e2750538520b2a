// cause.c: the preemptions of a run with few of them, and for each what another
// thread did, before the preempted one went on, to what that one was about to
// touch.

#include <ctype.h>
#include <string.h>

#include "fz_cause.h"
#include "fz_finding.h"
#include "fz_signature.h"
#include "rtcore_hooks.h"

// A switch that the schedule made and need not have.
typedef struct Preemption {
    size_t event;               // of the switch
    uint64_t step;
    uint64_t own;
    uint32_t thread;
} Preemption;

static bool
is_preemption(const FzGuide *turns, size_t *next, uint32_t thread,
              uint64_t own)
{
    for (size_t i = *next; i < turns->count; i++) {
        const FzTurn *turn = &turns->turns[i];
        if (turn->thread == thread && turn->at == own) {
            *next = i + 1;
            return turn->preempts;
        }
    }
    return false;
}

static bool
may_write(unsigned point)
{
    return point == RT_POINT_STORE || point == RT_POINT_RMW ||
           point == RT_POINT_SEM_POST;
}

// The first access by others to `object` until `thread` goes on, or NULL; one
// that may write is preferred.
static const FzTraceEvent *
find_conflict(const FzRun *run, size_t from, uint32_t thread, uint64_t object)
{
    const FzTraceEvent *read = NULL;
    for (size_t i = from; i < run->nevents && object != 0; i++) {
        const FzTraceEvent *e = &run->events[i];
        if (e->kind != FZ_TRACE_POINT) {
            continue;
        }
        if (e->thread == thread) {
            break;
        }
        if (e->object == object && may_write(e->what)) {
            return e;
        }
        if (e->object == object && read == NULL) {
            read = e;
        }
    }
    return read;
}

// A variable of the program: its name, or "interp", "types.cache".
static void
name_variable(const char *name, FzCause *out)
{
    size_t size = strcspn(name, "+");
    size_t kind = strcspn(name, ".+");
    if (!isalpha((unsigned char)name[0]) ||
        strncmp(name, "static+", 7) == 0) {
        return;
    }
    snprintf(out->kind, sizeof(out->kind), "%.*s", (int)kind, name);
    if (kind < size) {
        snprintf(out->field, sizeof(out->field), "%.*s",
                 (int)(size - kind - 1), name + kind + 1);
    }
}

static void
describe(const FzRun *run, const Preemption *p, const FzTraceEvent *conflict,
         FzCause *out)
{
    const FzTraceEvent *turn = &run->events[p->event];
    *out = (FzCause){
        .preempted = true,
        .thread = p->thread,
        .other = turn->thread,
        .step = p->step,
        .own = p->own,
        .line = turn->line,
        .site = turn->site,
    };
    FzSymbol_FunctionAtOffset(turn->site, out->function,
                              sizeof(out->function));
    char name[128];
    FzEngine_NameKey(turn->object, name, sizeof(name));
    FzSignature_Subject(name, out->kind, sizeof(out->kind), out->field,
                        sizeof(out->field));
    if (out->kind[0] == '\0') {
        name_variable(name, out);
    }
    if (conflict != NULL) {
        out->conflicts = true;
        out->other = conflict->thread;
        out->other_line = conflict->line;
        out->other_site = conflict->site;
        FzSymbol_FunctionAtOffset(conflict->site, out->other_function,
                                  sizeof(out->other_function));
    }
}

size_t
FzCause_All(const FzRun *run, const FzGuide *turns, FzCause *out, size_t most)
{
    uint64_t own[FZ_MAX_THREADS] = {0};
    uint64_t step = 0;
    size_t next = 0, n = 0;
    bool alone = true;
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        if (e->kind == FZ_TRACE_POINT) {
            alone = alone &&
                    (e->thread != 0 || e->what != RT_POINT_THREAD_START);
            own[e->thread] += !alone || e->thread != 0;
            step++;
            continue;
        }
        if (e->kind != FZ_TRACE_SWITCH) {
            continue;
        }
        // The point that it waits at is recorded when it goes on.
        uint32_t from = (uint32_t)e->value;
        if (!is_preemption(turns, &next, from, own[from] + 1)) {
            continue;
        }
        if (n == most) {
            memmove(out, out + 1, (most - 1) * sizeof(*out));
            n--;
        }
        Preemption p = {i, step, own[from] + 1, from};
        describe(run, &p, find_conflict(run, i + 1, from, e->object),
                 &out[n++]);
    }
    return n;
}

void
FzCause_Of(const FzRun *run, const FzGuide *turns, FzCause *out)
{
    FzCause all[FZ_CAUSES];
    size_t n = FzCause_All(run, turns, all, FZ_CAUSES);
    *out = (FzCause){0};
    for (size_t i = 0; i < n; i++) {
        if (all[i].conflicts || !out->conflicts) {
            *out = all[i];
        }
    }
}

void
FzCause_Print(const FzCause *cause, char *out, size_t size)
{
    out[0] = '\0';
    if (cause->preempted) {
        snprintf(out, size, "%s|%s%s%s|%s", cause->function, cause->kind,
                 cause->field[0] != '\0' ? "." : "", cause->field,
                 cause->other_function);
    }
}
