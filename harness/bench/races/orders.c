// orders.c: a message by an atomic flag, with every order of either side, and
// release sequences.

#include "races.h"

#define MESSAGE(name, store, load) \
    RACE2(name, { data = 1; SET(1, store); }, \
          { if (GET(load)) { use(data); } })

MESSAGE(relaxed_relaxed, relaxed, relaxed)
MESSAGE(relaxed_consume, relaxed, consume)
MESSAGE(relaxed_acquire, relaxed, acquire)
MESSAGE(relaxed_seq_cst, relaxed, seq_cst)
MESSAGE(release_relaxed, release, relaxed)
MESSAGE(release_consume, release, consume)
MESSAGE(release_acquire, release, acquire)
MESSAGE(release_seq_cst, release, seq_cst)
MESSAGE(seq_cst_relaxed, seq_cst, relaxed)
MESSAGE(seq_cst_acquire, seq_cst, acquire)
MESSAGE(seq_cst_seq_cst, seq_cst, seq_cst)

// ---- Read-modify-writes on one side.

#define PUT_BY_EXCHANGE(name, order) \
    RACE2(name, \
          { data = 1; \
            atomic_exchange_explicit(&flag, 1, memory_order_##order); }, \
          { if (GET(acquire)) { use(data); } })

PUT_BY_EXCHANGE(exchange_relaxed, relaxed)
PUT_BY_EXCHANGE(exchange_acquire, acquire)
PUT_BY_EXCHANGE(exchange_release, release)
PUT_BY_EXCHANGE(exchange_acq_rel, acq_rel)
PUT_BY_EXCHANGE(exchange_seq_cst, seq_cst)

#define TAKE_BY_ADD(name, order) \
    RACE2(name, { data = 1; SET(1, release); }, \
          { if (atomic_fetch_add_explicit(&flag, 1, memory_order_##order)) { \
                use(data); } })

TAKE_BY_ADD(add_relaxed, relaxed)
TAKE_BY_ADD(add_acquire, acquire)
TAKE_BY_ADD(add_release, release)
TAKE_BY_ADD(add_acq_rel, acq_rel)
TAKE_BY_ADD(add_seq_cst, seq_cst)

// The compare-and-exchange succeeds.
#define TAKE_BY_CAS(name, order) \
    RACE2(name, { data = 1; SET(1, release); }, \
          { int expected = 1; \
            if (atomic_compare_exchange_strong_explicit( \
                    &flag, &expected, 2, memory_order_##order, \
                    memory_order_relaxed)) { \
                use(data); } })

TAKE_BY_CAS(cas_relaxed, relaxed)
TAKE_BY_CAS(cas_acquire, acquire)
TAKE_BY_CAS(cas_release, release)
TAKE_BY_CAS(cas_acq_rel, acq_rel)
TAKE_BY_CAS(cas_seq_cst, seq_cst)

// It fails, and has read the flag by its other order.
#define TAKE_BY_FAILURE(name, order) \
    RACE2(name, { data = 1; SET(1, release); }, \
          { int expected = 7; \
            atomic_compare_exchange_strong_explicit( \
                &flag, &expected, 2, memory_order_acq_rel, \
                memory_order_##order); \
            if (expected == 1) { use(data); } })

TAKE_BY_FAILURE(cas_fails_relaxed, relaxed)
TAKE_BY_FAILURE(cas_fails_acquire, acquire)
TAKE_BY_FAILURE(cas_fails_seq_cst, seq_cst)

RACE2(cas_weak,
      { data = 1; SET(1, release); },
      { int expected = 1;
        if (atomic_compare_exchange_weak_explicit(&flag, &expected, 2,
                memory_order_acquire, memory_order_relaxed)) {
            use(data); } })

// ---- Other operations, other sizes.

#define PUT_BY(name, operation, value, order) \
    RACE2(name, \
          { data = 1; operation(&flag, value, memory_order_##order); }, \
          { if (GET(acquire)) { use(data); } })

PUT_BY(sub_release, atomic_fetch_sub_explicit, 1, release)
PUT_BY(or_release, atomic_fetch_or_explicit, 4, release)
PUT_BY(xor_release, atomic_fetch_xor_explicit, 4, release)
PUT_BY(xor_relaxed, atomic_fetch_xor_explicit, 4, relaxed)
PUT_BY(or_acquire, atomic_fetch_or_explicit, 4, acquire)

RACE2(and_acquire,
      { data = 1; SET(3, release); },
      { if (atomic_fetch_and_explicit(&flag, 1, memory_order_acquire)) {
            use(data); } })

#define SIZED(name, T, order) \
    static _Atomic T name##_flag; \
    RACE2(name, \
          { data = 1; atomic_store_explicit(&name##_flag, 1, \
                                            memory_order_##order); }, \
          { if (atomic_load_explicit(&name##_flag, memory_order_acquire)) { \
                use(data); } })

SIZED(byte_release, uint8_t, release)
SIZED(byte_relaxed, uint8_t, relaxed)
SIZED(short_release, uint16_t, release)
SIZED(long_release, uint64_t, release)
SIZED(long_relaxed, uint64_t, relaxed)
SIZED(wide_release, unsigned __int128, release)
SIZED(wide_relaxed, unsigned __int128, relaxed)

// Neighbours are other variables, though they share a word.
static struct {
    _Atomic uint8_t a, b;
} pair;

RACE2(flag_beside,
      { data = 1;
        atomic_store_explicit(&pair.a, 1, memory_order_release);
        atomic_store_explicit(&pair.b, 1, memory_order_relaxed); },
      { if (atomic_load_explicit(&pair.b, memory_order_acquire)) {
            use(data); } })

// ---- Release sequences, and what ends them.

RACE3(sequence_rmw,
      { data = 1; SET(1, release); },
      { int expected = 1;
        atomic_compare_exchange_strong_explicit(&flag, &expected, 2,
            memory_order_relaxed, memory_order_relaxed); },
      { if (GET(acquire) == 2) { use(data); } })

RACE3(sequence_store_of_other,
      { data = 1; SET(1, release); },
      { if (GET(relaxed) == 1) { SET(2, relaxed); } },
      { if (GET(acquire) == 2) { use(data); } })

RACE2(sequence_store_of_same,
      { data = 1; SET(1, release); SET(2, relaxed); },
      { if (GET(acquire) == 2) { use(data); } })

RACE3(sequence_release_over,
      { data = 1; SET(1, release); },
      { if (GET(relaxed) == 1) { SET(2, release); } },
      { if (GET(acquire) == 2) { use(data); } })

RACE3(sequence_rmw_release,
      { data = 1; SET(1, release); },
      { int expected = 1; other = 1;
        atomic_compare_exchange_strong_explicit(&flag, &expected, 2,
            memory_order_release, memory_order_relaxed); },
      { if (GET(acquire) == 2) { use(data); use(other); } })

RACE3(sequence_rmw_relaxed_own,
      { data = 1; SET(1, release); },
      { int expected = 1; other = 1;
        atomic_compare_exchange_strong_explicit(&flag, &expected, 2,
            memory_order_relaxed, memory_order_relaxed); },
      { if (GET(acquire) == 2) { use(other); } })

// ---- By way of a third.

RACE3(chain,
      { data = 1; SET(1, release); },
      { if (GET(acquire)) {
            atomic_store_explicit(&turn, 1, memory_order_release); } },
      { if (atomic_load_explicit(&turn, memory_order_acquire)) {
            use(data); } })

RACE3(chain_relaxed_load,
      { data = 1; SET(1, release); },
      { if (GET(relaxed)) {
            atomic_store_explicit(&turn, 1, memory_order_release); } },
      { if (atomic_load_explicit(&turn, memory_order_acquire)) {
            use(data); } })

RACE3(chain_relaxed_store,
      { data = 1; SET(1, release); },
      { if (GET(acquire)) {
            atomic_store_explicit(&turn, 1, memory_order_relaxed); } },
      { if (atomic_load_explicit(&turn, memory_order_acquire)) {
            use(data); } })

RACE2(write_after_release,
      { SET(1, release); data = 1; },
      { if (GET(acquire)) { use(data); } })

RACE2(read_before_acquire,
      { data = 1; SET(1, release); },
      { int early = data; if (GET(acquire)) { use(early); } })

RACE2(answered,
      { data = 1; SET(1, release);
        if (atomic_load_explicit(&turn, memory_order_acquire)) { data = 3; } },
      { if (GET(acquire)) {
            data = 2;
            atomic_store_explicit(&turn, 1, memory_order_release); } })

RACE2(answered_relaxed,
      { data = 1; SET(1, release); nap(); nap(); nap();
        if (atomic_load_explicit(&turn, memory_order_relaxed)) { data = 3; } },
      { if (GET(acquire)) {
            data = 2;
            atomic_store_explicit(&turn, 1, memory_order_release); } })
