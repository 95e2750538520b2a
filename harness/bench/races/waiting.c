// waiting.c: condition variables, barriers, semaphores, once flags, futexes.

#include "races.h"

#include <linux/futex.h>
#include <sys/syscall.h>

// ---- Condition variables.

static bool ready;

static void
wait_ready(void)
{
    lock(&mutex);
    while (!ready) {
        pthread_cond_wait(&cond, &mutex);
    }
    unlock(&mutex);
}

static void
set_ready(void)
{
    lock(&mutex);
    ready = true;
    pthread_cond_broadcast(&cond);
    unlock(&mutex);
}

RACE2(cond_message, { data = 1; set_ready(); }, { wait_ready(); use(data); })
RACE2(cond_write_late, { set_ready(); data = 1; },
      { wait_ready(); use(data); })
RACE2(cond_signal_after,
      { lock(&mutex); data = 1; ready = true; unlock(&mutex);
        pthread_cond_signal(&cond); },
      { wait_ready(); use(data); })
RACE2(cond_plain_predicate,
      { ready = true; lock(&mutex); pthread_cond_signal(&cond);
        unlock(&mutex); },
      { lock(&mutex);
        while (!ready) { pthread_cond_wait(&cond, &mutex); }
        unlock(&mutex); })
RACE3(cond_broadcast, { data = 1; set_ready(); }, { wait_ready(); use(data); },
      { wait_ready(); use(data); })
RACE3(cond_woken_write, { set_ready(); }, { wait_ready(); data++; },
      { wait_ready(); data++; })
RACE3(cond_woken_locked, { set_ready(); },
      { wait_ready(); lock(&mutex); data++; unlock(&mutex); },
      { wait_ready(); lock(&mutex); data++; unlock(&mutex); })

static bool
wait_in_time(void)
{
    struct timespec when = in_a_while();
    int error = 0;
    lock(&mutex);
    while (!ready && error == 0) {
        error = pthread_cond_timedwait(&cond, &mutex, &when);
    }
    bool seen = ready;
    unlock(&mutex);
    return seen;
}

RACE2(cond_timed, { data = 1; set_ready(); },
      { if (wait_in_time()) { use(data); } })
RACE2(cond_timed_ignored, { nap(); nap(); data = 1; set_ready(); },
      { struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
        lock(&mutex);
        if (!ready) { pthread_cond_timedwait(&cond, &mutex, &now); }
        unlock(&mutex); use(data); })
// A signal without the mutex orders nothing.
RACE2(cond_signal_only,
      { nap(); nap(); nap(); data = 1; pthread_cond_signal(&cond); },
      { struct timespec when = in_a_while(); lock(&mutex);
        int error = pthread_cond_timedwait(&cond, &mutex, &when);
        unlock(&mutex); if (error == 0) { use(data); } })

// ---- Barriers.

static pthread_barrier_t barrier;
static int cells[2];

static void *
own_then_other(void *arg)
{
    long self = (long)arg;
    cells[self] = 1;
    pthread_barrier_wait(&barrier);
    use(cells[1 - self]);
    return NULL;
}

static void *
own_and_other(void *arg)
{
    long self = (long)arg;
    pthread_barrier_wait(&barrier);
    cells[self] = 1;
    use(cells[1 - self]);
    return NULL;
}

static void *
by_turns(void *arg)
{
    long self = (long)arg;
    for (int i = 0; i < 4; i++) {
        if (i % 2 == self) {
            data++;
        }
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void *
in_wrong_phase(void *arg)
{
    long self = (long)arg;
    pthread_barrier_wait(&barrier);
    if (self == 0) {
        data++;
    }
    pthread_barrier_wait(&barrier);
    if (self == 1) {
        data++;
    }
    pthread_barrier_wait(&barrier);
    data++;
    return NULL;
}

static void
at_barrier(void *(*function)(void *))
{
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t thread = spawn(function, (void *)1L);
    function((void *)0L);
    join(thread);
    pthread_barrier_destroy(&barrier);
}

RACE_BODY(barrier_phases)
{
    at_barrier(own_then_other);
}

RACE_BODY(barrier_same_phase)
{
    at_barrier(own_and_other);
}

RACE_BODY(barrier_turns)
{
    at_barrier(by_turns);
}

RACE_BODY(barrier_last_phase)
{
    at_barrier(in_wrong_phase);
}

// ---- Semaphores.

static sem_t sem, back;

static void *
post_after(void *arg)
{
    data = 1;
    sem_post(&sem);
    return arg;
}

static void *
post_before(void *arg)
{
    sem_post(&sem);
    data = 1;
    return arg;
}

static void *
add_guarded(void *arg)
{
    sem_wait(&sem);
    data++;
    sem_post(&sem);
    return arg;
}

static void *
ping(void *arg)
{
    for (int i = 0; i < 3; i++) {
        sem_wait(&sem);
        data++;
        sem_post(&back);
    }
    return arg;
}

static void
use_after_post(void *(*poster)(void *))
{
    sem_init(&sem, 0, 0);
    pthread_t thread = spawn(poster, NULL);
    sem_wait(&sem);
    use(data);
    join(thread);
}

RACE_BODY(sem_message)
{
    use_after_post(post_after);
}

RACE_BODY(sem_post_early)
{
    use_after_post(post_before);
}

RACE_BODY(sem_try)
{
    sem_init(&sem, 0, 0);
    pthread_t thread = spawn(post_after, NULL);
    nap();
    if (sem_trywait(&sem) == 0) {
        use(data);
    }
    join(thread);
}

RACE_BODY(sem_timed)
{
    sem_init(&sem, 0, 0);
    pthread_t thread = spawn(post_after, NULL);
    struct timespec when = in_a_while();
    if (sem_timedwait(&sem, &when) == 0) {
        use(data);
    }
    join(thread);
}

static void
guarded_by(unsigned value)
{
    sem_init(&sem, 0, value);
    pthread_t a = spawn(add_guarded, NULL);
    pthread_t b = spawn(add_guarded, NULL);
    join(a);
    join(b);
}

RACE_BODY(sem_as_mutex)
{
    guarded_by(1);
}

RACE_BODY(sem_of_two)
{
    guarded_by(2);
}

RACE_BODY(sem_turns)
{
    sem_init(&sem, 0, 0);
    sem_init(&back, 0, 0);
    pthread_t thread = spawn(ping, NULL);
    for (int i = 0; i < 3; i++) {
        data++;
        sem_post(&sem);
        sem_wait(&back);
    }
    join(thread);
}

// ---- Once.

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
initialise(void)
{
    data = 1;
}

RACE2(once_both, { pthread_once(&once, initialise); use(data); },
      { pthread_once(&once, initialise); use(data); })
RACE2(once_one_side, { pthread_once(&once, initialise); use(data); },
      { use(data); })
RACE2(once_then_write, { pthread_once(&once, initialise); data++; },
      { pthread_once(&once, initialise); data++; })

// ---- Futexes. The word orders, the system call does not.

static void
wait_for_flag(memory_order order)
{
    while (atomic_load_explicit(&flag, order) == 0) {
        syscall(SYS_futex, &flag, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
}

static void
set_flag(memory_order order)
{
    atomic_store_explicit(&flag, 1, order);
    syscall(SYS_futex, &flag, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

RACE2(futex_release, { data = 1; set_flag(memory_order_release); },
      { wait_for_flag(memory_order_acquire); use(data); })
RACE2(futex_relaxed, { data = 1; set_flag(memory_order_relaxed); },
      { wait_for_flag(memory_order_acquire); use(data); })
