// report_html.c: the triage as one HTML file that needs nothing else: a table
// of the groups, then each with its smallest reproducer. Everything is there
// without scripts; they add search and filters.

#include <string.h>

#include "fz_exec.h"
#include "fz_page.h"
#include "triage_internal.h"

enum { MAX_GROUPS = 400, MAX_PROGRAM = 6000, MAX_SIGNATURES = 40,
       MAX_SKIPPED = 20 };

extern const char fz_overview_css[];
extern const char fz_overview_js[];

// Names of classes in overview.css.
static const char *
class_of(FzState state)
{
    static const char *const classes[FZ_STATE_COUNT] = {
        [FZ_STATE_NEW] = "new",
        [FZ_STATE_KNOWN] = "known",
        [FZ_STATE_FIXED] = "fixed",
        [FZ_STATE_REGRESSED] = "regressed",
        [FZ_STATE_WONT_FIX] = "wont-fix",
    };
    return classes[state];
}

static void
put_state(const FzTriage *triage, const FzGroup *group, FzBuf *out)
{
    FzBuf_Printf(out, "<span class=\"state %s\">%s</span>",
                 class_of(group->state), FzState_Name(group->state));
    if (triage->compared && group->is_new) {
        FzBuf_Printf(out, " <span class=\"added\">not in the old report"
                          "</span>");
    }
}

static void
put_size(const FzTriaged *f, FzBuf *out)
{
    if (f->small != NULL) {
        FzBuf_Printf(out, "%u thread%s, %u operation%s, %u preemption%s",
                     f->threads, f->threads == 1 ? "" : "s", f->operations,
                     f->operations == 1 ? "" : "s", f->preemptions,
                     f->preemptions == 1 ? "" : "s");
    }
    else {
        FzBuf_Printf(out, "%u threads, %llu steps", f->threads,
                     (unsigned long long)f->steps);
    }
}

static void
put_rate(const FzReplays *r, FzBuf *out)
{
    if (!r->done || r->times == 0) {
        FzBuf_Printf(out, "not replayed");
        return;
    }
    FzBuf_Printf(out, "%llu of %llu", (unsigned long long)r->same,
                 (unsigned long long)r->times);
    if (r->other > 0) {
        FzBuf_Printf(out, ", otherwise %llu", (unsigned long long)r->other);
    }
}

// ---------------------------------------------------------------------------
// Head and table

static void
put_fact(FzBuf *out, const char *name, size_t value)
{
    FzBuf_Printf(out, "<div><dt>%s</dt><dd>%zu</dd></div>\n", name, value);
}

static void
put_head(const FzTriage *triage, FzBuf *out)
{
    size_t standing = FzTriage_CountStanding(triage);
    FzBuf_Printf(out, "<header><h1 class=\"%s\">Findings</h1>\n<dl class=\""
                      "totals\">\n", standing > 0 ? "bad" : "good");
    put_fact(out, "findings", triage->nfindings);
    put_fact(out, "groups", triage->ngroups);
    put_fact(out, "stand", standing);
    if (triage->compared) {
        put_fact(out, "gone", triage->ngone);
    }
    if (triage->nskipped > 0) {
        put_fact(out, "left out", triage->nskipped);
    }
    FzBuf_Printf(out, "</dl>\n<p>A group is one mistake; it stands if it is "
                      "new or regressed. Replayed by %s.</p>\n</header>\n",
                 FzExec_BuildName());
}

static void
put_filters(const FzTriage *triage, FzBuf *out)
{
    FzBuf_Printf(out, "<form id=\"filter\" hidden><label>search <input "
                      "type=\"search\" id=\"search\" placeholder=\"rule, "
                      "function, object\"></label>");
    for (int state = 0; state < FZ_STATE_COUNT; state++) {
        bool any = false;
        for (size_t i = 0; i < triage->ngroups; i++) {
            any = any || triage->groups[i].state == (FzState)state;
        }
        if (any) {
            FzBuf_Printf(out, "<label><input type=\"checkbox\" data-state=\""
                              "%s\" checked>%s</label>",
                         class_of((FzState)state),
                         FzState_Name((FzState)state));
        }
    }
    FzBuf_Printf(out, "<output id=\"shown\"></output></form>\n");
}

static void
put_row(const FzTriage *triage, size_t i, size_t most, FzBuf *out)
{
    const FzGroup *group = &triage->groups[i];
    char title[400];
    FzGroup_Title(group, title, sizeof(title));
    FzBuf_Printf(out, "<tr data-group=\"%s\" data-state=\"%s\"><td>",
                 group->id, class_of(group->state));
    FzBuf_Printf(out, i < MAX_GROUPS ? "<a href=\"#g-%s\"><code>%s</code></a>"
                                     : "<!--%s--><code>%s</code>",
                 group->id, group->id);
    FzBuf_Printf(out, "</td><td>");
    put_state(triage, group, out);
    FzBuf_Printf(out, "</td><td class=\"what\">");
    FzPage_Text(out, title, SIZE_MAX);
    FzBuf_Printf(out, "</td><td class=\"count\"><span>%zu</span><i style=\""
                      "width:%zu%%\"></i></td><td data-name=\"replays\">",
                 group->count, group->count * 100 / most);
    put_rate(&group->replays, out);
    FzBuf_Printf(out, "</td><td data-name=\"smallest\">");
    put_size(group->smallest, out);
    FzBuf_Printf(out, "</td><td>");
    if (group->has_page) {
        FzBuf_Printf(out, "<a href=\"pages/%s.html\">page</a>", group->id);
    }
    FzBuf_Printf(out, "</td></tr>\n");
}

static void
put_table(const FzTriage *triage, FzBuf *out)
{
    size_t most = 1;
    for (size_t i = 0; i < triage->ngroups; i++) {
        most = triage->groups[i].count > most ? triage->groups[i].count : most;
    }
    put_filters(triage, out);
    FzBuf_Printf(out, "<table class=\"grid\" id=\"groups\"><thead><tr><th>id"
                      "</th><th>state</th><th>what</th><th>findings</th><th>"
                      "replays</th><th>smallest</th><th></th></tr></thead>"
                      "<tbody>\n");
    for (size_t i = 0; i < triage->ngroups; i++) {
        put_row(triage, i, most, out);
    }
    FzBuf_Printf(out, "</tbody></table>\n");
}

// ---------------------------------------------------------------------------
// One group

static void
put_facts(const FzTriage *triage, const FzGroup *group, FzBuf *out)
{
    FzBuf_Printf(out, "<dl class=\"facts\"><dt>state</dt><dd>");
    put_state(triage, group, out);
    FzBuf_Printf(out, "</dd><dt>findings</dt><dd>%zu, with %zu signature%s"
                      "</dd><dt>replays</dt><dd>",
                 group->count, group->nsignatures,
                 group->nsignatures == 1 ? "" : "s");
    put_rate(&group->replays, out);
    FzBuf_Printf(out, "</dd><dt>smallest</dt><dd>");
    put_size(group->smallest, out);
    FzBuf_Printf(out, ", of %s</dd>", group->smallest->build);
    if (group->smallest->cause[0] != '\0') {
        FzBuf_Printf(out, "<dt>preempted</dt><dd><code>");
        FzPage_Text(out, group->smallest->cause, SIZE_MAX);
        FzBuf_Printf(out, "</code></dd>");
    }
    if (group->link[0] != '\0') {
        bool web = strncmp(group->link, "http://", 7) == 0 ||
                   strncmp(group->link, "https://", 8) == 0;
        FzBuf_Printf(out, "<dt>link</dt><dd><a%s", web ? " href=\"" : "");
        if (web) {
            FzPage_Text(out, group->link, SIZE_MAX);
            FzBuf_Printf(out, "\"");
        }
        FzBuf_Printf(out, ">");
        FzPage_Text(out, group->link, SIZE_MAX);
        FzBuf_Printf(out, "</a></dd>");
    }
    FzBuf_Printf(out, "</dl>\n");
}

static void
put_stacks(const FzGroup *group, FzBuf *out)
{
    static FzStacks stacks;
    FzStacks_Read(FzGroup_Folder(group), &stacks);
    if (stacks.count > 0) {
        FzBuf_Printf(out, "<details><summary>stacks</summary>\n");
        for (size_t i = 0; i < stacks.count; i++) {
            FzBuf_Printf(out, "<h3>");
            FzPage_Text(out, stacks.stacks[i].title, SIZE_MAX);
            FzBuf_Printf(out, "</h3><ol class=\"stack\">");
            for (size_t k = 0; k < stacks.stacks[i].depth; k++) {
                const FzFrame *frame = &stacks.stacks[i].frames[k];
                FzBuf_Printf(out, "<li><code>");
                FzPage_Text(out, frame->function, SIZE_MAX);
                FzBuf_Printf(out, "</code>");
                if (frame->file[0] != '\0') {
                    FzBuf_Printf(out, " ");
                    FzPage_Text(out, frame->file, SIZE_MAX);
                    FzBuf_Printf(out, ":%u", frame->line);
                }
                FzBuf_Printf(out, "</li>");
            }
            FzBuf_Printf(out, "</ol>\n");
        }
        FzBuf_Printf(out, "</details>\n");
    }
}

static void
put_signatures(const FzGroup *group, FzBuf *out)
{
    FzBuf_Printf(out, "<details><summary>%zu signature%s</summary><ul>\n",
                 group->nsignatures, group->nsignatures == 1 ? "" : "s");
    for (size_t i = 0; i < group->nsignatures && i < MAX_SIGNATURES; i++) {
        FzBuf_Printf(out, "<li>%zu × <code>", group->counts[i]);
        FzPage_Text(out, group->signatures[i], SIZE_MAX);
        FzBuf_Printf(out, "</code></li>\n");
    }
    FzBuf_Printf(out, "</ul></details>\n");
}

static void
put_behind(const FzGroup *group, FzBuf *out)
{
    if (group->nbehind == 0) {
        return;
    }
    FzBuf_Printf(out, "<p>Seen only where a run went on behind it, never first "
                      "(a consequence, or hidden by it):</p><ul>\n");
    for (size_t i = 0; i < group->nbehind && i < MAX_SIGNATURES; i++) {
        FzBuf_Printf(out, "<li><code>");
        FzPage_Text(out, group->behind[i], SIZE_MAX);
        FzBuf_Printf(out, "</code></li>\n");
    }
    FzBuf_Printf(out, "</ul>\n");
}

static void
put_program(const FzGroup *group, FzBuf *out)
{
    FzBuf program = {0};
    FzGroup_Program(group, &program);
    if (program.size > 0) {
        FzBuf_Printf(out, "<pre class=\"program\">");
        FzPage_Text(out, FzBuf_CString(&program), MAX_PROGRAM);
        FzBuf_Printf(out, "</pre>\n");
    }
    FzBuf_Free(&program);
}

static void
put_group(const FzTriage *triage, const FzGroup *group, FzBuf *out)
{
    char title[400];
    const char *folder = FzGroup_Folder(group);
    FzGroup_Title(group, title, sizeof(title));
    FzBuf_Printf(out, "<section class=\"group\" id=\"g-%s\" data-group=\"%s\">"
                      "<h2>", group->id, group->id);
    FzPage_Text(out, title, SIZE_MAX);
    FzBuf_Printf(out, "</h2>\n<p class=\"sentence\">");
    FzPage_Text(out, FzGroup_Sentence(group), SIZE_MAX);
    FzBuf_Printf(out, "</p>\n<pre class=\"message\">");
    FzPage_Text(out, group->smallest->message, 2000);
    FzBuf_Printf(out, "</pre>\n");
    put_facts(triage, group, out);
    if (group->has_page) {
        FzBuf_Printf(out, "<p><a href=\"pages/%s.html\">Its page</a>: why it "
                          "is a bug, timeline, reference counts, every "
                          "step.</p>\n", group->id);
    }
    put_program(group, out);
    put_stacks(group, out);
    put_signatures(group, out);
    put_behind(group, out);
    FzBuf_Printf(out, "<pre>ftfuzz replay ");
    FzPage_Text(out, folder, SIZE_MAX);
    FzBuf_Printf(out, "\nftfuzz %s ",
                 group->smallest->small != NULL ? "explain" : "minimize");
    FzPage_Text(out, folder, SIZE_MAX);
    FzBuf_Printf(out, "</pre>\n</section>\n");
}

// ---------------------------------------------------------------------------

static void
put_rest(const FzTriage *triage, FzBuf *out)
{
    if (triage->ngroups > MAX_GROUPS) {
        FzBuf_Printf(out, "<p>The first %d groups are described here; "
                          "triage.json has all.</p>\n", MAX_GROUPS);
    }
    if (triage->ngone > 0) {
        FzBuf_Printf(out, "<section><h2>Gone</h2><p>In the old report, and "
                          "not seen any more:");
        for (size_t i = 0; i < triage->ngone; i++) {
            FzBuf_Printf(out, " <code>");
            FzPage_Text(out, triage->gone[i], SIZE_MAX);
            FzBuf_Printf(out, "</code>");
        }
        FzBuf_Printf(out, "</p></section>\n");
    }
    if (triage->nskipped > 0) {
        FzBuf_Printf(out, "<section><h2>Left out</h2><p>%zu folders cannot be "
                          "read:</p><ul>", triage->nskipped);
        for (size_t i = 0; i < triage->nskipped && i < MAX_SKIPPED; i++) {
            FzBuf_Printf(out, "<li>");
            FzPage_Text(out, triage->skipped[i], SIZE_MAX);
            FzBuf_Printf(out, "</li>");
        }
        FzBuf_Printf(out, "</ul></section>\n");
    }
}

void
FzTriage_Html(const FzTriage *triage, FzBuf *out)
{
    FzPage_Begin(out, "Findings", fz_overview_css);
    put_head(triage, out);
    if (triage->ngroups > 0) {
        put_table(triage, out);
    }
    else {
        FzBuf_Printf(out, "<p>Nothing was found.</p>\n");
    }
    for (size_t i = 0; i < triage->ngroups && i < MAX_GROUPS; i++) {
        put_group(triage, &triage->groups[i], out);
    }
    put_rest(triage, out);
    FzPage_End(out, fz_overview_js);
}
