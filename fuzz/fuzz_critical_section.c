// fuzz_critical_section.c: sections over one and two objects, nested, entered
// while others wait, left open across detaching. Between two suspensions a
// section excludes others: what it guards is counted twice.

#include <string.h>

#include "mechanism.h"
#include "rt_critical_section.h"
#include "rt_lock.h"

enum { OBJECTS = 4, DEPTH = 3 };

static RtObject *objects[OBJECTS];
static int guarded[OBJECTS];    // by the lock of that object
static int expected[OBJECTS];   // atomic

static void
touch(int i)
{
    guarded[i]++;
    rt_atomic_add_int(&expected[i], 1);
}

static void act(const FuzzStep *st, unsigned depth);

static void
inside(const FuzzStep *st, unsigned depth, int first, int second)
{
    touch(first);
    if (second != first) {
        touch(second);
    }
    uint8_t what = (uint8_t)(st->b >> 2 * depth);
    if (what % 4 == 1) {
        RT_BEGIN_ALLOW_THREADS
        rt_world->yield();
        RT_END_ALLOW_THREADS
    }
    else if (what % 4 == 2) {
        RtEval_CheckBreaker(RtThreadState_Get());
    }
    else if (what % 4 == 3) {
        act(st, depth + 1);
    }
}

static void
act(const FuzzStep *st, unsigned depth)
{
    int first = (st->a >> depth) % OBJECTS;
    int second = (st->a >> (depth + 3)) % OBJECTS;
    if (objects[first] == NULL || objects[second] == NULL ||
        depth >= DEPTH) {
        return;
    }
    if ((st->what >> depth & 1) == 0) {
        RT_BEGIN_CRITICAL_SECTION(objects[first]);
        inside(st, depth, first, first);
        RT_END_CRITICAL_SECTION();
    }
    else {
        RT_BEGIN_CRITICAL_SECTION2(objects[first], objects[second]);
        inside(st, depth, first, second);
        RT_END_CRITICAL_SECTION2();
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    act(st, 0);
}

static void
begin(void)
{
    memset(guarded, 0, sizeof(guarded));
    memset(expected, 0, sizeof(expected));
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = RtList_New(0);
    }
}

static void
end(void)
{
    for (int i = 0; i < OBJECTS; i++) {
        Rt_CLEAR(objects[i]);
        if (guarded[i] != rt_atomic_load_int(&expected[i])) {
            Rt_FatalError("fuzz_critical_section", "two were inside");
        }
    }
}

const FuzzMechanism fuzz_critical_section = {
    "fuzz_critical_section", begin, step, NULL, end,
};
