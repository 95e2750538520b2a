// rtcore_sanitizer.h: what the allocator tells the sanitizers.
//
// The memory comes from a mimalloc that is not instrumented, so the runtime
// says itself what may be touched (AddressSanitizer) and when a block begins a
// new life (ThreadSanitizer). Elsewhere everything here is empty.

#ifndef RT_INTERNAL_SANITIZER_H
#define RT_INTERNAL_SANITIZER_H
#ifndef RT_BUILD_CORE
#error "this header needs RT_BUILD_CORE"
#endif

#include <stddef.h>

// A function whose plain accesses are neither checked nor reported: it looks
// at headers of blocks, or at data that all threads of an OS thread share.
#if defined(__clang__)
#define RT_NO_INSTRUMENT \
    __attribute__((noinline, no_sanitize("address", "thread", "coverage"), \
                   disable_sanitizer_instrumentation))
#else
#define RT_NO_INSTRUMENT \
    __attribute__((noinline, no_sanitize_address, no_sanitize_thread))
#endif

// A walk that audits make too, as often as their tables need: it tells nothing
// of what the program reached.
#if defined(__clang__)
#define RT_NO_COVERAGE __attribute__((no_sanitize("coverage")))
#else
#define RT_NO_COVERAGE
#endif

#ifdef RT_ASAN
#include <sanitizer/asan_interface.h>
// Bytes after each payload that are never touched.
#define RT_REDZONE_SIZE 16
#define RT_SANITIZER_POISON(addr, size) \
    __asan_poison_memory_region((addr), (size))
#define RT_SANITIZER_UNPOISON(addr, size) \
    __asan_unpoison_memory_region((addr), (size))
#else
#define RT_REDZONE_SIZE 0
#define RT_SANITIZER_POISON(addr, size) ((void)(addr), (void)(size))
#define RT_SANITIZER_UNPOISON(addr, size) ((void)(addr), (void)(size))
#endif

#ifdef RT_TSAN
void __tsan_java_init(unsigned long heap_begin, unsigned long heap_size);
void __tsan_java_alloc(unsigned long ptr, unsigned long size);
void __tsan_java_free(unsigned long ptr, unsigned long size);
void __tsan_write_range(void *addr, unsigned long size);
// Once, before the first block.
#define RT_SANITIZER_INIT() __tsan_java_init(8, 1ul << 46)
// The block is new: earlier accesses to its bytes are forgotten.
#define RT_SANITIZER_ALLOC(addr, size) \
    __tsan_java_alloc((unsigned long)(addr), (size))
// A free races with every access that is not ordered before it.
#define RT_SANITIZER_FREE(addr, size) \
    do { \
        __tsan_write_range((addr), (size)); \
        __tsan_java_free((unsigned long)(addr), (size)); \
    } while (0)
#else
#define RT_SANITIZER_ALLOC(addr, size) ((void)(addr), (void)(size))
#define RT_SANITIZER_FREE(addr, size) ((void)(addr), (void)(size))
#endif

#endif  // RT_INTERNAL_SANITIZER_H
