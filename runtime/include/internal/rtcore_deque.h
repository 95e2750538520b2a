// rtcore_deque.h: the blocks of deque, and how one walks over them.
//
// Items stand in a doubly linked list of blocks, from leftindex of the leftmost
// to rightindex of the rightmost. All of it but `size` is read and written with
// the deque's lock.

#ifndef RT_INTERNAL_DEQUE_H
#define RT_INTERNAL_DEQUE_H

#include "rtcore_types.h"

#ifdef RT_TINY_LIMITS
enum { RT_DEQUE_BLOCKLEN = 4, RT_DEQUE_MAXFREE = 1 };
#else
enum { RT_DEQUE_BLOCKLEN = 64, RT_DEQUE_MAXFREE = 16 };
#endif

typedef struct RtDequeBlock {
    struct RtDequeBlock *left;  // NULL at the end
    RtObject *items[RT_DEQUE_BLOCKLEN]; // NULL: nothing there
    struct RtDequeBlock *right;
} RtDequeBlock;

typedef struct RtDequeObject {
    RtObject ob_base;
    ssize_t size;               // read without the lock
    RtDequeBlock *leftblock;    // never NULL
    RtDequeBlock *rightblock;   // the same while there are no items
    ssize_t leftindex;          // of the first item in its block
    ssize_t rightindex;         // of the last; leftindex - 1: there are none
    size_t state;               // counts changes of length and of places
    ssize_t maxlen;             // or -1; fixed
    ssize_t nfree;
    RtDequeBlock *freeblocks[RT_DEQUE_MAXFREE];
    struct RtWeakReference *weakreflist;        // its stripe
} RtDequeObject;

typedef enum RtDequeEnd { RT_DEQUE_LEFT, RT_DEQUE_RIGHT } RtDequeEnd;

// What happened, for whoever counts it.
static inline void
RtDeque_NoteBlockFreed(RtDequeObject *d, RtDequeBlock *block)
{
    (void)d, (void)block;
    RT_NOTE(DEQUE_BLOCK_FREED, d, (uintptr_t)block);
}

// A place in the list of blocks.
typedef struct RtDequeCursor {
    RtDequeBlock *block;
    ssize_t index;
} RtDequeCursor;

static inline bool
RtDeque_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_DEQUE_SUBCLASS);
}

static inline RtObject **
RtDequeCursor_Slot(const RtDequeCursor *c)
{
    return &c->block->items[c->index];
}

static inline void
RtDequeCursor_Right(RtDequeCursor *c)
{
    if (++c->index == RT_DEQUE_BLOCKLEN) {
        c->block = c->block->right;
        c->index = 0;
    }
}

static inline void
RtDequeCursor_Left(RtDequeCursor *c)
{
    if (--c->index < 0) {
        c->block = c->block->left;
        c->index = RT_DEQUE_BLOCKLEN - 1;
    }
}

// ---------------------------------------------------------------------------
// deque.c. The caller holds the deque's lock where the name ends in Locked, or
// is the only one who knows the deque. Nothing here runs user code: items that
// go are handed to the caller, who drops them without the lock.

// An empty deque of this type; not tracked yet.
RtDequeObject *RtDeque_NewEmpty(RtTypeObject *type, ssize_t maxlen);
// 0, and *trimmed is what had to go at the other end, or NULL; or -1 and
// nothing has changed. Increfs item.
int RtDeque_PushLocked(RtDequeObject *d, RtDequeEnd end, RtObject *item,
                       RtObject **trimmed);
// NULL without an exception if there is none.
RtObject *RtDeque_PopLocked(RtDequeObject *d, RtDequeEnd end);
// The place of item i, 0 <= i < size.
RtDequeCursor RtDeque_FindLocked(RtDequeObject *d, ssize_t i);
// 0, or -1 and nothing has changed. 0 <= i <= size. Increfs item.
int RtDeque_InsertLocked(RtDequeObject *d, ssize_t i, RtObject *item);
RtObject *RtDeque_RemoveLocked(RtDequeObject *d, ssize_t i);
// n steps to the right, or left if negative. 0, or -1 and nothing has changed.
int RtDeque_RotateLocked(RtDequeObject *d, ssize_t n);
void RtDeque_ReverseLocked(RtDequeObject *d);
// A list of the items as they are at one instant.
RtObject *RtDeque_Snapshot(RtDequeObject *d);
// A deque of the same items and maxlen, of the type deque.
RtObject *RtDeque_Copy(RtDequeObject *d);
void RtDeque_FreeContents(RtDequeObject *d);    // at the end of its life

// Each item is one operation. 0, -1.
int RtDeque_Extend(RtDequeObject *d, RtDequeEnd end, RtObject *iterable);
// iterable NULL: empty. Tracked.
RtObject *RtDeque_FromIterable(RtTypeObject *type, RtObject *iterable,
                               ssize_t maxlen);

// ---- deque_iter.c
RtObject *RtDequeIter_New(RtObject *deque, RtDequeEnd from);

#endif  // RT_INTERNAL_DEQUE_H
