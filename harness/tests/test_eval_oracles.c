// test_eval_oracles.c: each way to break the rules of the GIL, of GILState and
// of the eval breaker is named; what keeps them is not. The bodies make the
// notes themselves.

#include <limits.h>
#include <string.h>

#include "engine_bodies.h"
#include "rt_types.h"
#include "rtcore_state.h"

#ifdef RT_WITH_HOOKS

static RtInterpreterState interp;
static RtThreadState first = { .interp = &interp };
static RtThreadState second = { .interp = &interp };

static void
expect_rule(void (*body)(void *), int rule, int line)
{
    execute(&fz_strategy_pos, 1, body, NULL);
    bool ok = rule < 0 ? run.nviolations == 0
                       : run.nviolations > 0 &&
                         run.violations[0].rule == (FzRule)rule;
    if (!ok) {
        fprintf(stderr, "%s:%d: %s\n", __FILE__, line,
                run.nviolations == 0 ? "no violation"
                                     : run.violations[0].message);
        exit(1);
    }
}
#define BROKEN(body, rule) expect_rule((body), FZ_RULE_##rule, __LINE__)
#define KEPT(body) expect_rule((body), -1, __LINE__)

// ---------------------------------------------------------------------------
// The GIL.

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
hand_over(void *arg)
{
    (void)arg;
    take(&first);
    RT_NOTE(GIL_DROP_REQUESTED, &first, 0);
    RT_NOTE(EVAL_BREAKER, &first, 0);
    drop(&first, true);
    take(&second);
    drop(&second, false);
    take(&second);
    drop(&second, true);
    take(&first);
    drop(&first, false);
}

// Each check has work that comes first, and the work passes another check.
static void
have_other_work_first(void *arg)
{
    static const uintptr_t seen[] = { 87, 85, 81, 17, 1 };
    (void)arg;
    take(&first);
    RT_NOTE(GIL_DROP_REQUESTED, &first, 0);
    RT_NOTE(EVAL_BIT_SET, &first, 87);
    for (int i = 0; i < 5; i++) {
        RT_NOTE(EVAL_BREAKER, &first, seen[i]);
        uintptr_t next = i < 4 ? seen[i + 1] : 0;
        RT_NOTE(EVAL_BIT_CLEARED, &first, seen[i] & ~next);
        RT_NOTE(EVAL_WORK, &first, seen[i] & ~next);
    }
    drop(&first, true);
}

static void
ignore_a_request(void *arg)
{
    (void)arg;
    take(&first);
    RT_NOTE(GIL_DROP_REQUESTED, &first, 0);
    for (int i = 0; i < 5; i++) {
        RT_NOTE(EVAL_BREAKER, &first, 0);
    }
}

static void
touch_while_detached(void *arg)
{
    (void)arg;
    RT_NOTE(OBJECT_NEW, &first, &RtBaseObject_Type);
}

static void
touch_without_the_gil(void *arg)
{
    (void)arg;
#ifdef RT_GIL_DISABLED
    RT_NOTE(GIL_ENABLED, &interp, 1);
#endif
    take(&second);
    rt_thread_local.tstate = &first;
    RT_NOTE(OBJECT_DEALLOC, &first, &RtBaseObject_Type);
}

static void
take_twice(void *arg)
{
    (void)arg;
    take(&first);
    take(&second);
}

static void
drop_what_another_holds(void *arg)
{
    (void)arg;
    take(&first);
    drop(&second, false);
}

static void
drop_what_nobody_holds(void *arg)
{
    (void)arg;
    take(&first);
    drop(&first, false);
    drop(&first, false);
}

static void
take_again_first(void *arg)
{
    (void)arg;
    take(&first);
    drop(&first, true);
    take(&first);
}

#ifdef RT_GIL_DISABLED

static void
need(uintptr_t requests)
{
    RT_NOTE(GIL_ENABLED, &interp, requests);
}

static void
need_less(uintptr_t requests)
{
    RT_NOTE(GIL_DISABLED, &interp, requests);
}

static void
switch_on_and_off(void *arg)
{
    (void)arg;
    need(1);
    take(&first);
    need(2);
    need_less(1);
    need_less(0);
    drop(&first, false);
    need(1);
    need(INT_MAX);
}

static void
attach_without(void *arg)
{
    (void)arg;
    need(1);
    take(&first);
    RT_NOTE(TSTATE_ATTACHED, &second, 0);
}

static void
switch_on_twice(void *arg)
{
    (void)arg;
    need(1);
    need(1);
}

static void
switch_off_for_good(void *arg)
{
    (void)arg;
    need(1);
    need(INT_MAX);
    need_less(INT_MAX - 1);
}

static void
switch_off_twice(void *arg)
{
    (void)arg;
    need(1);
    need_less(0);
    need_less((uintptr_t)-1);
}

static void
never_switch_off(void *arg)
{
    (void)arg;
    need(1);
}

static void
test_switch(void)
{
    KEPT(switch_on_and_off);
    BROKEN(attach_without, GIL_NOT_HELD);
    BROKEN(switch_on_twice, GIL_UNBALANCED);
    BROKEN(switch_off_for_good, GIL_UNBALANCED);
    BROKEN(switch_off_twice, GIL_UNBALANCED);
    BROKEN(never_switch_off, GIL_UNBALANCED);
}

#else

static void
switch_it(void *arg)
{
    (void)arg;
    RT_NOTE(GIL_ENABLED, &interp, 1);
}

static void
test_switch(void)
{
    BROKEN(switch_it, GIL_UNBALANCED);
}

#endif

static void
test_gil(void)
{
    KEPT(hand_over);
    KEPT(have_other_work_first);
    BROKEN(ignore_a_request, GIL_DROP_IGNORED);
    BROKEN(touch_while_detached, GIL_NOT_HELD);
    BROKEN(touch_without_the_gil, GIL_NOT_HELD);
    BROKEN(take_twice, GIL_TWO_HOLDERS);
    BROKEN(drop_what_another_holds, GIL_NOT_HELD);
    BROKEN(drop_what_nobody_holds, GIL_NOT_HELD);
    BROKEN(take_again_first, GIL_RETAKEN);
    test_switch();
}

// ---------------------------------------------------------------------------
// GILState.

static void
ensure(RtThreadState *tstate, uintptr_t counter)
{
    RT_NOTE(GILSTATE_ENSURE, tstate, counter);
}

static void
release(RtThreadState *tstate, uintptr_t counter)
{
    RT_NOTE(GILSTATE_RELEASE, tstate, counter);
}

static void
nest_and_enter_at_the_end(void *arg)
{
    (void)arg;
    ensure(&first, 1);
    ensure(&first, 2);
    release(&first, 1);
    release(&first, 0);
    // A destructor.
    ensure(&first, 2);
    release(&first, 1);
    RT_NOTE(TSTATE_DELETED, &first, 0);
    // The runtime's own.
    ensure(&second, 2);
    release(&second, 1);
    RT_NOTE(TSTATE_DELETED, &second, 0);
}

static void
count_wrongly(void *arg)
{
    (void)arg;
    ensure(&first, 1);
    ensure(&first, 1);
}

static void
release_too_often(void *arg)
{
    (void)arg;
    ensure(&second, 2);
    release(&second, 1);
    release(&second, 0);
}

static void
delete_unreleased(void *arg)
{
    (void)arg;
    ensure(&first, 1);
    RT_NOTE(TSTATE_DELETED, &first, 0);
}

static void
delete_unreleased_by_destructor(void *arg)
{
    (void)arg;
    ensure(&first, 1);
    release(&first, 0);
    ensure(&first, 2);
    RT_NOTE(TSTATE_DELETED, &first, 0);
}

static void
test_gilstate(void)
{
    KEPT(nest_and_enter_at_the_end);
    BROKEN(count_wrongly, GILSTATE_UNBALANCED);
    BROKEN(release_too_often, GILSTATE_UNBALANCED);
    BROKEN(delete_unreleased, GILSTATE_UNBALANCED);
    BROKEN(delete_unreleased_by_destructor, GILSTATE_UNBALANCED);
}

// ---------------------------------------------------------------------------
// The eval breaker. Bits that do not concern the GIL.

enum { A = RT_CALLS_TO_DO_BIT, B = RT_ASYNC_EXCEPTION_BIT };

static void
set(uintptr_t bits)
{
    RT_NOTE(EVAL_BIT_SET, &first, bits);
}

static void
clear(uintptr_t bits)
{
    RT_NOTE(EVAL_BIT_CLEARED, &first, bits);
}

static void
work(uintptr_t bit)
{
    RT_NOTE(EVAL_WORK, &first, bit);
}

// The GIL oracle is to see a holder.
static void
check(uintptr_t bits)
{
    take(&first);
    RT_NOTE(EVAL_BREAKER, &first, bits);
    drop(&first, false);
}

static void
do_what_is_asked(void *arg)
{
    (void)arg;
    check(0);
    set(A);
    set(B);
    check(A | B);
    clear(A);
    set(A);
    work(A);
    check(A | B);
    clear(A);
    work(A);
    clear(B);
    work(B);
    check(0);
}

static void
lose_one(void *arg)
{
    (void)arg;
    set(A);
    set(B);
    check(B);
}

static void
find_what_was_cleared(void *arg)
{
    (void)arg;
    set(A);
    clear(A);
    check(A);
}

static void
work_before(void *arg)
{
    (void)arg;
    set(A);
    check(A);
    work(A);
    clear(A);
}

static void
do_nothing(void *arg)
{
    (void)arg;
    set(A);
    for (int i = 0; i < 20; i++) {
        check(A);
    }
}

// One that is served before may keep it waiting.
static void
do_something_else(void *arg)
{
    (void)arg;
    set(A);
    for (int i = 0; i < 20; i++) {
        set(B);
        check(A | B);
        clear(B);
        work(B);
    }
}

// Whoever set the exception is held up before it sets the bit.
static void
pass_before_the_bit(void *arg)
{
    (void)arg;
    RT_NOTE(ASYNC_EXC_SET, &first, 1);
    for (int i = 0; i < 20; i++) {
        check(0);
    }
    set(B);
    check(B);
    clear(B);
    work(B);
    RT_NOTE(ASYNC_EXC_DELIVERED, &first, 1);
}

static void
never_raise(void *arg)
{
    (void)arg;
    RT_NOTE(ASYNC_EXC_SET, &first, 1);
    set(B);
    check(B);
    clear(B);
    work(B);
    for (int i = 0; i < 20; i++) {
        check(0);
    }
}

static void
test_eval_breaker(void)
{
    KEPT(pass_before_the_bit);
    BROKEN(never_raise, ASYNC_EXC_IGNORED);
    KEPT(do_what_is_asked);
    KEPT(do_something_else);
    BROKEN(lose_one, REQUEST_LOST);
    BROKEN(find_what_was_cleared, REQUEST_LOST);
    BROKEN(work_before, REQUEST_ORDER);
    BROKEN(do_nothing, REQUEST_IGNORED);
}

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    test_gil();
    test_gilstate();
    test_eval_breaker();
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    char why[200] = "";
    CHECK(!FzEngine_Init(why, sizeof(why)));
    return 0;
}

#endif
