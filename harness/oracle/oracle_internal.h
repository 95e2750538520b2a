// oracle_internal.h: what the oracles share among themselves.

#ifndef FZ_ORACLE_INTERNAL_H
#define FZ_ORACLE_INTERNAL_H

#include "fz_oracle.h"
#include "oracle_map.h"
#include "rtcore_state.h"

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

// reachability.c: an object of the interpreter that is unreachable and was not
// judged so (*missed), or that was judged and is not; or NULL. A full
// collection has just judged.
const RtObject *FzReachability_FindWrong(const RtInterpreterState *interp,
                                         const FzMap *judged, bool *missed);

// wait_queue.c: the queue that the thread waits in, or NULL.
const void *FzOracleWaitQueue_Of(uint32_t thread);

// stop_world.c: whether the thread asked for a stop of the world that is not
// there yet.
bool FzOracleStop_IsPending(uint32_t thread);

// lock.c: whether the thread waits for a GIL.
bool FzOracleLock_WaitsForGil(uint32_t thread);
// No thread can run; names the reason and records the violation.
void FzOracleLock_Stuck(uint32_t nthreads, const bool *ended);

// ---- oracle.c
// An oracle's tables are large enough, unless it has lost count after what the
// run ignores: then the run ends.
void FzOracle_NeedsRoom(bool there_is_room);

#endif  // FZ_ORACLE_INTERNAL_H
