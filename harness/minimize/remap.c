// remap.c: where the turns of a schedule belong after a part of the program is
// gone. A turn counts the points that its thread has passed; those of what is
// gone are subtracted, by the lines that they were on.

#include <string.h>

#include "minimize_internal.h"

enum { MAX_LINES = 2048 };

typedef struct Remapper {
    const FzReduction *reduction;
    const FzOwnPoints *own;
    FzLineMap map;              // of the program before
    bool gone_lines[MAX_LINES];
    uint64_t skipped;           // the main thread's first points are gone
    // Of the points up to `counted`, those that are left.
    uint64_t counted[FZ_MAX_THREADS], left[FZ_MAX_THREADS];
} Remapper;

static void
mark_line(Remapper *r, uint32_t line)
{
    if (line > 0 && line < MAX_LINES) {
        r->gone_lines[line] = true;
    }
}

static void
mark_ops(Remapper *r)
{
    for (int block = 0; block <= FZ_MAX_FUNCTIONS + FZ_MAX_BODIES; block++) {
        const uint32_t *lines =
            block < FZ_MAX_FUNCTIONS    ? r->map.functions[block]
            : block == FZ_MAX_FUNCTIONS ? r->map.main
                                        : r->map.bodies[block -
                                                        FZ_MAX_FUNCTIONS - 1];
        for (int i = 0; i < FZ_MAX_OPS; i++) {
            if (r->reduction->gone[block][i]) {
                mark_line(r, lines[i]);
            }
        }
    }
}

// What the main thread did to start and to join a thread, or to call its own
// work. The first thread's start is where its points begin to count.
static void
mark_calls(Remapper *r, const FzProgram *before)
{
    int body = r->reduction->gone_body;
    if (body >= 0) {
        mark_line(r, r->map.starts[body]);
        mark_line(r, r->map.joins[body]);
    }
    if (body == 0) {
        r->skipped = r->own->until_second;
    }
    if (before->main.nops > 0 && r->reduction->program.main.nops == 0) {
        mark_line(r, r->map.started);
    }
}

// The points of a thread that are left, of its first n. Turns mostly come in
// the order of their points.
static uint64_t
count_left(Remapper *r, uint32_t thread, uint64_t n)
{
    const FzOwnPoints *own = r->own;
    uint64_t *i = &r->counted[thread];
    if (n < *i) {
        *i = r->left[thread] = 0;
    }
    for (; *i < n && *i < own->count[thread]; (*i)++) {
        uint16_t line = own->points[thread][*i].line;
        r->left[thread] += (thread != 0 || *i >= r->skipped) &&
                           (line >= MAX_LINES || !r->gone_lines[line]);
    }
    return r->left[thread];
}

// The points of a thread before it gets to a line: of the main thread only,
// where lines of the module come in order.
static uint64_t
points_before(const Remapper *r, uint32_t line)
{
    const FzOwnPoints *own = r->own;
    uint64_t i = 0;
    while (i < own->count[0] && own->points[0][i].line < line) {
        i++;
    }
    return i;
}

// Thread body + 1 is gone: threads after it move up.
static bool
move_thread(int gone_body, uint16_t *thread)
{
    if (gone_body < 0 || *thread <= gone_body) {
        return true;
    }
    if (*thread == gone_body + 1) {
        return false;
    }
    (*thread)--;
    return true;
}

// One thread does the work of two: the points of the second come after those of
// the first. The main thread starts the others before, and joins them after.
static void
join_threads(Remapper *r, FzTurn *turn, uint64_t at)
{
    const FzReduction *reduction = r->reduction;
    const FzOwnPoints *own = r->own;
    uint16_t gone = (uint16_t)(reduction->gone_body + 1);
    uint16_t by = (uint16_t)reduction->joined_by;
    uint64_t from = 0, to = own->count[by];
    if (by == 0) {
        from = points_before(r, r->map.started);
        to = points_before(r, r->map.joins[0]);
    }
    if (turn->thread == gone) {
        turn->at += count_left(r, by, reduction->joined_before ? from : to);
    }
    else if (turn->thread == by &&
             at > (reduction->joined_before ? from : to)) {
        turn->at += own->count[gone];
    }
    turn->thread = turn->thread == gone ? by : turn->thread;
    turn->to = turn->to == gone ? by : turn->to;
}

// Turns of one thread stand in the order of its points.
static void
add_turn(FzGuide *guide, FzTurn turn)
{
    FzGuide_Add(guide, turn);
    FzTurn *later = &guide->turns[guide->count - 1];
    for (size_t i = guide->count - 1; i-- > 0;) {
        FzTurn *before = &guide->turns[i];
        if (before->thread != turn.thread) {
            continue;
        }
        if (before->at <= turn.at) {
            break;
        }
        *later = *before;
        *before = turn;
        later = before;
    }
}

void
FzRemap(const FzProgram *before, const FzReduction *reduction,
        const FzOwnPoints *own, const FzTurn *turns, uint32_t nturns,
        FzGuide *out)
{
    Remapper r = {.reduction = reduction, .own = own};
    FzProgram_Lines(before, &r.map);
    mark_ops(&r);
    mark_calls(&r, before);
    out->count = 0;
    for (uint32_t i = 0; i < nturns; i++) {
        FzTurn turn = turns[i];
        uint64_t at = turn.at, known = own->count[turn.thread];
        turn.at = count_left(&r, turn.thread, at) +
                  (at > known ? at - known : 0);
        if (reduction->joined_by >= 0) {
            join_threads(&r, &turn, at);
        }
        if ((turn.at > 0 || at == 0) && turn.thread != turn.to &&
            move_thread(reduction->gone_body, &turn.thread) &&
            move_thread(reduction->gone_body, &turn.to)) {
            add_turn(out, turn);
        }
    }
}
