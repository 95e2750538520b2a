// test_contention.c: the gauge tells who waited for what, and how long, and
// changes nothing in the run; without it nobody is told.

#include "script.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_contention.h"
#include "rtcore_object.h"

#ifdef RT_WITH_HOOKS

static int waits;
static char waited_name[32];
static const void *waited_owner;
static int64_t waited_ns;
static int64_t gil_waited_ns, gil_held_ns;
static int gil_taken;

static void
gauge_waited(const void *mutex, const RtObject *owner, const char *name,
             int64_t ns)
{
    CHECK(mutex != NULL);
    if (name == NULL) {
        return;
    }
    waits++;
    snprintf(waited_name, sizeof(waited_name), "%s", name);
    waited_owner = owner;
    waited_ns = ns;
}

static void
gauge_gil_taken(struct RtInterpreterState *interp, int64_t ns)
{
    CHECK(interp == &rt_runtime.main_interp);
    gil_taken++;
    gil_waited_ns += ns;
}

static void
gauge_gil_dropped(struct RtInterpreterState *interp, int64_t ns)
{
    CHECK(interp == &rt_runtime.main_interp);
    gil_held_ns += ns;
}

static const RtContentionGauge gauge = {
    .waited = gauge_waited,
    .gil_taken = gauge_gil_taken,
    .gil_dropped = gauge_gil_dropped,
};

// ---------------------------------------------------------------------------
// Waits of half a millisecond.

static RtObject *lock;
static RtMutex named;
static RtObject section_object; // only its mutex is looked at
static enum { THE_LOCK, THE_SECTION, THE_NAMED, THE_GIL } what;

static void
take(bool hold, uint32_t self)
{
    RtObject *acquire = RtStr_FromString("acquire");
    RtObject *release = RtStr_FromString("release");
    RtObject *result = RtObject_CallMethod(lock, acquire, NULL, 0);
    CHECK(result == Rt_True);
    if (hold) {
        let_attached(self, B);
        spend_us(500);
    }
    result = RtObject_CallMethod(lock, release, NULL, 0);
    CHECK(result == Rt_None);
    Rt_DECREF(acquire);
    Rt_DECREF(release);
}

static void
contend(int index)
{
    uint32_t self = (uint32_t)index + 1;
    bool hold = self == A;
    if (self == C) {
        return;
    }
    attach(self);
    if (what == THE_LOCK) {
        take(hold, self);
    }
    else if (what == THE_SECTION) {
        RT_BEGIN_CRITICAL_SECTION(&section_object)
        if (hold) {
            let(B);
            prefer(A);
            spend_us(500);
        }
        RT_END_CRITICAL_SECTION()
    }
    else if (what == THE_NAMED) {
        RtMutex_LockNamed(&named, "named");
        if (hold) {
            let_attached(self, B);
            spend_us(500);
        }
        RtMutex_Unlock(&named);
    }
    else if (hold) {
        let(B);
        prefer(A);
        spend_us(500);
    }
    detach(self);
}

static void
make_lock(void)
{
    lock = RtObject_Vectorcall((RtObject *)&RtLock_Type, NULL, 0);
    CHECK(lock != NULL);
}

static void
drop_lock(void)
{
    Rt_CLEAR(lock);
}

static uint64_t
measure(int of_what, const RtContentionGauge *g)
{
    what = of_what;
    waits = gil_taken = 0;
    waited_ns = gil_waited_ns = gil_held_ns = 0;
    waited_owner = NULL;
    waited_name[0] = '\0';
    RtContention_SetGauge(g);
    before_team = make_lock;
    after_team = drop_lock;
    run_attached(contend);
    RtContention_SetGauge(NULL);
    check_clean();
    return run.trace_hash;
}

static void
check_wait(const char *name)
{
    CHECK_EQUAL(waits, 1);
    CHECK(strcmp(waited_name, name) == 0);
    CHECK(waited_ns >= 500000 && waited_ns < 1000000);
}

int
main(void)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "test_contention: %s\n", why);
        return 1;
    }
    uint64_t trace = measure(THE_LOCK, NULL);
    CHECK_EQUAL(waits + gil_taken, 0);
    CHECK(measure(THE_LOCK, &gauge) == trace);
    check_wait("_thread.lock");
    CHECK(waited_owner != NULL);
    measure(THE_NAMED, &gauge);
    check_wait("named");
    CHECK(waited_owner == NULL);
    section_object.ob_type = &RtList_Type;
    measure(THE_SECTION, &gauge);
#ifdef RT_GIL_DISABLED
    check_wait("list");
    CHECK(waited_owner == &section_object);
    CHECK_EQUAL(gil_taken, 0);
#else
    CHECK_EQUAL(waits, 0);
    measure(THE_GIL, &gauge);
    CHECK(gil_taken >= 3);
    CHECK(gil_waited_ns >= 500000);
    CHECK(gil_held_ns >= 500000);
#endif
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
