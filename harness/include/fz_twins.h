// fz_twins.h: for each rule of verdict.def two bodies of code that differ in
// one place: one is right there and must be silent, one is wrong and must be
// reported, by this rule and there. `ftfuzz rules --check` runs them all.
//
// Call FzExec_Init() before the first is run.

#ifndef FZ_TWINS_H
#define FZ_TWINS_H

#include "fz_engine.h"

// When the rule promises to see the mistake.
typedef enum FzTwinPromise {
    FZ_TWIN_AT_ONCE,            // before the wrong action has ended
    FZ_TWIN_AT_LOOK,            // when the oracle looks next: a walk, a check
    FZ_TWIN_AT_END,             // when all threads have ended
} FzTwinPromise;

// Who runs the body.
typedef enum FzTwinStage {
    FZ_TWIN_ALONE,              // thread 0, the runtime has not started
    FZ_TWIN_TEAM,               // threads 1, 2 and 3, likewise
    FZ_TWIN_RUNTIME,            // the thread that started the runtime
    FZ_TWIN_ATTACHED,           // threads 1, 2 and 3, each with a state that
                                // it may attach
    FZ_TWIN_PROCESS,            // not a run: `verdict` is asked
} FzTwinStage;

typedef struct FzTwin {
    FzRule rule;
    FzTwinStage stage;
    FzTwinPromise promise;
    const char *mistake;        // what the broken twin does
    void (*body)(uint32_t self);        // number of the thread
    const char *needs;          // what is missing here, or NULL
    int (*verdict)(bool broken);        // a rule; -1: silent
} FzTwin;

typedef struct FzTwinResult {
    bool as_expected;           // both of them
    char clean[96];             // "silent", or what was said of it
    char broken[96];            // the rule that reported it, or "silent"
    uint64_t wrong_step;        // at which the wrong action, or the look, began
    uint64_t seen_step;         // of the violation
    uint64_t events;            // points and notes from there to it
    const char *why;            // not as expected: what is wrong
    char message[300];          // the violation's, of the broken one
} FzTwinResult;

// In the order of verdict.def. NULL: past the last.
const FzTwin *FzTwin_Nth(size_t n);
// Whether a rule has twins, in this build or another.
bool FzTwin_Has(FzRule rule);
const char *FzTwinPromise_Name(FzTwinPromise promise);
// Runs both. Only those that need nothing.
void FzTwin_Run(const FzTwin *twin, FzTwinResult *result);

#endif  // FZ_TWINS_H
