// rt_critical_section.h: per-object locking that never deadlocks.
//
// RT_BEGIN_CRITICAL_SECTION(op) locks op until RT_END_CRITICAL_SECTION().
// Sections nest. A thread that blocks or detaches inside one suspends all its
// sections (their locks are released) and resumes them when it goes on: what
// was checked before a call that may block must be checked again after it.
// Two-object sections lock in the order of RtAddress_Key(). In the GIL build
// they are empty. _MUT: the (first) lock is a mutex of its own. No return, goto
// or break out of a section.
// Source: PEP 703; CPython Include/cpython/critical_section.h.

#ifndef RT_CRITICAL_SECTION_H
#define RT_CRITICAL_SECTION_H

#include "rt_object.h"

// On the C stack of the thread that is inside; linked from the thread state.
typedef struct RtCriticalSection {
    uintptr_t cs_prev;          // tagged link to the enclosing section
    RtMutex *cs_mutex;          // NULL: not locked yet
} RtCriticalSection;

typedef struct RtCriticalSection2 {
    RtCriticalSection cs_base;
    RtMutex *cs_mutex2;         // NULL if both objects are the same
} RtCriticalSection2;

#ifdef RT_GIL_DISABLED
void RtCriticalSection_Begin(RtCriticalSection *c, RtObject *op);
void RtCriticalSection_BeginMutex(RtCriticalSection *c, RtMutex *m);
void RtCriticalSection_End(RtCriticalSection *c);
void RtCriticalSection2_Begin(RtCriticalSection2 *c, RtObject *a, RtObject *b);
void RtCriticalSection2_BeginMutexes(RtCriticalSection2 *c, RtMutex *m1,
                                     RtMutex *m2);
void RtCriticalSection2_End(RtCriticalSection2 *c);

#define RT_BEGIN_CRITICAL_SECTION(op) \
    { \
        RtCriticalSection rt_cs; \
        RtCriticalSection_Begin(&rt_cs, (RtObject *)(op));
#define RT_BEGIN_CRITICAL_SECTION_MUT(m) \
    { \
        RtCriticalSection rt_cs; \
        RtCriticalSection_BeginMutex(&rt_cs, (m));
#define RT_END_CRITICAL_SECTION() \
        RtCriticalSection_End(&rt_cs); \
    }
#define RT_BEGIN_CRITICAL_SECTION2(a, b) \
    { \
        RtCriticalSection2 rt_cs2; \
        RtCriticalSection2_Begin(&rt_cs2, (RtObject *)(a), (RtObject *)(b));
#define RT_BEGIN_CRITICAL_SECTION2_MUT(m, op) \
    { \
        RtCriticalSection2 rt_cs2; \
        RtCriticalSection2_BeginMutexes(&rt_cs2, (m), \
                                        &((RtObject *)(op))->ob_mutex);
#define RT_END_CRITICAL_SECTION2() \
        RtCriticalSection2_End(&rt_cs2); \
    }
#else
#define RT_BEGIN_CRITICAL_SECTION(op) { (void)(op);
#define RT_BEGIN_CRITICAL_SECTION_MUT(m) { (void)(m);
#define RT_END_CRITICAL_SECTION() }
#define RT_BEGIN_CRITICAL_SECTION2(a, b) { (void)(a); (void)(b);
#define RT_BEGIN_CRITICAL_SECTION2_MUT(m, op) { (void)(m); (void)(op);
#define RT_END_CRITICAL_SECTION2() }
#endif

#endif  // RT_CRITICAL_SECTION_H
