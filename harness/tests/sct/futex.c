// futex.c: a lock over the futex system call, as in Drepper's paper.
//
// expect: -
#include <assert.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "threads.h"

static atomic_int word;         // 0 free, 1 held, 2 held and waited for
static int counter;

static void
lock(void)
{
    int seen = 0;
    if (atomic_compare_exchange_strong(&word, &seen, 1)) {
        return;
    }
    if (seen != 2) {
        seen = atomic_exchange(&word, 2);
    }
    while (seen != 0) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
        seen = atomic_exchange(&word, 2);
    }
}

static void
unlock(void)
{
    if (atomic_fetch_sub(&word, 1) != 1) {
        atomic_store(&word, 0);
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static void *
work(void *arg)
{
    lock();
    counter++;
    unlock();
    return arg;
}

int
main(void)
{
    run_threads(3, work);
    assert(counter == 3);
    return 0;
}
