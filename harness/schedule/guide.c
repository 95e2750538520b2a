// guide.c: schedules as turns of threads, by each thread's own progress: what
// the minimizer takes apart.

#include <stdlib.h>

#include "fz_schedule.h"

void
FzGuide_Add(FzGuide *guide, FzTurn turn)
{
    if (guide->count == guide->capacity) {
        guide->capacity = guide->capacity * 2 + 16;
        guide->turns = realloc(guide->turns,
                               guide->capacity * sizeof(*guide->turns));
        FZ_ASSERT(guide->turns != NULL);
    }
    guide->turns[guide->count++] = turn;
}

void
FzGuide_Free(FzGuide *guide)
{
    free(guide->turns);
    *guide = (FzGuide){0};
}

size_t
FzGuide_CountPreemptions(const FzGuide *guide)
{
    size_t n = 0;
    for (size_t i = 0; i < guide->count; i++) {
        n += guide->turns[i].preempts;
    }
    return n;
}

static size_t
next_of(const FzGuide *guide, uint32_t thread, size_t from)
{
    while (from < guide->count && guide->turns[from].thread != thread) {
        from++;
    }
    return from;
}

void
FzGuideReader_Init(FzGuideReader *reader, const FzGuide *guide)
{
    reader->guide = guide;
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        reader->next[t] = next_of(guide, t, 0);
    }
}

const FzTurn *
FzGuideReader_Next(FzGuideReader *reader, uint32_t thread, uint64_t own,
                   bool can_go_on)
{
    const FzGuide *guide = reader->guide;
    size_t *next = &reader->next[thread];
    while (*next < guide->count && guide->turns[*next].at <= own) {
        const FzTurn *turn = &guide->turns[*next];
        if (turn->preempts != can_go_on && turn->at == own && can_go_on) {
            return NULL;        // its time comes when the thread blocks
        }
        *next = next_of(guide, thread, *next + 1);
        if (turn->preempts == can_go_on) {
            return turn;
        }
        // Missed: the thread blocked where it did not, or the reverse.
    }
    return NULL;
}
