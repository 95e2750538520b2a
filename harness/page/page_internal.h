// page_internal.h: what the parts of a page are made from.

#ifndef FZ_PAGE_INTERNAL_H
#define FZ_PAGE_INTERNAL_H

#include "fz_explain.h"
#include "fz_page.h"

enum {
    PAGE_ROWS = 400,            // at the end of the run; earlier ones are cut
    PAGE_STEPS = 3000,          // likewise, of the list of events
    PAGE_OBJECTS = 6,           // whose counts are drawn
    PAGE_LINES = 2000,
};

// A stretch of one thread on one line of its program.
typedef struct PageRow {
    uint64_t first_step, last_step;
    uint32_t thread;
    uint32_t line;              // 0: none
    size_t from, to;            // events
    bool preempted;             // left although it could have gone on
} PageRow;

// Counts of an object after an event; a sample is kept when one has changed.
typedef struct PageCount {
    size_t event;
    uint64_t step;
    uint32_t thread;
    int64_t local, shared;      // shared: without the flags; GIL build: 0
    unsigned flags;             // of the shared word
    bool live;
} PageCount;

typedef struct PageObject {
    uint64_t key;               // of its block
    size_t offset;              // of the object in that
    char name[96];
    PageCount *samples;
    size_t nsamples, capacity;
} PageObject;

typedef struct Page {
    const FzFinding *finding;
    FzRun run;                  // with events
    FzExplanation explanation;
    FzBuf program;              // its Python face, NUL-separated lines
    const char *lines[PAGE_LINES];      // 1-based
    uint32_t nlines, first_line;        // first: after the prelude
    PageRow *rows;
    size_t nrows, first_row;    // those before are cut
    PageObject objects[PAGE_OBJECTS];
    size_t nobjects;
} Page;

// model.c
FZ_WARN_UNUSED bool Page_Load(Page *page, const FzFinding *finding, char *why,
                              size_t why_size);
void Page_Free(Page *page);
const char *Page_Line(const Page *page, uint32_t line);     // "" if none
// The row that an event belongs to, or the first after it; nrows: none.
size_t Page_RowOf(const Page *page, size_t event);
// The rest of the row's thread's name, for people: "1", "0 (main)".
const char *Page_ThreadName(uint32_t thread, char *buf, size_t size);
// What the event is, in a word: "LOAD", "LOCK_ACQUIRED", "waits".
const char *Page_EventName(const FzTraceEvent *event);

// counts.c: chooses objects that several threads touch, and runs the finding
// once more to see their counts change.
void Page_CountReferences(Page *page);

// timeline.c, charts.c: drawings, as SVG.
void Page_DrawTimeline(const Page *page, FzBuf *out);
void Page_DrawCounts(const Page *page, const PageObject *object, FzBuf *out);
void Page_DrawMoments(const Page *page, FzBuf *out);

// From page.css and page.js.
extern const char fz_page_css[];
extern const char fz_page_js[];

#endif  // FZ_PAGE_INTERNAL_H
