// exclusion.c: mutual exclusion from atomics, atomics beside plain accesses,
// publication, and what is taken for synchronisation and is none.

#include "races.h"

// ---- Spin locks.

static atomic_flag spin = ATOMIC_FLAG_INIT;

#define SPIN(name, take, give) \
    static void name##_work(void) \
    { \
        while (atomic_flag_test_and_set_explicit(&spin, \
                                                 memory_order_##take)) { \
            sched_yield(); \
        } \
        data++; \
        atomic_flag_clear_explicit(&spin, memory_order_##give); \
    } \
    RACE2(name, { name##_work(); }, { name##_work(); })

SPIN(spin_acquire_release, acquire, release)
SPIN(spin_seq_cst, seq_cst, seq_cst)
SPIN(spin_take_relaxed, relaxed, release)
SPIN(spin_give_relaxed, acquire, relaxed)

static atomic_int next_ticket, now_served;

#define TICKET(name, order) \
    static void name##_work(void) \
    { \
        int own = atomic_fetch_add_explicit(&next_ticket, 1, \
                                            memory_order_relaxed); \
        while (atomic_load_explicit(&now_served, \
                                    memory_order_##order) != own) { \
            sched_yield(); \
        } \
        data++; \
        atomic_store_explicit(&now_served, own + 1, memory_order_release); \
    } \
    RACE2(name, { name##_work(); }, { name##_work(); })

TICKET(ticket_acquire, acquire)
TICKET(ticket_relaxed, relaxed)

// ---- Flags of both: who sees the other's keeps out.

#define BOTH(name, store, load, fence) \
    RACE2(name, \
          { SET(1, store); FENCE(fence); \
            if (!atomic_load_explicit(&turn, memory_order_##load)) { \
                data = 1; } }, \
          { atomic_store_explicit(&turn, 1, memory_order_##store); \
            FENCE(fence); \
            if (!GET(load)) { data = 2; } })

BOTH(both_seq_cst, seq_cst, seq_cst, relaxed)
BOTH(both_relaxed, relaxed, relaxed, relaxed)
BOTH(both_release, release, acquire, relaxed)
BOTH(both_fences, relaxed, relaxed, seq_cst)
BOTH(both_weak_fences, relaxed, relaxed, acq_rel)

// Peterson's algorithm.
static atomic_int wants[2], yields;

static void
exclude(int self, memory_order store, memory_order load)
{
    for (int i = 0; i < 2; i++) {
        atomic_store_explicit(&wants[self], 1, store);
        atomic_store_explicit(&yields, self, store);
        while (atomic_load_explicit(&wants[1 - self], load) &&
               atomic_load_explicit(&yields, load) == self)
        {
            sched_yield();
        }
        data++;
        atomic_store_explicit(&wants[self], 0, store);
    }
}

static void
exclude_without_turn(int self)
{
    atomic_store(&wants[self], 1);
    if (!atomic_load(&wants[1 - self]) || self == 0) {
        data++;
    }
}

#define PETERSON(name, store, load) \
    RACE2(name, { exclude(0, memory_order_##store, memory_order_##load); }, \
          { exclude(1, memory_order_##store, memory_order_##load); })

PETERSON(peterson, seq_cst, seq_cst)
PETERSON(peterson_release, release, acquire)
RACE2(peterson_no_turn, { exclude_without_turn(0); },
      { exclude_without_turn(1); })

// ---- A version that is odd during the change.

static int first, second;
static atomic_int first_atomic;

RACE2(versions_plain,
      { SET(1, relaxed); FENCE(release); first = 1; second = 1;
        SET(2, release); },
      { int before = GET(acquire); int a = first; int b = second;
        FENCE(acquire); if (GET(relaxed) == before) { use(a); use(b); } })

RACE2(versions_atomic,
      { SET(1, relaxed); FENCE(release);
        atomic_store_explicit(&first_atomic, 1, memory_order_relaxed);
        SET(2, release); },
      { int before = GET(acquire);
        int a = atomic_load_explicit(&first_atomic, memory_order_relaxed);
        FENCE(acquire); if (GET(relaxed) == before) { use(a); } })

// ---- Atomic on one side only.

static union {
    int plain;
    atomic_int atomic;
    char bytes[4];
} mixed;

RACE2(mixed_read, { atomic_store(&mixed.atomic, 1); }, { use(mixed.plain); })
RACE2(mixed_write, { use(atomic_load(&mixed.atomic)); }, { mixed.plain = 1; })
RACE2(mixed_reads, { use(atomic_load(&mixed.atomic)); }, { use(mixed.plain); })
RACE2(mixed_rmw, { atomic_fetch_add(&mixed.atomic, 1); }, { use(mixed.plain); })
RACE2(mixed_part, { atomic_store(&mixed.atomic, 1); }, { use(mixed.bytes[3]); })
RACE2(mixed_init, { atomic_init(&mixed.atomic, 1); },
      { use(atomic_load(&mixed.atomic)); })
RACE2(atomics_only,
      { atomic_store_explicit(&mixed.atomic, 1, memory_order_relaxed); },
      { atomic_store_explicit(&mixed.atomic, 2, memory_order_relaxed); })

static volatile int unstable;
RACE2(volatile_both, { unstable = 1; }, { use(unstable); })
RACE2(volatile_flag, { data = 1; unstable = 1; },
      { if (unstable) { use(data); } })

// ---- Publication of a block.

static int *plain_pointer;

static int *
new_number(void)
{
    int *number = malloc(sizeof(int));
    *number = 7;
    return number;
}

#define PUBLISH(name, store, load) \
    RACE2(name, \
          { atomic_store_explicit(&pointer, new_number(), \
                                  memory_order_##store); }, \
          { int *p = atomic_load_explicit(&pointer, memory_order_##load); \
            if (p != NULL) { use(*p); } })

PUBLISH(publish_release, release, acquire)
PUBLISH(publish_consume, release, consume)
PUBLISH(publish_relaxed, relaxed, acquire)
PUBLISH(publish_relaxed_load, release, relaxed)
RACE2(publish_plain, { plain_pointer = new_number(); },
      { if (plain_pointer != NULL) { use(*plain_pointer); } })
RACE2(publish_early,
      { int *p = malloc(sizeof(int));
        atomic_store_explicit(&pointer, p, memory_order_release); *p = 7; },
      { int *p = atomic_load_explicit(&pointer, memory_order_acquire);
        if (p != NULL) { use(*p); } })

// ---- Initialisation on first use.

#define FIRST_USE(name, load, store) \
    static void name##_get(void) \
    { \
        int *p = load; \
        if (p == NULL) { \
            lock(&mutex); \
            p = plain_pointer; \
            if (p == NULL) { \
                p = new_number(); \
                store; \
            } \
            unlock(&mutex); \
        } \
        use(*p); \
    } \
    RACE2(name, { name##_get(); }, { name##_get(); })

FIRST_USE(first_use_plain, plain_pointer, plain_pointer = p)
FIRST_USE(first_use_atomic,
          atomic_load_explicit(&pointer, memory_order_acquire),
          plain_pointer = p;
          atomic_store_explicit(&pointer, p, memory_order_release))
FIRST_USE(first_use_relaxed,
          atomic_load_explicit(&pointer, memory_order_relaxed),
          plain_pointer = p;
          atomic_store_explicit(&pointer, p, memory_order_release))

// Both compute the same.
static void
compute(void)
{
    if (data == 0) {
        data = 42;
    }
    use(data);
}

RACE2(first_use_same_value, { compute(); }, { compute(); })

// ---- A ring of one writer and one reader.

enum { RING = 2, ITEMS = 4 };
static int ring[RING];
static atomic_int head, tail;

#define RINGS(name, give, take) \
    RACE2(name, \
          { for (int i = 0; i < ITEMS; i++) { \
                if (atomic_load_explicit(&head, memory_order_relaxed) - \
                    atomic_load_explicit(&tail, memory_order_##take) < RING) \
                { \
                    ring[i % RING] = i; \
                    atomic_fetch_add_explicit(&head, 1, \
                                              memory_order_##give); \
                } else { i--; sched_yield(); } } }, \
          { for (int i = 0; i < ITEMS; i++) { \
                if (atomic_load_explicit(&head, memory_order_##take) > i) { \
                    use(ring[i % RING]); \
                    atomic_fetch_add_explicit(&tail, 1, \
                                              memory_order_##give); \
                } else { i--; sched_yield(); } } })

RINGS(ring_release, release, acquire)
RINGS(ring_relaxed_put, relaxed, acquire)
RINGS(ring_relaxed_take, release, relaxed)

// ---- What orders nothing.

RACE2(by_sleep, { data = 1; }, { nap(); nap(); use(data); })
RACE2(by_yield, { data = 1; sched_yield(); }, { sched_yield(); use(data); })
RACE2(same_value, { data = 1; }, { data = 1; })
RACE2(reads_only, { use(data); }, { use(data); })
RACE2(increments, { data++; }, { data++; })
