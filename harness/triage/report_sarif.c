// report_sarif.c: the triage as SARIF 2.1.0, for code-scanning services: one
// result for each group, with the stacks of the threads as a code flow. Stays
// below what services accept: 5,000 results, 10 megabytes.

#include <string.h>

#include "fz_engine.h"
#include "triage_internal.h"

enum { MAX_RESULTS = 5000, MAX_MESSAGE = 1000 };

static void
put_text(FzBuf *out, const char *name, const char *text)
{
    char shortened[MAX_MESSAGE + 1];
    snprintf(shortened, sizeof(shortened), "%s", text);
    // Not in the middle of a character.
    size_t n = strlen(shortened);
    while (n == MAX_MESSAGE && n > 0 && (shortened[n - 1] & 0xc0) == 0x80) {
        shortened[--n] = '\0';
    }
    FzBuf_Printf(out, "\"%s\": {\"text\": ", name);
    FzBuf_JsonString(out, shortened[0] != '\0' ? shortened : "–");
    FzBuf_Printf(out, "}");
}

static void
put_rules(FzBuf *out)
{
    FzBuf_Printf(out, "\"rules\": [");
    for (int i = 0; i < FZ_RULE_COUNT; i++) {
        FzRule rule = (FzRule)i;
        FzBuf_Printf(out, "%s\n            {\"id\": \"%s\", ",
                     i > 0 ? "," : "", FzRule_Name(rule));
        put_text(out, "shortDescription", FzRule_Sentence(rule));
        FzBuf_Printf(out, ", ");
        put_text(out, "help", "ftfuzz show FINDING prints the program beside "
                              "its interleaving.");
        FzBuf_Printf(out,
                     ", \"defaultConfiguration\": {\"level\": \"error\"}, "
                     "\"properties\": {\"tags\": [\"concurrency\", \"%s\"]}}",
                     FzRule_Oracle(rule));
    }
    FzBuf_Printf(out, "\n          ]");
}

static int
rule_index(const char *name)
{
    for (int i = 0; i < FZ_RULE_COUNT; i++) {
        if (strcmp(FzRule_Name((FzRule)i), name) == 0) {
            return i;
        }
    }
    return -1;
}

// A place that is in no source file is in the finding's program.
static void
put_place(FzBuf *out, const char *folder, const FzFrame *frame)
{
    FzBuf uri = {0};
    bool known = frame != NULL && frame->file[0] != '\0';
    if (known) {
        FzBuf_Printf(&uri, "%s", frame->file);
    }
    else {
        while (*folder == '/') {
            folder++;           // uris of results are relative
        }
        for (; *folder != '\0'; folder++) {
            if (strchr(" %#?\"<>\\^`{|}", *folder) != NULL) {
                FzBuf_Printf(&uri, "%%%02X", (unsigned char)*folder);
            }
            else {
                FzBuf_AppendByte(&uri, (uint8_t)*folder);
            }
        }
        FzBuf_Printf(&uri, "/program.py");
    }
    FzBuf_Printf(out, "\"physicalLocation\": {\"artifactLocation\": "
                      "{\"uri\": ");
    FzBuf_JsonString(out, FzBuf_CString(&uri));
    FzBuf_Printf(out, "}, \"region\": {\"startLine\": %u}}",
                 known && frame->line > 0 ? frame->line : 1);
    FzBuf_Free(&uri);
}

static void
put_flow(FzBuf *out, const char *folder, const FzStacks *stacks)
{
    if (stacks->count == 0) {
        return;
    }
    FzBuf_Printf(out, ",\n          \"codeFlows\": [{\"threadFlows\": [");
    for (size_t i = 0; i < stacks->count; i++) {
        const FzStack *stack = &stacks->stacks[i];
        FzBuf_Printf(out, "%s\n            {\"id\": ", i > 0 ? "," : "");
        FzBuf_JsonString(out, stack->title);
        FzBuf_Printf(out, ", \"locations\": [");
        // Outermost first: the order in which it came about.
        for (size_t k = stack->depth; k-- > 0;) {
            FzBuf_Printf(out, "\n              {\"location\": {");
            put_place(out, folder, &stack->frames[k]);
            FzBuf_Printf(out, ", ");
            put_text(out, "message", stack->frames[k].function);
            FzBuf_Printf(out, "}}%s", k > 0 ? "," : "");
        }
        FzBuf_Printf(out, "]}");
    }
    FzBuf_Printf(out, "]}]");
}

static const char *
baseline_of(const FzTriage *triage, const FzGroup *group)
{
    if (triage->compared) {
        return group->is_new ? "new" : "unchanged";
    }
    return group->state == FZ_STATE_NEW ? "new" : "unchanged";
}

static void
put_result(const FzTriage *triage, const FzGroup *group, FzBuf *out)
{
    static FzStacks stacks;
    char title[400];
    FzBuf text = {0};
    const FzTriaged *f = group->smallest;
    const char *folder = FzGroup_Folder(group);
    FzStacks_Read(FzGroup_Folder(group), &stacks);
    FzGroup_Title(group, title, sizeof(title));
    FzBuf_Printf(&text, "%s: %s. %s", title, FzGroup_Sentence(group),
                 f->message);
    FzBuf_Printf(out, "        {\"ruleId\": ");
    FzBuf_JsonString(out, f->rule);
    if (rule_index(f->rule) >= 0) {
        FzBuf_Printf(out, ", \"ruleIndex\": %d", rule_index(f->rule));
    }
    FzBuf_Printf(out, ", \"level\": \"error\", \"baselineState\": \"%s\",\n"
                      "          ",
                 baseline_of(triage, group));
    put_text(out, "message", FzBuf_CString(&text));
    FzBuf_Free(&text);
    FzBuf_Printf(out, ",\n          \"locations\": [{");
    put_place(out, folder, FzStacks_Place(&stacks));
    FzBuf_Printf(out, "}]");
    put_flow(out, folder, &stacks);
    FzBuf_Printf(out, ",\n          \"partialFingerprints\": "
                      "{\"ftfuzz/v1\": \"%s\"},\n          "
                      "\"occurrenceCount\": %zu",
                 group->id, group->count);
    if (group->state == FZ_STATE_KNOWN || group->state == FZ_STATE_WONT_FIX) {
        FzBuf_Printf(out, ",\n          \"suppressions\": [{\"kind\": "
                          "\"external\", \"justification\": ");
        FzBuf_JsonString(out, group->link[0] != '\0'
                                  ? group->link
                                  : FzState_Name(group->state));
        FzBuf_Printf(out, "}]");
    }
    FzBuf_Printf(out, ",\n          \"properties\": {\"finding\": ");
    FzBuf_JsonString(out, folder);
    FzBuf_Printf(out, ", \"state\": \"%s\"}}", FzState_Name(group->state));
}

void
FzTriage_Sarif(const FzTriage *triage, FzBuf *out)
{
    FzBuf_Printf(out,
                 "{\n  \"$schema\": "
                 "\"https://json.schemastore.org/sarif-2.1.0.json\",\n"
                 "  \"version\": \"2.1.0\",\n  \"runs\": [\n    {\n"
                 "      \"tool\": {\n        \"driver\": {\n"
                 "          \"name\": \"ftfuzz\", \"version\": \"0.1.0\",\n"
                 "          ");
    put_rules(out);
    FzBuf_Printf(out, "\n        }\n      },\n"
                      "      \"columnKind\": \"utf16CodeUnits\",\n"
                      "      \"results\": [");
    for (size_t i = 0; i < triage->ngroups && i < MAX_RESULTS; i++) {
        FzBuf_Printf(out, "%s\n", i > 0 ? "," : "");
        put_result(triage, &triage->groups[i], out);
    }
    FzBuf_Printf(out, "\n      ]\n    }\n  ]\n}\n");
}
