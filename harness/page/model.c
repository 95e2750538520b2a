// model.c: the run of a finding, cut into stretches of threads.

#include <stdlib.h>
#include <string.h>

#include "fz_exec.h"
#include "page_internal.h"
#include "rtcore_hooks.h"

static void
split_lines(Page *page)
{
    FzBuf_AppendByte(&page->program, '\0');
    char *at = (char *)page->program.data;
    while (*at != '\0' && page->nlines + 1 < PAGE_LINES) {
        page->lines[++page->nlines] = at;
        char *end = strchr(at, '\n');
        if (end == NULL) {
            break;
        }
        *end = '\0';
        at = end + 1;
    }
}

const char *
Page_Line(const Page *page, uint32_t line)
{
    if (line == 0 || line > page->nlines) {
        return "";
    }
    const char *text = page->lines[line];
    text += strspn(text, " ");
    return strncmp(text, "try: ", 5) == 0 ? text + 5 : text;
}

const char *
Page_ThreadName(uint32_t thread, char *buf, size_t size)
{
    snprintf(buf, size, "%u%s", thread, thread == 0 ? " (main)" : "");
    return buf;
}

const char *
Page_EventName(const FzTraceEvent *e)
{
    switch ((FzTraceKind)e->kind) {
    case FZ_TRACE_POINT:
        return RtPoint_Name((RtPoint)e->what);
    case FZ_TRACE_NOTE:
        return RtNote_Name((RtNote)e->what);
    case FZ_TRACE_SWITCH:
        return "runs";
    case FZ_TRACE_BLOCK:
        return "waits";
    case FZ_TRACE_WAKE:
        return e->what == RT_WAIT_OK ? "wakes" : "time is over for";
    case FZ_TRACE_LINE:
        return "line";
    default:
        return "ends";
    }
}

static PageRow *
open_row(Page *page, size_t event, uint64_t step, uint32_t thread,
         uint32_t line)
{
    PageRow *row = &page->rows[page->nrows++];
    *row = (PageRow){
        .first_step = step,
        .last_step = step,
        .thread = thread,
        .line = line,
        .from = event,
        .to = event,
    };
    return row;
}

// Whether the thread that a switch leaves was waiting or had ended.
static bool
left_by_itself(const FzRun *run, size_t at)
{
    const FzTraceEvent *e = &run->events[at];
    for (size_t i = at; i-- > 0;) {
        const FzTraceEvent *before = &run->events[i];
        if (before->kind == FZ_TRACE_BLOCK ||
            before->kind == FZ_TRACE_THREAD_END) {
            return before->thread == e->value;
        }
        if (before->kind == FZ_TRACE_POINT ||
            before->kind == FZ_TRACE_SWITCH) {
            return false;
        }
    }
    return false;
}

static void
make_rows(Page *page)
{
    const FzRun *run = &page->run;
    page->rows = calloc(run->nevents + 1, sizeof(PageRow));
    FZ_ASSERT(page->rows != NULL);
    PageRow *row = NULL;
    uint64_t step = 0;
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        step += e->kind == FZ_TRACE_POINT;
        if (e->kind == FZ_TRACE_SWITCH) {
            if (row != NULL) {
                row->preempted = !left_by_itself(run, i);
            }
            row = NULL;
            continue;
        }
        if (row == NULL || row->thread != e->thread ||
            (e->line != 0 && row->line != 0 && e->line != row->line)) {
            row = open_row(page, i, step, e->thread, e->line);
        }
        row->line = row->line != 0 ? row->line : e->line;
        row->to = i;
        row->last_step = step;
    }
    page->first_row = page->nrows > PAGE_ROWS ? page->nrows - PAGE_ROWS : 0;
}

size_t
Page_RowOf(const Page *page, size_t event)
{
    size_t row = page->first_row;
    while (row < page->nrows && page->rows[row].to < event) {
        row++;
    }
    return row;
}

bool
Page_Load(Page *page, const FzFinding *finding, char *why, size_t why_size)
{
    memset(page, 0, sizeof(*page));
    page->finding = finding;
    if (!FzExplain_Run(finding, &page->run, &page->explanation, why,
                       why_size)) {
        return false;
    }
    FzLineMap map;
    FzProgram_Lift(&finding->input.program, &page->program, &map);
    page->first_line = map.first;
    split_lines(page);
    make_rows(page);
    Page_CountReferences(page);
    return true;
}

void
Page_Free(Page *page)
{
    for (size_t i = 0; i < page->nobjects; i++) {
        free(page->objects[i].samples);
    }
    free(page->rows);
    FzBuf_Free(&page->program);
    FzRun_Free(&page->run);
}
