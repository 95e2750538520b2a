// rtcore_assert.h: assertions of the runtime.
//
// rt_assert is on unless RT_DEBUG_LEVEL is 0 (release). Its condition makes no
// scheduling point: it reads with the _owned accessors or plain fields.

#ifndef RT_INTERNAL_ASSERT_H
#define RT_INTERNAL_ASSERT_H

// Notes FATAL (a driver may end the run there), else prints and aborts.
_Noreturn void Rt_FatalAssert(const char *condition, const char *file,
                              int line);

#if RT_DEBUG_LEVEL >= 1
#define rt_assert(condition) \
    do { \
        if (!(condition)) { \
            Rt_FatalAssert(#condition, __FILE__, __LINE__); \
        } \
    } while (0)
#else
#define rt_assert(condition) ((void)sizeof(condition))
#endif

#endif  // RT_INTERNAL_ASSERT_H
