// test_sections.c: critical sections in the interleavings that their rules are
// about: a thread that stops the world inside a section (CS01), one that enters
// a section whose lock was handed to a suspended thread (CS02), one that still
// waits for its locks (CS07); and what the oracles say of code that breaks a
// rule. In the GIL build there are none.

#include "script.h"

#include "rt_critical_section.h"

#if defined(RT_WITH_HOOKS) && defined(RT_GIL_DISABLED)

static RtObject objects[3];     // only their mutexes are ever looked at

static bool
is_held(uint32_t thread, int i)
{
    return RtCriticalSection_IsHeld(states[thread], &objects[i].ob_mutex);
}

static void
enter_and_leave(uint32_t thread)
{
    RT_BEGIN_CRITICAL_SECTION(&objects[0])
    CHECK(is_held(thread, 0));
    event((char)('a' + thread - 1));
    RT_END_CRITICAL_SECTION()
}

static void
expect_attached(void (*func)(int), const char *expected)
{
    run_attached(func);
    check_clean();
    if (strcmp(events, expected) != 0) {
        fprintf(stderr, "%s, not %s\n", events, expected);
    }
    CHECK(strcmp(events, expected) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(objects[i].ob_mutex.bits, RT_MUTEX_UNLOCKED);
    }
}

// B has waited for A's lock so long that it would be handed it. A stops the
// world meanwhile, and waits for C, which is attached: A keeps its lock.
static void
stop_inside(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self == A) {
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        let(B);
        let(C);
        prefer(A);
        spend_us(1100);
        RtEval_StopTheWorld(states[A]->interp);
        CHECK(is_held(A, 0));
        event('s');
        RtEval_StartTheWorld(states[A]->interp);
        CHECK(is_held(A, 0));
        event('a');
        RT_END_CRITICAL_SECTION()
    }
    else if (self == B) {
        enter_and_leave(B);
    }
    else {
let(A);                 // attached until A asks it to stop
        event('c');
        CHECK(RtEval_HandlePending(states[C]) == 0);
    }
    detach(self);
}

// B is handed the lock and then suspended. Inside the stopped world A does not
// wait for it.
static void
enter_in_stopped_world(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self == A) {
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        let(B);
        prefer(A);
        spend_us(1100);
        RT_END_CRITICAL_SECTION()
        CHECK(RtMutex_IsLocked(&objects[0].ob_mutex));
        RtEval_StopTheWorld(states[A]->interp);
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        CHECK(states[A]->critical_section == 0);
        event('s');
        RT_END_CRITICAL_SECTION()
        RT_BEGIN_CRITICAL_SECTION2(&objects[0], &objects[1])
        CHECK(!RtMutex_IsLocked(&objects[1].ob_mutex));
        RT_END_CRITICAL_SECTION2()
        CHECK(RtMutex_IsLocked(&objects[0].ob_mutex));
        RtEval_StartTheWorld(states[A]->interp);
    }
    else if (self == B) {
        enter_and_leave(B);
    }
    detach(self);
}

// B and C detach while they wait for A's lock, and while C has the first of
// its two: nobody's lock is released by that.
static void
detach_while_waiting(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self == A) {
        RtMutex *m[2] = { &objects[1].ob_mutex, &objects[2].ob_mutex };
        RtMutex *last = m[RtAddress_Key(m[0]) < RtAddress_Key(m[1])];
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        RT_BEGIN_CRITICAL_SECTION_MUT(last)
        let(B);
        let(C);
        prefer(A);
        CHECK(rt_atomic_load_int_owned(&states[B]->state) ==
              RT_THREAD_DETACHED);
        CHECK(rt_atomic_load_int_owned(&states[C]->state) ==
              RT_THREAD_DETACHED);
        for (int i = 0; i < 3; i++) {
            CHECK(RtMutex_IsLocked(&objects[i].ob_mutex));
        }
        CHECK(RtCriticalSection_IsHeld(states[A], last));
        RT_END_CRITICAL_SECTION()
        CHECK(is_held(A, 0));
        event('a');
        RT_END_CRITICAL_SECTION()
    }
    else if (self == B) {
        enter_and_leave(B);
    }
    else {
        RT_BEGIN_CRITICAL_SECTION2(&objects[2], &objects[1])
        CHECK(is_held(C, 1));
        CHECK(is_held(C, 2));
        event('c');
        RT_END_CRITICAL_SECTION2()
    }
    detach(self);
}

// ---------------------------------------------------------------------------
// What the oracles say.

static void
resume_without_locks(int index)
{
    if (index + 1 == A) {
        attach(A);
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        RtThreadState_Detach(states[A]);
        RT_NOTE(CS_RESUMED, &objects[0].ob_mutex, 0);
        RtThreadState_Attach(states[A]);
        RT_END_CRITICAL_SECTION()
        detach(A);
    }
}

static void
resume_outer(int index)
{
    if (index + 1 == A) {
        attach(A);
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        RT_BEGIN_CRITICAL_SECTION(&objects[1])
        RtThreadState_Detach(states[A]);
        RT_NOTE(CS_RESUMED, &objects[0].ob_mutex, 0);
        RtThreadState_Attach(states[A]);
        RT_END_CRITICAL_SECTION()
        RT_END_CRITICAL_SECTION()
        detach(A);
    }
}

// As a thread would that resumes its section the wrong way round.
static void
resume_second_first(int index)
{
    if (index + 1 == A) {
        RtMutex *m[2] = { &objects[1].ob_mutex, &objects[2].ob_mutex };
        int first = RtAddress_Key(m[0]) > RtAddress_Key(m[1]);
        attach(A);
        RT_BEGIN_CRITICAL_SECTION2(&objects[1], &objects[2])
        RtThreadState_Detach(states[A]);
        RtMutex_Lock(m[1 - first]);
        RtMutex_Lock(m[first]);
        RtThreadState_Attach(states[A]);
        RT_END_CRITICAL_SECTION2()
        detach(A);
    }
}

static void
release_anothers(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self == A) {
        RT_BEGIN_CRITICAL_SECTION(&objects[0])
        let(B);
        RT_END_CRITICAL_SECTION()
    }
    else if (self == B) {
        RtMutex_Unlock(&objects[0].ob_mutex);
    }
    detach(self);
}

static void
wait_as_stopper(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self == A) {
        let(B);
        prefer(A);
        RtEval_StopTheWorld(states[A]->interp);
        RtMutex_Lock(&objects[0].ob_mutex);
    }
    else if (self == B) {
        RtMutex_Lock(&objects[0].ob_mutex);
        RtThreadState_Detach(states[B]);
        let(A);
        RtThreadState_Attach(states[B]);
    }
    detach(self);
}

static void
expect_broken(void (*func)(int), FzRule rule, const char *text)
{
    run_attached(func);
    CHECK_EQUAL(run.nviolations, 1);
    CHECK(run.violations[0].rule == rule);
    CHECK(strstr(run.violations[0].message, text) != NULL);
    memset(objects, 0, sizeof(objects));
}

int
main(void)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "test_sections: %s\n", why);
        return 1;
    }
    expect_attached(stop_inside, "csab");
    expect_attached(enter_in_stopped_world, "sb");
    expect_attached(detach_while_waiting, "abc");
    expect_broken(resume_without_locks, FZ_RULE_SECTION_RESUMED,
                  "does not have its locks");
    expect_broken(resume_outer, FZ_RULE_SECTION_RESUMED,
                  "not the innermost");
    expect_broken(resume_second_first, FZ_RULE_SECTION_ORDER,
                  "a section over two objects locks");
    expect_broken(release_anothers, FZ_RULE_LOCK_NOT_OWNER,
                  "thread 2 releases");
    expect_broken(wait_as_stopper, FZ_RULE_STOPPER_WAITS,
                  "has stopped the world");
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    return 0;
}

#endif
