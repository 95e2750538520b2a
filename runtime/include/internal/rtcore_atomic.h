// rtcore_atomic.h: the runtime's atomic operations, and the only file that
// names memory orders.
//
// Names are CPython's (_Py_atomic_load_ptr_acquire is
// rt_atomic_load_ptr_acquire): rt_atomic_<operation>_<type>[_<order>]; without
// an order the operation is sequentially consistent. Types: uint8, uint16 (no
// arithmetic), uint32, uint64, int, int64, uintptr, ssize, ptr (void *).
//
// In builds with hooks each operation is a scheduling point before it takes
// effect, except those that end in
//   _owned   relaxed accesses to a field that only the calling thread writes
//            (ob_ref_local), or of which only the value "me" matters (ob_tid);
//   _hint    the first guess of a compare-exchange loop: a switch between it
//            and the exchange can only make the guess wrong.
// and the fences of one order, beside which an access is a point anyhow.
// In RT_COMPILER_POINTS builds the compiler's instrumentation makes the points,
// so that the sequence of points of one execution is the same in every build
// with hooks.

#ifndef RT_INTERNAL_ATOMIC_H
#define RT_INTERNAL_ATOMIC_H
#ifndef RT_BUILD_CORE
#error "this header needs RT_BUILD_CORE"
#endif

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>          // ssize_t

#include "rtcore_hooks.h"

#if defined(RT_WITH_HOOKS) && !defined(RT_COMPILER_POINTS)
#define RT_ATOMIC_POINT(kind, addr) RT_SCHED_POINT(kind, addr)
#else
#define RT_ATOMIC_POINT(kind, addr) ((void)(addr))
#endif

#if defined(RT_WITH_HOOKS) && defined(RT_TRACE_ACCESSES)
// Kept out of the instrumented functions: the compiler would report the
// access inside as a plain one.
#define RT_ATOMIC_FUNC \
    static __attribute__((noinline, unused, no_sanitize("coverage")))
#define RT_ATOMIC_EVENT(kind, addr, size, order) \
    do { \
        if (rt_hooks != NULL) { \
            rt_hooks->atomic(RT_POINT_##kind, (addr), (size), (order)); \
        } \
    } while (0)
#else
#define RT_ATOMIC_FUNC static inline __attribute__((always_inline, unused))
#define RT_ATOMIC_EVENT(kind, addr, size, order) ((void)(addr))
#endif

#if defined(RT_WITH_HOOKS) && defined(RT_COMPILER_POINTS)
// The compiler would make a point of these: they report themselves instead.
#define RT_OWNED_FUNC \
    static __attribute__((noinline, unused, no_sanitize("thread"), \
                          disable_sanitizer_instrumentation))
#define RT_OWNED_EVENT(kind, addr, size) \
    do { \
        if (rt_hooks != NULL) { \
            rt_hooks->atomic(RT_POINT_##kind, (addr), (size), \
                             RT_ORDER_RELAXED); \
        } \
    } while (0)
#else
#define RT_OWNED_FUNC RT_ATOMIC_FUNC
#define RT_OWNED_EVENT(kind, addr, size) \
    RT_ATOMIC_EVENT(kind, addr, size, RT_ORDER_RELAXED)
#endif

#if defined(RT_WITH_HOOKS) && \
    (defined(RT_COMPILER_POINTS) || defined(RT_TRACE_ACCESSES))
#define RT_FENCE_EVENT(order) \
    do { \
        if (rt_hooks != NULL) { \
            rt_hooks->atomic(RT_POINT_FENCE, NULL, 0, (order)); \
        } \
    } while (0)
#else
#define RT_FENCE_EVENT(order) ((void)0)
#endif

#define RT_DEFINE_ATOMIC_ACCESS(T, name) \
    RT_ATOMIC_FUNC T rt_atomic_load_##name(const T *obj) \
    { \
        RT_ATOMIC_POINT(LOAD, obj); \
        T value = __atomic_load_n(obj, __ATOMIC_SEQ_CST); \
        RT_ATOMIC_EVENT(LOAD, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        return value; \
    } \
    RT_ATOMIC_FUNC T rt_atomic_load_##name##_relaxed(const T *obj) \
    { \
        RT_ATOMIC_POINT(LOAD, obj); \
        T value = __atomic_load_n(obj, __ATOMIC_RELAXED); \
        RT_ATOMIC_EVENT(LOAD, obj, sizeof(T), RT_ORDER_RELAXED); \
        return value; \
    } \
    RT_ATOMIC_FUNC T rt_atomic_load_##name##_acquire(const T *obj) \
    { \
        RT_ATOMIC_POINT(LOAD, obj); \
        T value = __atomic_load_n(obj, __ATOMIC_ACQUIRE); \
        RT_ATOMIC_EVENT(LOAD, obj, sizeof(T), RT_ORDER_ACQUIRE); \
        return value; \
    } \
    RT_OWNED_FUNC T rt_atomic_load_##name##_owned(const T *obj) \
    { \
        T value = __atomic_load_n(obj, __ATOMIC_RELAXED); \
        RT_OWNED_EVENT(LOAD, obj, sizeof(T)); \
        return value; \
    } \
    RT_ATOMIC_FUNC void rt_atomic_store_##name(T *obj, T value) \
    { \
        RT_ATOMIC_POINT(STORE, obj); \
        RT_ATOMIC_EVENT(STORE, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        __atomic_store_n(obj, value, __ATOMIC_SEQ_CST); \
    } \
    RT_ATOMIC_FUNC void rt_atomic_store_##name##_relaxed(T *obj, T value) \
    { \
        RT_ATOMIC_POINT(STORE, obj); \
        RT_ATOMIC_EVENT(STORE, obj, sizeof(T), RT_ORDER_RELAXED); \
        __atomic_store_n(obj, value, __ATOMIC_RELAXED); \
    } \
    RT_ATOMIC_FUNC void rt_atomic_store_##name##_release(T *obj, T value) \
    { \
        RT_ATOMIC_POINT(STORE, obj); \
        RT_ATOMIC_EVENT(STORE, obj, sizeof(T), RT_ORDER_RELEASE); \
        __atomic_store_n(obj, value, __ATOMIC_RELEASE); \
    } \
    RT_OWNED_FUNC T rt_atomic_load_##name##_hint(const T *obj) \
    { \
        T value = __atomic_load_n(obj, __ATOMIC_RELAXED); \
        RT_OWNED_EVENT(LOAD, obj, sizeof(T)); \
        return value; \
    } \
    RT_OWNED_FUNC void rt_atomic_store_##name##_owned(T *obj, T value) \
    { \
        RT_OWNED_EVENT(STORE, obj, sizeof(T)); \
        __atomic_store_n(obj, value, __ATOMIC_RELAXED); \
    } \
    RT_ATOMIC_FUNC T rt_atomic_exchange_##name(T *obj, T value) \
    { \
        RT_ATOMIC_POINT(RMW, obj); \
        T old = __atomic_exchange_n(obj, value, __ATOMIC_SEQ_CST); \
        RT_ATOMIC_EVENT(RMW, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        return old; \
    } \
    /* Strong; on failure *expected receives the value found. */ \
    RT_ATOMIC_FUNC bool rt_atomic_compare_exchange_##name( \
        T *obj, T *expected, T desired) \
    { \
        RT_ATOMIC_POINT(RMW, obj); \
        bool done = __atomic_compare_exchange_n( \
            obj, expected, desired, false, __ATOMIC_SEQ_CST, \
            __ATOMIC_SEQ_CST); \
        if (done) { \
            RT_ATOMIC_EVENT(RMW, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        } \
        else { \
            RT_ATOMIC_EVENT(LOAD, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        } \
        return done; \
    }

// Each returns the value before the operation.
#define RT_DEFINE_ATOMIC_ARITHMETIC(T, name) \
    RT_ATOMIC_FUNC T rt_atomic_add_##name(T *obj, T value) \
    { \
        RT_ATOMIC_POINT(RMW, obj); \
        T old = __atomic_fetch_add(obj, value, __ATOMIC_SEQ_CST); \
        RT_ATOMIC_EVENT(RMW, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        return old; \
    } \
    RT_ATOMIC_FUNC T rt_atomic_and_##name(T *obj, T value) \
    { \
        RT_ATOMIC_POINT(RMW, obj); \
        T old = __atomic_fetch_and(obj, value, __ATOMIC_SEQ_CST); \
        RT_ATOMIC_EVENT(RMW, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        return old; \
    } \
    RT_ATOMIC_FUNC T rt_atomic_or_##name(T *obj, T value) \
    { \
        RT_ATOMIC_POINT(RMW, obj); \
        T old = __atomic_fetch_or(obj, value, __ATOMIC_SEQ_CST); \
        RT_ATOMIC_EVENT(RMW, obj, sizeof(T), RT_ORDER_SEQ_CST); \
        return old; \
    }

RT_DEFINE_ATOMIC_ACCESS(uint8_t, uint8)
RT_DEFINE_ATOMIC_ACCESS(uint16_t, uint16)
RT_DEFINE_ATOMIC_ACCESS(uint32_t, uint32)
RT_DEFINE_ATOMIC_ACCESS(uint64_t, uint64)
RT_DEFINE_ATOMIC_ACCESS(int, int)
RT_DEFINE_ATOMIC_ACCESS(int64_t, int64)
RT_DEFINE_ATOMIC_ACCESS(uintptr_t, uintptr)
RT_DEFINE_ATOMIC_ACCESS(ssize_t, ssize)

RT_DEFINE_ATOMIC_ARITHMETIC(uint8_t, uint8)
RT_DEFINE_ATOMIC_ARITHMETIC(uint32_t, uint32)
RT_DEFINE_ATOMIC_ARITHMETIC(uint64_t, uint64)
RT_DEFINE_ATOMIC_ARITHMETIC(int, int)
RT_DEFINE_ATOMIC_ARITHMETIC(int64_t, int64)
RT_DEFINE_ATOMIC_ARITHMETIC(uintptr_t, uintptr)
RT_DEFINE_ATOMIC_ARITHMETIC(ssize_t, ssize)

#undef RT_DEFINE_ATOMIC_ACCESS
#undef RT_DEFINE_ATOMIC_ARITHMETIC

// Pointers: `obj` points to a pointer of any type (void * converts to it).
RT_ATOMIC_FUNC void *
rt_atomic_load_ptr(const void *obj)
{
    RT_ATOMIC_POINT(LOAD, obj);
    void *value = __atomic_load_n((void *const *)obj, __ATOMIC_SEQ_CST);
    RT_ATOMIC_EVENT(LOAD, obj, sizeof(void *), RT_ORDER_SEQ_CST);
    return value;
}

RT_ATOMIC_FUNC void *
rt_atomic_load_ptr_relaxed(const void *obj)
{
    RT_ATOMIC_POINT(LOAD, obj);
    void *value = __atomic_load_n((void *const *)obj, __ATOMIC_RELAXED);
    RT_ATOMIC_EVENT(LOAD, obj, sizeof(void *), RT_ORDER_RELAXED);
    return value;
}

RT_ATOMIC_FUNC void *
rt_atomic_load_ptr_acquire(const void *obj)
{
    RT_ATOMIC_POINT(LOAD, obj);
    void *value = __atomic_load_n((void *const *)obj, __ATOMIC_ACQUIRE);
    RT_ATOMIC_EVENT(LOAD, obj, sizeof(void *), RT_ORDER_ACQUIRE);
    return value;
}

RT_OWNED_FUNC void *
rt_atomic_load_ptr_owned(const void *obj)
{
    void *value = __atomic_load_n((void *const *)obj, __ATOMIC_RELAXED);
    RT_OWNED_EVENT(LOAD, obj, sizeof(void *));
    return value;
}

RT_ATOMIC_FUNC void
rt_atomic_store_ptr(void *obj, void *value)
{
    RT_ATOMIC_POINT(STORE, obj);
    RT_ATOMIC_EVENT(STORE, obj, sizeof(void *), RT_ORDER_SEQ_CST);
    __atomic_store_n((void **)obj, value, __ATOMIC_SEQ_CST);
}

RT_ATOMIC_FUNC void
rt_atomic_store_ptr_relaxed(void *obj, void *value)
{
    RT_ATOMIC_POINT(STORE, obj);
    RT_ATOMIC_EVENT(STORE, obj, sizeof(void *), RT_ORDER_RELAXED);
    __atomic_store_n((void **)obj, value, __ATOMIC_RELAXED);
}

RT_ATOMIC_FUNC void
rt_atomic_store_ptr_release(void *obj, void *value)
{
    RT_ATOMIC_POINT(STORE, obj);
    RT_ATOMIC_EVENT(STORE, obj, sizeof(void *), RT_ORDER_RELEASE);
    __atomic_store_n((void **)obj, value, __ATOMIC_RELEASE);
}

RT_ATOMIC_FUNC void *
rt_atomic_exchange_ptr(void *obj, void *value)
{
    RT_ATOMIC_POINT(RMW, obj);
    void *old = __atomic_exchange_n((void **)obj, value, __ATOMIC_SEQ_CST);
    RT_ATOMIC_EVENT(RMW, obj, sizeof(void *), RT_ORDER_SEQ_CST);
    return old;
}

// `expected` points to a pointer, which receives the value found on failure.
RT_ATOMIC_FUNC bool
rt_atomic_compare_exchange_ptr(void *obj, void *expected, void *desired)
{
    RT_ATOMIC_POINT(RMW, obj);
    bool done = __atomic_compare_exchange_n(
        (void **)obj, (void **)expected, desired, false, __ATOMIC_SEQ_CST,
        __ATOMIC_SEQ_CST);
    if (done) {
        RT_ATOMIC_EVENT(RMW, obj, sizeof(void *), RT_ORDER_SEQ_CST);
    }
    else {
        RT_ATOMIC_EVENT(LOAD, obj, sizeof(void *), RT_ORDER_SEQ_CST);
    }
    return done;
}

RT_ATOMIC_FUNC void
rt_atomic_fence_seq_cst(void)
{
    RT_ATOMIC_POINT(FENCE, NULL);
    RT_ATOMIC_EVENT(FENCE, NULL, 0, RT_ORDER_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// No points: the access beside each of these is one.
RT_OWNED_FUNC void
rt_atomic_fence_beside(void)    // sequentially consistent
{
    RT_FENCE_EVENT(RT_ORDER_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// Of sequence locks.
RT_OWNED_FUNC void
rt_atomic_fence_acquire(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    RT_FENCE_EVENT(RT_ORDER_ACQUIRE);
}

RT_OWNED_FUNC void
rt_atomic_fence_release(void)
{
    RT_FENCE_EVENT(RT_ORDER_RELEASE);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

// Accesses to shared container fields: atomic where threads run freely, plain
// where the GIL protects (CPython's FT_ATOMIC_* macros; these take pointers).
#ifdef RT_GIL_DISABLED
#define RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(p) rt_atomic_load_ptr_acquire(p)
#define RT_FT_ATOMIC_LOAD_PTR_RELAXED(p) rt_atomic_load_ptr_relaxed(p)
#define RT_FT_ATOMIC_STORE_PTR_RELEASE(p, v) rt_atomic_store_ptr_release(p, v)
#define RT_FT_ATOMIC_LOAD_UINT8_ACQUIRE(p) rt_atomic_load_uint8_acquire(p)
#define RT_FT_ATOMIC_STORE_UINT8_RELAXED(p, v) \
    rt_atomic_store_uint8_relaxed(p, v)
#define RT_FT_ATOMIC_STORE_UINT8_RELEASE(p, v) \
    rt_atomic_store_uint8_release(p, v)
#define RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(p) rt_atomic_load_ssize_relaxed(p)
#define RT_FT_ATOMIC_LOAD_SSIZE_ACQUIRE(p) rt_atomic_load_ssize_acquire(p)
#define RT_FT_ATOMIC_STORE_SSIZE_RELAXED(p, v) \
    rt_atomic_store_ssize_relaxed(p, v)
#define RT_FT_ATOMIC_STORE_SSIZE_RELEASE(p, v) \
    rt_atomic_store_ssize_release(p, v)
#else
#define RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(p) ((void *)*(p))
#define RT_FT_ATOMIC_LOAD_PTR_RELAXED(p) ((void *)*(p))
#define RT_FT_ATOMIC_STORE_PTR_RELEASE(p, v) ((void)(*(p) = (v)))
#define RT_FT_ATOMIC_LOAD_UINT8_ACQUIRE(p) (*(p))
#define RT_FT_ATOMIC_STORE_UINT8_RELAXED(p, v) ((void)(*(p) = (v)))
#define RT_FT_ATOMIC_STORE_UINT8_RELEASE(p, v) ((void)(*(p) = (v)))
#define RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(p) (*(p))
#define RT_FT_ATOMIC_LOAD_SSIZE_ACQUIRE(p) (*(p))
#define RT_FT_ATOMIC_STORE_SSIZE_RELAXED(p, v) ((void)(*(p) = (v)))
#define RT_FT_ATOMIC_STORE_SSIZE_RELEASE(p, v) ((void)(*(p) = (v)))
#endif

#endif  // RT_INTERNAL_ATOMIC_H
