// locks.c: mutexes of all kinds, readers-writer locks, spin locks: pthread's
// and C11's.

#include "races.h"

#include <threads.h>

// ---- Mutexes.

RACE2(mutex_both, { lock(&mutex); data++; unlock(&mutex); },
      { lock(&mutex); data++; unlock(&mutex); })
RACE2(mutex_one_side, { lock(&mutex); data++; unlock(&mutex); },
      { data++; })
RACE2(mutex_other, { lock(&mutex); data++; unlock(&mutex); },
      { lock(&mutex2); data++; unlock(&mutex2); })
RACE2(mutex_after, { lock(&mutex); unlock(&mutex); data++; },
      { lock(&mutex); data++; unlock(&mutex); })
// The usual order of the threads hides it from who follows one execution.
RACE2(mutex_hides, { data++; lock(&mutex); other++; unlock(&mutex); },
      { lock(&mutex); other++; unlock(&mutex); data++; })
RACE2(mutex_message,
      { lock(&mutex); data = 1; other = 1; unlock(&mutex); },
      { lock(&mutex); int seen = other; unlock(&mutex);
        if (seen) { use(data); } })
RACE2(mutex_two, { lock(&mutex); lock(&mutex2); data++; unlock(&mutex2);
                   unlock(&mutex); },
      { lock(&mutex2); data++; unlock(&mutex2); })
RACE3(mutex_three, { lock(&mutex); data++; unlock(&mutex); },
      { lock(&mutex2); data++; unlock(&mutex2); },
      { lock(&mutex); lock(&mutex2); data++; unlock(&mutex2);
        unlock(&mutex); })

static void
try_lock(bool ignore)
{
    int error = pthread_mutex_trylock(&mutex);
    if (error == 0 || ignore) {
        data++;
    }
    if (error == 0) {
        unlock(&mutex);
    }
}

RACE2(try_both, { try_lock(false); }, { try_lock(false); })
RACE2(try_ignored, { lock(&mutex); data++; nap(); nap(); unlock(&mutex); },
      { nap(); try_lock(true); })

static void
lock_in_time(long ns, bool ignore)
{
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    when.tv_sec += ns == 0;
    when.tv_nsec = (when.tv_nsec + ns) % 1000000000;
    int error = pthread_mutex_timedlock(&mutex, &when);
    if (error == 0 || ignore) {
        data++;
    }
    if (error == 0) {
        unlock(&mutex);
    }
}

RACE2(timed_both, { lock_in_time(0, false); }, { lock_in_time(0, false); })
RACE2(timed_ignored,
      { lock(&mutex); data++; usleep(20000); unlock(&mutex); },
      { nap(); lock_in_time(1, true); })

static pthread_mutex_t of_kind;

static void
add_twice_locked(void)
{
    lock(&of_kind);
    pthread_mutex_lock(&of_kind);
    data++;
    pthread_mutex_unlock(&of_kind);
    data++;
    unlock(&of_kind);
}

static void *
add_twice(void *arg)
{
    add_twice_locked();
    return arg;
}

static void *
add_once(void *arg)
{
    lock(&of_kind);
    data++;
    unlock(&of_kind);
    return arg;
}

static void
with_kind(int kind, void *(*function)(void *))
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, kind);
    pthread_mutex_init(&of_kind, &attr);
    pthread_t a = spawn(function, NULL);
    pthread_t b = spawn(function, NULL);
    join(a);
    join(b);
    use(data);
    pthread_mutex_destroy(&of_kind);
}

RACE_BODY(recursive_both)
{
    with_kind(PTHREAD_MUTEX_RECURSIVE, add_twice);
}

RACE_BODY(errorcheck_both)
{
    with_kind(PTHREAD_MUTEX_ERRORCHECK, add_once);
}

static void *
add_after_last(void *arg)
{
    lock(&of_kind);
    lock(&of_kind);
    unlock(&of_kind);
    unlock(&of_kind);
    data++;
    return arg;
}

RACE_BODY(recursive_after)
{
    with_kind(PTHREAD_MUTEX_RECURSIVE, add_after_last);
}

// ---- Readers-writer locks.

#define READING(block) \
    do { \
        pthread_rwlock_rdlock(&rwlock); \
        block \
        pthread_rwlock_unlock(&rwlock); \
    } while (0)
#define WRITING(block) \
    do { \
        pthread_rwlock_wrlock(&rwlock); \
        block \
        pthread_rwlock_unlock(&rwlock); \
    } while (0)

RACE2(rwlock_writers, { WRITING({ data++; }); }, { WRITING({ data++; }); })
RACE2(rwlock_reader, { WRITING({ data++; }); }, { READING({ use(data); }); })
RACE2(rwlock_readers, { READING({ use(data); }); },
      { READING({ use(data); }); })
RACE2(rwlock_reader_writes, { READING({ data++; }); },
      { READING({ use(data); }); })
RACE2(rwlock_reader_last, { READING({ use(data); }); },
      { WRITING({ data++; }); })
// Readers order nothing among themselves.
RACE2(rwlock_message, { READING({ data = 1; SET(1, relaxed); }); },
      { READING({ if (GET(relaxed)) { use(data); } }); })
RACE2(rwlock_after_readers, { data = 1; READING({ SET(1, relaxed); }); },
      { nap(); READING({ use(GET(relaxed)); }); if (GET(relaxed)) { use(data); }
      })
RACE3(rwlock_by_writer, { data = 1; READING({ SET(1, relaxed); }); },
      { nap(); WRITING({ if (GET(relaxed) == 1) { SET(2, relaxed); } }); },
      { nap(); nap(); READING({ other = GET(relaxed); });
        if (other == 2) { use(data); } })

static void
try_rwlock(void)
{
    if (pthread_rwlock_trywrlock(&rwlock) == 0) {
        data++;
        pthread_rwlock_unlock(&rwlock);
    }
    if (pthread_rwlock_tryrdlock(&rwlock) == 0) {
        use(data);
        pthread_rwlock_unlock(&rwlock);
    }
}

RACE2(rwlock_try, { try_rwlock(); }, { try_rwlock(); })

static void
timed_rwlock(void)
{
    struct timespec when = in_a_while();
    if (pthread_rwlock_timedwrlock(&rwlock, &when) == 0) {
        data++;
        pthread_rwlock_unlock(&rwlock);
    }
    when = in_a_while();
    if (pthread_rwlock_timedrdlock(&rwlock, &when) == 0) {
        use(data);
        pthread_rwlock_unlock(&rwlock);
    }
}

RACE2(rwlock_timed, { timed_rwlock(); }, { timed_rwlock(); })

// ---- Spin locks.

static pthread_spinlock_t spin;

static void *
add_spinning(void *arg)
{
    pthread_spin_lock(&spin);
    data++;
    pthread_spin_unlock(&spin);
    return arg;
}

static void *
add_trying(void *arg)
{
    if (pthread_spin_trylock(&spin) == 0) {
        data++;
        pthread_spin_unlock(&spin);
    }
    return arg;
}

static void *
add_without(void *arg)
{
    data++;
    return arg;
}

static void
two_spinning(void *(*a)(void *), void *(*b)(void *))
{
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_t thread = spawn(a, NULL);
    b(NULL);
    join(thread);
    pthread_spin_destroy(&spin);
}

RACE_BODY(spinlock_both)
{
    two_spinning(add_spinning, add_spinning);
}

RACE_BODY(spinlock_try)
{
    two_spinning(add_trying, add_spinning);
}

RACE_BODY(spinlock_one_side)
{
    two_spinning(add_spinning, add_without);
}

// ---- C11's.

static mtx_t c11_mutex;
static cnd_t c11_cond;
static once_flag c11_once = ONCE_FLAG_INIT;

static int
c11_locked(void *arg)
{
    (void)arg;
    mtx_lock(&c11_mutex);
    data++;
    mtx_unlock(&c11_mutex);
    return 0;
}

static int
c11_unlocked(void *arg)
{
    (void)arg;
    data++;
    return 0;
}

static void
two_c11(thrd_start_t a, thrd_start_t b)
{
    thrd_t threads[2];
    mtx_init(&c11_mutex, mtx_plain);
    thrd_create(&threads[0], a, NULL);
    thrd_create(&threads[1], b, NULL);
    thrd_join(threads[0], NULL);
    thrd_join(threads[1], NULL);
    use(data);
}

RACE_BODY(c11_both)
{
    two_c11(c11_locked, c11_locked);
}

RACE_BODY(c11_one_side)
{
    two_c11(c11_locked, c11_unlocked);
}

static int
c11_signal(void *arg)
{
    (void)arg;
    mtx_lock(&c11_mutex);
    data = 1;
    cnd_signal(&c11_cond);
    mtx_unlock(&c11_mutex);
    return 0;
}

static int
c11_wait(void *arg)
{
    (void)arg;
    mtx_lock(&c11_mutex);
    while (data == 0) {
        cnd_wait(&c11_cond, &c11_mutex);
    }
    mtx_unlock(&c11_mutex);
    return 0;
}

RACE_BODY(c11_condition)
{
    cnd_init(&c11_cond);
    two_c11(c11_signal, c11_wait);
}

static void
set_data(void)
{
    data = 1;
}

static int
c11_call_once(void *arg)
{
    (void)arg;
    call_once(&c11_once, set_data);
    use(data);
    return 0;
}

RACE_BODY(c11_once)
{
    two_c11(c11_call_once, c11_call_once);
}
