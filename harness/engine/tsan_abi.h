// tsan_abi.h: the functions that code built with -fsanitize=thread calls, as
// clang 14 to 19 emit them. Nobody calls them by name.
// Source: LLVM, lib/Transforms/Instrumentation/ThreadSanitizer.cpp.

#ifndef FZ_TSAN_ABI_H
#define FZ_TSAN_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 FzUint128;

// Code whose accesses are no scheduling points: a byte for each 16 bytes of
// code. What quiet code does is an event of the race detector as ever; of mute
// code only atomics are, by which others are ordered.
enum { FZ_CODE_LOUD, FZ_CODE_QUIET, FZ_CODE_MUTE };
typedef struct FzQuietCode {
    const uint8_t *bytes;
    uintptr_t start;
    size_t size;                // of the code
} FzQuietCode;
extern FzQuietCode fz_quiet_code;

// Called from other objects where this one is a library.
#pragma GCC visibility push(default)

void __tsan_init(void);
void __tsan_func_entry(void *call_site);
void __tsan_func_exit(void);
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_end(void);

#define FZ_TSAN_PLAIN(size) \
    void __tsan_read##size(void *addr); \
    void __tsan_write##size(void *addr); \
    void __tsan_unaligned_read##size(const void *addr); \
    void __tsan_unaligned_write##size(void *addr); \
    void __tsan_volatile_read##size(void *addr); \
    void __tsan_volatile_write##size(void *addr); \
    void __tsan_unaligned_volatile_read##size(const void *addr); \
    void __tsan_unaligned_volatile_write##size(void *addr); \
    void __tsan_read_write##size(void *addr); \
    void __tsan_unaligned_read_write##size(void *addr);
FZ_TSAN_PLAIN(1)
FZ_TSAN_PLAIN(2)
FZ_TSAN_PLAIN(4)
FZ_TSAN_PLAIN(8)
FZ_TSAN_PLAIN(16)
#undef FZ_TSAN_PLAIN

void __tsan_read_range(void *addr, size_t size);
void __tsan_write_range(void *addr, size_t size);
void __tsan_vptr_read(void **addr);
void __tsan_vptr_update(void **addr, void *value);
void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memset(void *to, int value, size_t size);

#define FZ_TSAN_ATOMIC(bits, T) \
    T __tsan_atomic##bits##_load(const volatile T *addr, int order); \
    void __tsan_atomic##bits##_store(volatile T *addr, T value, int order); \
    T __tsan_atomic##bits##_exchange(volatile T *addr, T value, int order); \
    T __tsan_atomic##bits##_fetch_add(volatile T *addr, T value, int order); \
    T __tsan_atomic##bits##_fetch_sub(volatile T *addr, T value, int order); \
    T __tsan_atomic##bits##_fetch_and(volatile T *addr, T value, int order); \
    T __tsan_atomic##bits##_fetch_or(volatile T *addr, T value, int order); \
    T __tsan_atomic##bits##_fetch_xor(volatile T *addr, T value, int order); \
    T __tsan_atomic##bits##_fetch_nand(volatile T *addr, T value, int order); \
    int __tsan_atomic##bits##_compare_exchange_strong( \
        volatile T *addr, T *expected, T desired, int order, \
        int failure_order); \
    int __tsan_atomic##bits##_compare_exchange_weak( \
        volatile T *addr, T *expected, T desired, int order, \
        int failure_order); \
    T __tsan_atomic##bits##_compare_exchange_val( \
        volatile T *addr, T expected, T desired, int order, \
        int failure_order);
FZ_TSAN_ATOMIC(8, uint8_t)
FZ_TSAN_ATOMIC(16, uint16_t)
FZ_TSAN_ATOMIC(32, uint32_t)
FZ_TSAN_ATOMIC(64, uint64_t)
FZ_TSAN_ATOMIC(128, FzUint128)
#undef FZ_TSAN_ATOMIC

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

#pragma GCC visibility pop

#endif  // FZ_TSAN_ABI_H
