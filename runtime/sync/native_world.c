// native_world.c: the world of OS threads: futex semaphores, a pool of
// threads, the monotonic clock, standard output.
//
// A thread of the pool never exits, because the heaps that it owns outlive
// what ran on it; when its function returns it waits for the next one. Idle
// threads are linked, on their own stacks, under pool.mutex.
// Mirrors Python/thread_pthread.h and the semaphores of Python/parking_lot.c
// (CPython 3.13); departs: pooled threads, futexes instead of sem_t.

#include "rtcore_hooks.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rt_errors.h"          // Rt_FatalError()
#include "rtcore_assert.h"
#include "rtcore_atomic.h"

static int64_t
native_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        Rt_FatalError("native_now_ns", "no monotonic clock");
    }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// The absolute time of a timeout, -1 for none.
static int64_t
deadline_of(int64_t timeout_ns)
{
    int64_t deadline;
    if (timeout_ns < 0) {
        return -1;
    }
    if (__builtin_add_overflow(native_now_ns(), timeout_ns, &deadline)) {
        return INT64_MAX;
    }
    return deadline;
}

// ---------------------------------------------------------------------------
// Semaphores.

// Permits in the low bits of the word, above them whether a wait is to be
// interrupted, and waiters in the high half, so that one
// atomic addition both posts and learns whether anyone has to be woken: the
// waiter may free the semaphore as soon as it sees the permit.
typedef struct NativeSemaphore {
    uint32_t word;
} NativeSemaphore;

static_assert(sizeof(NativeSemaphore) <= sizeof(RtSemaphore),
              "a native semaphore fits");

#define NATIVE_STACK_SIZE ((size_t)32 << 20)

#define SEM_PERMIT ((uint32_t)1)
#define SEM_PERMIT_MASK ((uint32_t)0x7fff)
#define SEM_INTERRUPTED ((uint32_t)0x8000)
#define SEM_WAITER ((uint32_t)1 << 16)

static uint32_t *
sem_word(RtSemaphore *sem)
{
    return &((NativeSemaphore *)sem)->word;
}

static void
native_sem_init(RtSemaphore *sem)
{
    *sem_word(sem) = 0;
}

static void
native_sem_destroy(RtSemaphore *sem)
{
    rt_assert(rt_atomic_load_uint32_owned(sem_word(sem)) < SEM_WAITER);
    (void)sem;
}

// Sleeps while the word is `seen`. deadline_ns < 0: for ever. Returns errno.
static int
futex_wait(uint32_t *word, uint32_t seen, int64_t deadline_ns)
{
    struct timespec deadline = {
        .tv_sec = deadline_ns / 1000000000,
        .tv_nsec = deadline_ns % 1000000000,
    };
    // The bitset form takes an absolute time of the monotonic clock.
    long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen,
                          deadline_ns >= 0 ? &deadline : NULL, NULL,
                          FUTEX_BITSET_MATCH_ANY);
    return result == 0 ? 0 : errno;
}

static RtWaitResult
native_sem_wait(RtSemaphore *sem, int64_t timeout_ns)
{
    uint32_t *word = sem_word(sem);
    int64_t deadline = deadline_of(timeout_ns);
    uint32_t v = rt_atomic_add_uint32(word, SEM_WAITER) + SEM_WAITER;
    RtWaitResult result = RT_WAIT_OK;
    for (;;) {
        if ((v & SEM_PERMIT_MASK) != 0) {
            if (rt_atomic_compare_exchange_uint32(
                    word, &v, v - SEM_PERMIT - SEM_WAITER)) {
                return RT_WAIT_OK;
            }
        }
        else if ((v & SEM_INTERRUPTED) != 0) {
            if (rt_atomic_compare_exchange_uint32(
                    word, &v, (v & ~SEM_INTERRUPTED) - SEM_WAITER)) {
                return RT_WAIT_INTERRUPTED;
            }
        }
        else if (result != RT_WAIT_OK) {
            if (rt_atomic_compare_exchange_uint32(word, &v,
                                                  v - SEM_WAITER)) {
                return result;
            }
        }
        else {
            int error = futex_wait(word, v, deadline);
            if (error == ETIMEDOUT) {
                result = RT_WAIT_TIMEOUT;
            }
            else if (error == EINTR) {
                result = RT_WAIT_INTERRUPTED;
            }
            v = rt_atomic_load_uint32(word);
        }
    }
}

static void
native_sem_post(RtSemaphore *sem)
{
    uint32_t *word = sem_word(sem);
    uint32_t old = rt_atomic_add_uint32(word, SEM_PERMIT);
    rt_assert((old & SEM_PERMIT_MASK) != SEM_PERMIT_MASK);
    if (old >= SEM_WAITER) {
        // Whatever lies at the address by now: a wake-up too many is harmless.
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static void
native_sem_interrupt(RtSemaphore *sem)
{
    uint32_t *word = sem_word(sem);
    uint32_t old = rt_atomic_or_uint32(word, SEM_INTERRUPTED);
    if (old >= SEM_WAITER) {
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

// ---------------------------------------------------------------------------
// Threads.

typedef struct PoolThread {
    struct PoolThread *next_idle;       // pool.mutex
    void (*func)(void *);               // pool.mutex; NULL: nothing to do
    void *arg;                          // pool.mutex
    pthread_cond_t wake;
} PoolThread;

static struct {
    pthread_mutex_t mutex;
    PoolThread *idle;                   // mutex
} pool = {PTHREAD_MUTEX_INITIALIZER, NULL};

// Where the calling thread of the pool goes on when what it runs must end.
static _Thread_local jmp_buf *exit_point;

static pthread_once_t atfork_once = PTHREAD_ONCE_INIT;

static void
pool_before_fork(void)
{
    pthread_mutex_lock(&pool.mutex);
}

static void
pool_after_fork_parent(void)
{
    pthread_mutex_unlock(&pool.mutex);
}

// The child has none of the pool's threads.
static void
pool_after_fork_child(void)
{
    pool.idle = NULL;
    pthread_mutex_unlock(&pool.mutex);
}

static void
register_atfork(void)
{
    pthread_atfork(pool_before_fork, pool_after_fork_parent,
                   pool_after_fork_child);
}

static void *
pool_thread_main(void *first)
{
    PoolThread self = *(PoolThread *)first;
    pthread_cond_init(&self.wake, NULL);
    pthread_mutex_lock(&pool.mutex);
    ((PoolThread *)first)->func = NULL;         // copied: the starter may go on
    pthread_cond_signal(&((PoolThread *)first)->wake);
    for (;;) {
        void (*func)(void *) = self.func;
        void *arg = self.arg;
        self.func = NULL;
        pthread_mutex_unlock(&pool.mutex);
        jmp_buf here;
        exit_point = &here;
        if (setjmp(here) == 0) {
            func(arg);
        }
        exit_point = NULL;
        rt_assert(rt_thread_local.tstate == NULL);
        pthread_mutex_lock(&pool.mutex);
        self.next_idle = pool.idle;
        pool.idle = &self;
        while (self.func == NULL) {
            pthread_cond_wait(&self.wake, &pool.mutex);
        }
    }
    return NULL;
}

// A new thread for the pool, which begins with what `first` names.
static int
pool_grow(PoolThread *first)
{
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) {
        return -1;
    }
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    // Programs from source may recurse a thousand calls deep; what is not
    // touched costs nothing.
    pthread_attr_setstacksize(&attr, NATIVE_STACK_SIZE);
    pthread_cond_init(&first->wake, NULL);
    pthread_t thread;
    int error = pthread_create(&thread, &attr, pool_thread_main, first);
    pthread_attr_destroy(&attr);
    if (error == 0) {
        pthread_mutex_lock(&pool.mutex);
        while (first->func != NULL) {
            pthread_cond_wait(&first->wake, &pool.mutex);
        }
        pthread_mutex_unlock(&pool.mutex);
    }
    pthread_cond_destroy(&first->wake);
    return error == 0 ? 0 : -1;
}

static int
native_thread_start(void (*func)(void *), void *arg)
{
    rt_assert(func != NULL);
    pthread_once(&atfork_once, register_atfork);
    pthread_mutex_lock(&pool.mutex);
    PoolThread *idle = pool.idle;
    if (idle != NULL) {
        pool.idle = idle->next_idle;
        rt_assert(idle->func == NULL);
        idle->func = func;
        idle->arg = arg;
        pthread_cond_signal(&idle->wake);
    }
    pthread_mutex_unlock(&pool.mutex);
    if (idle != NULL) {
        return 0;
    }
    PoolThread first = {.func = func, .arg = arg};
    return pool_grow(&first);
}

static uintptr_t
native_thread_id(void)
{
    // The address of the thread's control block: unique while it lives, and
    // the same in the thread that calls fork() and in the child.
    return (uintptr_t)pthread_self();
}

// The thread itself stays: it owns heaps.
static _Noreturn void
native_thread_exit(void)
{
    rt_assert(exit_point != NULL);
    longjmp(*exit_point, 1);
}

// ---------------------------------------------------------------------------
// Processes.

static int
native_fork(void)
{
    // What is buffered would be written twice.
    fflush(stdout);
    return (int)fork();
}

static void
native_exit_child(int status)
{
    fflush(stdout);
    _exit(status);
}

static int
native_wait_child(int pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// ---------------------------------------------------------------------------
// Output, and the table.

static void
native_yield(void)
{
    sched_yield();
}

static void
native_write(const char *bytes, size_t length)
{
    fwrite(bytes, 1, length, stdout);
}

static void
native_write_error(const char *bytes, size_t length)
{
    fflush(stdout);
    fwrite(bytes, 1, length, stderr);
}

const RtWorld rt_native_world = {
    .sem_init = native_sem_init,
    .sem_destroy = native_sem_destroy,
    .sem_wait = native_sem_wait,
    .sem_post = native_sem_post,
    .sem_interrupt = native_sem_interrupt,
    .thread_start = native_thread_start,
    .thread_id = native_thread_id,
    .thread_exit = native_thread_exit,
    .fork = native_fork,
    .exit_child = native_exit_child,
    .wait_child = native_wait_child,
    .now_ns = native_now_ns,
    .yield = native_yield,
    .write = native_write,
    .write_error = native_write_error,
};
