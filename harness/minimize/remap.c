// remap.c: where the turns of a schedule belong after a part of the program is
// gone. A turn counts the points that its thread has passed; those of the
// operations that are gone are subtracted, by the lines that they were on.

#include <string.h>

#include "minimize_internal.h"

enum { MAX_LINES = 2048 };

static void
mark_lines(const FzProgram *program, const FzReduction *reduction,
           bool *gone_lines)
{
    FzLineMap map = {0};
    FzBuf text = {0};
    FzProgram_Lift(program, &text, &map);
    FzBuf_Free(&text);
    for (int block = 0; block <= FZ_MAX_FUNCTIONS + FZ_MAX_BODIES; block++) {
        const uint32_t *lines =
            block < FZ_MAX_FUNCTIONS    ? map.functions[block]
            : block == FZ_MAX_FUNCTIONS ? map.main
                                        : map.bodies[block -
                                                     FZ_MAX_FUNCTIONS - 1];
        for (int i = 0; i < FZ_MAX_OPS; i++) {
            if (reduction->gone[block][i] && lines[i] < MAX_LINES) {
                gone_lines[lines[i]] = true;
            }
        }
    }
    gone_lines[0] = false;
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
// the first.
static void
join_threads(const FzReduction *reduction, const FzOwnPoints *own,
             FzTurn *turn)
{
    uint16_t gone = (uint16_t)(reduction->gone_body + 1);
    uint16_t by = (uint16_t)reduction->joined_by;
    uint16_t second = reduction->joined_before ? by : gone;
    if (turn->thread == second) {
        turn->at += own->count[second == by ? gone : by];
    }
    turn->thread = turn->thread == gone ? by : turn->thread;
    turn->to = turn->to == gone ? by : turn->to;
}

void
FzRemap(const FzProgram *before, const FzReduction *reduction,
        const FzOwnPoints *own, const FzTurn *turns, uint32_t nturns,
        FzGuide *out)
{
    bool gone_lines[MAX_LINES] = {false};
    uint64_t counted[FZ_MAX_THREADS] = {0}, gone[FZ_MAX_THREADS] = {0};
    mark_lines(before, reduction, gone_lines);
    out->count = 0;
    for (uint32_t i = 0; i < nturns; i++) {
        FzTurn turn = turns[i];
        uint16_t t = turn.thread;
        for (; counted[t] < turn.at && counted[t] < own->count[t];
             counted[t]++) {
            uint16_t line = own->points[t][counted[t]].line;
            gone[t] += line < MAX_LINES && gone_lines[line];
        }
        turn.at -= gone[t];
        if (reduction->joined_by >= 0) {
            join_threads(reduction, own, &turn);
        }
        if (turn.thread != turn.to &&
            move_thread(reduction->gone_body, &turn.thread) &&
            move_thread(reduction->gone_body, &turn.to)) {
            FzGuide_Add(out, turn);
        }
    }
}
