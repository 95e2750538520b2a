// mechanism.h: a target that drives one mechanism of the runtime through its C
// API, from several threads under a chosen schedule. One executable holds them
// all; it is called by the name of the one to run.
//
// An input is, integers least significant byte first:
//
//   0   schedule seed, 8 bytes; its highest bit: loads are weak, where the
//       mechanism and the build can have that
//   8   strategy selector (FzInput)
//   9   which allocation fails, 2 bytes; 0: none
//   11  number of threads, modulo: 2 to 4
//   12  number of steps, 2 bytes
//   14  the steps, 4 bytes each: thread, what, a, b
//
// and to the end the override bytes of the schedule. Any bytes decode.

#ifndef FUZZ_MECHANISM_H
#define FUZZ_MECHANISM_H

#include "fz_exec.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_ceval.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { FUZZ_MAX_THREADS = 4, FUZZ_MAX_STEPS = 160 };

typedef struct FuzzStep {
    uint8_t thread, what, a, b;
} FuzzStep;

// All functions run attached; exceptions that they leave
// are cleared.
typedef struct FuzzMechanism {
    const char *name;           // of the target: "fuzz_list"
    // Of the main thread, before the others start. What it can't have for want
    // of memory is NULL, and steps do without.
    void (*begin)(void);
    // One step of thread 0 … 3. Every value means something.
    void (*step)(uint32_t thread, const FuzzStep *step);
    // Gives back what the thread still holds. NULL: nothing.
    void (*leave)(uint32_t thread);
    // Of the main thread, after the others have ended.
    void (*end)(void);
} FuzzMechanism;
extern const FuzzMechanism fuzz_brc, fuzz_critical_section, fuzz_dict, fuzz_gc,
    fuzz_gil, fuzz_linear, fuzz_list, fuzz_mutex, fuzz_parking_lot,
    fuzz_qsbr, fuzz_stop_the_world, fuzz_weakref;

// What several targets use: classes of ours, which derive from `base` (NULL:
// object), and instances of one, which may be weakly referenced and have a
// __dict__. NULL without an exception: no memory.
RtObject *Fuzz_NewClass(RtTypeObject *base);
RtObject *Fuzz_NewObject(void);
// Of a slot that threads share under `m`: a new reference, or NULL.
RtObject *Fuzz_Take(RtMutex *m, RtObject **slot);
// Puts `op` (stolen, or NULL) there and drops what was there.
void Fuzz_Put(RtMutex *m, RtObject **slot, RtObject *op);

#endif  // FUZZ_MECHANISM_H
