// report_markdown.c: the triage for people: a table, then each group with its
// program, its stacks and the commands that go on from here.

#include <string.h>

#include "triage_internal.h"

enum { MAX_PROGRAM = 4000, MAX_SKIPPED = 20 };

// In a cell of a table, "|" ends the cell.
static void
put_cell(FzBuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '\\') {
            FzBuf_AppendByte(out, '\\');
        }
        FzBuf_AppendByte(out, *text == '\n' ? ' ' : (uint8_t)*text);
    }
}

static void
put_rate(const FzReplays *r, FzBuf *out)
{
    if (!r->done) {
        FzBuf_Printf(out, "–");
        return;
    }
    FzBuf_Printf(out, "%llu of %llu", (unsigned long long)r->same,
                 (unsigned long long)r->times);
}

static void
put_table(const FzTriage *triage, FzBuf *out)
{
    FzBuf_Printf(out, "| id | state | what | findings | replays | smallest |\n"
                      "| --- | --- | --- | ---: | --- | --- |\n");
    for (size_t i = 0; i < triage->ngroups; i++) {
        const FzGroup *group = &triage->groups[i];
        char title[400];
        FzGroup_Title(group, title, sizeof(title));
        FzBuf_Printf(out, "| `%s` | %s%s | ", group->id,
                     FzState_Name(group->state),
                     triage->compared && group->is_new ? " (not in the old "
                                                         "report)"
                                                       : "");
        put_cell(out, title);
        FzBuf_Printf(out, " | %zu | ", group->count);
        put_rate(&group->replays, out);
        FzBuf_Printf(out, " | ");
        if (group->smallest->small != NULL) {
            FzBuf_Printf(out, "%u threads, %u operations, %u preemptions",
                         group->smallest->threads,
                         group->smallest->operations,
                         group->smallest->preemptions);
        }
        else {
            FzBuf_Printf(out, "%u threads, %llu steps",
                         group->smallest->threads,
                         (unsigned long long)group->smallest->steps);
        }
        FzBuf_Printf(out, " |\n");
    }
}

static void
put_program(const FzGroup *group, FzBuf *out)
{
    FzBuf program = {0};
    FzGroup_Program(group, &program);
    if (program.size > 0) {
        FzBuf_Printf(out, "```python\n%.*s```\n\n", MAX_PROGRAM,
                     FzBuf_CString(&program));
    }
    FzBuf_Free(&program);
}

static void
put_stacks(const FzGroup *group, FzBuf *out)
{
    static FzStacks stacks;
    FzStacks_Read(FzGroup_Folder(group), &stacks);
    for (size_t i = 0; i < stacks.count; i++) {
        FzBuf_Printf(out, "%s:\n\n```\n", stacks.stacks[i].title);
        for (size_t k = 0; k < stacks.stacks[i].depth; k++) {
            const FzFrame *frame = &stacks.stacks[i].frames[k];
            FzBuf_Printf(out, "%s", frame->function);
            if (frame->file[0] != '\0') {
                FzBuf_Printf(out, " (%s:%u)", frame->file, frame->line);
            }
            FzBuf_Printf(out, "\n");
        }
        FzBuf_Printf(out, "```\n\n");
    }
}

static void
put_group(const FzGroup *group, FzBuf *out)
{
    char title[400];
    const FzTriaged *f = group->smallest;
    const char *folder = FzGroup_Folder(group);
    FzGroup_Title(group, title, sizeof(title));
    FzBuf_Printf(out, "## `%s` ", group->id);
    put_cell(out, title);
    FzBuf_Printf(out, "\n\n%s. %zu findings, %s", FzGroup_Sentence(group),
                 group->count, FzState_Name(group->state));
    if (group->link[0] != '\0') {
        FzBuf_Printf(out, " (<%s>)", group->link);
    }
    FzBuf_Printf(out, ".\n\n> %s\n\n", f->message);
    if (f->cause[0] != '\0') {
        FzBuf_Printf(out, "Preempted: `%s`.\n\n", f->cause);
    }
    put_program(group, out);
    put_stacks(group, out);
    FzBuf_Printf(out, "Signatures:\n\n");
    for (size_t i = 0; i < group->nsignatures; i++) {
        FzBuf_Printf(out, "- `%s`: %zu\n", group->signatures[i],
                     group->counts[i]);
    }
    if (group->nbehind > 0) {
        FzBuf_Printf(out, "\nSeen only where a run went on behind it, never "
                          "first (a consequence, or hidden by it):\n\n");
    }
    for (size_t i = 0; i < group->nbehind; i++) {
        FzBuf_Printf(out, "- `%s`\n", group->behind[i]);
    }
    FzBuf_Printf(out, "\n```\nftfuzz show %s\nftfuzz replay %s\n", folder,
                 folder);
    if (f->small == NULL) {
        FzBuf_Printf(out, "ftfuzz minimize %s\n", folder);
    }
    FzBuf_Printf(out, "```\n\n");
}

void
FzTriage_Markdown(const FzTriage *triage, FzBuf *out)
{
    FzBuf_Printf(out,
                 "# Findings\n\n%zu findings in %zu groups; %zu stand "
                 "(new or regressed).\n\n",
                 triage->nfindings, triage->ngroups,
                 FzTriage_CountStanding(triage));
    if (triage->ngroups > 0) {
        put_table(triage, out);
        FzBuf_Printf(out, "\n");
    }
    if (triage->ngone > 0) {
        FzBuf_Printf(out, "In the old report and gone:");
        for (size_t i = 0; i < triage->ngone; i++) {
            FzBuf_Printf(out, " `%s`", triage->gone[i]);
        }
        FzBuf_Printf(out, ".\n\n");
    }
    for (size_t i = 0; i < triage->ngroups; i++) {
        put_group(&triage->groups[i], out);
    }
    if (triage->nskipped > 0) {
        FzBuf_Printf(out, "## Left out\n\n%zu folders cannot be read:\n\n",
                     triage->nskipped);
        for (size_t i = 0; i < triage->nskipped && i < MAX_SKIPPED; i++) {
            FzBuf_Printf(out, "- %s\n", triage->skipped[i]);
        }
    }
}
