// violation.c: recording what went wrong, with the stacks of both threads, and
// turning a fatal signal of the code under test into a violation.
//
// Stacks are walked by frame pointers (everything is compiled with them) and
// never leave the fiber's own stack. The first entry is the code that called
// the hook, where one did.

#include "engine_internal.h"
#include "fz_image.h"
#include "fz_oracle.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { FRAMES_MAX = 64, HANDLER_STACK_SIZE = 64 * 1024 };

// Return addresses from `frame` outwards; the first is pc if it is not NULL.
static size_t
walk(const FzFiber *fiber, void *frame, void *pc, void **out, size_t max)
{
    size_t n = 0;
    if (pc != NULL) {
        out[n++] = pc;
    }
    char *low = fiber->stack;
    char *high = fiber->stack + fiber->stack_size - 2 * sizeof(void *);
    for (char *at = frame; n < max; ) {
        if (at < low || at > high || (uintptr_t)at % sizeof(void *) != 0) {
            break;
        }
        void **words = (void **)at;
        if (words[1] == NULL) {
            break;
        }
        out[n++] = words[1];
        if ((char *)words[0] <= at) {
            break;
        }
        at = words[0];
    }
    return n;
}

// Copies a walk, from the code that called the hook if it is on it.
static void
store(void **stack, void *const *frames, size_t n, uintptr_t site)
{
    size_t first = 0;
    for (size_t i = 0; i < n; i++) {
        if ((uintptr_t)frames[i] == site) {
            first = i;
            break;
        }
    }
    size_t count = n - first < FZ_MAX_STACK ? n - first : FZ_MAX_STACK;
    memset(stack, 0, FZ_MAX_STACK * sizeof(void *));
    memcpy(stack, frames + first, count * sizeof(void *));
}

static void
store_other(FzViolation *violation)
{
    const FzEngine *e = &fz_engine;
    uint32_t other = violation->other_thread;
    memset(violation->other_stack, 0, sizeof(violation->other_stack));
    if (other >= e->nthreads || other == e->current ||
        e->threads[other].ended) {
        return;
    }
    void *frames[FRAMES_MAX];
    void *frame, *pc;
    FzFiber_SavedFrame(&e->fibers[other], &frame, &pc);
    size_t n = walk(&e->fibers[other], frame, pc, frames, FRAMES_MAX);
    store(violation->other_stack, frames, n, e->threads[other].site);
}

// The next free record of the run, or NULL if all are used.
static FzViolation *
new_violation(FzRule rule, uint32_t other_thread)
{
    FzEngine *e = &fz_engine;
    FzRun *run = e->run;
    FZ_ASSERT(run != NULL);
    e->ignoring = false;
    size_t max = sizeof(run->violations) / sizeof(run->violations[0]);
    if (run->nviolations == max) {
        return NULL;
    }
    FzViolation *violation = &run->violations[run->nviolations++];
    violation->rule = rule;
    violation->step = e->steps;
    violation->thread = e->current;
    violation->other_thread =
        other_thread < e->nthreads ? other_thread : UINT32_MAX;
    return violation;
}

// True: the caller is to go on as if the rule held.
static bool
is_ignored(FzEngine *e, FzRule rule)
{
    bool ignored = FzEngine_Ignores(rule) && FzOracle_MayGoOn();
    e->ignoring = ignored && e->run->nviolations == 0;
    return ignored;
}

void
FzEngine_Violation(FzRule rule, uint32_t other_thread, const char *format,
                   ...)
{
    FzEngine *e = &fz_engine;
    if (is_ignored(e, rule)) {
        return;
    }
    FzViolation *violation = new_violation(rule, other_thread);
    if (violation == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(violation->message, sizeof(violation->message), format, args);
    va_end(args);
    void *frames[FRAMES_MAX];
    size_t n = walk(&e->fibers[e->current], __builtin_frame_address(0), NULL,
                    frames, FRAMES_MAX);
    store(violation->stack, frames, n, e->threads[e->current].site);
    store_other(violation);
}

void
FzEngine_SetOtherStack(const uintptr_t *frames, size_t n)
{
    FzRun *run = fz_engine.run;
    if (fz_engine.ignoring) {
        return;
    }
    FZ_ASSERT(run->nviolations > 0);
    FzViolation *violation = &run->violations[run->nviolations - 1];
    memset(violation->other_stack, 0, sizeof(violation->other_stack));
    n = n < FZ_MAX_STACK ? n : FZ_MAX_STACK;
    for (size_t i = 0; i < n; i++) {
        violation->other_stack[i] = (void *)frames[i];
    }
}

// ---------------------------------------------------------------------------
// Who freed what, in runs that keep it.

typedef struct FreeRecord {
    const void *block;
    uintptr_t stack[FZ_MAX_STACK];
    size_t depth;
} FreeRecord;

static struct {
    FreeRecord *records;
    size_t count, capacity;
} frees;

void
FzViolation_Begin(void)
{
    frees.count = 0;
}

void
FzViolation_RecordFree(const void *block)
{
    FzEngine *e = &fz_engine;
    if (frees.count == frees.capacity) {
        frees.capacity = frees.capacity * 2 + 256;
        frees.records = realloc(frees.records,
                                frees.capacity * sizeof(FreeRecord));
        FZ_ASSERT(frees.records != NULL);
    }
    FreeRecord *record = &frees.records[frees.count++];
    void *frames[FRAMES_MAX];
    size_t n = walk(&e->fibers[e->current], __builtin_frame_address(0), NULL,
                    frames, FRAMES_MAX);
    record->block = block;
    record->depth = n < FZ_MAX_STACK ? n : FZ_MAX_STACK;
    memcpy(record->stack, frames, record->depth * sizeof(void *));
}

void
FzEngine_OtherIsFree(const void *block)
{
    if (fz_engine.run->nviolations == 0) {
        return;
    }
    for (size_t i = frees.count; block != NULL && i-- > 0;) {
        if (frees.records[i].block == block) {
            FzEngine_SetOtherStack(frees.records[i].stack,
                                   frees.records[i].depth);
            return;
        }
    }
    FzEngine_SetOtherStack(NULL, 0);
}

// ---------------------------------------------------------------------------
// Fatal signals. AddressSanitizer has a report of its own to make.

#ifdef RT_ASAN

void
FzViolation_InstallHandlers(void)
{
}

#else

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
enum { NSIGNALS = sizeof(fatal_signals) / sizeof(fatal_signals[0]) };

static struct sigaction previous_actions[NSIGNALS];
static char handler_stack[HANDLER_STACK_SIZE];

static void
interrupted_frame(const ucontext_t *context, void **frame, void **pc)
{
#if defined(__x86_64__)
    *frame = (void *)context->uc_mcontext.gregs[REG_RBP];
    *pc = (void *)context->uc_mcontext.gregs[REG_RIP];
#else
    *frame = (void *)context->uc_mcontext.regs[29];
    *pc = (void *)context->uc_mcontext.pc;
#endif
}

static void
describe_signal(const siginfo_t *info, char *buf, size_t size)
{
    const FzEngine *e = &fz_engine;
    const char *addr = info->si_addr;
    const char *name = sigabbrev_np(info->si_signo);
    if (info->si_signo != SIGSEGV && info->si_signo != SIGBUS) {
        snprintf(buf, size, "the code died of SIG%s", name);
        return;
    }
    if (addr < e->fibers[e->current].stack &&
        addr >= e->fibers[e->current].stack - 4096) {
        snprintf(buf, size, "the stack of thread %u overflowed", e->current);
        return;
    }
    // An address in no known place may be anything: it differs from process
    // to process.
    char place[128];
    FzEngine_NameAddress(addr, place, sizeof(place));
    bool known = strncmp(place, "outside", 7) != 0;
    snprintf(buf, size, "the code died of SIG%s at %s", name,
             known ? place : "an invalid address");
}

static void
on_fatal_signal(int number, siginfo_t *info, void *context)
{
    FzEngine *e = &fz_engine;
    if (!e->active) {
        // Not ours: the instruction runs again under the previous action.
        for (int i = 0; i < NSIGNALS; i++) {
            if (fatal_signals[i] == number) {
                sigaction(number, &previous_actions[i], NULL);
            }
        }
        return;
    }
    FzViolation *violation = new_violation(FZ_RULE_CRASH, UINT32_MAX);
    if (violation != NULL) {
        describe_signal(info, violation->message, sizeof(violation->message));
        void *frames[FRAMES_MAX];
        void *frame, *pc;
        interrupted_frame(context, &frame, &pc);
        size_t n =
            walk(&e->fibers[e->current], frame, pc, frames, FRAMES_MAX);
        store(violation->stack, frames, n, 0);
        store_other(violation);
    }
    // Leaves the signal's frame as it leaves the fiber's: both stacks are
    // started afresh. The signal mask was not changed (SA_NODEFER).
    FzEngine_Stop();
}

void
FzViolation_InstallHandlers(void)
{
    stack_t stack = {
        .ss_sp = handler_stack,
        .ss_size = sizeof(handler_stack),
    };
    struct sigaction action = {
        .sa_sigaction = on_fatal_signal,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
    };
    FzImage_Load();             // describe_signal() names variables
    sigemptyset(&action.sa_mask);
    sigaltstack(&stack, NULL);
    for (int i = 0; i < NSIGNALS; i++) {
        sigaction(fatal_signals[i], &action, &previous_actions[i]);
    }
}

#endif
