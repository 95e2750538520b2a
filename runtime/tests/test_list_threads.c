// test_list_threads.c: a list is read without its lock while another thread
// changes it, at each point of the reader and at each point of the writer: a
// read gives an item that the list had at some instant of the read, and no item
// only if it had too few at some instant.

#include "interleave.h"

enum { ITEMS = 5, READS = 3, FIRST = 5000 };

typedef enum Write {
    APPEND, INSERT, POP, POP_FIRST, DELETE, SET, CLEAR, REVERSE, SORT, EXTEND,
    REMOVE, REFILL, WRITES
} Write;

typedef struct Read {
    int64_t value;              // -1: none
    ssize_t index;
    bool before;                // it ended before the write began
    bool after;                 // it began after the write had ended
} Read;

typedef struct Reading {
    RtObject *list;
    bool by_owner;              // the reader makes the list
    Write write;
    int started;                // atomic: the write
    int done;                   // atomic
    Read reads[READS];
    int64_t walked[2];          // what an iterator gave
    int nwalked;
    int64_t was[ITEMS];
} Reading;

static RtObject *
make_list(Reading *r)
{
    static const int order[ITEMS] = { 3, 1, 4, 0, 2 };
    RtObject *list = RtList_New(0);
    for (int i = 0; i < ITEMS; i++) {
        r->was[i] = FIRST + order[i];
        RtObject *item = Int(r->was[i]);
        CHECK(RtList_Append(list, item) == 0);
        Rt_DECREF(item);
    }
    return list;
}

static void
reading_prepare(void *arg)
{
    Reading *r = arg;
    r->started = r->done = 0;
    r->nwalked = 0;
    memset(r->reads, 0, sizeof(r->reads));
    r->list = r->by_owner ? NULL : make_list(r);
}

static int64_t
value_of(RtObject *item)                // steals item, which may be NULL
{
    if (item == NULL) {
        return -1;
    }
    int64_t value = RtLong_AsInt64(item);
    Rt_DECREF(item);
    return value;
}

static void
read_list(void *arg)
{
    static const ssize_t indexes[READS] = { 4, 1, 0 };
    Reading *r = arg;
    if (r->list == NULL) {
        rt_atomic_store_ptr_release(&r->list, make_list(r));
    }
    RtListObject *list = (RtListObject *)r->list;
    for (int i = 0; i < READS; i++) {
        Read *read = &r->reads[i];
        read->index = indexes[i];
        read->after = rt_atomic_load_int(&r->done) != 0;
        read->value = value_of(RtList_TryGetItemRef(list, indexes[i]));
        read->before = rt_atomic_load_int(&r->started) == 0;
    }
    RtObject *iter = RtObject_GetIter(r->list);
    RtObject *item;
    while (r->nwalked < 2 && (item = RtIter_Next(iter)) != NULL) {
        r->walked[r->nwalked++] = value_of(item);
    }
    CHECK(RtErr_Occurred() == NULL);
    Rt_DECREF(iter);
}

static void
refill(RtObject *list)
{
    CHECK(RtList_Clear(list) == 0);
    for (int i = 0; i < 2 * ITEMS; i++) {
        RtObject *item = Int(FIRST + 200 + i);
        CHECK(RtList_Append(list, item) == 0);
        Rt_DECREF(item);
    }
}

static void
write_list(void *arg)
{
    Reading *r = arg;
    RtObject *list = rt_atomic_load_ptr_acquire(&r->list);
    if (list == NULL) {
        return;                 // its owner has not made it yet
    }
    RtObject *item = Int(FIRST + 100);
    RtObject *result = Rt_None;
    rt_atomic_store_int(&r->started, 1);
    switch (r->write) {
    case APPEND:
        for (int i = 0; i < 2 * ITEMS; i++) {
            CHECK(RtList_Append(list, item) == 0);
        }
        break;
    case INSERT: CHECK(RtList_Insert(list, 1, item) == 0); break;
    case POP: result = RtList_Pop(list, -1); break;
    case POP_FIRST: result = RtList_Pop(list, 0); break;
    case DELETE: CHECK(RtList_SetItem(list, 1, NULL) == 0); break;
    case SET: CHECK(RtList_SetItem(list, 1, item) == 0); break;
    case CLEAR: CHECK(RtList_Clear(list) == 0); break;
    case REVERSE: result = Call(list, "reverse", 0); break;
    case SORT: result = Call(list, "sort", 0); break;
    case EXTEND: CHECK(RtList_Extend(list, list) == 0); break;
    case REMOVE: result = Call(list, "remove", 1, Int(FIRST + 4)); break;
    default: refill(list); break;
    }
    rt_atomic_store_int(&r->done, 1);
    CHECK(result != NULL);
    Rt_DECREF(result);
    Rt_DECREF(item);
}

static bool
was_there(const Reading *r, int64_t value)
{
    for (int i = 0; i < ITEMS; i++) {
        if (r->was[i] == value) {
            return true;
        }
    }
    return false;
}

static bool
is_there(RtObject *list, int64_t value)
{
    RtObject *item = Int(value);
    int found = RtSequence_Contains(list, item);
    Rt_DECREF(item);
    return found == 1;
}

static void
check_read(const Reading *r, const Read *read)
{
    int64_t now = value_of(RtList_TryGetItemRef((RtListObject *)r->list,
                                                read->index));
    if (read->after) {
        CHECK(read->value == now);
    }
    else if (read->before) {
        CHECK(read->value == r->was[read->index]);
    }
    else if (read->value >= 0) {
        CHECK(was_there(r, read->value) || is_there(r->list, read->value));
    }
    else {
        // A sort takes the items away meanwhile, a refill all of them.
        CHECK(r->write == SORT || r->write == REFILL
              || RtList_Size(r->list) <= read->index);
    }
}

static void
reading_check(void *arg)
{
    Reading *r = arg;
    CHECK(RtList_IsValid(r->list));
    for (int i = 0; i < READS; i++) {
        check_read(r, &r->reads[i]);
    }
    for (int i = 0; i < r->nwalked; i++) {
        CHECK(was_there(r, r->walked[i]) || is_there(r->list, r->walked[i]));
    }
    Breathe();
    CHECK(Rt_REFCNT(r->list) == 1);
    Rt_DECREF(r->list);
}

static void
test_reads(void)
{
    Reading r = { .list = NULL };
    for (int i = 0; i < 3 * WRITES; i++) {
        r.write = (Write)(i / 3);
        r.by_owner = i % 3 == 2;
        if (r.by_owner && r.write != APPEND && r.write != CLEAR
            && r.write != POP && r.write != REFILL) {
            continue;           // the array stays
        }
        Interleaving it = {
            reading_prepare, i % 3 == 1 ? write_list : read_list,
            i % 3 == 1 ? read_list : write_list, reading_check, .arg = &r,
        };
        CHECK(Interleaving_Run(&it) > 0);
    }
}

int
main(void)
{
    void (*const tests[])(void) = { test_reads };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
