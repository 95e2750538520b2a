// cmd_show.c: ftfuzz show: the program as Python beside the interleaving, then
// the report. One row for each stretch of a thread on one line of its program.

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_finding.h"
#include "rtcore_hooks.h"
#include "show_internal.h"

enum { MAX_LINES = 2000, COLUMN = 34, MAX_NOTES = 6 };

typedef struct Listing {
    FzBuf text;                 // NUL-separated lines
    const char *lines[MAX_LINES];       // 1-based
    unsigned count;
} Listing;

static void
split_lines(Listing *listing)
{
    FzBuf_AppendByte(&listing->text, '\0');
    char *at = (char *)listing->text.data;
    while (*at != '\0' && listing->count + 1 < MAX_LINES) {
        listing->lines[++listing->count] = at;
        char *end = strchr(at, '\n');
        if (end == NULL) {
            break;
        }
        *end = '\0';
        at = end + 1;
    }
}

static const char *
line_text(const Listing *listing, uint32_t line)
{
    if (line == 0 || line > listing->count) {
        return "";
    }
    const char *text = listing->lines[line];
    text += strspn(text, " ");
    return strncmp(text, "try: ", 5) == 0 ? text + 5 : text;
}

// Notes that a reader of the interleaving wants to see.
static bool
is_shown(unsigned note)
{
    switch (note) {
    case RT_NOTE_STW_STOPPED:
    case RT_NOTE_STW_STARTED:
    case RT_NOTE_LOCK_WAIT:
    case RT_NOTE_CS_SUSPENDED:
    case RT_NOTE_CS_RESUMED:
    case RT_NOTE_REF_QUEUED:
    case RT_NOTE_REF_DEQUEUED:
    case RT_NOTE_REF_TAKEN:
    case RT_NOTE_REF_MERGED:
    case RT_NOTE_OBJECT_DEALLOC:
    case RT_NOTE_BLOCK_DELAYED:
    case RT_NOTE_GC_UNREACHABLE:
    case RT_NOTE_FINALIZE:
    case RT_NOTE_LOCK_HANDED_OFF:
    case RT_NOTE_PARK:
    case RT_NOTE_UNPARK:
    case RT_NOTE_GIL_TAKEN:
    case RT_NOTE_GIL_DROP_REQUESTED:
        return true;
    default:
        return false;
    }
}

typedef struct Row {
    uint64_t first_step;
    uint16_t thread;
    uint32_t line;
    unsigned points;
    unsigned nnotes;
    const char *notes[MAX_NOTES];
} Row;

static void
print_row(const Row *row, const Listing *listing, uint32_t nthreads)
{
    char cell[COLUMN + 64];
    snprintf(cell, sizeof(cell), "%u: %.*s", row->line, COLUMN - 6,
             line_text(listing, row->line));
    printf("%6llu ", (unsigned long long)row->first_step);
    for (uint32_t t = 0; t < nthreads; t++) {
        printf("| %-*.*s", COLUMN, COLUMN, t == row->thread ? cell : "");
    }
    printf("|");
    for (unsigned i = 0; i < row->nnotes; i++) {
        printf(" %s", row->notes[i]);
    }
    printf("\n");
}

static void
print_header(uint32_t nthreads)
{
    printf("\n  step ");
    for (uint32_t t = 0; t < nthreads; t++) {
        char name[32];
        snprintf(name, sizeof(name), "thread %u%s", t, t == 0 ? " (main)" : "");
        printf("| %-*s", COLUMN, name);
    }
    printf("| events in the runtime\n");
}

// Consecutive events of one thread on one line make one row.
static void
print_interleaving(const FzRun *run, const Listing *listing)
{
    print_header(run->nthreads);
    Row row = {0};
    bool open = false;
    uint64_t step = 0;
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        step += e->kind == FZ_TRACE_POINT;
        if (!open || e->thread != row.thread ||
            (e->line != 0 && e->line != row.line)) {
            if (open && (row.line != 0 || row.nnotes > 0)) {
                print_row(&row, listing, run->nthreads);
            }
            row = (Row){.first_step = step, .thread = e->thread,
                        .line = e->line};
            open = true;
        }
        row.points += e->kind == FZ_TRACE_POINT;
        if (e->kind == FZ_TRACE_NOTE && is_shown(e->what) &&
            row.nnotes < MAX_NOTES &&
            (row.nnotes == 0 || strcmp(row.notes[row.nnotes - 1],
                                       RtNote_Name((RtNote)e->what)) != 0)) {
            row.notes[row.nnotes++] = RtNote_Name((RtNote)e->what);
        }
    }
    if (open) {
        print_row(&row, listing, run->nthreads);
    }
}

static void
print_program(const Listing *listing)
{
    for (unsigned i = 1; i <= listing->count; i++) {
        printf("%4u  %s\n", i, listing->lines[i]);
    }
}

static void
print_events(const FzRun *run)
{
    printf("\n  step thread event                     object           value  "
           "line\n");
    uint64_t step = 0;
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        step += e->kind == FZ_TRACE_POINT;
        const char *name = e->kind == FZ_TRACE_POINT
                               ? RtPoint_Name((RtPoint)e->what)
                           : e->kind == FZ_TRACE_NOTE
                               ? RtNote_Name((RtNote)e->what)
                           : e->kind == FZ_TRACE_SWITCH ? "-> switch"
                           : e->kind == FZ_TRACE_BLOCK  ? "blocks"
                           : e->kind == FZ_TRACE_WAKE   ? "wakes"
                                                        : "ends";
        printf("%6llu %6u %-25s %-16llx %-6llu %u\n",
               (unsigned long long)step, e->thread, name,
               (unsigned long long)e->object, (unsigned long long)e->value,
               e->line);
    }
}

// The program, its interleaving (or every event) and the report.
static void
show_here(const FzFinding *finding, bool all_events)
{
    FzEngineConfig config = FzFinding_Config(finding);
    config.record_events = true;
    FzRun result = {0};
    FzExec_Carry(&finding->input.program, &config, &result);
    Listing listing = {0};
    FzProgram_Lift(&finding->input.program, &listing.text, NULL);
    split_lines(&listing);
    print_program(&listing);
    if (all_events) {
        print_events(&result);
    }
    else {
        print_interleaving(&result, &listing);
    }
    FzBuf report = {0};
    FzReport_Text(&finding->input, &result, &report);
    printf("\n%s", FzBuf_CString(&report));
    if (result.nviolations == 0) {
        printf("recorded as %s by %s: it does not fail in this build (%s)\n",
               finding->rule, finding->build, FzExec_BuildName());
    }
    FzBuf_Free(&report);
    FzBuf_Free(&listing.text);
    FzRun_Free(&result);
}

static int
run(int argc, char **argv)
{
    bool all_events = false, python = false, c_test = false;
    const char *html = NULL;
    const char *path[1];
    const FzOption options[] = {
        {"events", NULL, FZ_OPT_FLAG, &all_events,
         "list every scheduling point and note instead"},
        {"python", NULL, FZ_OPT_FLAG, &python,
         "print a script that runs the program on CPython instead"},
        {"c", NULL, FZ_OPT_FLAG, &c_test,
         "print a unit test in C that replays it instead"},
        {"html", "FILE", FZ_OPT_STRING, &html,
         "write a page with lanes, locks, counts and every step instead"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_show, options, argc, argv, path, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n != 1) {
        FzCli_Error("show: give the folder of one finding");
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_NeedsEngine("show")) {
        return FZ_EXIT_USAGE;
    }
    FzFinding finding;
    if (!FzCli_OpenFinding(path[0], NULL, &finding)) {
        return FZ_EXIT_USAGE;
    }
    if (html != NULL) {
        int code = FzShow_Html(&finding, html);
        FzFinding_Free(&finding);
        return code;
    }
    if (python || c_test) {
        FzBuf out = {0};
        (python ? FzShow_Python : FzShow_CTest)(&finding, &out);
        fputs(FzBuf_CString(&out), stdout);
        FzBuf_Free(&out);
        FzFinding_Free(&finding);
        return FZ_EXIT_CLEAN;
    }
    show_here(&finding, all_events);
    FzFinding_Free(&finding);
    return FZ_EXIT_CLEAN;
}

const FzCommand fz_command_show = {
    "show", "FINDING", "print a finding: the program beside its interleaving",
    "Columns: the step (scheduling points passed), one column for each thread "
    "with\nthe line of the program it executes, and what the runtime noted "
    "meanwhile.",
    run,
};
