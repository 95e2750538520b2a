// eval.c: twins of the GIL, of GILState and of the eval breaker. The bodies
// make the notes that the runtime makes, on thread states of their own.

#include "twins_internal.h"

#include <limits.h>

#ifdef RT_WITH_HOOKS

static RtInterpreterState interp;
static RtThreadState first = { .interp = &interp };
static RtThreadState second = { .interp = &interp };

// ---------------------------------------------------------------------------
// The GIL.

#ifdef RT_GIL_DISABLED
static void
switch_on(void)
{
    RT_NOTE(GIL_ENABLED, &interp, 1);
}

static void
switch_off(void)
{
    RT_NOTE(GIL_DISABLED, &interp, 0);
}
#else
static void
switch_on(void)
{
}

static void
switch_off(void)
{
}
#endif

static void
take(RtThreadState *tstate)
{
    RT_NOTE(GIL_TAKEN, tstate, 0);
}

static void
drop(RtThreadState *tstate, bool on_request)
{
    RT_NOTE(GIL_DROPPED, tstate, on_request);
}

static void
take_held(uint32_t self)
{
    (void)self;
    take(&first);
    FZ_PLACE(take(&second), drop(&first, false); take(&second));
    drop(&second, false);
}

static void
ignore_drop_request(uint32_t self)
{
    (void)self;
    take(&first);
    RT_NOTE(GIL_DROP_REQUESTED, &first, 0);
    for (int i = 0; i < 3; i++) {
        RT_NOTE(EVAL_BREAKER, &first, 0);
    }
    FZ_PLACE(RT_NOTE(EVAL_BREAKER, &first, 0), drop(&first, true));
}

static void
run_without_gil(uint32_t self)
{
    (void)self;
    switch_on();
    take(&first);
    RT_NOTE(EVAL_BREAKER, &first, 0);
    FZ_PLACE(RT_NOTE(EVAL_BREAKER, &second, 0),
             drop(&first, false); take(&second);
             RT_NOTE(EVAL_BREAKER, &second, 0));
    drop(&second, false);
    switch_off();
}

static void
take_again(uint32_t self)
{
    (void)self;
    take(&first);
    drop(&first, true);
    FZ_PLACE(take(&first), take(&second));
    drop(&second, false);
}

#ifdef RT_GIL_DISABLED
static void
switch_twice(uint32_t self)
{
    (void)self;
    switch_on();
    FZ_PLACE(switch_on(), RT_NOTE(GIL_ENABLED, &interp, 2);
             RT_NOTE(GIL_DISABLED, &interp, 1));
    switch_off();
}

static void
never_switch_off(uint32_t self)
{
    (void)self;
    switch_on();
    FZ_PLACE(FZ_NOTHING, switch_off());
}
#else
static void
switch_fixed(uint32_t self)
{
    (void)self;
    FZ_PLACE(RT_NOTE(GIL_ENABLED, &interp, 1), FZ_NOTHING);
}
#endif

// ---------------------------------------------------------------------------
// GILState.

static void
ensure_uncounted(uint32_t self)
{
    (void)self;
    RT_NOTE(GILSTATE_ENSURE, &first, 1);
    FZ_PLACE(RT_NOTE(GILSTATE_ENSURE, &first, 1),
             RT_NOTE(GILSTATE_ENSURE, &first, 2));
    RT_NOTE(GILSTATE_RELEASE, &first, 1);
    RT_NOTE(GILSTATE_RELEASE, &first, 0);
    RT_NOTE(TSTATE_DELETED, &first, 0);
}

static void
delete_unreleased(uint32_t self)
{
    (void)self;
    RT_NOTE(GILSTATE_ENSURE, &first, 1);
    FZ_PLACE(RT_NOTE(TSTATE_DELETED, &first, 0),
             RT_NOTE(GILSTATE_RELEASE, &first, 0);
             RT_NOTE(TSTATE_DELETED, &first, 0));
}

// ---------------------------------------------------------------------------
// The bits of the eval breaker.

enum { CALLS = RT_CALLS_TO_DO_BIT, EXCEPTION = RT_ASYNC_EXCEPTION_BIT };

static void
set_bits(uintptr_t bits)
{
    RT_NOTE(EVAL_BIT_SET, &first, bits);
}

static void
clear_bits(uintptr_t bits)
{
    RT_NOTE(EVAL_BIT_CLEARED, &first, bits);
}

static void
check(uintptr_t bits)
{
    take(&first);
    RT_NOTE(EVAL_BREAKER, &first, bits);
    drop(&first, false);
}

static void
lose_bit(uint32_t self)
{
    (void)self;
    set_bits(CALLS);
    set_bits(EXCEPTION);
    FZ_PLACE(check(EXCEPTION), check(CALLS | EXCEPTION));
}

static void
ignore_bit(uint32_t self)
{
    (void)self;
    set_bits(CALLS);
    for (int i = 0; i < 8; i++) {
        check(CALLS);
    }
    FZ_PLACE(check(CALLS),
             clear_bits(CALLS); RT_NOTE(EVAL_WORK, &first, CALLS); check(0));
}

static void
work_first(uint32_t self)
{
    (void)self;
    set_bits(CALLS);
    check(CALLS);
    FZ_PLACE(RT_NOTE(EVAL_WORK, &first, CALLS); clear_bits(CALLS),
             clear_bits(CALLS); RT_NOTE(EVAL_WORK, &first, CALLS));
}

// ---------------------------------------------------------------------------
// Pending calls and exceptions.

static const int queue;

static void
handle_together(uint32_t self)
{
    (void)self;
    RT_NOTE(PENDING_HANDLER, &queue, &first);
    FZ_PLACE(RT_NOTE(PENDING_HANDLER, &queue, &second),
             RT_NOTE(PENDING_HANDLER, &queue, 0);
             RT_NOTE(PENDING_HANDLER, &queue, &second));
    RT_NOTE(PENDING_HANDLER, &queue, 0);
}

static void
run_out_of_order(uint32_t self)
{
    (void)self;
    RT_NOTE(PENDING_ADDED, &queue, 0);
    RT_NOTE(PENDING_ADDED, &queue, 1);
    FZ_PLACE(RT_NOTE(PENDING_RUN, &queue, 1), RT_NOTE(PENDING_RUN, &queue, 0));
    RT_NOTE(PENDING_RUN, &queue, 1);
}

static void
run_twice(uint32_t self)
{
    (void)self;
    RT_NOTE(PENDING_ADDED, &queue, 0);
    RT_NOTE(PENDING_RUN, &queue, 0);
    FZ_PLACE(RT_NOTE(PENDING_RUN, &queue, 0), FZ_NOTHING);
}

static void
lose_call(uint32_t self)
{
    (void)self;
    RT_NOTE(PENDING_ADDED, &queue, 0);
    FZ_PLACE(FZ_NOTHING, RT_NOTE(PENDING_DISCARDED, &queue, 0));
}

static void
raise_twice(uint32_t self)
{
    (void)self;
    RT_NOTE(ASYNC_EXC_SET, &first, 1);
    RT_NOTE(ASYNC_EXC_DELIVERED, &first, 1);
    FZ_PLACE(RT_NOTE(ASYNC_EXC_DELIVERED, &first, 1), FZ_NOTHING);
}

static void
never_raise(uint32_t self)
{
    (void)self;
    RT_NOTE(ASYNC_EXC_SET, &first, 1);
    set_bits(EXCEPTION);
    clear_bits(EXCEPTION);
    for (int i = 0; i < 8; i++) {
        check(0);
    }
    FZ_PLACE(check(0), RT_NOTE(ASYNC_EXC_DELIVERED, &first, 1));
}

// ---------------------------------------------------------------------------

const FzTwin fz_twins_eval[] = {
    FZ_TWIN(GIL_TWO_HOLDERS, ALONE, AT_ONCE, take_held,
            "the GIL is taken while another has it"),
    FZ_TWIN(GIL_DROP_IGNORED, ALONE, AT_ONCE, ignore_drop_request,
            "a fourth check after the request, and still held"),
    FZ_TWIN(GIL_NOT_HELD, ALONE, AT_ONCE, run_without_gil,
            "bytecode runs while another has the GIL"),
    FZ_TWIN(GIL_RETAKEN, ALONE, AT_ONCE, take_again,
            "who dropped it on request takes it first"),
#ifdef RT_GIL_DISABLED
    FZ_TWIN(GIL_UNBALANCED, ALONE, AT_ONCE, switch_twice,
            "the second request does not count"),
    FZ_TWIN(GIL_UNBALANCED, ALONE, AT_END, never_switch_off,
            "a request is not taken back"),
#else
    FZ_TWIN(GIL_UNBALANCED, ALONE, AT_ONCE, switch_fixed,
            "the GIL of the GIL build is switched on"),
#endif
    FZ_TWIN(GILSTATE_UNBALANCED, ALONE, AT_ONCE, ensure_uncounted,
            "a nested call does not count"),
    FZ_TWIN(GILSTATE_UNBALANCED, ALONE, AT_ONCE, delete_unreleased,
            "the state goes before its release"),
    FZ_TWIN(REQUEST_LOST, ALONE, AT_ONCE, lose_bit,
            "a store of one bit loses another"),
    FZ_TWIN(REQUEST_IGNORED, ALONE, AT_ONCE, ignore_bit,
            "a ninth check, and nothing is done"),
    FZ_TWIN(REQUEST_ORDER, ALONE, AT_ONCE, work_first,
            "the bit is cleared after the work"),
    FZ_TWIN(PENDING_TWO_HANDLERS, ALONE, AT_ONCE, handle_together,
            "a second thread handles the queue"),
    FZ_TWIN(PENDING_ORDER, ALONE, AT_ONCE, run_out_of_order,
            "the second call runs first"),
    FZ_TWIN(PENDING_ORDER, ALONE, AT_ONCE, run_twice,
            "a call runs a second time"),
    FZ_TWIN(PENDING_LOST, ALONE, AT_END, lose_call,
            "a call is left in the queue"),
    FZ_TWIN(ASYNC_EXC_WRONG, ALONE, AT_ONCE, raise_twice,
            "an exception is raised again"),
    FZ_TWIN(ASYNC_EXC_IGNORED, ALONE, AT_ONCE, never_raise,
            "a ninth check, and it is not raised"),
    FZ_TWINS_END,
};

#endif
