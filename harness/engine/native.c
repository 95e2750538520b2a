// native.c: runs on OS threads that run freely, from the runtime's own pool
// or created for the run.
//
// The state of a run is in `native`. What threads hand to each other goes
// through its mutex, by pthread calls, which ThreadSanitizer knows; the gate
// does not: being released together orders nothing.

#include "fz_native.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rtcore_heap.h"
#include "rtcore_hooks.h"

enum { NOISE_DENOMINATOR = 64, MAX_CREATED = 256 };

typedef enum Ending {
    NOT_YET, END_THREAD, STAY_FOR_EVER
} Ending;

typedef struct Job {
    void (*func)(void *);
    void *arg;
    uint32_t number;            // 1, 2, …: n-th thread of the run
} Job;

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t ended;       // `running` reached 0
    pthread_cond_t over;        // `ending` was set
    uint32_t started, running;  // mutex
    Ending ending;              // mutex
    pthread_t created[MAX_CREATED];     // the body's threads start them
    uint32_t ncreated;          // mutex
    FzRun *run;                 // output: mutex
    FzNativeMode mode;
    uint32_t expected;          // threads to be released together; 0: unknown
    uint32_t gate;              // atomic; 1: open
    uint64_t seed;
    FzRatio noise;
} native = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .ended = PTHREAD_COND_INITIALIZER,
    .over = PTHREAD_COND_INITIALIZER,
};

static _Thread_local struct {
    bool is_body;
    jmp_buf *exit_point;        // of a started thread
    FzRng rng;
} own;

// ---------------------------------------------------------------------------
// The gate

static void
open_gate(void)
{
    if (__atomic_exchange_n(&native.gate, 1, __ATOMIC_RELEASE) == 0) {
        syscall(SYS_futex, &native.gate, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL,
                NULL, 0);
    }
}

static void
pass_gate(void)
{
    while (__atomic_load_n(&native.gate, __ATOMIC_ACQUIRE) == 0) {
        syscall(SYS_futex, &native.gate, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
}

// The body is about to wait, perhaps for a thread behind the gate.
static void
body_waits(void)
{
    if (own.is_body) {
        open_gate();
    }
}

// ---------------------------------------------------------------------------
// Threads

static void
seed_thread(uint32_t number)
{
    FzRng_Seed(&own.rng, native.seed + number);
}

// For the next job this is a new thread, whatever made this one exit.
static void
forget_thread(void)
{
    if (rt_thread_local.heaps != NULL) {
        RtHeap_Release(rt_thread_local.heaps);
    }
    rt_thread_local = (RtThreadLocal){0};
}

static void
run_job(Job *job)
{
    Job mine = *job;
    free(job);
    seed_thread(mine.number);
    pass_gate();
    jmp_buf here;
    own.exit_point = &here;
    if (setjmp(here) == 0) {
        mine.func(mine.arg);
    }
    own.exit_point = NULL;
    forget_thread();
    pthread_mutex_lock(&native.mutex);
    native.running--;
    if (native.running == 0) {
        pthread_cond_signal(&native.ended);
    }
    pthread_mutex_unlock(&native.mutex);
}

static void
pooled_main(void *job)
{
    run_job(job);
}

static void *
created_main(void *job)
{
    run_job(job);
    pthread_mutex_lock(&native.mutex);
    while (native.ending == NOT_YET) {
        pthread_cond_wait(&native.over, &native.mutex);
    }
    if (native.ending == STAY_FOR_EVER) {
        pthread_mutex_unlock(&native.mutex);
        for (;;) {
            pause();
        }
    }
    RtHeap_ForgetSets();
    pthread_mutex_unlock(&native.mutex);
    return NULL;
}

static int
create_thread(Job *job)
{
    pthread_mutex_lock(&native.mutex);
    FZ_ASSERT(native.ncreated < MAX_CREATED);
    uint32_t index = native.ncreated++;
    pthread_mutex_unlock(&native.mutex);
    return pthread_create(&native.created[index], NULL, created_main, job) == 0
               ? 0
               : -1;
}

static int
thread_start(void (*func)(void *), void *arg)
{
    Job *job = malloc(sizeof(Job));
    FZ_ASSERT(job != NULL);
    pthread_mutex_lock(&native.mutex);
    native.running++;
    uint32_t number = ++native.started;
    pthread_mutex_unlock(&native.mutex);
    *job = (Job){func, arg, number};
    int result = native.mode == FZ_NATIVE_CREATED
                     ? create_thread(job)
                     : rt_native_world.thread_start(pooled_main, job);
    // Without a thread no run of this process can be what it claims to be.
    FZ_ASSERT(result == 0);
    if (number >= native.expected) {
        open_gate();
    }
    return 0;
}

static _Noreturn void
thread_exit(void)
{
    FZ_ASSERT(own.exit_point != NULL);
    longjmp(*own.exit_point, 1);
}

// ---------------------------------------------------------------------------
// The world and the hooks

static int64_t
now_ns(void)
{
    return FZ_NATIVE_CLOCK * rt_native_world.now_ns();
}

static RtWaitResult
sem_wait(RtSemaphore *sem, int64_t timeout_ns)
{
    body_waits();
    // None that is to wait at all becomes one that does not.
    return rt_native_world.sem_wait(
        sem, timeout_ns > 0 ? (timeout_ns - 1) / FZ_NATIVE_CLOCK + 1
                            : timeout_ns);
}

static void
yield(void)
{
    body_waits();
    rt_native_world.yield();
}

static void
write_output(const char *bytes, size_t length)
{
    pthread_mutex_lock(&native.mutex);
    FzBuf_Append(&native.run->output, bytes, length);
    pthread_mutex_unlock(&native.mutex);
}

static RtWorld
make_world(void)
{
    RtWorld world = rt_native_world;
    world.sem_wait = sem_wait;
    world.now_ns = now_ns;
    world.thread_start = thread_start;
    world.thread_exit = thread_exit;
    world.yield = yield;
    world.write = write_output;
    world.write_error = write_output;
    return world;
}

#ifdef RT_WITH_HOOKS
// Stays behind for about as long as a hand-over takes, or, now and then, gives
// way: on a busy machine that costs a time slice.
static void
noise_point(RtPoint kind, const void *addr)
{
    (void)kind;
    (void)addr;
    if (!FzRng_Chance(&own.rng, native.noise)) {
        return;
    }
    if (FzRng_Below(&own.rng, 32) == 0) {
        sched_yield();
        return;
    }
    for (uint32_t n = FzRng_Below(&own.rng, 512); n > 0; n--) {
        __asm__ volatile("" ::: "memory");
    }
}

static void
ignore_note(RtNote note, const void *a, uintptr_t b)
{
    (void)note;
    (void)a;
    (void)b;
}

static void
ignore_atomic(RtPoint kind, const void *addr, unsigned size, RtOrder order)
{
    (void)kind;
    (void)addr;
    (void)size;
    (void)order;
}

static uintptr_t
address_itself(const void *addr)
{
    return (uintptr_t)addr;
}

static bool
free_at_once(void *block, size_t size)
{
    (void)block;
    (void)size;
    return false;
}

static const RtHooks noise_hooks = {
    .point = noise_point,
    .note = ignore_note,
    .atomic = ignore_atomic,
    .address_key = address_itself,
    .keep_freed = free_at_once,
};
#endif

// Installs the hooks of this run and returns those there were.
static const RtHooks *
install(const RtWorld *world)
{
#ifdef RT_WITH_HOOKS
    const RtHooks *before = rt_hooks;
    RtHooks_Install(native.noise.numerator != 0 ? &noise_hooks : NULL, world);
    return before;
#else
    RtHooks_Install(NULL, world);
    return NULL;
#endif
}

// ---------------------------------------------------------------------------
// A run

static void
begin(FzNativeMode mode, const FzSchedule *schedule, FzRun *run)
{
    native.started = 0;
    native.running = 0;
    native.ending = NOT_YET;
    native.ncreated = 0;
    native.run = run;
    native.mode = mode;
    native.expected = run->nthreads > 0 ? run->nthreads - 1 : 0;
    native.gate = 0;
    native.seed = schedule != NULL ? schedule->seed : 0;
    native.noise = (FzRatio){schedule != NULL ? schedule->depth : 0,
                             NOISE_DENOMINATOR};
    if (native.noise.numerator > NOISE_DENOMINATOR) {
        native.noise.numerator = NOISE_DENOMINATOR;
    }
    own.is_body = true;
    seed_thread(0);
    FzTape_Clear(&run->tape);
    FzBuf_Clear(&run->output);
    run->trace_hash = 0;
    run->steps = 0;
    run->switches = 0;
    run->nevents = 0;
    run->nviolations = 0;
    run->completed = false;
}

static void
wait_for_threads(void)
{
    open_gate();
    pthread_mutex_lock(&native.mutex);
    while (native.running != 0) {
        pthread_cond_wait(&native.ended, &native.mutex);
    }
    pthread_mutex_unlock(&native.mutex);
}

// The created threads end, if nothing of theirs is live.
static void
end_created(bool clean)
{
    pthread_mutex_lock(&native.mutex);
    native.ending = clean ? END_THREAD : STAY_FOR_EVER;
    pthread_cond_broadcast(&native.over);
    pthread_mutex_unlock(&native.mutex);
    for (uint32_t i = 0; i < native.ncreated; i++) {
        if (clean) {
            pthread_join(native.created[i], NULL);
        }
        else {
            pthread_detach(native.created[i]);
        }
    }
}

static void
run_freely(FzNativeMode mode, const FzSchedule *schedule,
           void (*body)(void *), void *arg, FzRun *run)
{
    begin(mode, schedule, run);
    ssize_t blocks_before = RtMem_LiveBlocks();
    const RtWorld *world_before = rt_world;
    RtWorld world = make_world();
    const RtHooks *hooks_before = install(&world);
    body(arg);
    wait_for_threads();
    // What threads held that the end of the program made exit.
    if (RtMem_LiveBlocks() != blocks_before) {
        RtHeap_ReleaseAll();
        RtHeap_FreeLeft();
        FZ_ASSERT(RtMem_LiveBlocks() == blocks_before);
    }
    if (mode == FZ_NATIVE_CREATED) {
        end_created(RtMem_LiveBlocks() == blocks_before);
    }
    RtHooks_Install(hooks_before, world_before);
    own.is_body = false;
    native.run = NULL;
    run->nthreads = native.started + 1;
    run->completed = true;
}

bool
FzNative_Supports(FzNativeMode mode)
{
#ifdef RT_WITH_HOOKS
    (void)mode;
    return true;
#else
    return mode != FZ_NATIVE_TOKEN;
#endif
}

void
FzNative_Run(FzNativeMode mode, const FzSchedule *schedule,
             void (*body)(void *), void *arg, FzRun *run)
{
    FZ_ASSERT(FzNative_Supports(mode));
    if (mode != FZ_NATIVE_TOKEN) {
        run_freely(mode, schedule, body, arg, run);
        return;
    }
    FzEngineConfig config = {.schedule = *schedule};
    FzNative_UseToken(true);
    FzEngine_Run(&config, body, arg, run);
    FzNative_UseToken(false);
}
