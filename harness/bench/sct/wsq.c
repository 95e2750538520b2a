// wsq.c: a work-stealing queue: the owner pushes and pops at the tail without a
// lock, thieves take from the head. VARIANT 1: pop() reads the head before it
// lowers the tail (chess.WSQ). 2: the last element is not contended for
// (chess.SWSQ). 3: thieves move the head with a load and a store, not one
// compare-and-exchange (chess.IWSQ). 4: the same with a state word in which
// only the head's count wraps too early (chess.IWSQWS).

#include "program.h"

enum { SIZE = 8, ITEMS = 4, STEALS = 2 };

static atomic_long head, tail;
static atomic_int taken[ITEMS];
static int items[SIZE];

static void
use(int item)
{
    int before = atomic_fetch_add(&taken[item], 1);
    assert(before == 0);
}

static void
push(int item)
{
    long t = atomic_load(&tail);
    items[t % SIZE] = item;
    atomic_store(&tail, t + 1);
}

static bool
win_last(long h)
{
    if (VARIANT == 2 && !FIXED_TWIN) {
        atomic_store(&head, h + 1);
        return true;
    }
    return atomic_compare_exchange_strong(&head, &h, h + 1);
}

static bool
pop(int *item)
{
    long t = atomic_load(&tail) - 1;
    long early = atomic_load(&head);
    atomic_store(&tail, t);
    long h = VARIANT == 1 && !FIXED_TWIN ? early : atomic_load(&head);
    if (h > t) {
        atomic_store(&tail, t + 1);
        return false;
    }
    *item = items[t % SIZE];
    if (h < t) {
        return true;
    }
    bool won = win_last(h);
    atomic_store(&tail, t + 1);
    return won;
}

static bool
advance_head(long h)
{
    if (FIXED_TWIN || VARIANT < 3) {
        return atomic_compare_exchange_strong(&head, &h, h + 1);
    }
    if (VARIANT == 4) {
        // Two bits of the count are compared.
        if (((atomic_load(&head) ^ h) & 1) != 0) {
            return false;
        }
        atomic_store(&head, h + 1);
        return true;
    }
    if (atomic_load(&head) != h) {
        return false;
    }
    atomic_store(&head, h + 1);
    return true;
}

static bool
steal(int *item)
{
    long h = atomic_load(&head);
    if (h >= atomic_load(&tail)) {
        return false;
    }
    *item = items[h % SIZE];
    return advance_head(h);
}

static void *
be_thief(void *arg)
{
    for (int i = 0; i < STEALS; i++) {
        int item;
        if (steal(&item)) {
            use(item);
        }
    }
    return arg;
}

int
main(void)
{
    pthread_t thief = spawn(be_thief, NULL);
    int item;
    for (int i = 0; i < ITEMS; i += 2) {
        push(i);
        push(i + 1);
        if (pop(&item)) {
            use(item);
        }
    }
    while (pop(&item)) {
        use(item);
    }
    join(thief);
    while (steal(&item)) {
        use(item);
    }
    for (int i = 0; i < ITEMS; i++) {
        assert(taken[i] == 1);
    }
    return 0;
}
