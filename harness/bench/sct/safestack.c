// safestack.c: a stack of indices whose pop() marks the cell that it takes by
// exchanging its link; three threads and many switches make two of them pop one
// cell (misc.safestack; by Dmitry Vyukov). The fixed twin has a lock.

#include "program.h"

enum { CELLS = 3, THREADS = 3, ROUNDS = 2, TAKEN = -1 };

static pthread_mutex_t mutex = MUTEX;
static atomic_int head, count = CELLS;
static struct {
    atomic_int next;
    int owner;
} cells[CELLS];

static int
pop(void)
{
    while (atomic_load(&count) > 1) {
        int top = atomic_load(&head);
        int next = atomic_exchange(&cells[top].next, TAKEN);
        if (next < 0) {
            continue;
        }
        int expected = top;
        if (atomic_compare_exchange_strong(&head, &expected, next)) {
            atomic_fetch_sub(&count, 1);
            return top;
        }
        atomic_exchange(&cells[top].next, next);
    }
    return -1;
}

static void
push(int index)
{
    int top = atomic_load(&head);
    do {
        atomic_store(&cells[index].next, top);
    } while (!atomic_compare_exchange_strong(&head, &top, index));
    atomic_fetch_add(&count, 1);
}

static int
pop_safely(void)
{
    lock_if_fixed(&mutex);
    int index = pop();
    unlock_if_fixed(&mutex);
    return index;
}

static void
push_safely(int index)
{
    lock_if_fixed(&mutex);
    push(index);
    unlock_if_fixed(&mutex);
}

static void *
work(void *arg)
{
    int self = (int)(long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        int index;
        do {
            index = pop_safely();
        } while (index < 0);
        cells[index].owner = self;
        assert(cells[index].owner == self);
        push_safely(index);
    }
    return NULL;
}

int
main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < CELLS - 1; i++) {
        atomic_init(&cells[i].next, i + 1);
    }
    atomic_init(&cells[CELLS - 1].next, TAKEN);
    for (long i = 0; i < THREADS; i++) {
        threads[i] = spawn(work, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    return 0;
}
