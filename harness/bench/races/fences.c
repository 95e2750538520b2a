// fences.c: relaxed atomics that fences order, and fences in a wrong place.

#include "races.h"

RACE2(fence_release,
      { data = 1; FENCE(release); SET(1, relaxed); },
      { if (GET(acquire)) { use(data); } })

RACE2(fence_acquire,
      { data = 1; SET(1, release); },
      { if (GET(relaxed)) { FENCE(acquire); use(data); } })

RACE2(fence_both,
      { data = 1; FENCE(release); SET(1, relaxed); },
      { if (GET(relaxed)) { FENCE(acquire); use(data); } })

RACE2(fence_acq_rel,
      { data = 1; FENCE(acq_rel); SET(1, relaxed); },
      { if (GET(relaxed)) { FENCE(acq_rel); use(data); } })

RACE2(fence_seq_cst,
      { data = 1; FENCE(seq_cst); SET(1, relaxed); },
      { if (GET(relaxed)) { FENCE(seq_cst); use(data); } })

RACE2(fence_relaxed,
      { data = 1; FENCE(relaxed); SET(1, relaxed); },
      { if (GET(relaxed)) { FENCE(relaxed); use(data); } })

RACE2(fence_release_late,
      { data = 1; SET(1, relaxed); FENCE(release); },
      { if (GET(acquire)) { use(data); } })

RACE2(fence_release_early,
      { FENCE(release); data = 1; SET(1, relaxed); },
      { if (GET(acquire)) { use(data); } })

RACE2(fence_acquire_early,
      { data = 1; SET(1, release); },
      { FENCE(acquire); if (GET(relaxed)) { use(data); } })

RACE2(fence_release_reads,
      { data = 1; SET(1, release); },
      { if (GET(relaxed)) { FENCE(release); use(data); } })

RACE2(fence_acquire_writes,
      { data = 1; FENCE(acquire); SET(1, relaxed); },
      { if (GET(acquire)) { use(data); } })

RACE2(fence_of_signals,
      { data = 1; atomic_signal_fence(memory_order_release);
        SET(1, relaxed); },
      { if (GET(relaxed)) {
            atomic_signal_fence(memory_order_acquire); use(data); } })

RACE2(fence_plain_flag,
      { data = 1; FENCE(seq_cst); other = 1; },
      { if (other) { FENCE(seq_cst); use(data); } })

RACE2(fence_rmw,
      { data = 1; FENCE(release);
        atomic_fetch_add_explicit(&flag, 1, memory_order_relaxed); },
      { if (atomic_fetch_add_explicit(&flag, 1, memory_order_relaxed)) {
            FENCE(acquire); use(data); } })

RACE2(fence_two_stores,
      { data = 1; FENCE(release); SET(1, relaxed);
        atomic_store_explicit(&turn, 1, memory_order_relaxed); },
      { if (atomic_load_explicit(&turn, memory_order_acquire)) {
            use(data); } })

RACE2(fence_two_loads,
      { data = 1; SET(1, release); },
      { if (GET(relaxed)) {
            use(atomic_load_explicit(&turn, memory_order_relaxed));
            FENCE(acquire); use(data); } })

RACE3(fence_sequence,
      { data = 1; FENCE(release); SET(1, relaxed); },
      { int expected = 1;
        atomic_compare_exchange_strong_explicit(&flag, &expected, 2,
            memory_order_relaxed, memory_order_relaxed); },
      { if (GET(relaxed) == 2) { FENCE(acquire); use(data); } })

RACE3(fence_sequence_ended,
      { data = 1; FENCE(release); SET(1, relaxed); },
      { if (GET(relaxed) == 1) { SET(2, relaxed); } },
      { if (GET(relaxed) == 2) { FENCE(acquire); use(data); } })

// The last owner frees. Its decrement releases, a fence acquires.
static atomic_int owners = 2;
static int *owned;

static void
give_up(memory_order order, bool fence)
{
    use(*owned);
    if (atomic_fetch_sub_explicit(&owners, 1, order) == 1) {
        if (fence) {
            FENCE(acquire);
        }
        *owned = 0;
        free(owned);
    }
}

static void *
give_up_fence(void *arg)
{
    give_up(memory_order_release, true);
    return arg;
}

static void *
give_up_acq_rel(void *arg)
{
    give_up(memory_order_acq_rel, false);
    return arg;
}

static void *
give_up_release(void *arg)
{
    give_up(memory_order_release, false);
    return arg;
}

static void *
give_up_relaxed(void *arg)
{
    give_up(memory_order_relaxed, false);
    return arg;
}

static void
two_owners(void *(*function)(void *))
{
    owned = calloc(1, sizeof(int));
    pthread_t a = spawn(function, NULL);
    pthread_t b = spawn(function, NULL);
    join(a);
    join(b);
}

RACE_BODY(count_fence)
{
    two_owners(give_up_fence);
}

RACE_BODY(count_acq_rel)
{
    two_owners(give_up_acq_rel);
}

RACE_BODY(count_release)
{
    two_owners(give_up_release);
}

RACE_BODY(count_relaxed)
{
    two_owners(give_up_relaxed);
}
