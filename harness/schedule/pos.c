// pos.c: POS, partial order sampling: each pending event has a random priority,
// drawn anew for those that conflict with the event that runs. So the order of
// conflicting events is random, whatever else happens between them.
//
// A thread that asks others to run has the lowest priority until another has
// run, and counts as conflicting with all: a spinning thread would else win
// against an unlucky priority for long.
// Source: Yuan, Yang, Gu (CAV 2018).

#include "pos.h"

static inline void
draw(FzPos *pos, uint32_t thread)
{
    pos->priority[thread] = FzRng_Next(&pos->rng) | 1;
}

void
FzPos_Begin(void *state, const FzSchedule *schedule)
{
    FzPos *pos = state;
    FzRng_Seed(&pos->rng, schedule->seed);
    pos->yielded = 0;
}

void
FzPos_ThreadCreated(void *state, uint32_t thread)
{
    draw(state, thread);
}

static void
yields(FzPos *pos, const FzPointView *view)
{
    for (FzThreadSet rest = view->runnable; rest != 0; rest &= rest - 1) {
        draw(pos, FzThreadSet_First(rest));
    }
    pos->yielded |= FzThreadSet_Of(view->running);
    pos->priority[view->running] = 0;
}

uint32_t
FzPos_Choose(FzPos *pos, const FzPointView *view, FzThreadSet among)
{
    FzThreadSet back = pos->yielded & ~FzThreadSet_Of(view->running);
    for (FzThreadSet rest = back; rest != 0; rest &= rest - 1) {
        draw(pos, FzThreadSet_First(rest));
    }
    pos->yielded &= ~back;
    if (view->yielding) {
        yields(pos, view);
    }
    uint32_t best = FzThreadSet_First(among);
    for (FzThreadSet rest = among; rest != 0; rest &= rest - 1) {
        uint32_t thread = FzThreadSet_First(rest);
        if (pos->priority[thread] > pos->priority[best]) {
            best = thread;
        }
    }
    FzEvent event = view->next[best];
    if (event.object != 0) {
        FzThreadSet others = view->runnable & ~FzThreadSet_Of(best);
        for (; others != 0; others &= others - 1) {
            uint32_t thread = FzThreadSet_First(others);
            const FzEvent *next = &view->next[thread];
            if (next->object == event.object && (next->write || event.write)) {
                draw(pos, thread);
            }
        }
    }
    draw(pos, best);
    return best;
}

static uint32_t
pos_next(void *state, const FzPointView *view)
{
    return FzPos_Choose(state, view, view->runnable);
}

const FzStrategy fz_strategy_pos = {
    .name = "pos",
    .sentence = "random priority for each event, drawn anew after conflicts",
    .state_size = sizeof(FzPos),
    .begin = FzPos_Begin,
    .thread_created = FzPos_ThreadCreated,
    .next = pos_next,
};
