// report_json.c: the triage as JSON: all that the other forms show, and what
// `triage --diff` compares with.

#include "fz_exec.h"
#include "triage_internal.h"

static void
put_string(FzBuf *out, const char *name, const char *text)
{
    FzBuf_Printf(out, "\"%s\": ", name);
    FzBuf_JsonString(out, text);
}

static void
put_signatures(const FzGroup *group, FzBuf *out)
{
    FzBuf_Printf(out, "\"signatures\": [");
    for (size_t i = 0; i < group->nsignatures; i++) {
        FzBuf_Printf(out, "%s\n        {", i > 0 ? "," : "");
        put_string(out, "signature", group->signatures[i]);
        FzBuf_Printf(out, ", \"findings\": %zu}", group->counts[i]);
    }
    FzBuf_Printf(out, "\n      ],\n      ");
}

static void
put_behind(const FzGroup *group, FzBuf *out)
{
    FzBuf_Printf(out, "\"behind\": [");
    for (size_t i = 0; i < group->nbehind; i++) {
        FzBuf_Printf(out, "%s", i > 0 ? ", " : "");
        FzBuf_JsonString(out, group->behind[i]);
    }
    FzBuf_Printf(out, "],\n      ");
}

static void
put_stacks(const FzGroup *group, FzBuf *out)
{
    static FzStacks stacks;
    FzStacks_Read(FzGroup_Folder(group), &stacks);
    FzBuf_Printf(out, "\"stacks\": [");
    for (size_t i = 0; i < stacks.count; i++) {
        const FzStack *stack = &stacks.stacks[i];
        FzBuf_Printf(out, "%s\n        {", i > 0 ? "," : "");
        put_string(out, "title", stack->title);
        FzBuf_Printf(out, ", \"frames\": [");
        for (size_t k = 0; k < stack->depth; k++) {
            const FzFrame *frame = &stack->frames[k];
            FzBuf_Printf(out, "%s\n          {", k > 0 ? "," : "");
            put_string(out, "function", frame->function);
            FzBuf_Printf(out, ", ");
            put_string(out, "file", frame->file);
            FzBuf_Printf(out, ", \"line\": %u}", frame->line);
        }
        FzBuf_Printf(out, "]}");
    }
    FzBuf_Printf(out, "\n      ]");
}

static void
put_replays(const FzGroup *group, FzBuf *out)
{
    const FzReplays *r = &group->replays;
    if (!r->done) {
        FzBuf_Printf(out, "\"replays\": null,\n      ");
        return;
    }
    FzBuf_Printf(out,
                 "\"replays\": {\"times\": %llu, \"same\": %llu, \"other\": "
                 "%llu, \"clean\": %llu},\n      ",
                 (unsigned long long)r->times, (unsigned long long)r->same,
                 (unsigned long long)r->other, (unsigned long long)r->clean);
}

static void
put_group(const FzGroup *group, FzBuf *out)
{
    char title[400];
    const FzTriaged *f = group->smallest;
    FzGroup_Title(group, title, sizeof(title));
    FzBuf_Printf(out, "    {\n      ");
    put_string(out, "id", group->id);
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "state", FzState_Name(group->state));
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "link", group->link);
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "title", title);
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "rule", f->rule);
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "sentence", FzGroup_Sentence(group));
    FzBuf_Printf(out, ",\n      \"is_new\": %s,\n      \"findings\": %zu,\n"
                      "      ",
                 group->is_new ? "true" : "false", group->count);
    put_signatures(group, out);
    put_behind(group, out);
    put_string(out, "smallest", FzGroup_Folder(group));
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "build", f->build);
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "message", f->message);
    FzBuf_Printf(out, ",\n      ");
    put_string(out, "cause", f->cause);
    FzBuf_Printf(out, ",\n      \"minimized\": %s,\n      \"threads\": %u,\n",
                 f->small != NULL ? "true" : "false", f->threads);
    if (f->small != NULL) {
        FzBuf_Printf(out, "      \"operations\": %u,\n"
                          "      \"preemptions\": %u,\n",
                     f->operations, f->preemptions);
    }
    FzBuf_Printf(out, "      \"steps\": %llu,\n      ",
                 (unsigned long long)f->steps);
    put_replays(group, out);
    put_stacks(group, out);
    FzBuf_Printf(out, "\n    }");
}

void
FzTriage_Json(const FzTriage *triage, FzBuf *out)
{
    FzBuf_Printf(out,
                 "{\n  \"format\": 1,\n  \"build\": \"%s\",\n"
                 "  \"findings\": %zu,\n  \"standing\": %zu,\n"
                 "  \"groups\": [",
                 FzExec_BuildName(), triage->nfindings,
                 FzTriage_CountStanding(triage));
    for (size_t i = 0; i < triage->ngroups; i++) {
        FzBuf_Printf(out, "%s\n", i > 0 ? "," : "");
        put_group(&triage->groups[i], out);
    }
    FzBuf_Printf(out, "\n  ],\n  \"gone\": [");
    for (size_t i = 0; i < triage->ngone; i++) {
        FzBuf_Printf(out, "%s", i > 0 ? ", " : "");
        FzBuf_JsonString(out, triage->gone[i]);
    }
    FzBuf_Printf(out, "],\n  \"skipped\": [");
    for (size_t i = 0; i < triage->nskipped; i++) {
        FzBuf_Printf(out, "%s\n    ", i > 0 ? "," : "");
        FzBuf_JsonString(out, triage->skipped[i]);
    }
    FzBuf_Printf(out, "%s]\n}\n", triage->nskipped > 0 ? "\n  " : "");
}
