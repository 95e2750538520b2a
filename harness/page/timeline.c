// timeline.c: lanes of the threads, time downwards: what each runs, the locks
// it holds, where it waits, who wakes whom, where it is preempted.

#include <stdlib.h>
#include <string.h>

#include "page_internal.h"
#include "rtcore_hooks.h"

enum {
    LEFT = 64, LANE = 280, TEXT = 26, TOP = 34, HEIGHT = 22,
    STRIPE = 5, STRIPES = 4,
    BOX = 24,                   // of the lane's left edge: stripes before it
    MAX_HELD = 64,
};

static int
y_of(const Page *page, size_t row)
{
    return TOP + (int)(row - page->first_row) * HEIGHT;
}

static int
x_of(uint32_t thread)
{
    return LEFT + (int)thread * LANE;
}

// ---------------------------------------------------------------------------
// Locks: a stripe from where it is acquired to where it is released.

typedef struct Held {
    uint64_t lock;
    uint32_t thread;
    size_t row;
    int stripe;
    bool used;
} Held;

static int
free_stripe(const Held *held, uint32_t thread)
{
    unsigned taken = 0;
    for (int i = 0; i < MAX_HELD; i++) {
        if (held[i].used && held[i].thread == thread) {
            taken |= 1u << held[i].stripe;
        }
    }
    for (int s = 0; s < STRIPES; s++) {
        if ((taken >> s & 1) == 0) {
            return s;
        }
    }
    return STRIPES - 1;
}

static void
draw_held(const Page *page, const Held *held, size_t to, FzBuf *out)
{
    char name[128];
    if (to < page->first_row) {
        return;
    }
    size_t from = held->row > page->first_row ? held->row : page->first_row;
    FzEngine_NameKey(held->lock, name, sizeof(name));
    FzBuf_Printf(out,
                 "<rect class=\"lock\" x=\"%d\" y=\"%d\" width=\"%d\" "
                 "height=\"%d\"><title>thread %u holds ",
                 x_of(held->thread) + held->stripe * STRIPE, y_of(page, from),
                 STRIPE - 1, (int)(to - from + 1) * HEIGHT - 3, held->thread);
    FzPage_Text(out, name, sizeof(name));
    FzBuf_Printf(out, "</title></rect>\n");
}

static void
draw_locks(const Page *page, FzBuf *out)
{
    Held held[MAX_HELD] = {0};
    const FzRun *run = &page->run;
    size_t row = 0;
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        while (row + 1 < page->nrows && page->rows[row].to < i) {
            row++;
        }
        if (e->kind != FZ_TRACE_NOTE ||
            (e->what != RT_NOTE_LOCK_ACQUIRED &&
             e->what != RT_NOTE_LOCK_RELEASED)) {
            continue;
        }
        for (int k = 0; k < MAX_HELD; k++) {
            Held *h = &held[k];
            if (e->what == RT_NOTE_LOCK_ACQUIRED && !h->used) {
                int stripe = free_stripe(held, e->thread);
                *h = (Held){e->object, e->thread, row, stripe, true};
                break;
            }
            if (e->what == RT_NOTE_LOCK_RELEASED && h->used &&
                h->lock == e->object) {
                draw_held(page, h, row, out);
                h->used = false;
                break;
            }
        }
    }
    for (int k = 0; k < MAX_HELD; k++) {
        if (held[k].used) {
            draw_held(page, &held[k], page->nrows - 1, out);
        }
    }
}

// ---------------------------------------------------------------------------
// Waits and wake-ups

// The first row from `row` on in which the thread runs; nrows: none.
static size_t
next_of(const Page *page, size_t row, uint32_t thread)
{
    while (row < page->nrows && page->rows[row].thread != thread) {
        row++;
    }
    return row;
}

static void
draw_wait(const Page *page, size_t from, uint32_t thread, FzBuf *out)
{
    size_t to = next_of(page, from + 1, thread);
    int x = x_of(thread) + BOX + 4;
    FzBuf_Printf(out,
                 "<line class=\"wait\" x1=\"%d\" y1=\"%d\" x2=\"%d\" "
                 "y2=\"%d\"><title>thread %u waits%s</title></line>\n",
                 x, y_of(page, from) + HEIGHT - 3, x, y_of(page, to), thread,
                 to == page->nrows ? " for ever" : "");
}

static void
draw_wake(const Page *page, size_t from, const FzTraceEvent *e, FzBuf *out)
{
    uint32_t woken = (uint32_t)e->value;
    size_t to = next_of(page, from + 1, woken);
    if (to == page->nrows || woken == e->thread) {
        return;
    }
    int x1 = x_of(e->thread) + (woken > e->thread ? LANE - 12 : BOX);
    int x2 = x_of(woken) + (woken > e->thread ? BOX : LANE - 12);
    FzBuf_Printf(out,
                 "<path class=\"wake\" marker-end=\"url(#tip)\" "
                 "d=\"M%d %d C%d %d %d %d %d %d\"><title>thread %u wakes "
                 "thread %u</title></path>\n",
                 x1, y_of(page, from) + 14, (x1 + x2) / 2,
                 y_of(page, from) + 14, (x1 + x2) / 2, y_of(page, to) + 8, x2,
                 y_of(page, to) + 8, e->thread, woken);
}

static void
draw_waits(const Page *page, FzBuf *out)
{
    for (size_t r = page->first_row; r < page->nrows; r++) {
        const PageRow *row = &page->rows[r];
        for (size_t i = row->from; i <= row->to; i++) {
            const FzTraceEvent *e = &page->run.events[i];
            if (e->kind == FZ_TRACE_BLOCK) {
                draw_wait(page, r, e->thread, out);
            }
            else if (e->kind == FZ_TRACE_WAKE && e->what == RT_WAIT_OK) {
                draw_wake(page, r, e, out);
            }
        }
    }
}

// ---------------------------------------------------------------------------
// Rows

static void
draw_row(const Page *page, size_t r, FzBuf *out)
{
    const PageRow *row = &page->rows[r];
    const FzViolation *v = &page->run.violations[0];
    bool broken = r + 1 == page->nrows ||
                  (row->thread == v->thread && row->first_step <= v->step &&
                   v->step < row->last_step);
    int x = x_of(row->thread), y = y_of(page, r);
    FzBuf_Printf(out,
                 "<a href=\"#step-%llu\"><g class=\"row t%u%s\"><rect x=\"%d\" "
                 "y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/><text x=\"%d\" "
                 "y=\"%d\">",
                 (unsigned long long)row->first_step, row->thread % 8,
                 broken ? " broken" : "", x + BOX, y, LANE - BOX - 12,
                 HEIGHT - 3, x + BOX + 5, y + 14);
    if (row->line != 0) {
        FzBuf_Printf(out, "%u: ", row->line);
        FzPage_Text(out, Page_Line(page, row->line), TEXT);
    }
    else {
        FzBuf_Printf(out, "(runtime)");
    }
    FzBuf_Printf(out, "</text><title>thread %u, steps %llu to %llu",
                 row->thread, (unsigned long long)row->first_step,
                 (unsigned long long)row->last_step);
    if (row->line != 0) {
        FzBuf_Printf(out, ", line %u: ", row->line);
        FzPage_Text(out, Page_Line(page, row->line), 200);
    }
    FzBuf_Printf(out, "</title></g></a>\n<text class=\"step\" x=\"%d\" "
                      "y=\"%d\">%llu</text>\n",
                 LEFT - 8, y + 14, (unsigned long long)row->first_step);
    if (row->preempted) {
        int at = x + LANE - 24;
        FzBuf_Printf(out,
                     "<path class=\"preempted\" d=\"M%d %d h14 l-7 9 z\">"
                     "<title>thread %u is preempted here</title></path>\n",
                     at, y + HEIGHT - 10, row->thread);
    }
}

static void
draw_lanes(const Page *page, int height, FzBuf *out)
{
    for (uint32_t t = 0; t < page->run.nthreads; t++) {
        char name[32];
        FzBuf_Printf(out,
                     "<line class=\"lane\" x1=\"%d\" y1=\"%d\" x2=\"%d\" "
                     "y2=\"%d\"/><text class=\"head t%u\" x=\"%d\" y=\"20\">"
                     "thread %s</text>\n",
                     x_of(t) + BOX + 4, TOP, x_of(t) + BOX + 4, height, t % 8,
                     x_of(t) + BOX, Page_ThreadName(t, name, sizeof(name)));
    }
}

void
Page_DrawTimeline(const Page *page, FzBuf *out)
{
    int width = x_of(page->run.nthreads) + 8;
    int height = y_of(page, page->nrows) + 8;
    FzBuf_Printf(out,
                 "<svg class=\"timeline\" role=\"img\" aria-label=\"lanes of "
                 "the threads, time downwards\" width=\"%d\" height=\"%d\" "
                 "viewBox=\"0 0 %d %d\">\n<defs><marker id=\"tip\" "
                 "viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
                 "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 "
                 "z\"/></marker></defs>\n",
                 width, height, width, height);
    draw_lanes(page, height, out);
    draw_locks(page, out);
    for (size_t r = page->first_row; r < page->nrows; r++) {
        draw_row(page, r, out);
    }
    draw_waits(page, out);
    FzBuf_Printf(out, "</svg>\n");
}
