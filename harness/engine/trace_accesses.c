// trace_accesses.c: what code built with -fsanitize-coverage=trace-loads,
// trace-stores calls (builds asan-*): plain accesses for the race detector.
// Its edge counters go to whoever links the program (cli/coverage_counters.c).
//
// The runtime's atomics stand in functions that are left uninstrumented and
// report themselves (rtcore_atomic.h).

#include "race_internal.h"

#ifdef RT_TRACE_ACCESSES

#include "engine_internal.h"

#define SITE ((uintptr_t)__builtin_return_address(0))

const char fz_race_source[] = "-fsanitize-coverage=trace-loads,trace-stores";

#define DEFINE_TRACE(size, T) \
    void __sanitizer_cov_load##size(T *addr); \
    void __sanitizer_cov_load##size(T *addr) \
    { \
        if (fz_engine.active && fz_engine.races) { \
            FzRace_Plain(fz_engine.current, addr, size, false, SITE); \
        } \
    } \
    void __sanitizer_cov_store##size(T *addr); \
    void __sanitizer_cov_store##size(T *addr) \
    { \
        if (fz_engine.active && fz_engine.races) { \
            FzRace_Plain(fz_engine.current, addr, size, true, SITE); \
        } \
    }

DEFINE_TRACE(1, uint8_t)
DEFINE_TRACE(2, uint16_t)
DEFINE_TRACE(4, uint32_t)
DEFINE_TRACE(8, uint64_t)
DEFINE_TRACE(16, unsigned __int128)

#endif  // RT_TRACE_ACCESSES
