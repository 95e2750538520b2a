// page.c: the HTML of a finding. Everything is there without scripts; they add
// search and filters.

#include <string.h>

#include "fz_exec.h"
#include "fz_signature.h"
#include "page_internal.h"
#include "rtcore_hooks.h"

void
FzPage_Text(FzBuf *out, const char *text, size_t limit)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (i == limit) {
            FzBuf_Printf(out, "…");
            break;
        }
        FzBuf_AppendMarkup(out, text[i]);
    }
}

void
FzPage_Begin(FzBuf *out, const char *title, const char *more_css)
{
    FzBuf_Printf(out,
                 "<!doctype html>\n<html lang=\"en\"><head><meta charset="
                 "\"utf-8\">\n<meta name=\"viewport\" content=\"width="
                 "device-width, initial-scale=1\">\n<title>%s</title>\n"
                 "<style>\n%s%s</style></head>\n<body>\n",
                 title, fz_page_css, more_css);
}

void
FzPage_End(FzBuf *out, const char *script)
{
    FzBuf_Printf(out, "<script>\n%s</script>\n</body></html>\n", script);
}

// ---------------------------------------------------------------------------
// Head

static void
put_summary(const Page *page, FzBuf *out)
{
    const FzViolation *v = &page->run.violations[0];
    FzBuf_Printf(out, "<header><h1>%s</h1>\n<p class=\"sentence\">",
                 FzRule_Name(v->rule));
    FzPage_Text(out, FzRule_Sentence(v->rule), SIZE_MAX);
    FzBuf_Printf(out, "</p>\n<pre class=\"message\">");
    FzPage_Text(out, v->message, SIZE_MAX);
    FzBuf_Printf(out, "</pre>\n<dl class=\"facts\">\n");
    FzBuf_Printf(out, "<dt>signature</dt><dd><code>");
    FzPage_Text(out, page->finding->signature, SIZE_MAX);
    FzBuf_Printf(out,
                 "</code></dd>\n<dt>found by</dt><dd>%s, shown by %s</dd>\n"
                 "<dt>run</dt><dd>%u threads, %llu steps, %llu switches, %zu "
                 "preemptions</dd>\n<dt>seen</dt><dd>at step %llu by thread "
                 "%u</dd>\n<dt>again</dt><dd><code>ftfuzz replay FINDING"
                 "</code></dd>\n</dl>\n",
                 page->finding->build, FzExec_BuildName(), page->run.nthreads,
                 (unsigned long long)page->run.steps,
                 (unsigned long long)page->run.switches,
                 page->explanation.preemptions, (unsigned long long)v->step,
                 v->thread);
    FzBuf_Printf(out, "<nav><a href=\"#why\">why</a> <a href=\"#timeline\">"
                      "timeline</a> <a href=\"#program\">program</a> <a "
                      "href=\"#counts\">references</a> <a href=\"#stacks\">"
                      "stacks</a> <a href=\"#steps\">steps</a></nav>\n"
                      "</header>\n");
}

static void
put_why(const Page *page, FzBuf *out)
{
    FzBuf text = {0};
    FzExplain_Print(page->finding, &page->run, &page->explanation, &text);
    FzBuf_Printf(out, "<section id=\"why\"><h2>Why</h2>\n<pre>");
    FzPage_Text(out, FzBuf_CString(&text), SIZE_MAX);
    FzBuf_Printf(out, "</pre>\n");
    FzBuf_Free(&text);
    if (page->explanation.nmoments > 0) {
        FzBuf_Printf(out, "<h3>The moment of no return</h3>\n<p>From each step "
                          "on, other schedules were tried: how many still "
                          "fail.</p>\n");
        Page_DrawMoments(page, out);
    }
    FzBuf_Printf(out, "</section>\n");
}

// ---------------------------------------------------------------------------
// Program and drawings

// Which threads ran a line, as bits.
static uint32_t
threads_on(const Page *page, uint32_t line)
{
    uint32_t threads = 0;
    for (size_t r = 0; r < page->nrows; r++) {
        threads |= page->rows[r].line == line ? 1u << page->rows[r].thread
                                              : 0;
    }
    return threads;
}

static void
put_lines(const Page *page, uint32_t from, uint32_t to, FzBuf *out)
{
    FzBuf_Printf(out, "<table class=\"code\">\n");
    for (uint32_t i = from; i < to; i++) {
        FzBuf_Printf(out, "<tr id=\"line-%u\"><td class=\"number\">%u</td>"
                          "<td class=\"who\">", i, i);
        uint32_t threads = threads_on(page, i);
        for (uint32_t t = 0; t < page->run.nthreads; t++) {
            if ((threads >> t & 1) != 0) {
                FzBuf_Printf(out, "<b class=\"t%u\">%u</b>", t % 8, t);
            }
        }
        FzBuf_Printf(out, "</td><td><code>");
        FzPage_Text(out, page->lines[i], SIZE_MAX);
        FzBuf_Printf(out, "</code></td></tr>\n");
    }
    FzBuf_Printf(out, "</table>\n");
}

static void
put_program(const Page *page, FzBuf *out)
{
    FzBuf_Printf(out, "<section id=\"program\"><h2>Program</h2>\n<details>"
                      "<summary>the prelude, in every program</summary>\n");
    put_lines(page, 1, page->first_line, out);
    FzBuf_Printf(out, "</details>\n");
    put_lines(page, page->first_line, page->nlines + 1, out);
    FzBuf_Printf(out, "</section>\n");
}

static void
put_timeline(const Page *page, FzBuf *out)
{
    FzBuf_Printf(out, "<section id=\"timeline\"><h2>Timeline</h2>\n<p>Each "
                      "lane is a thread; numbers on the left are steps. Bars "
                      "beside a lane: locks it holds. Dashed: it waits. "
                      "Arrows: it wakes another, or hands over. Triangles: it "
                      "is preempted.");
    if (page->first_row > 0) {
        FzBuf_Printf(out, " The first %zu stretches are left out; <code>ftfuzz "
                          "show --events</code> lists them.", page->first_row);
    }
    FzBuf_Printf(out, "</p>\n<div class=\"scroll\">\n");
    Page_DrawTimeline(page, out);
    FzBuf_Printf(out, "</div></section>\n");
}

static void
put_flags(unsigned flags, FzBuf *out)
{
#ifdef RT_GIL_DISABLED
    static const char *const names[4] = {"", "maybe-weakref", "queued",
                                         "merged"};
    FzBuf_Printf(out, "<td>%s</td>", names[flags & 3]);
#else
    (void)flags;
    (void)out;
#endif
}

static void
put_count_rows(const PageObject *object, FzBuf *out)
{
    FzBuf_Printf(out, "<table class=\"grid\"><tr><th>step</th><th>thread</th>"
#ifdef RT_GIL_DISABLED
                      "<th>local</th><th>shared</th><th>state</th>"
#else
                      "<th>count</th>"
#endif
                      "</tr>\n");
    for (size_t i = 0; i < object->nsamples; i++) {
        const PageCount *c = &object->samples[i];
        FzBuf_Printf(out, "<tr><td>%llu</td><td class=\"t%u\">%u</td>",
                     (unsigned long long)c->step, c->thread % 8, c->thread);
        if (!c->live) {
            FzBuf_Printf(out, "<td colspan=\"3\">freed</td></tr>\n");
            continue;
        }
        FzBuf_Printf(out, "<td>%lld</td>", (long long)c->local);
#ifdef RT_GIL_DISABLED
        FzBuf_Printf(out, "<td>%lld</td>", (long long)c->shared);
#endif
        put_flags(c->flags, out);
        FzBuf_Printf(out, "</tr>\n");
    }
    FzBuf_Printf(out, "</table>");
}

static void
put_counts(const Page *page, FzBuf *out)
{
    FzBuf_Printf(out, "<section id=\"counts\"><h2>References</h2>\n");
    for (size_t i = 0; i < page->nobjects; i++) {
        const PageObject *object = &page->objects[i];
        FzBuf_Printf(out, "<h3>");
        FzPage_Text(out, object->name, SIZE_MAX);
        FzBuf_Printf(out, "</h3>\n");
        Page_DrawCounts(page, object, out);
        FzBuf_Printf(out, "<details><summary>%zu changes</summary>",
                     object->nsamples);
        put_count_rows(object, out);
        FzBuf_Printf(out, "</details>\n");
    }
    if (page->nobjects == 0) {
        FzBuf_Printf(out, "<p>No object of this run is touched by more than "
                          "one thread.</p>\n");
    }
    FzBuf_Printf(out, "</section>\n");
}

// ---------------------------------------------------------------------------
// Stacks and steps

static void
put_stack(uint32_t thread, void *const *stack, FzBuf *out)
{
    char name[600];
    FzBuf_Printf(out, "<h3 class=\"t%u\">thread %u</h3>\n<ol class=\"stack\">",
                 thread % 8, thread);
    for (int i = 0; i < FZ_MAX_STACK && stack[i] != NULL; i++) {
        FzSymbol_Name(stack[i], name, sizeof(name));
        FzBuf_Printf(out, "<li><code>");
        FzPage_Text(out, name, SIZE_MAX);
        FzBuf_Printf(out, "</code></li>");
    }
    FzBuf_Printf(out, "</ol>\n");
}

static void
put_stacks(const Page *page, FzBuf *out)
{
    FzBuf_Printf(out, "<section id=\"stacks\"><h2>Stacks</h2>\n");
    for (uint32_t i = 0; i < page->run.nviolations; i++) {
        const FzViolation *v = &page->run.violations[i];
        if (i > 0) {
            FzBuf_Printf(out, "<h3>Also: %s</h3>\n<pre>",
                         FzRule_Name(v->rule));
            FzPage_Text(out, v->message, SIZE_MAX);
            FzBuf_Printf(out, "</pre>\n");
        }
        put_stack(v->thread, v->stack, out);
        if (v->other_thread != UINT32_MAX && v->other_stack[0] != NULL) {
            put_stack(v->other_thread, v->other_stack, out);
        }
    }
    FzBuf_Printf(out, "</section>\n");
}

static void
put_step(const FzTraceEvent *e, uint64_t step, bool names_step, FzBuf *out)
{
    char name[128], function[600] = "";
    static const char *const kinds[] = {"point", "note", "switch", "block",
                                        "wake", "line", "end"};
    FzEngine_NameKey(e->object, name, sizeof(name));
    if (e->kind == FZ_TRACE_POINT && e->site != 0) {
        FzSymbol_NameOffset(e->site, function, sizeof(function));
    }
    FzBuf_Printf(out, "<tr class=\"%s\" data-thread=\"%u\"", kinds[e->kind],
                 e->thread);
    if (names_step) {
        FzBuf_Printf(out, " id=\"step-%llu\"", (unsigned long long)step);
    }
    FzBuf_Printf(out, "><td>%llu</td><td class=\"t%u\">%u</td><td>%s",
                 (unsigned long long)step, e->thread % 8, e->thread,
                 Page_EventName(e));
    if (e->kind == FZ_TRACE_SWITCH || e->kind == FZ_TRACE_WAKE) {
        FzBuf_Printf(out, e->kind == FZ_TRACE_WAKE ? " thread %llu"
                                                   : " after thread %llu",
                     (unsigned long long)e->value);
    }
    FzBuf_Printf(out, "</td><td>");
    FzPage_Text(out, e->object != 0 ? name : "", SIZE_MAX);
    FzBuf_Printf(out, "</td><td>");
    if (e->line != 0) {
        FzBuf_Printf(out, "<a href=\"#line-%u\">%u</a>", e->line, e->line);
    }
    FzBuf_Printf(out, "</td><td>");
    FzPage_Text(out, function, SIZE_MAX);
    FzBuf_Printf(out, "</td></tr>\n");
}

static void
put_filters(const Page *page, FzBuf *out)
{
    FzBuf_Printf(out, "<form id=\"filter\" hidden><label>search <input "
                      "type=\"search\" id=\"search\" placeholder=\"object, "
                      "function, event\"></label>");
    for (uint32_t t = 0; t < page->run.nthreads; t++) {
        FzBuf_Printf(out, "<label class=\"t%u\"><input type=\"checkbox\" "
                          "data-thread=\"%u\" checked>%u</label>",
                     t % 8, t, t);
    }
    FzBuf_Printf(out, "<label><input type=\"checkbox\" id=\"notes\">notes "
                      "only</label><output id=\"shown\"></output></form>\n");
}

static void
put_steps(const Page *page, FzBuf *out)
{
    const FzRun *run = &page->run;
    size_t first = run->nevents > PAGE_STEPS ? run->nevents - PAGE_STEPS : 0;
    uint64_t step = 0, named = UINT64_MAX;
    FzBuf_Printf(out, "<section id=\"steps\"><h2>Steps</h2>\n");
    if (first > 0) {
        FzBuf_Printf(out, "<p>The last %d of %zu events; <code>ftfuzz show "
                          "--events</code> lists all.</p>\n",
                     PAGE_STEPS, run->nevents);
    }
    put_filters(page, out);
    FzBuf_Printf(out, "<div class=\"scroll\"><table class=\"grid\" id=\""
                      "events\"><thead><tr><th>step</th><th>thread</th><th>"
                      "event</th><th>object</th><th>line</th><th>in</th></tr>"
                      "</thead><tbody>\n");
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        step += e->kind == FZ_TRACE_POINT;
        if (i >= first && e->kind != FZ_TRACE_LINE) {
            put_step(e, step, step != named, out);
            named = step;
        }
    }
    FzBuf_Printf(out, "</tbody></table></div></section>\n");
}

bool
FzPage_Write(const FzFinding *finding, FzBuf *out, char *why, size_t why_size)
{
    static Page page;
    if (!Page_Load(&page, finding, why, why_size)) {
        Page_Free(&page);
        return false;
    }
    FzPage_Begin(out, FzRule_Name(page.run.violations[0].rule), "");
    put_summary(&page, out);
    put_why(&page, out);
    put_timeline(&page, out);
    put_program(&page, out);
    put_counts(&page, out);
    put_stacks(&page, out);
    put_steps(&page, out);
    FzPage_End(out, fz_page_js);
    Page_Free(&page);
    return true;
}
