// signals.c: signals, as they arrive and as the main thread handles them.
//
// A signal that arrives sets its flag, then `is_tripped`, then the bit of the
// main thread's eval breaker; the main thread clears in the opposite order
// before it looks, so that none is lost. A wait of the main thread's that can
// be interrupted is, and so is the next one if it is in none: the handler does
// not wait for what the main thread waits for. Handlers belong to the main
// thread: it alone sets and calls them.
// Mirrors Modules/signalmodule.c (CPython 3.13); departs: no wakeup fd; what
// trips a signal is the program or the embedder, not the operating system.

#include "rtcore_state.h"

#include "rt_errors.h"
#include "rt_types.h"           // ints
#include "rtcore_assert.h"
#include "rtcore_object.h"      // references

void
RtSignals_Trip(int signum)
{
    rt_assert(signum > 0 && signum < RT_NSIG);
    RtSignals *signals = &rt_runtime.signals;
    RT_NOTE(SIGNAL_TRIPPED, NULL, signum);
    rt_atomic_store_int(&signals->tripped[signum], 1);
    rt_atomic_store_int(&signals->is_tripped, 1);
    // The state is unlinked under this lock, after it was taken out there.
    RT_HEAD_LOCK();
    RtThreadState *main_tstate = rt_atomic_load_ptr(&rt_runtime.main_tstate);
    if (main_tstate != NULL) {
        RtThreadState_SetEvalBreakerBit(main_tstate, RT_SIGNALS_PENDING_BIT);
        RtInterrupt_Request(&main_tstate->interrupt);
    }
    RT_HEAD_UNLOCK();
}

RtObject *
RtSignals_SetHandler(int signum, RtObject *handler)
{
    rt_assert(signum > 0 && signum < RT_NSIG);
    rt_assert(RtThreadState_Get() == rt_runtime.main_tstate);
    RtObject *old = rt_runtime.signals.handlers[signum];
    rt_runtime.signals.handlers[signum] = handler;
    return old;
}

static int
call_handler(RtThreadState *tstate, RtObject *handler, int signum)
{
    RtObject *args[2] = { RtLong_FromInt64(signum), Rt_None };
    if (args[0] == NULL) {
        return -1;
    }
    RT_NOTE(SIGNAL_HANDLED, tstate, signum);
    Rt_INCREF(handler);
    RtObject *result = RtObject_Vectorcall(handler, args, 2);
    if (result == NULL) {
        RtObject *exc = RtErr_GetRaisedException();
        Rt_DECREF(handler);
        RtErr_SetRaisedException(exc);
        return -1;
    }
    Rt_DECREF(result);
    Rt_DECREF(handler);
    return 0;
}

int
RtEval_HandleSignals(RtThreadState *tstate)
{
    RtSignals *signals = &rt_runtime.signals;
    if (tstate != rt_runtime.main_tstate) {
        return 0;
    }
    RtThreadState_UnsetEvalBreakerBit(tstate, RT_SIGNALS_PENDING_BIT);
    RT_NOTE(EVAL_WORK, tstate, RT_SIGNALS_PENDING_BIT);
    if (rt_atomic_exchange_int(&signals->is_tripped, 0) == 0) {
        return 0;
    }
    for (int i = 1; i < RT_NSIG; i++) {
        if (rt_atomic_load_int_relaxed(&signals->tripped[i]) == 0 ||
            rt_atomic_exchange_int(&signals->tripped[i], 0) == 0) {
            continue;
        }
        // The handler may have been removed since the signal arrived.
        RtObject *handler = signals->handlers[i];
        if (handler != NULL && call_handler(tstate, handler, i) < 0) {
            // Others may be waiting.
            rt_atomic_store_int(&signals->is_tripped, 1);
            RtThreadState_SetEvalBreakerBit(tstate, RT_SIGNALS_PENDING_BIT);
            return -1;
        }
    }
    return 0;
}

void
RtSignals_Fini(void)
{
    for (int i = 1; i < RT_NSIG; i++) {
        RtObject *handler = RtSignals_SetHandler(i, NULL);
        Rt_XDECREF(handler);
    }
}
