// cve_2011_2183.c: a scanner finds its list of address spaces not empty, and
// takes the first of it when the last has gone: the head, which has no address
// space (ConVul.CVE-2011-2183, mm/ksm.c).

#include "program.h"

typedef struct Space {
    pthread_mutex_t mutex;
    int pages;
} Space;

typedef struct Slot {
    struct Slot *next, *prev;
    Space *space;
} Slot;

static pthread_mutex_t list_mutex = MUTEX;
static Slot head = {&head, &head, NULL};
static Slot *cursor = &head;
static Space space = {MUTEX, 3};

static void
enter(Slot *slot)
{
    lock(&list_mutex);
    slot->space = &space;
    slot->next = head.next;
    slot->prev = &head;
    head.next->prev = slot;
    head.next = slot;
    unlock(&list_mutex);
}

static void *
leave(void *arg)
{
    Slot *slot = arg;
    lock(&list_mutex);
    // The scanner frees what it stands on.
    if (cursor != slot) {
        slot->next->prev = slot->prev;
        slot->prev->next = slot->next;
    }
    unlock(&list_mutex);
    return NULL;
}

static bool
list_is_empty(void)
{
    lock(&list_mutex);
    bool empty = head.next == &head;
    unlock(&list_mutex);
    return empty;
}

static void *
scan(void *arg)
{
    if (list_is_empty()) {
        return arg;
    }
    lock(&list_mutex);
    Slot *slot = cursor->next;
    cursor = slot;
    unlock(&list_mutex);
    if (FIXED_TWIN && slot == &head) {
        return arg;
    }
    lock(&slot->space->mutex);
    slot->space->pages--;
    unlock(&slot->space->mutex);
    return arg;
}

int
main(void)
{
    static Slot slot;
    enter(&slot);
    pthread_t scanner = spawn(scan, NULL);
    pthread_t leaver = spawn(leave, &slot);
    join(scanner);
    join(leaver);
    return 0;
}
