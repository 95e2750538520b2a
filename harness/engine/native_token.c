// native_token.c: the engine's fibers, each on an OS thread of its own.
//
// Invariant: the OS thread that holds the token runs, all others wait for it;
// so the engine's state needs no locks. OS thread t runs fiber t and nothing
// else, on the fiber's stack, so that addresses of locals are named as ever. A
// fiber that gives way switches to its OS thread's own stack, and there the
// token is handed on: a fiber may be left for good in the middle of anything.

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine_internal.h"
#include "fz_native.h"

#ifdef RT_WITH_HOOKS

typedef struct Token {
    uint32_t here;              // atomic; 1: the owner may run
} Token;

typedef struct Worker {
    _Alignas(64) Token token;
    FzFiber native;             // the OS thread's own stack
    FzFiber *next;              // gets the token when the fiber has given way
    bool exists;
} Worker;

static Worker workers[FZ_MAX_THREADS];
static Token host_token;

static void
wait_for(Token *token)
{
    while (__atomic_exchange_n(&token->here, 0, __ATOMIC_ACQUIRE) == 0) {
        syscall(SYS_futex, &token->here, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
}

static void
hand_over(Token *token)
{
    __atomic_store_n(&token->here, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &token->here, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

// AddressSanitizer wants to know where a switch goes.
static void
find_own_stack(FzFiber *native)
{
    pthread_attr_t attr;
    void *stack;
    FZ_ASSERT(pthread_getattr_np(pthread_self(), &attr) == 0);
    FZ_ASSERT(pthread_attr_getstack(&attr, &stack, &native->stack_size) == 0);
    native->stack = stack;
    pthread_attr_destroy(&attr);
}

static void start_worker(uint32_t number);

static void
hand_over_to(const FzFiber *fiber)
{
    if (fiber == &fz_engine.host) {
        hand_over(&host_token);
        return;
    }
    uint32_t number = (uint32_t)(fiber - fz_engine.fibers);
    FZ_ASSERT(number < FZ_MAX_THREADS);
    if (!workers[number].exists) {
        start_worker(number);
    }
    hand_over(&workers[number].token);
}

static void *
worker_main(void *arg)
{
    Worker *worker = arg;
    uint32_t number = (uint32_t)(worker - workers);
    find_own_stack(&worker->native);
    for (;;) {
        wait_for(&worker->token);
        FzTarget_LoadThread(number);
        FzFiber_SwitchHere(&worker->native, &fz_engine.fibers[number]);
        hand_over_to(worker->next);
    }
    return NULL;
}

// Workers live as long as the process: they own heaps.
static void
start_worker(uint32_t number)
{
    pthread_t thread;
    workers[number].exists = true;
    FZ_ASSERT(pthread_create(&thread, NULL, worker_main, &workers[number]) ==
              0);
    FZ_ASSERT(pthread_detach(thread) == 0);
}

// What FzFiber_Switch() does while the token is in use.
static void
switch_by_token(FzFiber *from, FzFiber *to)
{
    if (from == &fz_engine.host) {
        hand_over_to(to);
        wait_for(&host_token);
        return;
    }
    Worker *worker = &workers[from - fz_engine.fibers];
    worker->next = to;
    FzFiber_SwitchHere(from, &worker->native);
}

void
FzNative_UseToken(bool use)
{
    fz_fiber_carrier = use ? switch_by_token : NULL;
}

#else

void
FzNative_UseToken(bool use)
{
    FZ_ASSERT(!use);
}

#endif  // RT_WITH_HOOKS
