// fuzz_brc.c: references that cross threads: objects are made by one thread,
// kept by others and dropped by whoever comes last, while their owner ends or
// merges what was queued for it.

#include "mechanism.h"
#include "rt_lock.h"

enum { SLOTS = 4, KEPT = 4 };

static RtMutex mutexes[SLOTS];
static RtObject *slots[SLOTS];  // under the mutex of that place
static RtObject *kept[FUZZ_MAX_THREADS][KEPT];

static RtObject *
new_object(uint8_t kind)
{
    switch (kind % 3) {
    case 0:
        return RtLong_FromInt64(1000 + kind);
    case 1:
        return RtList_New(0);
    default:
        return RtStr_FromFormat("%d", kind);
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    int at = st->a % SLOTS;
    RtObject **mine = &kept[thread][st->b % KEPT];
    switch (st->what % 6) {
    case 0:
        Fuzz_Put(&mutexes[at], &slots[at], new_object(st->b));
        break;
    case 1: {
        RtObject *op = Fuzz_Take(&mutexes[at], &slots[at]);
        Rt_XDECREF(*mine);
        *mine = op;
        break;
    }
    case 2:
        Rt_XINCREF(*mine);
        Fuzz_Put(&mutexes[at], &slots[at], *mine);
        break;
    case 3:
        Rt_CLEAR(*mine);
        break;
    case 4: {                   // up and down without a lock in between
        RtObject *op = Fuzz_Take(&mutexes[at], &slots[at]);
        for (int i = 0; op != NULL && i < st->b % 4; i++) {
            Rt_INCREF(op);
            Rt_DECREF(op);
        }
        Rt_XDECREF(op);
        break;
    }
    default: {
        RtThreadState *tstate = RtEval_SaveThread();
        RtEval_RestoreThread(tstate);
        break;
    }
    }
}

static void
leave(uint32_t thread)
{
    for (int i = 0; i < KEPT; i++) {
        Rt_CLEAR(kept[thread][i]);
    }
}

static void
begin(void)
{
    for (int i = 0; i < SLOTS; i++) {
        mutexes[i] = (RtMutex){0};
        slots[i] = RtList_New(0);
    }
}

static void
end(void)
{
    for (int i = 0; i < SLOTS; i++) {
        Rt_CLEAR(slots[i]);
    }
}

const FuzzMechanism fuzz_brc = {"fuzz_brc", begin, step, leave, end};
