// fz_native.h: runs code that uses the runtime on real OS threads.
//
//   FREE     a pool of threads, all running at once: what serial runs cannot
//            show (real memory order, cross-thread frees, futexes), under stock
//            ThreadSanitizer or nothing. Nothing is recorded or replayed.
//   TOKEN    a pool of threads of which one runs at a time: the engine of
//            fz_engine.h, whose fibers then live on an OS thread each. Same
//            schedule, same trace hash as on one OS thread; builds with hooks.
//   CREATED  as FREE, but every thread that the program starts is created and
//            ends with it.
//
// The heaps that an OS thread owns die with it, so a created thread stays until
// its whole run is over; then nothing on its heaps is live, and it takes them
// out of the runtime's registry and ends. Should a run leave blocks behind, its
// threads stay for ever instead.

#ifndef FZ_NATIVE_H
#define FZ_NATIVE_H

#include "fz_engine.h"

// The world's clock goes so much faster than the system's (FREE, CREATED):
// programs wait for a second for what never comes, as if it cost nothing.
enum { FZ_NATIVE_CLOCK = 20 };

typedef enum FzNativeMode {
    FZ_NATIVE_FREE, FZ_NATIVE_TOKEN, FZ_NATIVE_CREATED
} FzNativeMode;

// Whether this build can: TOKEN needs hooks.
bool FzNative_Supports(FzNativeMode mode);

// Runs body(arg), on the calling thread or (TOKEN) under the engine, until it
// and every thread it started have ended; fills run->output, nthreads and
// completed, and in TOKEN mode all that FzEngine_Run() fills.
//
// schedule: in TOKEN mode the schedule. Else it may be NULL; in builds with
// hooks its depth is the noise: each scheduling point yields with a chance of
// depth in 64, drawn from its seed. The threads that a program starts are
// released together: when as many have been started as in the run that `run`
// held before, or when the body waits.
//
// A program that deadlocks never returns, but in TOKEN mode.
void FzNative_Run(FzNativeMode mode, const FzSchedule *schedule,
                  void (*body)(void *), void *arg, FzRun *run);

// Makes FzEngine_Run() use an OS thread for each fiber, or not. Between runs.
void FzNative_UseToken(bool use);

#endif  // FZ_NATIVE_H
