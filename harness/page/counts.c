// counts.c: how the reference counts of some objects change in a run. Counts of
// an object's own thread change without a scheduling point, so they are looked
// at after every event of a second, equal run.

#include <stdlib.h>
#include <string.h>

#include "fz_exec.h"
#include "page_internal.h"
#include "rt_object.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"

enum { MAX_CANDIDATES = 512 };

typedef struct Candidate {
    uint64_t key;               // of the block
    size_t offset;              // of the object in it
    uint32_t threads;           // that touched it, as bits
    size_t last;                // event
    bool named;                 // in the message of the violation
} Candidate;

static Candidate *
find_candidate(Candidate *candidates, size_t n, uint64_t key)
{
    for (size_t i = 0; i < n; i++) {
        if (candidates[i].key == key) {
            return &candidates[i];
        }
    }
    return NULL;
}

// "list#3" of "list#3+0x10"; *offset: 0x10.
static void
name_of(uint64_t key, char *name, size_t size, uint64_t *offset)
{
    FzEngine_NameKey(key, name, size);
    char *plus = strchr(name, '+');
    *offset = plus != NULL ? strtoull(plus + 1, NULL, 16) : 0;
    if (plus != NULL) {
        *plus = '\0';
    }
}

// Whether the message speaks of it: "list#1" is not named by "list#17".
static bool
is_named(const char *message, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = strstr(message, name); at != NULL;
         at = strstr(at + 1, name)) {
        if (at[n] < '0' || at[n] > '9') {
            return true;
        }
    }
    return false;
}

static size_t
gather(const Page *page, Candidate *candidates)
{
    const FzRun *run = &page->run;
    size_t n = 0;
    char name[96];
    uint64_t offset;
    for (size_t i = 0; i < run->nevents; i++) {
        const FzTraceEvent *e = &run->events[i];
        if (e->kind == FZ_TRACE_NOTE && e->what == RT_NOTE_OBJECT_NEW &&
            n < MAX_CANDIDATES) {
            name_of(e->object, name, sizeof(name), &offset);
            candidates[n++] = (Candidate){
                .key = e->object - offset,
                .offset = offset,
                .last = i,
                .named = is_named(run->violations[0].message, name),
            };
        }
        if (e->object == 0 ||
            (e->kind != FZ_TRACE_POINT && e->kind != FZ_TRACE_NOTE)) {
            continue;
        }
        name_of(e->object, name, sizeof(name), &offset);
        Candidate *c = find_candidate(candidates, n, e->object - offset);
        if (c != NULL) {
            c->threads |= 1u << e->thread;
            c->last = i;
        }
    }
    return n;
}

// Named ones first, then those that were touched last by more than one thread.
static int
compare(const void *a, const void *b)
{
    const Candidate *left = a, *right = b;
    bool shared_left = (left->threads & (left->threads - 1)) != 0;
    bool shared_right = (right->threads & (right->threads - 1)) != 0;
    if (left->named != right->named) {
        return left->named ? -1 : 1;
    }
    if (shared_left != shared_right) {
        return shared_left ? -1 : 1;
    }
    return left->last > right->last ? -1 : left->last < right->last;
}

static bool
look_at(const PageObject *object, PageCount *count)
{
    const char *block = FzEngine_LiveBlock(object->key);
    *count = (PageCount){.live = block != NULL};
    if (block == NULL) {
        return false;
    }
    const RtObject *op = (const void *)(block + object->offset);
#ifdef RT_GIL_DISABLED
    count->local = op->ob_ref_local;
    count->shared = op->ob_ref_shared >> RT_REF_SHARED_SHIFT;
    count->flags = (unsigned)op->ob_ref_shared &
                   ((1u << RT_REF_SHARED_SHIFT) - 1);
#else
    count->local = (int64_t)op->ob_refcnt;
#endif
    return true;
}

static void
sample(void *arg, const FzRun *run)
{
    Page *page = arg;
    size_t event = run->nevents - 1;
    for (size_t i = 0; i < page->nobjects; i++) {
        PageObject *object = &page->objects[i];
        PageCount now, none = {0};
        const PageCount *last =
            object->nsamples > 0 ? &object->samples[object->nsamples - 1]
                                 : &none;
        if ((!look_at(object, &now) && !last->live) ||
            (now.live == last->live && now.local == last->local &&
             now.shared == last->shared && now.flags == last->flags)) {
            continue;
        }
        now.event = event;
        now.step = run->steps;
        now.thread = run->events[event].thread;
        if (object->nsamples == object->capacity) {
            object->capacity = 2 * object->capacity + 64;
            object->samples = realloc(object->samples, object->capacity *
                                                           sizeof(now));
            FZ_ASSERT(object->samples != NULL);
        }
        object->samples[object->nsamples++] = now;
    }
}

void
Page_CountReferences(Page *page)
{
    static Candidate candidates[MAX_CANDIDATES];
    size_t n = gather(page, candidates);
    qsort(candidates, n, sizeof(candidates[0]), compare);
    for (size_t i = 0; i < n && i < PAGE_OBJECTS; i++) {
        PageObject *object = &page->objects[page->nobjects++];
        object->key = candidates[i].key;
        object->offset = candidates[i].offset;
        FzEngine_NameKey(object->key, object->name, sizeof(object->name));
    }
    FzEngineConfig config = FzFinding_Config(page->finding);
    config.record_events = true;
    config.sample = sample;
    config.sample_arg = page;
    FzRun again = {0};
    FzExec_Carry(&page->finding->input.program, &config, &again);
    FzRun_Free(&again);
}
