// stacks.c: what the smallest reproducer of a group says of it: its program,
// its stacks, read back from its report; and the words that name a group.

#include <stdlib.h>
#include <string.h>

#include "fz_finding.h"
#include "triage_internal.h"

const char *
FzGroup_Folder(const FzGroup *group)
{
    const FzTriaged *f = group->smallest;
    return f->small != NULL ? f->small : f->path;
}

void
FzGroup_Program(const FzGroup *group, FzBuf *out)
{
    char path[4300];
    FzBuf text = {0};
    snprintf(path, sizeof(path), "%s/program.py", FzGroup_Folder(group));
    if (FzFile_Read(path, &text, NULL, 0)) {
        const char *program = FzBuf_CString(&text);
        const char *start = strstr(program, "\n\n\nclass C0");
        const char *shared = strstr(program, "\n\n\ns0 = ");
        start = start != NULL && start < shared ? start : shared;
        FzBuf_Printf(out, "%s", start != NULL ? start + 3 : program);
    }
    FzBuf_Free(&text);
}

const char *
FzGroup_Sentence(const FzGroup *group)
{
    for (int rule = 0; rule < FZ_RULE_COUNT; rule++) {
        if (strcmp(FzRule_Name((FzRule)rule), group->smallest->rule) == 0) {
            return FzRule_Sentence((FzRule)rule);
        }
    }
    return "";
}

void
FzGroup_Title(const FzGroup *group, char *out, size_t size)
{
    FzSignature s;
    if (group->title != NULL && group->title[0] != '\0') {
        snprintf(out, size, "%s", group->title);
        return;
    }
    if (!FzSignature_Parse(group->signatures[0], &s)) {
        snprintf(out, size, "%s", group->signatures[0]);
        return;
    }
    const char *one = s.functions[0], *two = s.functions[1];
    bool both = one[0] != '\0' && two[0] != '\0';
    bool any = one[0] != '\0' || two[0] != '\0';
    snprintf(out, size, "%s%s%s%s%s%s%s%s%s", s.rule, any ? " in " : "", one,
             both ? " and " : "", two, s.kind[0] != '\0' ? " on " : "",
             s.kind, s.field[0] != '\0' ? "." : "", s.field);
}

// "    #3  name (runtime/objects/list.c:12) < outer (…)": inlined frames too.
static void
parse_frames(const char *line, FzStack *stack)
{
    line += strcspn(line, "0123456789");
    line += strspn(line, "0123456789 ");
    while (*line != '\0' && *line != '\n' &&
           stack->depth < FZ_REPORT_FRAMES) {
        FzFrame *frame = &stack->frames[stack->depth++];
        *frame = (FzFrame){0};
        size_t n = strcspn(line, " (\n");
        snprintf(frame->function, sizeof(frame->function), "%.*s",
                 (int)(n < 95 ? n : 95), line);
        line += n;
        line += strspn(line, " (");
        size_t place = strcspn(line, ":)\n");
        if (line[place] == ':') {
            snprintf(frame->file, sizeof(frame->file), "%.*s",
                     (int)(place < 95 ? place : 95), line);
            frame->line = (unsigned)strtoul(line + place + 1, NULL, 10);
        }
        const char *inlined = strstr(line, " < ");
        const char *end = strchr(line, '\n');
        if (inlined == NULL || (end != NULL && inlined > end)) {
            return;
        }
        line = inlined + 3;
    }
}

static bool
is_frame(const char *line)
{
    return strncmp(line, "    #", 5) == 0;
}

// "  now thread 1 plainly wrote 8 bytes in …": of a race's message.
static void
note_plain(const char *line, bool plain[2])
{
    static const char *const starts[] = {"now thread ", "before thread "};
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(starts[i]);
        if (strncmp(line, starts[i], n) == 0) {
            const char *how = line + n + strspn(line + n, "0123456789");
            plain[i] = strncmp(how, " plainly ", 9) == 0;
        }
    }
}

void
FzStacks_Read(const char *folder, FzStacks *out)
{
    FzBuf bytes = {0};
    char path[4300];
    memset(out, 0, sizeof(*out));
    snprintf(path, sizeof(path), "%s/report.txt", folder);
    if (!FzFile_Read(path, &bytes, NULL, 0)) {
        FzBuf_Free(&bytes);
        return;
    }
    const char *title = "";
    bool in_stack = false, plain[2] = {false, false};
    for (const char *line = FzBuf_CString(&bytes); *line != '\0';) {
        const char *end = strchr(line, '\n');
        if (!is_frame(line)) {
            in_stack = false;
            title = line + strspn(line, " ");
            note_plain(title, plain);
        }
        else {
            if (!in_stack && out->count < FZ_REPORT_STACKS) {
                FzStack *stack = &out->stacks[out->count++];
                snprintf(stack->title, sizeof(stack->title), "%.*s",
                         (int)strcspn(title, ":\n"), title);
                stack->plain = out->count <= 2 && plain[out->count - 1];
                in_stack = true;
            }
            if (in_stack) {
                parse_frames(line, &out->stacks[out->count - 1]);
            }
        }
        line = end != NULL ? end + 1 : line + strlen(line);
    }
    FzBuf_Free(&bytes);
}

const FzFrame *
FzStacks_Place(const FzStacks *stacks)
{
    const FzFrame *any = NULL;
    for (size_t i = 0; i < stacks->count; i++) {
        for (size_t k = 0; k < stacks->stacks[i].depth; k++) {
            const FzFrame *frame = &stacks->stacks[i].frames[k];
            if (strncmp(frame->file, "runtime/", 8) != 0 ||
                strncmp(frame->file, "runtime/audit/", 14) == 0) {
                continue;
            }
            if (strstr(frame->file, "/include/") == NULL &&
                !FzSymbol_IsPlumbing(frame->function)) {
                return frame;
            }
            any = any != NULL ? any : frame;
        }
    }
    return any;
}
