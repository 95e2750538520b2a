// fiber.h: threads of control that share one OS thread, and the switch between
// them.
//
// A fiber has a stack with a guard page below it; stacks are mapped once and
// reused for ever. A fiber may be abandoned in the middle of anything:
// preparing it again starts it afresh on the same stack. The host (the caller
// of a run) is a fiber without a stack of its own.

#ifndef FZ_FIBER_H
#define FZ_FIBER_H

#include "fz_base.h"

#if defined(FZ_LARGE_STACKS)
enum { FZ_FIBER_STACK_SIZE = 15 * 1024 * 1024 };
#elif defined(RT_ASAN) || !defined(__OPTIMIZE__)
// Redzones, or that every temporary has a slot, make frames larger.
enum { FZ_FIBER_STACK_SIZE = 1024 * 1024 };
#else
enum { FZ_FIBER_STACK_SIZE = 256 * 1024 };
#endif

typedef struct FzFiber {
    void *sp;                   // while it does not run
    char *stack;                // lowest usable address
    size_t stack_size;
    void (*entry)(void *arg);   // never returns
    void *arg;
    // Set by whoever leaves it without unwinding its frames.
    bool abandoned;
    void *fake_stack;           // AddressSanitizer's, kept over the lives
} FzFiber;

// One mapping of stacks, each with its guard page below. False with a reason.
typedef struct FzFiberPool {
    char *base;
    size_t size;
    size_t stride;              // distance between two stacks' guard pages
} FzFiberPool;
FZ_WARN_UNUSED bool FzFiberPool_Map(FzFiberPool *pool, FzFiber *fibers,
                                    size_t n, char *why, size_t why_size);
void FzFiberPool_Unmap(FzFiberPool *pool);

// The next switch to it calls entry(arg) on its own stack.
void FzFiber_Prepare(FzFiber *fiber, void (*entry)(void *arg), void *arg);
// Suspends `from`, the running fiber, and resumes `to`. Returns when something
// switches back to `from`.
void FzFiber_Switch(FzFiber *from, FzFiber *to);
// The same, but `from` is never resumed.
_Noreturn void FzFiber_Leave(FzFiber *from, FzFiber *to);

// How FzFiber_Switch() gets to another fiber that is run by an OS thread of its
// own (native_token.c). NULL: all are on this one.
extern void (*fz_fiber_carrier)(FzFiber *from, FzFiber *to);
// FzFiber_Switch() without the carrier: within the calling OS thread.
void FzFiber_SwitchHere(FzFiber *from, FzFiber *to);

// Whether addr lies on its stack (or, under AddressSanitizer, in its fake
// stack); then *offset is the distance below the top of the stack.
bool FzFiber_Contains(const FzFiber *fiber, const void *addr, size_t *offset);
// Frame pointer and program counter at which a suspended fiber will go on.
void FzFiber_SavedFrame(const FzFiber *fiber, void **frame, void **pc);

#endif  // FZ_FIBER_H
