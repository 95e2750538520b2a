// fz_cause.h: where a minimised failure comes from: the preemption without
// which it does not happen, and what the other thread did meanwhile. Failures
// of one mistake differ in what breaks in the end; they agree in this.

#ifndef FZ_CAUSE_H
#define FZ_CAUSE_H

#include "fz_engine.h"

typedef struct FzCause {
    bool preempted;             // there is such a preemption
    bool conflicts;             // the other touched the same meanwhile
    uint32_t thread, other;     // preempted; which ran instead
    uint64_t step;              // of the switch
    uint64_t own;               // FzTurn.at of it
    uint32_t line;              // of the program, where it was preempted
    uint32_t other_line;        // of the conflicting access
    uintptr_t site, other_site; // offsets in the image; 0: unknown
    char function[96];          // that was preempted, before it touched …
    char kind[48], field[32];   // … this
    char other_function[96];    // that touched the same meanwhile; "": none
} FzCause;

enum { FZ_CAUSES = 8 };         // preemptions that are looked at

// The preemptions of a run, in order; of more than `most` the last. run: with
// events and a violation; turns: of the same run.
size_t FzCause_All(const FzRun *run, const FzGuide *turns, FzCause *out,
                   size_t most);
// The last one with a conflict, or the last.
void FzCause_Of(const FzRun *run, const FzGuide *turns, FzCause *out);
// "function|kind.field|other_function"; "" if nothing was preempted.
void FzCause_Print(const FzCause *cause, char *out, size_t size);

#endif  // FZ_CAUSE_H
