// qsort_mt.c: quicksort over a pool: a worker that hands over half of its range
// counts the helper as idle too late, so that the pool thinks that it is done
// (inspect.qsort_mt).

#include "program.h"

enum { LENGTH = 6, WORKERS = 2 };

typedef struct Range {
    int low, high;
} Range;

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t changed = COND;
static Range stack[LENGTH * 2];
static int nstack, busy;
static bool finished;
static int numbers[LENGTH] = {5, 2, 6, 1, 4, 3};

static int
partition(Range range)
{
    int pivot = numbers[range.high];
    int at = range.low;
    for (int i = range.low; i < range.high; i++) {
        if (numbers[i] < pivot) {
            int kept = numbers[i];
            numbers[i] = numbers[at];
            numbers[at++] = kept;
        }
    }
    numbers[range.high] = numbers[at];
    numbers[at] = pivot;
    return at;
}

static void
push(Range range)
{
    if (range.low < range.high) {
        stack[nstack++] = range;
    }
}

static bool
take(Range *range)
{
    lock(&mutex);
    while (nstack == 0 && !finished) {
        pthread_cond_wait(&changed, &mutex);
    }
    bool got = !finished;
    if (got) {
        *range = stack[--nstack];
        if (FIXED_TWIN) {
            busy++;
        }
    }
    unlock(&mutex);
    if (got && !FIXED_TWIN) {
        lock(&mutex);
        busy++;
        unlock(&mutex);
    }
    return got;
}

static void
give(Range left, Range right)
{
    lock(&mutex);
    push(left);
    push(right);
    busy--;
    if (busy == 0 && nstack == 0) {
        finished = true;
    }
    pthread_cond_broadcast(&changed);
    unlock(&mutex);
}

static void *
work(void *arg)
{
    Range range;
    while (take(&range)) {
        int at = partition(range);
        give((Range){range.low, at - 1}, (Range){at + 1, range.high});
    }
    return arg;
}

int
main(void)
{
    pthread_t threads[WORKERS];
    push((Range){0, LENGTH - 1});
    for (int i = 0; i < WORKERS; i++) {
        threads[i] = spawn(work, NULL);
    }
    lock(&mutex);
    while (!finished) {
        pthread_cond_wait(&changed, &mutex);
    }
    for (int i = 1; i < LENGTH; i++) {
        assert(numbers[i - 1] <= numbers[i]);
    }
    unlock(&mutex);
    for (int i = 0; i < WORKERS; i++) {
        join(threads[i]);
    }
    return 0;
}
