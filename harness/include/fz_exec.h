// fz_exec.h: one execution of a program on the runtime under a schedule.
//
// Ties the parts together: engine (or OS threads), runtime, program, oracles.
// FzExec_Init() once for each process; everything else after it.

#ifndef FZ_EXEC_H
#define FZ_EXEC_H

#include "fz_engine.h"
#include "fz_program.h"

enum { FZ_COVERAGE_SIZE = 4096 };       // interleaving counters, one byte each

// Fixes whether the GIL of a free-threaded build is on (1) or off (0), whatever
// programs load, or leaves it to them (-1); before FzExec_Init(). False: this
// build cannot.
bool FzExec_SetGil(int choice);
// That choice, by whomever it was made; -1: none, it is on when a program loads
// what needs it.
int FzExec_GetGil(void);
// Starts engine and runtime. False with a reason.
FZ_WARN_UNUSED bool FzExec_Init(char *why, size_t why_size);

// Oracles on, races on in builds that can see them, no events, no coverage.
FzEngineConfig FzExec_DefaultConfig(void);

// The schedule that an input asks for: strategy, depth and virtual time step
// from its selector byte and seed. Borrows input->overrides.
FzSchedule FzExec_ScheduleOf(const FzInput *input);

// The body of thread 0: starts the runtime, lowers and runs the program, shuts
// the runtime down. `program` is a const FzProgram *. For any carrier.
void FzExec_Body(void *program);

// Runs a program under config->schedule. run->violations says what was found.
void FzExec_RunProgram(const FzProgram *program, const FzEngineConfig *config,
                       FzRun *run);
// The same on the carrier of this process: the deterministic engine, or OS
// threads that run freely.
void FzExec_Carry(const FzProgram *program, const FzEngineConfig *config,
                  FzRun *run);
// The same of any body, which starts and ends the runtime itself.
void FzExec_CarryBody(void (*body)(void *), void *arg,
                      const FzEngineConfig *config, FzRun *run);
// Whether this process runs programs deterministically: builds with hooks do,
// unless they were told, before FzExec_Init(), to use OS threads.
bool FzExec_IsDeterministic(void);
void FzExec_UseOsThreads(bool use);
// Whether atomic loads may return older values in the schedules of inputs from
// now on (engine/weak.h). False: this build does not see all atomics.
FZ_WARN_UNUSED bool FzExec_UseWeakLoads(bool use);
// Runs an input with the default config; number of violations.
int FzExec_RunInput(const FzInput *input, FzRun *run);

// The program's line that the running thread executes; 0 if unknown.
uint32_t FzExec_CurrentLine(void);

// What this binary is: "fuzz-ft", "race-gil", …
const char *FzExec_BuildName(void);

#endif  // FZ_EXEC_H
