// sct_time.c: clocks and sleeps in virtual time. Outside of a run time stands
// still.

#include "sct_internal.h"

#include <dlfcn.h>
#include <sched.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SITE FZ_SCT_SITE
#define SECOND INT64_C(1000000000)

// The day on which every run begins: 2025-01-01.
enum { EPOCH_SECONDS = 1735689600 };

int64_t
FzSctTime_Realtime(void)
{
    return EPOCH_SECONDS * SECOND + FzWait_Now();
}

int64_t
FzSctTime_Until(const struct timespec *when, bool realtime)
{
    int64_t now = realtime ? FzSctTime_Realtime() : FzWait_Now();
    int64_t left = when->tv_sec * SECOND + when->tv_nsec - now;
    return left > 0 ? left : 0;
}

double
FzSctTime_Elapsed(void)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT,
                                                            "clock_gettime");
        FZ_ASSERT(real != NULL);
    }
    struct timespec now;
    real(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

FZ_SCT_EXPORT int
clock_gettime(clockid_t clock, struct timespec *out)
{
    int64_t now =
        clock == CLOCK_REALTIME ? FzSctTime_Realtime() : FzWait_Now();
    *out = (struct timespec){now / SECOND, now % SECOND};
    return 0;
}

FZ_SCT_EXPORT int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    (void)zone;
    int64_t now = FzSctTime_Realtime();
    *out = (struct timeval){now / SECOND, now % SECOND / 1000};
    return 0;
}

FZ_SCT_EXPORT time_t
time(time_t *out)
{
    time_t now = FzSctTime_Realtime() / SECOND;
    if (out != NULL) {
        *out = now;
    }
    return now;
}

// A sleep promises no order: others may run first, and the time has passed when
// the schedule lets the thread go on.
static void
sleep_ns(int64_t ns, uintptr_t site)
{
    if (!fz_engine.active) {
        return;
    }
    int64_t end = FzWait_Now() + ns;
    FzSct_Point(RT_POINT_YIELD, NULL, site);
    int64_t left = end - FzWait_Now();
    if (left > 0) {
        fz_engine.skipped_ns += left;
        FzWait_Expire();
        FzEngine_UpdateDue();
    }
}

FZ_SCT_EXPORT int
nanosleep(const struct timespec *length, struct timespec *left)
{
    if (left != NULL) {
        *left = (struct timespec){0, 0};
    }
    sleep_ns(length->tv_sec * SECOND + length->tv_nsec, SITE);
    return 0;
}

FZ_SCT_EXPORT int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *length,
                struct timespec *left)
{
    if (left != NULL && flags == 0) {
        *left = (struct timespec){0, 0};
    }
    sleep_ns(flags == TIMER_ABSTIME
                 ? FzSctTime_Until(length, clock == CLOCK_REALTIME)
                 : length->tv_sec * SECOND + length->tv_nsec,
             SITE);
    return 0;
}

FZ_SCT_EXPORT int
usleep(useconds_t length)
{
    sleep_ns(length * INT64_C(1000), SITE);
    return 0;
}

FZ_SCT_EXPORT unsigned
sleep(unsigned length)
{
    sleep_ns(length * SECOND, SITE);
    return 0;
}

FZ_SCT_EXPORT int
thrd_sleep(const struct timespec *length, struct timespec *left)
{
    return nanosleep(length, left);
}

FZ_SCT_EXPORT int
sched_yield(void)
{
    if (fz_engine.active) {
        FzSct_Point(RT_POINT_YIELD, NULL, SITE);
    }
    return 0;
}
