// own_points.c: what each thread of a run did, point by point, counted as turns
// count them; and which of these points conflict with another thread's.

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "minimize_internal.h"
#include "rtcore_hooks.h"

typedef struct Touch {
    uint64_t object;
    uint32_t own;
    uint16_t thread;
    bool write;
} Touch;

// Of memory that is touched only where there are so many points.
enum { AREA_SIZE = 64 << 20 };

FzOwnPoints *
FzOwnPoints_New(void)
{
    void *area = mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return area == MAP_FAILED ? NULL : area;
}

static bool
is_point(const FzTraceEvent *e)
{
    return e->kind == FZ_TRACE_POINT && e->thread < FZ_MAX_THREADS;
}

// Room for all points of the run, behind the struct. false: there is too
// little.
static bool
lay_out(const FzRun *run, FzOwnPoints *own)
{
    size_t of_thread[FZ_MAX_THREADS] = {0}, total = 0;
    for (size_t i = 0; i < run->nevents; i++) {
        if (is_point(&run->events[i])) {
            of_thread[run->events[i].thread]++;
            total++;
        }
    }
    size_t each = sizeof(FzOwnPoint) + 2 * sizeof(FzRacyPoint);
    if (total > (AREA_SIZE - sizeof(*own)) / each) {
        return false;
    }
    FzOwnPoint *next = (FzOwnPoint *)(own + 1);
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        own->points[t] = next;
        next += of_thread[t];
    }
    own->racy = (FzRacyPoint *)next;
    own->hot = own->racy + total;
    return true;
}

static void
push(FzOwnPoints *own, uint32_t thread, FzOwnPoint point)
{
    own->points[thread][own->count[thread]++] = point;
}

static int
by_object(const void *a, const void *b)
{
    const Touch *x = a, *y = b;
    if (x->object != y->object) {
        return x->object < y->object ? -1 : 1;
    }
    if (x->thread != y->thread) {
        return x->thread < y->thread ? -1 : 1;
    }
    return x->own < y->own ? -1 : x->own > y->own;
}

static void
add_racy(FzOwnPoints *own, const Touch *touches, size_t n)
{
    bool writes = false, several = false;
    for (size_t i = 0; i < n; i++) {
        writes = writes || touches[i].write;
        several = several || touches[i].thread != touches[0].thread;
    }
    if (!writes || !several || touches[0].object == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        own->racy[own->nracy++] =
            (FzRacyPoint){touches[i].thread, touches[i].own};
    }
}

static size_t
collect_touches(const FzOwnPoints *own, Touch *touches)
{
    size_t n = 0;
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        for (size_t i = 0; i < own->count[t]; i++) {
            const FzOwnPoint *p = &own->points[t][i];
            touches[n++] = (Touch){p->object, (uint32_t)i + 1, (uint16_t)t,
                                   p->write};
        }
    }
    qsort(touches, n, sizeof(Touch), by_object);
    return n;
}

static void
find_racy(FzOwnPoints *own)
{
    size_t total = 1;
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        total += own->count[t];
    }
    Touch *touches = malloc(total * sizeof(Touch));
    FZ_ASSERT(touches != NULL);
    size_t n = collect_touches(own, touches);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && touches[end].object == touches[i].object) {
            end++;
        }
        add_racy(own, touches + i, end - i);
        i = end;
    }
    free(touches);
}

enum { MAX_HOT = 16 };

static uint64_t
object_at(const FzOwnPoints *own, uint16_t thread, uint64_t at)
{
    return thread < FZ_MAX_THREADS && at > 0 && at <= own->count[thread]
               ? own->points[thread][at - 1].object
               : 0;
}

// What threads were about to touch when they were preempted: where else it is
// touched, fewer preemptions may do.
static void
find_hot(FzOwnPoints *own, const FzTurn *turns, uint32_t nturns)
{
    uint64_t objects[MAX_HOT];
    size_t n = 0;
    own->nhot = 0;
    for (uint32_t i = 0; i < nturns && n < MAX_HOT; i++) {
        uint64_t object = object_at(own, turns[i].thread, turns[i].at);
        if (turns[i].preempts && object != 0) {
            objects[n++] = object;
        }
    }
    for (size_t i = 0; i < own->nracy; i++) {
        FzRacyPoint p = own->racy[i];
        uint64_t object = object_at(own, p.thread, p.own);
        for (size_t k = 0; k < n; k++) {
            if (objects[k] == object) {
                own->hot[own->nhot++] = p;
                break;
            }
        }
    }
}

// Points of thread 0 count from where it is not alone any more: the point that
// says that another thread has started is the first.
void
FzOwnPoints_Of(const FzRun *run, const FzTurn *turns, uint32_t nturns,
               FzOwnPoints *own)
{
    int started = 0;
    memset(own->count, 0, sizeof(own->count));
    own->until_second = 0;
    own->nracy = own->nhot = 0;
    own->nthreads = run->nthreads;
    if (!lay_out(run, own)) {
        return;
    }
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        if (!is_point(e)) {
            continue;
        }
        if (e->thread == 0 && e->what == RT_POINT_THREAD_START) {
            own->until_second = started < 2 ? own->count[0]
                                            : own->until_second;
            started++;
        }
        if (started > 0 || e->thread != 0) {
            bool write = e->what != RT_POINT_LOAD && e->what != RT_POINT_FENCE;
            push(own, e->thread,
                 (FzOwnPoint){e->object, (uint16_t)e->line, write});
        }
    }
    find_racy(own);
    find_hot(own, turns, nturns);
}
