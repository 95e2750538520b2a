// tsan_abi.c: what code built with clang's -fsanitize=thread calls, in place of
// ThreadSanitizer's run-time library: atomics are scheduling points and events
// of the race detector, plain accesses are events only (fz_race_plain_points
// makes them points too).
//
// Kinds of points are those of rtcore_atomic.h, so that an execution has the
// same points in every build. Operations are always sequentially consistent
// underneath; the order the program asked for is what the race detector sees.
// Outside of a run only the operation happens.

#ifdef RT_COMPILER_POINTS

#include <string.h>

#include "engine_internal.h"    // FzEngine_PointFromCompiler
#include "race_internal.h"
#include "rtcore_hooks.h"
#include "tsan_abi.h"
#include "weak.h"

#define SITE ((uintptr_t)__builtin_return_address(0))
// Programs that only have to be linked (tools that a build runs) get functions
// that know of no engine.
#ifdef FZ_TSAN_IDLE
#define IS_IDLE true
#else
#define IS_IDLE false
#endif
#define IS_ACTIVE (!IS_IDLE && fz_engine.active)

const char fz_race_source[] = "-fsanitize=thread";

FzQuietCode fz_quiet_code;

static inline uint8_t
quiet_of(uintptr_t site)
{
    size_t offset = site - fz_quiet_code.start;
    return offset < fz_quiet_code.size ? fz_quiet_code.bytes[offset >> 4]
                                       : FZ_CODE_LOUD;
}

// ---- Plain accesses.

// Whether nobody but its owner, the running thread, has touched the stack that
// addr lies on: then no other thread can tell when the access happens.
static inline bool
is_private(const void *addr)
{
    FzEngine *e = &fz_engine;
    size_t offset = (size_t)((const char *)addr - e->stacks.base);
    if (offset >= e->stacks.size) {
        return false;
    }
    uint32_t owner = (uint32_t)(offset / e->stacks.stride);
    if (owner != e->current) {
        e->shared_stacks |= FzThreadSet_Of(owner);
    }
    return !FzThreadSet_Has(e->shared_stacks, owner);
}

static inline __attribute__((always_inline)) void
plain_access(const void *addr, size_t size, bool write, uintptr_t site)
{
    if (!IS_ACTIVE) {
        return;
    }
    uint8_t quiet = quiet_of(site);
    if (fz_race_plain_points && !is_private(addr) && quiet == FZ_CODE_LOUD) {
        FzEngine_PointFromCompiler(write ? RT_POINT_STORE : RT_POINT_LOAD,
                                   addr, site);
    }
    if (fz_engine.races && quiet != FZ_CODE_MUTE) {
        FzRace_Plain(fz_engine.current, addr, size, write, site);
        if (write && fz_weak) {
            FzWeak_Forget(addr, size);
        }
    }
}

#define DEFINE_SIZE(size) \
    void __tsan_read##size(void *addr) \
    { \
        plain_access(addr, size, false, SITE); \
    } \
    void __tsan_write##size(void *addr) \
    { \
        plain_access(addr, size, true, SITE); \
    } \
    void __tsan_unaligned_read##size(const void *addr) \
    { \
        plain_access(addr, size, false, SITE); \
    } \
    void __tsan_unaligned_write##size(void *addr) \
    { \
        plain_access(addr, size, true, SITE); \
    } \
    void __tsan_volatile_read##size(void *addr) \
    { \
        plain_access(addr, size, false, SITE); \
    } \
    void __tsan_volatile_write##size(void *addr) \
    { \
        plain_access(addr, size, true, SITE); \
    } \
    void __tsan_unaligned_volatile_read##size(const void *addr) \
    { \
        plain_access(addr, size, false, SITE); \
    } \
    void __tsan_unaligned_volatile_write##size(void *addr) \
    { \
        plain_access(addr, size, true, SITE); \
    } \
    /* A read and then a write of one location, with nothing between. */ \
    void __tsan_read_write##size(void *addr) \
    { \
        plain_access(addr, size, true, SITE); \
    } \
    void __tsan_unaligned_read_write##size(void *addr) \
    { \
        plain_access(addr, size, true, SITE); \
    }

DEFINE_SIZE(1)
DEFINE_SIZE(2)
DEFINE_SIZE(4)
DEFINE_SIZE(8)
DEFINE_SIZE(16)

void
__tsan_read_range(void *addr, size_t size)
{
    plain_access(addr, size, false, SITE);
}

void
__tsan_write_range(void *addr, size_t size)
{
    plain_access(addr, size, true, SITE);
}

void
__tsan_vptr_read(void **addr)
{
    plain_access(addr, sizeof(void *), false, SITE);
}

// A constructor that stores the same pointer again changes nothing.
void
__tsan_vptr_update(void **addr, void *value)
{
    plain_access(addr, sizeof(void *), *addr != value, SITE);
}

void *
__tsan_memcpy(void *to, const void *from, size_t size)
{
    plain_access(from, size, false, SITE);
    plain_access(to, size, true, SITE);
    return memcpy(to, from, size);
}

void *
__tsan_memmove(void *to, const void *from, size_t size)
{
    plain_access(from, size, false, SITE);
    plain_access(to, size, true, SITE);
    return memmove(to, from, size);
}

void *
__tsan_memset(void *to, int value, size_t size)
{
    plain_access(to, size, true, SITE);
    return memset(to, value, size);
}

// ---- Call stacks.

void
__tsan_init(void)
{
}

void
__tsan_func_entry(void *call_site)
{
    if (IS_ACTIVE && fz_engine.races) {
        FzRace_FunctionEntry(fz_engine.current, (uintptr_t)call_site);
    }
}

void
__tsan_func_exit(void)
{
    if (IS_ACTIVE && fz_engine.races) {
        FzRace_FunctionExit(fz_engine.current);
    }
}

// Emitted around code that is to be left alone; the runtime has none.
void
__tsan_ignore_thread_begin(void)
{
}

void
__tsan_ignore_thread_end(void)
{
}

// ---- Atomics.

// From C11's memory orders, as the compiler numbers them.
static inline RtOrder
order_of(int order)
{
    static const uint8_t orders[] = {
        RT_ORDER_RELAXED, RT_ORDER_ACQUIRE /* consume */, RT_ORDER_ACQUIRE,
        RT_ORDER_RELEASE, RT_ORDER_ACQ_REL, RT_ORDER_SEQ_CST,
    };
    return order >= 0 && order < 5 ? (RtOrder)orders[order] : RT_ORDER_SEQ_CST;
}

static inline __attribute__((always_inline)) void
point(RtPoint kind, const volatile void *addr, uintptr_t site)
{
    if (IS_ACTIVE) {
        if (quiet_of(site) == FZ_CODE_LOUD) {
            FzEngine_PointFromCompiler(kind, (const void *)addr, site);
        }
    }
    else if (!IS_IDLE) {
        FzTarget_IdlePoint(kind, (const void *)addr);
    }
}

static inline __attribute__((always_inline)) void
event(RtPoint kind, const volatile void *addr, size_t size, int order,
      uintptr_t site)
{
    if (IS_ACTIVE && fz_engine.races) {
        FzRace_Atomic(fz_engine.current, (const void *)addr, size, kind,
                      order_of(order), site);
    }
}

static inline bool
is_weak(void)
{
    return IS_ACTIVE && fz_weak;
}

// *value is what is in memory; it may become an older one.
static inline __attribute__((always_inline)) void
loaded(const volatile void *addr, size_t size, int order, void *value,
       uintptr_t site)
{
    if (!is_weak() || !FzWeak_Load((const void *)addr, size, order_of(order),
                                   value, site))
    {
        event(RT_POINT_LOAD, addr, size, order, site);
    }
}

// before, after: the values; that which is in memory now may be left out.
static inline __attribute__((always_inline)) void
stored(RtPoint kind, const volatile void *addr, size_t size, int order,
       const void *before, const void *after, uintptr_t site)
{
    if (is_weak()) {
        const void *memory = (const void *)addr;
        FzWeak_Store(memory, size, kind, order_of(order),
                     before != NULL ? before : memory,
                     after != NULL ? after : memory, site);
    }
    else {
        event(kind, addr, size, order, site);
    }
}

#define DEFINE_LOAD_STORE(bits, T, load, store) \
    T __tsan_atomic##bits##_load(const volatile T *addr, int order) \
    { \
        point(RT_POINT_LOAD, addr, SITE); \
        T value = load(addr); \
        loaded(addr, sizeof(T), order, &value, SITE); \
        return value; \
    } \
    void __tsan_atomic##bits##_store(volatile T *addr, T value, int order) \
    { \
        point(RT_POINT_STORE, addr, SITE); \
        stored(RT_POINT_STORE, addr, sizeof(T), order, NULL, &value, SITE); \
        store(addr, value); \
    }

#define DEFINE_RMW(bits, T, name, operation) \
    T __tsan_atomic##bits##_##name(volatile T *addr, T value, int order) \
    { \
        point(RT_POINT_RMW, addr, SITE); \
        T old = operation(addr, value); \
        stored(RT_POINT_RMW, addr, sizeof(T), order, &old, NULL, SITE); \
        return old; \
    }

// A failed compare-and-exchange is a load.
#define DEFINE_CAS(bits, T, cas) \
    static inline __attribute__((always_inline)) bool \
    compare_exchange##bits(volatile T *addr, T *expected, T desired, \
                           int order, int failure_order, uintptr_t site) \
    { \
        point(RT_POINT_RMW, addr, site); \
        bool done = cas(addr, expected, desired); \
        if (done) { \
            stored(RT_POINT_RMW, addr, sizeof(T), order, expected, NULL, \
                   site); \
        } \
        else { \
            event(RT_POINT_LOAD, addr, sizeof(T), failure_order, site); \
        } \
        return done; \
    } \
    int __tsan_atomic##bits##_compare_exchange_strong( \
        volatile T *addr, T *expected, T desired, int order, \
        int failure_order) \
    { \
        return compare_exchange##bits(addr, expected, desired, order, \
                                      failure_order, SITE); \
    } \
    int __tsan_atomic##bits##_compare_exchange_weak( \
        volatile T *addr, T *expected, T desired, int order, \
        int failure_order) \
    { \
        return compare_exchange##bits(addr, expected, desired, order, \
                                      failure_order, SITE); \
    } \
    T __tsan_atomic##bits##_compare_exchange_val( \
        volatile T *addr, T expected, T desired, int order, \
        int failure_order) \
    { \
        compare_exchange##bits(addr, &expected, desired, order, \
                               failure_order, SITE); \
        return expected; \
    }

#define DEFINE_ATOMIC(bits, T, prefix) \
    DEFINE_LOAD_STORE(bits, T, prefix##_load, prefix##_store) \
    DEFINE_RMW(bits, T, exchange, prefix##_exchange) \
    DEFINE_RMW(bits, T, fetch_add, prefix##_add) \
    DEFINE_RMW(bits, T, fetch_sub, prefix##_sub) \
    DEFINE_RMW(bits, T, fetch_and, prefix##_and) \
    DEFINE_RMW(bits, T, fetch_or, prefix##_or) \
    DEFINE_RMW(bits, T, fetch_xor, prefix##_xor) \
    DEFINE_RMW(bits, T, fetch_nand, prefix##_nand) \
    DEFINE_CAS(bits, T, prefix##_cas)

#define word_load(addr) __atomic_load_n((addr), __ATOMIC_SEQ_CST)
#define word_store(addr, value) \
    __atomic_store_n((addr), (value), __ATOMIC_SEQ_CST)
#define word_exchange(addr, value) \
    __atomic_exchange_n((addr), (value), __ATOMIC_SEQ_CST)
#define word_add(addr, value) \
    __atomic_fetch_add((addr), (value), __ATOMIC_SEQ_CST)
#define word_sub(addr, value) \
    __atomic_fetch_sub((addr), (value), __ATOMIC_SEQ_CST)
#define word_and(addr, value) \
    __atomic_fetch_and((addr), (value), __ATOMIC_SEQ_CST)
#define word_or(addr, value) \
    __atomic_fetch_or((addr), (value), __ATOMIC_SEQ_CST)
#define word_xor(addr, value) \
    __atomic_fetch_xor((addr), (value), __ATOMIC_SEQ_CST)
#define word_nand(addr, value) \
    __atomic_fetch_nand((addr), (value), __ATOMIC_SEQ_CST)
#define word_cas(addr, expected, desired) \
    __atomic_compare_exchange_n((addr), (expected), (desired), false, \
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

DEFINE_ATOMIC(8, uint8_t, word)
DEFINE_ATOMIC(16, uint16_t, word)
DEFINE_ATOMIC(32, uint32_t, word)
DEFINE_ATOMIC(64, uint64_t, word)

// ---- 16 bytes. Compilers turn these into library calls, so they are built
// on one primitive of our own.

#ifdef __x86_64__
static bool
wide_cas(volatile FzUint128 *addr, FzUint128 *expected, FzUint128 desired)
{
    uint64_t low = (uint64_t)*expected;
    uint64_t high = (uint64_t)(*expected >> 64);
    bool done;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*addr), "+a"(low), "+d"(high)
                     : "b"((uint64_t)desired), "c"((uint64_t)(desired >> 64))
                     : "memory");
    *expected = (FzUint128)high << 64 | low;
    return done;
}
#else
// Every 16-byte atomic access of the instrumented code comes through here.
static bool
wide_cas(volatile FzUint128 *addr, FzUint128 *expected, FzUint128 desired)
{
    static bool lock;
    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE)) {
    }
    FzUint128 found = *addr;
    bool done = found == *expected;
    if (done) {
        *addr = desired;
    }
    __atomic_clear(&lock, __ATOMIC_RELEASE);
    *expected = found;
    return done;
}
#endif

static FzUint128
wide_load(const volatile FzUint128 *addr)
{
    FzUint128 value = 0;
    wide_cas((volatile FzUint128 *)addr, &value, value);
    return value;
}

#define DEFINE_WIDE(name, result) \
    static FzUint128 wide_##name(volatile FzUint128 *addr, FzUint128 value) \
    { \
        FzUint128 old = wide_load(addr); \
        while (!wide_cas(addr, &old, (result))) { \
        } \
        return old; \
    }

DEFINE_WIDE(exchange, value)
DEFINE_WIDE(add, old + value)
DEFINE_WIDE(sub, old - value)
DEFINE_WIDE(and, old & value)
DEFINE_WIDE(or, old | value)
DEFINE_WIDE(xor, old ^ value)
DEFINE_WIDE(nand, ~(old & value))
#define wide_store(addr, value) ((void)wide_exchange((addr), (value)))

DEFINE_ATOMIC(128, FzUint128, wide)

// ---- Fences.

void
__tsan_atomic_thread_fence(int order)
{
    point(RT_POINT_FENCE, NULL, SITE);
    event(RT_POINT_FENCE, NULL, 0, order, SITE);
    if (is_weak() && order_of(order) == RT_ORDER_SEQ_CST) {
        FzWeak_Fence();
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// Orders a thread with its own signal handlers only.
void
__tsan_atomic_signal_fence(int order)
{
    (void)order;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#else
typedef int FzTsanAbiUnused;    // a translation unit is never empty
#endif
