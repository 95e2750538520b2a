// twins_internal.h: the stage on which twins act. One body is both twins: at
// one place, FZ_PLACE(), it does what is wrong or what is right. It is run by
// scripted threads: the preferred one, else that with the lowest number.

#ifndef FZ_TWINS_INTERNAL_H
#define FZ_TWINS_INTERNAL_H

#include "fz_twins.h"
#include "rtcore_state.h"

typedef enum FzTwinPhase {
    FZ_TWIN_BEFORE,             // the place was not reached
    FZ_TWIN_WITHIN,             // the action is under way
    FZ_TWIN_LOOKING,            // the oracle is about to look
    FZ_TWIN_PAST,
} FzTwinPhase;

typedef struct FzTwinState {
    bool broken;
    FzTwinPhase phase;
    uint32_t thread;            // that acts, or makes the oracle look
    uint64_t step;              // when that began
    size_t event;
    const FzRun *run;
    uint32_t preferred;
    RtThreadState *me;          // of the thread that started the runtime
    RtThreadState *states[4];   // by thread number
} FzTwinState;
extern FzTwinState fz_stage;

enum { A = 1, B = 2, C = 3 };   // threads of a team

void FzTwin_Begin(FzTwinPhase phase);
void FzTwin_Past(void);
// The one place where the twins differ. Both must come here.
#define FZ_PLACE(wrong, right) \
    do { \
        FzTwin_Begin(FZ_TWIN_WITHIN); \
        if (fz_stage.broken) { \
            wrong; \
        } \
        else { \
            right; \
        } \
        FzTwin_Past(); \
    } while (0)
// The oracle looks at what the action has left.
#define FZ_LOOK(statement) \
    do { \
        FzTwin_Begin(FZ_TWIN_LOOKING); \
        statement; \
        FzTwin_Past(); \
    } while (0)
#define FZ_NOTHING ((void)0)

// stage.c: for bodies.
void FzTwin_Prefer(uint32_t thread);
// A point: the preferred thread runs until it blocks or prefers another.
void FzTwin_Let(uint32_t thread);
void FzTwin_SpendMicroseconds(int us);  // a point takes one
// Of threads on an attached stage.
void FzTwin_Attach(uint32_t self);
void FzTwin_Detach(uint32_t self);      // for good

extern const FzStrategy fz_twin_script;
void FzTwin_Body(void *twin);           // of thread 0

// Rows.
#define FZ_TWIN(rule, stage, promise, func, mistake) \
    { FZ_RULE_##rule, FZ_TWIN_##stage, FZ_TWIN_##promise, mistake, func, NULL, \
      NULL }
#define FZ_TWIN_ELSEWHERE(rule, needs) \
    { FZ_RULE_##rule, FZ_TWIN_ALONE, FZ_TWIN_AT_ONCE, "", NULL, needs, \
      NULL }
#define FZ_TWINS_END { .rule = FZ_RULE_COUNT }

#ifdef RT_WITH_HOOKS
#ifdef RT_GIL_DISABLED
#define FZ_TWIN_FT(rule, stage, promise, func, mistake) \
    FZ_TWIN(rule, stage, promise, func, mistake)
#else
#define FZ_TWIN_FT(rule, stage, promise, func, mistake) \
    FZ_TWIN_ELSEWHERE(rule, "a free-threaded build")
#endif
#endif

extern const FzTwin fz_twins_eval[];            // the GIL and the eval breaker
extern const FzTwin fz_twins_lock[];            // locks, sections, semaphores
extern const FzTwin fz_twins_memory[];          // blocks and counts
extern const FzTwin fz_twins_object[];          // what objects promise
extern const FzTwin fz_twins_gc[];              // the collectors
extern const FzTwin fz_twins_world[];           // stops, interpreters
extern const FzTwin fz_twins_run[];             // how a run ends
extern const FzTwin fz_twins_process[];         // what runs do not answer

#endif  // FZ_TWINS_INTERNAL_H
