// workshop.c: much of pthread.h and threads.h, used as it should be: condition
// variables, readers-writer lock, barrier, semaphore, once, keys with
// destructors, cleanup handlers, timed waits, thread-local variables, detached
// threads, exit handlers.
//
// expect: -
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static pthread_key_t key;
static sem_t items;
static int ready, onces, table, destroyed, cleaned, detached;
static _Thread_local int own;

static void
count_once(void)
{
    onces++;
}

static void
destroy(void *value)
{
    free(value);
    pthread_mutex_lock(&mutex);
    destroyed++;
    pthread_mutex_unlock(&mutex);
}

static void
clean(void *arg)
{
    pthread_mutex_lock(&mutex);
    cleaned += *(int *)arg;
    pthread_mutex_unlock(&mutex);
}

static void *
work(void *arg)
{
    int one = 1;
    own = (int)(long)arg;
    pthread_once(&once, count_once);
    pthread_setspecific(key, strdup("mine"));
    pthread_barrier_wait(&barrier);
    pthread_rwlock_rdlock(&rwlock);
    int before = table;
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_wrlock(&rwlock);
    table++;
    pthread_rwlock_unlock(&rwlock);
    assert(before < WORKERS);
    pthread_mutex_lock(&mutex);
    ready++;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&mutex);
    sem_wait(&items);
    assert(own == (int)(long)arg);
    pthread_cleanup_push(clean, &one);
    pthread_exit((void *)(long)own);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *
work_detached(void *arg)
{
    pthread_mutex_lock(&mutex);
    detached = 1;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&mutex);
    return arg;
}

static void
test_timeouts(void)
{
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    when.tv_sec += 5;
    pthread_mutex_lock(&mutex);
    assert(pthread_cond_timedwait(&cond, &mutex, &when) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    assert(sem_timedwait(&items, &when) == -1 && errno == ETIMEDOUT);
    assert(sem_trywait(&items) == -1 && errno == EAGAIN);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    assert(now.tv_sec >= when.tv_sec);
    time_t start = time(NULL);
    sleep(100);
    assert(time(NULL) - start >= 100);
}

static int
add_c11(void *arg)
{
    mtx_t *lock = arg;
    mtx_lock(lock);
    int sum = ++table;
    mtx_unlock(lock);
    return sum;
}

static void
test_c11(void)
{
    mtx_t lock;
    thrd_t threads[2];
    int results[2];
    mtx_init(&lock, mtx_plain);
    table = 0;
    for (int i = 0; i < 2; i++) {
        assert(thrd_create(&threads[i], add_c11, &lock) == thrd_success);
    }
    for (int i = 0; i < 2; i++) {
        assert(thrd_join(threads[i], &results[i]) == thrd_success);
    }
    assert(results[0] + results[1] == 3);
    mtx_destroy(&lock);
}

static void
at_exit(void)
{
    assert(onces == 1);
}

int
main(void)
{
    pthread_t threads[WORKERS], other;
    pthread_attr_t attr;
    atexit(at_exit);
    assert(onces == 0 && table == 0 && own == 0);
    pthread_key_create(&key, destroy);
    pthread_barrier_init(&barrier, NULL, WORKERS);
    sem_init(&items, 0, 0);
    for (long i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    }
    pthread_mutex_lock(&mutex);
    while (ready < WORKERS) {
        pthread_cond_wait(&cond, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < WORKERS; i++) {
        sem_post(&items);
    }
    for (long i = 0; i < WORKERS; i++) {
        void *result;
        assert(pthread_join(threads[i], &result) == 0);
        assert(result == (void *)(i + 1));
    }
    assert(destroyed == WORKERS && cleaned == WORKERS && table == WORKERS);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_create(&other, &attr, work_detached, NULL);
    pthread_mutex_lock(&mutex);
    while (!detached) {
        pthread_cond_wait(&cond, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    test_timeouts();
    test_c11();
    pthread_barrier_destroy(&barrier);
    sem_destroy(&items);
    return 0;
}
