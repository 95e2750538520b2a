// rtcore_weakref.h: weak references and what a dying object and the collectors
// do with them (objects/weakref.c).

#ifndef RT_INTERNAL_WEAKREF_H
#define RT_INTERNAL_WEAKREF_H

#include "rt_types.h"
#include "rtcore_object.h"

// All but wr_stripe and the head are guarded by the stripe, or written before
// other threads can see the reference.
typedef struct RtWeakReference {
    RtObject ob_base;
    RtObject *wr_object;        // the referent, borrowed, or None once it is
                                // gone. Atomic: also read without the lock.
    RtObject *wr_callback;      // owned, or NULL; called once
    ssize_t wr_hash;            // of the referent, -1: not known. Atomic.
    struct RtWeakReference *wr_prev, *wr_next;  // the referent's references
    bool wr_linked;             // is in the list of its referent
    RtMutex *wr_stripe;         // never changes
} RtWeakReference;

// References that wait for their callback: cleared, in no list, linked through
// wr_next, held by the chain. All zero: empty.
typedef struct RtWeakrefChain {
    RtWeakReference *first;
    RtWeakReference *last;
} RtWeakrefChain;

static inline bool
RtWeakref_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_WEAKREF_SUBCLASS);
}

// The head of the object's list, or NULL if it cannot have weak references.
static inline RtWeakReference **
RtWeakref_List(RtObject *op)
{
    ssize_t offset = Rt_TYPE(op)->tp_weaklistoffset;
    return offset == 0 ? NULL : (RtWeakReference **)((char *)op + offset);
}

// A weak reference to op; callback may be NULL or None. Without a callback the
// same one is returned as long as it lives. TypeError if op cannot have any.
RtObject *RtWeakref_NewRef(RtObject *op, RtObject *callback);
// A new reference to the referent, or NULL without an exception if it is gone.
RtObject *RtWeakref_GetRef(RtObject *ref);
// How many weak references there are to op.
ssize_t RtWeakref_Count(RtObject *op);

// All of them that are alive, as a list; NULL: MemoryError.
RtObject *RtWeakref_GetAll(RtObject *op);

// The types' own.
int RtWeakref_Traverse(RtObject *self, visitproc visit, void *arg);
int RtWeakref_ClearSlots(RtObject *self);
void RtWeakref_Dealloc(RtObject *self);

// Proxies (weakproxy.c). As RtWeakref_NewRef().
RtObject *RtWeakref_NewProxy(RtObject *op, RtObject *callback);
RtObject *RtWeakProxy_InPlaceOp(RtObject *a, RtObject *b, RtBinaryOp op);

static inline bool
RtWeakProxy_Check(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtWeakProxy_Type) ||
           Rt_IS_TYPE(op, &RtWeakCallableProxy_Type);
}

// From tp_dealloc, before anything of the object is gone, after its finalizer
// and untracked: clears its weak references, then calls their callbacks.
void RtObject_ClearWeakRefs(RtObject *op);

// For the collectors. The world is stopped, or the GIL is held.

// Clears ref, but leaves its callback.
void RtWeakref_Clear(RtWeakReference *ref);
// Clears all weak references to op. Those that have a callback to call and of
// which `is_garbage` is false are put on *chain, with a reference each; with
// chain NULL no callback will be called.
void RtWeakref_ClearAll(RtObject *op, bool (*is_garbage)(RtObject *ref),
                        RtWeakrefChain *chain);
// Calls the callbacks and drops the references of a chain; the world runs.
void RtWeakref_CallCallbacks(RtWeakrefChain *chain);
// Drops the references only: nobody will call the callbacks.
void RtWeakref_DropChain(RtWeakrefChain *chain);

#endif  // RT_INTERNAL_WEAKREF_H
