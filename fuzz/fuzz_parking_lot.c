// fuzz_parking_lot.c: threads park on words of a few buckets and wake each
// other. Every wait has a limit, and a wake-up may come before it, but for one
// kind of the first thread's: those end because the others interrupt it when
// they leave.

#include <string.h>

#include "mechanism.h"
#include "rtcore_lock.h"

enum { WORDS = 5 };

static struct {
    uint8_t words[WORDS];       // atomic
    int woken;                  // atomic; by callbacks
    RtMutex mutex;              // of what follows
    RtThreadState *first;       // thread 0, while it is there
    bool present[FUZZ_MAX_THREADS];
} s;

static void
wake(void *arg, void *park_arg, bool has_more_waiters)
{
    uint8_t *word = arg;
    if (park_arg != NULL) {
        if (*(int *)park_arg != 17) {
            Rt_FatalError("fuzz_parking_lot", "a waiter's argument is gone");
        }
        rt_atomic_add_int(&s.woken, 1);
    }
    rt_atomic_store_uint8(word, has_more_waiters ? 1 : 0);
}

// The parking lot detaches the thread, or knows of none: it has done so itself.
static void
park(uint8_t *word, uint8_t how)
{
    uint8_t expected = how & 1;
    int argument = 17;
    int64_t timeout = 1000 * (1 + (int64_t)(how >> 3));
    int flags = how & 4 ? RT_PARK_INTERRUPTIBLE : 0;
    if ((how & 2) != 0) {
        RtParkingLot_Park(word, &expected, sizeof(expected), timeout,
                          &argument, flags | RT_PARK_DETACH);
        return;
    }
    RtThreadState *tstate = RtEval_SaveThread();
    RtParkingLot_Park(word, &expected, sizeof(expected), timeout, &argument,
                      flags);
    RtEval_RestoreThread(tstate);
}

static void
sleep_until_interrupted(uint8_t *word, uint8_t expected)
{
    int argument = 17;
    RtParkingLot_Park(word, &expected, sizeof(expected), -1, &argument,
                      RT_PARK_DETACH | RT_PARK_INTERRUPTIBLE);
}

static void
arrive(uint32_t thread)
{
    RtMutex_Lock(&s.mutex);
    s.present[thread] = true;
    if (thread == 0) {
        s.first = RtThreadState_Get();
    }
    RtMutex_Unlock(&s.mutex);
}

// A request that comes while the first thread does not wait ends its next wait.
static void
interrupt_first(void)
{
    if (s.first != NULL) {
        RtInterrupt_Request(&s.first->interrupt);
    }
}

// Somebody is there who has not left yet, and interrupts when that happens.
static bool
will_be_interrupted(void)
{
    bool others = false;
    RtMutex_Lock(&s.mutex);
    for (int i = 1; i < FUZZ_MAX_THREADS; i++) {
        others = others || s.present[i];
    }
    RtMutex_Unlock(&s.mutex);
    return others;
}

static void
leave(uint32_t thread)
{
    RtMutex_Lock(&s.mutex);
    s.present[thread] = false;
    if (thread == 0) {
        s.first = NULL;
    }
    interrupt_first();
    RtMutex_Unlock(&s.mutex);
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    arrive(thread);
    uint8_t *word = &s.words[st->a % WORDS];
    switch (st->what % 8) {
    case 0:
    case 1:
        park(word, st->b);
        break;
    case 2:
        rt_atomic_store_uint8(word, st->b & 1);
        break;
    case 3:
        RtParkingLot_Unpark(word, wake, word);
        break;
    case 4:
        RtMutex_Lock(&s.mutex);
        interrupt_first();
        RtMutex_Unlock(&s.mutex);
        break;
    case 5:
        if (thread == 0 && will_be_interrupted()) {
            sleep_until_interrupted(word, st->b & 1);
        }
        break;
    case 6:
        RtParkingLot_UnparkExiting();       // none has to
        break;
    default:
        RtParkingLot_UnparkAll(word);
        break;
    }
}

static void
begin(void)
{
    memset(&s, 0, sizeof(s));
}

static void
end(void)
{
    if (!RtParkingLot_IsEmpty()) {
        Rt_FatalError("fuzz_parking_lot", "somebody is parked at the end");
    }
}

const FuzzMechanism fuzz_parking_lot = {
    "fuzz_parking_lot", begin, step, leave, end,
};
