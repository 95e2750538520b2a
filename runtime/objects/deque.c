// deque.c: the storage of deque, changed under its lock, and the C API.
//
// Everything but the length is read and written in the deque's critical
// section. `state` counts on with each change of length or place: an iterator,
// or a search that has called user code, sees by it whether the blocks it knows
// are still the deque's. No item is dropped inside the section. What needs a
// block gets it before anything changes. Blocks that are given up are kept for
// later, up to a number, or freed at once: nobody reads without the lock.
// Mirrors Modules/_collectionsmodule.c (CPython 3.13); departs: items that go
// are dropped after the section; insert and delete shift the items instead of
// rotating; a rotation that finds no memory has done nothing.

#include "rtcore_deque.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_unbroken.h"

enum { CENTER = (RT_DEQUE_BLOCKLEN - 1) / 2 };

// The items that a deque has given up.
typedef struct DequeGarbage {
    RtObject *kept[RT_DEQUE_BLOCKLEN];  // were in the block that stays
    ssize_t nkept;
    RtDequeCursor rest;                 // in blocks given up with them
    ssize_t nrest;
} DequeGarbage;

static inline RtDequeObject *
as_deque(RtObject *op)
{
    rt_assert(RtDeque_Check(op));
    return (RtDequeObject *)op;
}

static inline void
store_size(RtDequeObject *d, ssize_t size)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&d->size, size);
}

// ---------------------------------------------------------------------------
// Blocks.

// NULL without an exception. All slots NULL, as are those of a kept block.
static RtDequeBlock *
take_block(RtDequeObject *d)
{
    if (d->nfree > 0) {
        RtDequeBlock *block = d->freeblocks[--d->nfree];
        block->left = block->right = NULL;
        return block;
    }
    return RtMem_Calloc(1, sizeof(RtDequeBlock));
}

static void
give_block(RtDequeObject *d, RtDequeBlock *block)
{
    RtDeque_NoteBlockFreed(d, block);
    if (d->nfree < RT_DEQUE_MAXFREE) {
        d->freeblocks[d->nfree++] = block;
    }
    else {
        RtMem_Free(block);
    }
}

// Whether `count` items more at this end, each taken from the other, need a
// block, there is one. 0, -1. Each block filled from then on was preceded by
// one emptied at the other end.
static int
reserve_block(RtDequeObject *d, RtDequeEnd end, ssize_t count)
{
    ssize_t room = end == RT_DEQUE_LEFT
                   ? d->leftindex : RT_DEQUE_BLOCKLEN - 1 - d->rightindex;
    if (count <= room || d->nfree > 0) {
        return 0;
    }
    RtDequeBlock *block = take_block(d);
    if (block == NULL) {
        (void)RtErr_NoMemory();
        return -1;
    }
    d->freeblocks[d->nfree++] = block;
    return 0;
}

static void
center(RtDequeObject *d)
{
    rt_assert(d->leftblock == d->rightblock);
    d->leftindex = CENTER + 1;
    d->rightindex = CENTER;
}

// ---------------------------------------------------------------------------
// One item at an end. These leave size and state alone.

static int
put_left(RtDequeObject *d, RtObject *item)
{
    if (d->leftindex == 0) {
        RtDequeBlock *block = take_block(d);
        if (block == NULL) {
            return -1;
        }
        block->right = d->leftblock;
        d->leftblock->left = block;
        d->leftblock = block;
        d->leftindex = RT_DEQUE_BLOCKLEN;
    }
    d->leftblock->items[--d->leftindex] = item;
    return 0;
}

static int
put_right(RtDequeObject *d, RtObject *item)
{
    if (d->rightindex == RT_DEQUE_BLOCKLEN - 1) {
        RtDequeBlock *block = take_block(d);
        if (block == NULL) {
            return -1;
        }
        block->left = d->rightblock;
        d->rightblock->right = block;
        d->rightblock = block;
        d->rightindex = -1;
    }
    d->rightblock->items[++d->rightindex] = item;
    return 0;
}

static RtObject *
take_left(RtDequeObject *d)
{
    RtDequeBlock *block = d->leftblock;
    RtObject *item = block->items[d->leftindex];
    rt_assert(item != NULL);
    block->items[d->leftindex++] = NULL;
    if (d->leftindex == RT_DEQUE_BLOCKLEN && block != d->rightblock) {
        d->leftblock = block->right;
        d->leftblock->left = NULL;
        d->leftindex = 0;
        give_block(d, block);
    }
    return item;
}

static RtObject *
take_right(RtDequeObject *d)
{
    RtDequeBlock *block = d->rightblock;
    RtObject *item = block->items[d->rightindex];
    rt_assert(item != NULL);
    block->items[d->rightindex--] = NULL;
    if (d->rightindex < 0 && block != d->leftblock) {
        d->rightblock = block->left;
        d->rightblock->right = NULL;
        d->rightindex = RT_DEQUE_BLOCKLEN - 1;
        give_block(d, block);
    }
    return item;
}

// ---------------------------------------------------------------------------
// Operations under the lock.

static int
push_locked(RtDequeObject *d, RtDequeEnd end, RtObject *item)
{
    uint64_t begun = RtUnbroken_Begin();
    if (d->size >= RT_SEQUENCE_SIZE_MAX
        || (end == RT_DEQUE_LEFT ? put_left(d, item) : put_right(d, item))
           < 0) {
        (void)RtErr_NoMemory();
        return -1;
    }
    d->state++;
    Rt_INCREF(item);
    rt_assert(RtUnbroken_Holds(begun));
    store_size(d, d->size + 1);
    return 0;
}

int
RtDeque_PushLocked(RtDequeObject *d, RtDequeEnd end, RtObject *item,
                   RtObject **trimmed)
{
    rt_assert(RtContainer_IsHeld((RtObject *)d));
    *trimmed = NULL;
    if (push_locked(d, end, item) < 0) {
        return -1;
    }
    if (d->maxlen >= 0 && d->size > d->maxlen) {
        *trimmed = RtDeque_PopLocked(
            d, end == RT_DEQUE_LEFT ? RT_DEQUE_RIGHT : RT_DEQUE_LEFT);
    }
    return 0;
}

RtObject *
RtDeque_PopLocked(RtDequeObject *d, RtDequeEnd end)
{
    rt_assert(RtContainer_IsHeld((RtObject *)d));
    if (d->size == 0) {
        return NULL;
    }
    RtObject *item = end == RT_DEQUE_LEFT ? take_left(d) : take_right(d);
    d->state++;
    store_size(d, d->size - 1);
    if (d->size == 0) {
        center(d);
    }
    return item;
}

// From the nearer end, block by block.
RtDequeCursor
RtDeque_FindLocked(RtDequeObject *d, ssize_t i)
{
    rt_assert(RtContainer_IsHeld((RtObject *)d));
    rt_assert(i >= 0 && i < d->size);
    RtDequeCursor c;
    if (i < d->size / 2) {
        c = (RtDequeCursor){ d->leftblock, d->leftindex + i };
        while (c.index >= RT_DEQUE_BLOCKLEN) {
            c.block = c.block->right;
            c.index -= RT_DEQUE_BLOCKLEN;
        }
        return c;
    }
    c = (RtDequeCursor){ d->rightblock, d->rightindex - (d->size - 1 - i) };
    while (c.index < 0) {
        c.block = c.block->left;
        c.index += RT_DEQUE_BLOCKLEN;
    }
    return c;
}

// Moves the items [from, from + n) by one place to the right, over the place
// after them, which receives nothing else.
static void
shift_right(RtDequeObject *d, ssize_t from, ssize_t n)
{
    RtDequeCursor to = RtDeque_FindLocked(d, from + n);
    for (ssize_t i = 0; i < n; i++) {
        RtDequeCursor left = to;
        RtDequeCursor_Left(&left);
        *RtDequeCursor_Slot(&to) = *RtDequeCursor_Slot(&left);
        to = left;
    }
}

static void
shift_left(RtDequeObject *d, ssize_t from, ssize_t n)
{
    RtDequeCursor to = RtDeque_FindLocked(d, from - 1);
    for (ssize_t i = 0; i < n; i++) {
        RtDequeCursor right = to;
        RtDequeCursor_Right(&right);
        *RtDequeCursor_Slot(&to) = *RtDequeCursor_Slot(&right);
        to = right;
    }
}

int
RtDeque_InsertLocked(RtDequeObject *d, ssize_t i, RtObject *item)
{
    rt_assert(RtContainer_IsHeld((RtObject *)d));
    ssize_t n = d->size;
    rt_assert(i >= 0 && i <= n);
    RtDequeEnd end = i < n / 2 ? RT_DEQUE_LEFT : RT_DEQUE_RIGHT;
    if (push_locked(d, end, item) < 0) {
        return -1;
    }
    if (end == RT_DEQUE_LEFT) {
        shift_left(d, 1, i);
    }
    else {
        shift_right(d, i, n - i);
    }
    RtDequeCursor c = RtDeque_FindLocked(d, i);
    *RtDequeCursor_Slot(&c) = item;
    return 0;
}

// Hands the deque's reference to the caller.
RtObject *
RtDeque_RemoveLocked(RtDequeObject *d, ssize_t i)
{
    rt_assert(RtContainer_IsHeld((RtObject *)d));
    RtDequeCursor c = RtDeque_FindLocked(d, i);
    RtObject *item = *RtDequeCursor_Slot(&c);
    if (i < d->size / 2) {
        shift_right(d, 0, i);
        (void)RtDeque_PopLocked(d, RT_DEQUE_LEFT);
    }
    else {
        shift_left(d, i + 1, d->size - 1 - i);
        (void)RtDeque_PopLocked(d, RT_DEQUE_RIGHT);
    }
    return item;
}

int
RtDeque_RotateLocked(RtDequeObject *d, ssize_t n)
{
    rt_assert(RtContainer_IsHeld((RtObject *)d));
    ssize_t size = d->size;
    if (size <= 1) {
        return 0;
    }
    n %= size;
    if (n > size / 2) {
        n -= size;
    }
    else if (n < -(size / 2)) {
        n += size;
    }
    RtDequeEnd end = n > 0 ? RT_DEQUE_LEFT : RT_DEQUE_RIGHT;
    uint64_t begun = RtUnbroken_Begin();
    if (reserve_block(d, end, n > 0 ? n : -n) < 0) {
        return -1;
    }
    d->state++;
    int status = 0;
    for (; n > 0; n--) {
        status |= put_left(d, take_right(d));
    }
    for (; n < 0; n++) {
        status |= put_right(d, take_left(d));
    }
    rt_assert(status == 0);
    rt_assert(RtUnbroken_Holds(begun));
    (void)status;
    return 0;
}

void
RtDeque_ReverseLocked(RtDequeObject *d)
{
    rt_assert(RtContainer_IsHeld((RtObject *)d));
    RtDequeCursor left = { d->leftblock, d->leftindex };
    RtDequeCursor right = { d->rightblock, d->rightindex };
    for (ssize_t n = d->size / 2; n > 0; n--) {
        RtObject *item = *RtDequeCursor_Slot(&left);
        *RtDequeCursor_Slot(&left) = *RtDequeCursor_Slot(&right);
        *RtDequeCursor_Slot(&right) = item;
        RtDequeCursor_Right(&left);
        RtDequeCursor_Left(&right);
    }
}

// ---------------------------------------------------------------------------
// All items.

// Drops `size` items from `c` on, then frees the blocks from its block on.
static void
drop_chain(RtDequeObject *d, RtDequeCursor c, ssize_t size)
{
    RtDequeBlock *block = c.block;
    for (; size > 0; size--) {
        Rt_DECREF(*RtDequeCursor_Slot(&c));
        RtDequeCursor_Right(&c);
    }
    while (block != NULL) {
        RtDequeBlock *right = block->right;
        RtDeque_NoteBlockFreed(d, block);
        RtMem_Free(block);
        block = right;
    }
}

// The deque keeps its leftmost block: to be empty needs no memory, so that
// nobody finds it half empty.
static void
take_all_locked(RtDequeObject *d, DequeGarbage *garbage)
{
    if (d->size == 0) {
        return;
    }
    RtDequeBlock *block = d->leftblock;
    ssize_t last = block == d->rightblock ? d->rightindex
                                          : RT_DEQUE_BLOCKLEN - 1;
    garbage->nkept = last - d->leftindex + 1;
    for (ssize_t i = 0; i < garbage->nkept; i++) {
        garbage->kept[i] = block->items[d->leftindex + i];
        block->items[d->leftindex + i] = NULL;
    }
    garbage->rest = (RtDequeCursor){ block->right, 0 };
    garbage->nrest = d->size - garbage->nkept;
    block->right = NULL;
    d->rightblock = block;
    center(d);
    d->state++;
    store_size(d, 0);
}

int
RtDeque_Clear(RtObject *op)
{
    RtDequeObject *d = as_deque(op);
    DequeGarbage garbage;
    garbage.nkept = garbage.nrest = 0;
    garbage.rest = (RtDequeCursor){ NULL, 0 };
    RT_BEGIN_CRITICAL_SECTION(d);
    take_all_locked(d, &garbage);
    RT_END_CRITICAL_SECTION();
    for (ssize_t i = 0; i < garbage.nkept; i++) {
        Rt_DECREF(garbage.kept[i]);
    }
    drop_chain(d, garbage.rest, garbage.nrest);
    return 0;
}

void
RtDeque_FreeContents(RtDequeObject *d)
{
    drop_chain(d, (RtDequeCursor){ d->leftblock, d->leftindex }, d->size);
    while (d->nfree > 0) {
        RtMem_Free(d->freeblocks[--d->nfree]);
    }
}

RtObject *
RtDeque_Snapshot(RtDequeObject *d)
{
    RtObject *list;
    RT_BEGIN_CRITICAL_SECTION(d);
    list = RtList_New(d->size);
    RtDequeCursor c = { d->leftblock, d->leftindex };
    for (ssize_t i = 0; list != NULL && i < d->size; i++) {
        RtList_SetItemNew(list, i, Rt_NewRef(*RtDequeCursor_Slot(&c)));
        RtDequeCursor_Right(&c);
    }
    RT_END_CRITICAL_SECTION();
    return list;
}

RtObject *
RtDeque_Copy(RtDequeObject *d)
{
    RtDequeObject *copy = RtDeque_NewEmpty(&RtDeque_Type, d->maxlen);
    if (copy == NULL) {
        return NULL;
    }
    int status = 0;
    RT_BEGIN_CRITICAL_SECTION(d);
    RtDequeCursor c = { d->leftblock, d->leftindex };
    for (ssize_t i = 0; status == 0 && i < d->size; i++) {
        status = push_locked(copy, RT_DEQUE_RIGHT, *RtDequeCursor_Slot(&c));
        RtDequeCursor_Right(&c);
    }
    RT_END_CRITICAL_SECTION();
    RtGC_Track((RtObject *)copy);
    if (status < 0) {
        Rt_DECREF(copy);
        return NULL;
    }
    return (RtObject *)copy;
}

// ---------------------------------------------------------------------------
// The C API.

RtDequeObject *
RtDeque_NewEmpty(RtTypeObject *type, ssize_t maxlen)
{
    RtDequeBlock *block = RtMem_Calloc(1, sizeof(RtDequeBlock));
    if (block == NULL) {
        return RtErr_NoMemory();
    }
    RtDequeObject *d = (RtDequeObject *)RtObject_New(type, 0);
    if (d == NULL) {
        RtMem_Free(block);
        return NULL;
    }
    d->leftblock = d->rightblock = block;
    d->maxlen = maxlen;
    center(d);
    return d;
}

static int
append(RtDequeObject *d, RtDequeEnd end, RtObject *item)
{
    int status;
    RtObject *trimmed;
    RT_BEGIN_CRITICAL_SECTION(d);
    status = RtDeque_PushLocked(d, end, item, &trimmed);
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(trimmed);
    return status;
}

int
RtDeque_Append(RtObject *op, RtObject *item)
{
    return append(as_deque(op), RT_DEQUE_RIGHT, item);
}

int
RtDeque_AppendLeft(RtObject *op, RtObject *item)
{
    return append(as_deque(op), RT_DEQUE_LEFT, item);
}

static RtObject *
pop(RtDequeObject *d, RtDequeEnd end)
{
    RtObject *item;
    RT_BEGIN_CRITICAL_SECTION(d);
    item = RtDeque_PopLocked(d, end);
    RT_END_CRITICAL_SECTION();
    if (item == NULL) {
        RtErr_SetString(&RtExc_IndexError, "pop from an empty deque");
    }
    return item;
}

RtObject *
RtDeque_Pop(RtObject *op)
{
    return pop(as_deque(op), RT_DEQUE_RIGHT);
}

RtObject *
RtDeque_PopLeft(RtObject *op)
{
    return pop(as_deque(op), RT_DEQUE_LEFT);
}

ssize_t
RtDeque_Size(RtObject *op)
{
    return RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&as_deque(op)->size);
}

static int
extend_from_iterator(RtDequeObject *d, RtDequeEnd end, RtObject *iter)
{
    int status = 0;
    RtObject *item;
    while (status == 0 && (item = RtIter_Next(iter)) != NULL) {
        status = append(d, end, item);
        Rt_DECREF(item);
    }
    return status < 0 || RtErr_Occurred() != NULL ? -1 : 0;
}

int
RtDeque_Extend(RtDequeObject *d, RtDequeEnd end, RtObject *iterable)
{
    RtObject *snapshot = NULL;
    if (iterable == (RtObject *)d) {
        // It would never come to its own end.
        iterable = snapshot = RtDeque_Snapshot(d);
        if (snapshot == NULL) {
            return -1;
        }
    }
    RtObject *iter = RtObject_GetIter(iterable);
    Rt_XDECREF(snapshot);
    if (iter == NULL) {
        return -1;
    }
    int status = extend_from_iterator(d, end, iter);
    Rt_DECREF(iter);
    return status;
}

RtObject *
RtDeque_FromIterable(RtTypeObject *type, RtObject *iterable, ssize_t maxlen)
{
    RtDequeObject *d = RtDeque_NewEmpty(type, maxlen);
    if (d == NULL) {
        return NULL;
    }
    RtGC_Track((RtObject *)d);
    if (iterable != NULL && RtDeque_Extend(d, RT_DEQUE_RIGHT, iterable) < 0) {
        Rt_DECREF(d);
        return NULL;
    }
    return (RtObject *)d;
}

RtObject *
RtDeque_New(RtObject *iterable, ssize_t maxlen)
{
    return RtDeque_FromIterable(&RtDeque_Type, iterable, maxlen);
}

// Plain reads: the world is stopped.
RT_NO_INSTRUMENT bool
RtDeque_IsValid(RtObject *op)
{
    const RtDequeObject *d = (const RtDequeObject *)op;
    ssize_t filled = 0;
    const RtDequeBlock *before = NULL;
    for (const RtDequeBlock *block = d->leftblock; block != NULL;
         before = block, block = block->right) {
        if (block->left != before) {
            return false;
        }
        for (ssize_t i = 0; i < RT_DEQUE_BLOCKLEN; i++) {
            bool within = (block != d->leftblock || i >= d->leftindex)
                          && (block != d->rightblock || i <= d->rightindex);
            if (within != (block->items[i] != NULL)) {
                return false;
            }
            filled += within;
        }
    }
    return before == d->rightblock && filled == d->size
           && (d->size > 0 || d->leftblock == d->rightblock)
           && (d->maxlen < 0 || d->size <= d->maxlen)
           && d->nfree >= 0 && d->nfree <= RT_DEQUE_MAXFREE;
}
