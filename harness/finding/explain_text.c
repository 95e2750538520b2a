// explain_text.c: an explanation in words.

#include <string.h>

#include "fz_explain.h"

// Why it matters, by the part of the runtime that a rule is about.
static const char *
meaning_of(FzRule rule)
{
    static const struct {
        const char *oracle, *text;
    } meanings[] = {
        {"refcount",
         "An object lives exactly as long as its count says. A count that is "
         "too low frees\nwhat is still used; one that is too high is never "
         "freed."},
        {"memory",
         "The memory may belong to another object by now: what is read is "
         "arbitrary, what\nis written destroys something else."},
        {"deadlock",
         "The program stands still for ever. Nothing but the end of the "
         "process helps."},
        {"lock",
         "What the lock protects is not protected: two threads may be inside "
         "at once, or\na waiter may never be served."},
        {"stop-the-world",
         "The collector and others who stop the world rely on being alone. "
         "What changes\nmeanwhile is missed or seen half."},
        {"interpreter",
         "Interpreters share no objects: each has its own lock and its own "
         "end."},
        {"gc",
         "The collector frees what it judges unreachable. If it is wrong, a "
         "living object\nis destroyed, or garbage stays."},
        {"weakref",
         "A weak reference gives out its object or None. Anything else is a "
         "pointer to\nfreed memory."},
        {"qsbr",
         "A reader without a lock relies on what it reads not being freed "
         "before it has\nbeen quiescent."},
        {"gil",
         "With the GIL on, code relies on no other thread running."},
        {"eval-breaker",
         "Calls and exceptions that were asked for must happen once, in "
         "order, on their\nthread."},
        {"race",
         "Two accesses without order, one of them a write: the compiler and "
         "the processor\nmay do anything with them."},
        {"progress", "The program makes no progress although threads run."},
        {"crash", "The process ends: everything in it is lost."},
    };
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strcmp(meanings[i].oracle, FzRule_Oracle(rule)) == 0) {
            return meanings[i].text;
        }
    }
    return "";
}

// The text of a line of the program, without its indentation.
static void
line_text(const char *program, uint32_t line, char *out, size_t size)
{
    out[0] = '\0';
    for (uint32_t i = 1; i < line && program != NULL; i++) {
        program = strchr(program, '\n');
        program = program != NULL ? program + 1 : NULL;
    }
    if (program != NULL && line > 0) {
        program += strspn(program, " ");
        program += strncmp(program, "try: ", 5) == 0 ? 5 : 0;
        snprintf(out, size, "%.*s", (int)strcspn(program, "\n"), program);
    }
}

static void
put_place(FzBuf *out, const char *program, uint32_t line, uintptr_t site)
{
    char text[200], name[600];
    line_text(program, line, text, sizeof(text));
    if (text[0] != '\0') {
        FzBuf_Printf(out, "    line %u: %s\n", line, text);
    }
    if (site != 0) {
        FzSymbol_NameOffset(site, name, sizeof(name));
        FzBuf_Printf(out, "    in %s\n", name);
    }
}

static void
put_cause(FzBuf *out, const char *program, const FzExplanation *x)
{
    const FzCause *c = &x->cause;
    FzBuf_Printf(out, "What conflicts\n\n");
    if (!c->preempted) {
        FzBuf_Printf(out, "  No thread is preempted: it fails whatever the "
                          "schedule is, or by the order\n  in which threads "
                          "wait and end.\n\n");
        return;
    }
    FzBuf_Printf(out, "  At step %llu thread %u is preempted",
                 (unsigned long long)c->step, c->thread);
    if (c->kind[0] != '\0') {
        FzBuf_Printf(out, ", just before it touches %s%s%s", c->kind,
                     c->field[0] != '\0' ? "." : "", c->field);
    }
    FzBuf_Printf(out, ":\n");
    put_place(out, program, c->line, c->site);
    if (c->other_site != 0) {
        FzBuf_Printf(out, "  Before it goes on, thread %u touches the same:\n",
                     c->other);
        put_place(out, program, c->other_line, c->other_site);
    }
    else {
        FzBuf_Printf(out, "  Thread %u runs instead.\n", c->other);
    }
    FzBuf_Printf(out, "  (%zu preemptions in all.)\n\n", x->preemptions);
}

static void
put_change(FzBuf *out, const FzExplanation *x)
{
    FzBuf_Printf(out, "What would have been fine\n\n");
    if (!x->avoidable) {
        FzBuf_Printf(out, "  No single change of one preemption avoids it.\n"
                          "\n");
        return;
    }
    if (x->shift == 0) {
        FzBuf_Printf(out, "  Thread %u goes on instead of giving way to "
                          "thread %u after %llu points of its\n  own: nothing "
                          "is wrong then.\n\n",
                     x->turn.thread, x->turn.to,
                     (unsigned long long)x->turn.at);
        return;
    }
    uint64_t by = (uint64_t)(x->shift < 0 ? -x->shift : x->shift);
    FzBuf_Printf(out, "  Thread %u gives way to thread %u %llu point%s %s "
                      "(after %llu points of its own,\n  not %llu): nothing "
                      "is wrong then.\n\n",
                 x->turn.thread, x->turn.to, (unsigned long long)by,
                 by == 1 ? "" : "s", x->shift < 0 ? "earlier" : "later",
                 (unsigned long long)(x->turn.at + (uint64_t)x->shift),
                 (unsigned long long)x->turn.at);
}

static void
put_no_return(FzBuf *out, const char *program, const FzExplanation *x)
{
    FzBuf_Printf(out, "The moment of no return\n\n"
                      "  As recorded up to a step, then %d other schedules: "
                      "so many still fail.\n\n",
                 FZ_MOMENT_TRIALS);
    for (size_t i = 0; i < x->nmoments; i++) {
        const FzMoment *m = &x->moments[i];
        FzBuf_Printf(out, "  step %7llu  %3u%%  ",
                     (unsigned long long)m->step,
                     m->failed * 100 / FZ_MOMENT_TRIALS);
        for (uint32_t k = 0; k < m->failed; k++) {
            FzBuf_AppendByte(out, '#');
        }
        FzBuf_AppendByte(out, '\n');
    }
    if (!x->has_no_return) {
        FzBuf_Printf(out, "\n  It can be avoided to the end.\n");
        return;
    }
    FzBuf_Printf(out, "\n  From step %llu on it fails whatever follows. Then "
                      "thread %u is at\n",
                 (unsigned long long)x->no_return, x->no_return_place.thread);
    put_place(out, program, x->no_return_place.line, x->no_return_place.site);
}

void
FzExplain_Print(const FzFinding *finding, const FzRun *run,
                const FzExplanation *x, FzBuf *out)
{
    const FzViolation *v = &run->violations[0];
    FzBuf program = {0};
    FzProgram_Lift(&finding->input.program, &program, NULL);
    const char *text = FzBuf_CString(&program);
    FzBuf_Printf(out, "%s: %s\n\n  %s\n\n", FzRule_Name(v->rule),
                 FzRule_Sentence(v->rule), v->message);
    FzBuf_Printf(out, "Why it is a bug\n\n");
    for (const char *at = meaning_of(v->rule); *at != '\0';) {
        size_t n = strcspn(at, "\n");
        FzBuf_Printf(out, "  %.*s\n", (int)n, at);
        at += n + (at[n] == '\n');
    }
    FzBuf_Printf(out, "\n");
    put_cause(out, text, x);
    put_change(out, x);
    put_no_return(out, text, x);
    FzBuf_Free(&program);
}
