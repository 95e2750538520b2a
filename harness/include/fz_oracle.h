// fz_oracle.h: what must always hold, checked from the notes of a run.
//
// The engine calls these; they keep their state for one run, touch no runtime
// structure except through the read-only audit, and report by
// FzEngine_Violation(). All state is cleared by FzOracle_Begin() in time
// proportional to what the last run touched.

#ifndef FZ_ORACLE_H
#define FZ_ORACLE_H

#include "fz_engine.h"

void FzOracle_Begin(void);
// Every note of the run, in order, on the fiber it happened on. Ends the run
// (FzEngine_Stop) on a violation.
void FzOracle_Note(uint32_t thread, unsigned note, const void *a, uintptr_t b);
// Before each scheduling point's access, if it may be one to a freed block:
// use after free. `write` as FzEvent.write.
void FzOracle_Access(uint32_t thread, const void *addr, bool write);
// A thread has ended.
void FzOracle_ThreadEnd(uint32_t thread);
// No thread can run and no timeout that matters is pending. Says why, as a
// violation.
// waiting_for[t]: address t waits on (semaphore owner's word) or NULL if it
// ended.
void FzOracle_Stuck(uint32_t nthreads, const bool *ended);
// Whether the thread's timed wait only looks again at what others must do: if
// none of them can run, it waits in vain.
bool FzOracle_IsPolling(uint32_t thread);
// The body has returned and all threads have ended: leaks, lost queues.
void FzOracle_End(void);
// Whether an oracle is at work that the run may go on without (config->ignored)
// when it has reported; and leaves it where it is. What it knows of the run may
// be wrong from then on.
bool FzOracle_MayGoOn(void);
_Noreturn void FzOracle_GoOn(void);

// ---- One file for each; the dispatcher (oracle.c) calls them in this order.
typedef struct FzOracleOps {
    const char *name;
    void (*begin)(void);
    // False: no note of this kind concerns it, in this run or another.
    bool (*note)(uint32_t thread, unsigned note, const void *a, uintptr_t b);
    void (*access)(uint32_t thread, const void *addr, bool write);  // or NULL
    void (*thread_end)(uint32_t thread);                            // or NULL
    void (*end)(void);                                              // or NULL
} FzOracleOps;

extern const FzOracleOps fz_oracle_refcount;    // counts, merge queue, leaks
extern const FzOracleOps fz_oracle_memory;      // use after free, QSBR
extern const FzOracleOps fz_oracle_dead_object;     // heads of freed ones
extern const FzOracleOps fz_oracle_lock;        // deadlock, sections, owners
extern const FzOracleOps fz_oracle_parking;     // sleepers, hand-offs
extern const FzOracleOps fz_oracle_wait_queue;  // turns in wait queues
extern const FzOracleOps fz_oracle_stop_world;
extern const FzOracleOps fz_oracle_interpreter;     // who touches what
extern const FzOracleOps fz_oracle_attach;
extern const FzOracleOps fz_oracle_heap_walk;
extern const FzOracleOps fz_oracle_gc_count;
extern const FzOracleOps fz_oracle_gc;
extern const FzOracleOps fz_oracle_weakref;     // lists, callbacks
extern const FzOracleOps fz_oracle_attributes;  // dicts of instances
extern const FzOracleOps fz_oracle_generator;   // who runs its frame
extern const FzOracleOps fz_oracle_gil;
extern const FzOracleOps fz_oracle_gilstate;
extern const FzOracleOps fz_oracle_eval_breaker;     // calls, exceptions
extern const FzOracleOps fz_oracle_eval_request;     // bits of the word

#endif  // FZ_ORACLE_H
