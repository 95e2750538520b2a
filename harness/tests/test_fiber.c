// test_fiber.c: the switch keeps registers and stacks apart, fibers can be
// abandoned and started afresh, and a stack that overflows hits its guard page.

#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engine/fiber.h"
#include "check.h"

enum { NFIBERS = 3, ROUNDS = 2000 };

static FzFiberPool pool;
static FzFiber fibers[NFIBERS];
static FzFiber host;
static int turns[NFIBERS];

// Values that live across switches in registers, floating point ones too.
static void
take_turns(void *arg)
{
    uintptr_t self = (uintptr_t)arg;
    uint64_t a = self, b = self * 3, c = self * 5, d = self * 7, e = self * 11;
    double x = (double)self;
    for (int round = 1; round <= ROUNDS; round++) {
        turns[self]++;
        FzFiber_Switch(&fibers[self], &fibers[(self + 1) % NFIBERS]);
        a += 1;
        b += 2;
        c += 3;
        d += 4;
        e += 5;
        x += 0.5;
        CHECK_EQUAL(turns[self], round);
    }
    CHECK_EQUAL(a + b + c + d + e, self * 27 + 15 * ROUNDS);
    CHECK(x == (double)self + 0.5 * ROUNDS);
    if (self + 1 < NFIBERS) {
        FzFiber_Leave(&fibers[self], &fibers[self + 1]);
    }
    FzFiber_Leave(&fibers[self], &host);
}

static void
test_turns(void)
{
    memset(turns, 0, sizeof(turns));
    for (uintptr_t i = 0; i < NFIBERS; i++) {
        FzFiber_Prepare(&fibers[i], take_turns, (void *)i);
    }
    FzFiber_Switch(&host, &fibers[0]);
    for (int i = 0; i < NFIBERS; i++) {
        CHECK_EQUAL(turns[i], ROUNDS);
    }
}

static void
check_stack(void *arg)
{
    // Aligned as the ABI says: what a vector register is stored to must be.
    _Alignas(16) volatile char aligned[16] = {0};
    CHECK((uintptr_t)aligned % 16 == 0);
    CHECK(__builtin_frame_address(0) != NULL);
    size_t offset;
    CHECK(FzFiber_Contains(&fibers[0], (void *)aligned, &offset));
    CHECK(offset > 0 && offset < 4096);
    CHECK(!FzFiber_Contains(&fibers[1], (void *)aligned, &offset));
    *(bool *)arg = true;
    FzFiber_Leave(&fibers[0], &host);
}

static void
test_stack(void)
{
    bool done = false;
    FzFiber_Prepare(&fibers[0], check_stack, &done);
    FzFiber_Switch(&host, &fibers[0]);
    CHECK(done);
}

static int
use_stack(int depth)
{
    volatile char frame[512];
    frame[0] = (char)depth;
    if (depth == 0) {
        fibers[0].abandoned = true;
        FzFiber_Switch(&fibers[0], &host);
        return 0;
    }
    return use_stack(depth - 1) + frame[0];
}

static void
go_deep(void *arg)
{
    use_stack(*(int *)arg);
    CHECK(!"an abandoned fiber went on");
}

static void
test_abandoned(void)
{
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < 10000; i++) {
        int depth = i % 60;
        FzFiber_Prepare(&fibers[0], go_deep, &depth);
        FzFiber_Switch(&host, &fibers[0]);
    }
    getrusage(RUSAGE_SELF, &after);
    // One stack and, with AddressSanitizer, its shadow and fake frames.
    CHECK(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
}

static void
test_saved_frame(void)
{
    // The fiber that went deep was left inside FzFiber_Switch().
    void *frame, *pc;
    FzFiber_SavedFrame(&fibers[0], &frame, &pc);
    size_t offset;
    CHECK(FzFiber_Contains(&fibers[0], frame, &offset));
    CHECK(pc != NULL);
}

static void
write_below(void *arg)
{
    volatile char *lowest = arg;
    lowest[0] = 1;
    lowest[-1] = 1;
    _exit(0);
}

static void
test_guard(void)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        // Whatever reports the fault is not to be seen.
        fclose(stderr);
        close(2);
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        FzFiber_Prepare(&fibers[0], write_below, fibers[0].stack);
        FzFiber_Switch(&host, &fibers[0]);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
}

int
main(void)
{
    char why[200];
    CHECK(FzFiberPool_Map(&pool, fibers, NFIBERS, why, sizeof(why)));
    test_turns();
    test_turns();
    test_stack();
    test_abandoned();
    test_saved_frame();
    test_guard();
    FzFiberPool_Unmap(&pool);
    return 0;
}
