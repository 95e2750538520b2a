// oracle_internal.h: what the oracles share among themselves.

#ifndef FZ_ORACLE_INTERNAL_H
#define FZ_ORACLE_INTERNAL_H

#include "fz_oracle.h"

// "list#17" and the like into a buffer of the caller's frame.
typedef struct FzName {
    char text[96];
} FzName;

static inline FzName
FzName_Of(const void *addr)
{
    FzName name;
    FzEngine_NameAddress(addr, name.text, sizeof(name.text));
    return name;
}

// lock.c: no thread can run; names the reason and records the violation.
void FzOracleLock_Stuck(uint32_t nthreads, const bool *ended);

#endif  // FZ_ORACLE_INTERNAL_H
