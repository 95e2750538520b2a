// weakref.c: weak references: a list from each object that has some, and back.
//
// The list of a referent, and the pointers of the references in it, change only
// under the stripe (a mutex chosen by the referent), which is locked without
// detaching, so that no stripe is held while the world is stopped. Nothing is
// allocated, dropped or called under a stripe. A reference in a list has a
// referent that is not freed, because that clears its list first; whether the
// two are alive only TryIncref() tells, for which both bear MAYBE_WEAKREF.
// Mirrors Objects/weakrefobject.c (CPython 3.13; proxies: weakproxy.c);
// departs: a reference is made outside the stripe; the callbacks of a dying
// object need no memory; references to immortal objects are in no list, and not
// shared.

#include "rtcore_weakref.h"

#include "rt_errors.h"
#include "rt_lock.h"
#include "rt_types.h"
#include "rtcore_lock_order.h"
#include "rtcore_types.h"

#include <string.h>

// ---------------------------------------------------------------------------
// Stripes.

static RtMutex *
stripe_of(RtObject *op)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    return &interp->weakref_stripes[RtAddress_Key(op) %
                                    RT_NUM_WEAKREF_STRIPES];
}

static void
lock_stripe(RtMutex *stripe)
{
#ifdef RT_GIL_DISABLED
    RtMutex_LockRankedAttached(stripe, RT_RANK_WEAKREF);
#else
    (void)stripe;
#endif
}

static void
unlock_stripe(RtMutex *stripe)
{
#ifdef RT_GIL_DISABLED
    RtMutex_UnlockRanked(stripe, RT_RANK_WEAKREF);
#else
    (void)stripe;
#endif
}

// Only for assertions: whether the caller may look at the lists of a stripe.
__attribute__((unused)) static bool
has_stripe(void)
{
#ifdef RT_GIL_DISABLED
    return RtLockOrder_Holds(RT_RANK_WEAKREF) ||
           RtEval_HasStopped(RtThreadState_Get());
#else
    return true;                // the GIL is the lock
#endif
}

static RtObject *
load_referent(const RtWeakReference *ref)
{
    return RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&ref->wr_object);
}

static void
store_referent(RtWeakReference *ref, RtObject *op)
{
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&ref->wr_object, op);
}

// ---------------------------------------------------------------------------
// The list of an object; its stripe is held, or the world is stopped.

// Basic ones have no callback and are shared by all askers: a reference, the
// first of the list, and a proxy, which stands behind it or is the first.
typedef enum Basic { NOT_BASIC, BASIC_REF, BASIC_PROXY } Basic;

static Basic
basic_kind(const RtTypeObject *type, RtObject *callback)
{
    return callback != NULL ? NOT_BASIC
           : type == &RtWeakref_Type ? BASIC_REF
           : type == &RtWeakProxy_Type || type == &RtWeakCallableProxy_Type
           ? BASIC_PROXY : NOT_BASIC;
}

static Basic
kind_of(const RtWeakReference *ref)
{
    return ref == NULL ? NOT_BASIC
                       : basic_kind(Rt_TYPE(ref), ref->wr_callback);
}

static RtWeakReference *
get_basic(RtWeakReference *const *list, Basic kind)
{
    RtWeakReference *ref = *list;
    if (kind_of(ref) == BASIC_REF && kind == BASIC_PROXY) {
        ref = ref->wr_next;
    }
    return kind != NOT_BASIC && kind_of(ref) == kind ? ref : NULL;
}

// Before all others, but for basic ones.
static void
link_ref(RtWeakReference *ref, RtObject *op)
{
    RtWeakReference **list = RtWeakref_List(op);
    Basic kind = kind_of(ref);
    RtWeakReference *prev =
        kind == NOT_BASIC ? get_basic(list, BASIC_PROXY) : NULL;
    if (prev == NULL && kind != BASIC_REF) {
        prev = get_basic(list, BASIC_REF);
    }
    rt_assert(has_stripe());
    rt_assert(!ref->wr_linked);
    RtWeakReference *next = prev == NULL ? *list : prev->wr_next;
    ref->wr_prev = prev;
    ref->wr_next = next;
    if (next != NULL) {
        next->wr_prev = ref;
    }
    ref->wr_linked = true;
    store_referent(ref, op);
    if (prev != NULL) {
        prev->wr_next = ref;
    }
    else {
        RT_FT_ATOMIC_STORE_PTR_RELEASE(list, ref);
    }
    RT_NOTE(WEAKREF_CREATED, ref, op);
}

// Takes ref out of its list and forgets the referent.
static void
unlink_ref(RtWeakReference *ref)
{
    RtObject *op = ref->wr_object;
    rt_assert(has_stripe());
    if (op == Rt_None) {
        rt_assert(!ref->wr_linked);
        return;
    }
    RT_NOTE(WEAKREF_CLEARED, ref, op);
    store_referent(ref, Rt_None);
    if (!ref->wr_linked) {
        return;
    }
    RtWeakReference *prev = ref->wr_prev;
    RtWeakReference *next = ref->wr_next;
    ref->wr_linked = false;
    ref->wr_prev = NULL;
    ref->wr_next = NULL;
    if (next != NULL) {
        rt_assert(next->wr_prev == ref);
        next->wr_prev = prev;
    }
    if (prev != NULL) {
        rt_assert(prev->wr_next == ref);
        prev->wr_next = next;
    }
    else {
        // The last access to the referent: it may be dying, and who finds the
        // list empty frees it without having held the stripe.
        RtWeakReference **list = RtWeakref_List(op);
        rt_assert(*list == ref);
        RT_FT_ATOMIC_STORE_PTR_RELEASE(list, next);
    }
}

// ---------------------------------------------------------------------------
// Making references.

static RtWeakReference *
allocate_ref(RtTypeObject *type, RtObject *op, RtObject *callback)
{
    RtWeakReference *ref = (RtWeakReference *)RtObject_New(type, 0);
    if (ref == NULL) {
        return NULL;
    }
    ref->wr_object = Rt_None;
    ref->wr_callback = Rt_XNewRef(callback);
    ref->wr_hash = -1;
    ref->wr_stripe = stripe_of(op);
#ifdef RT_GIL_DISABLED
    // So that TryIncref() can tell "dead" from "not shared".
    RtObject_SetMaybeWeakref((RtObject *)ref);
    RtObject_SetMaybeWeakref(op);
#endif
    RtGC_Track((RtObject *)ref);
    return ref;
}

// The basic reference to op with a new reference, or NULL. One that dies is
// left to unlink itself.
static RtObject *
reuse_basic(RtObject *op, Basic kind)
{
    rt_assert(has_stripe());
    RtWeakReference *ref = get_basic(RtWeakref_List(op), kind);
    if (ref == NULL || !RtObject_TryIncref((RtObject *)ref)) {
        return NULL;
    }
    return (RtObject *)ref;
}

static RtObject *
get_or_create(RtTypeObject *type, RtObject *op, RtObject *callback)
{
    if (RtWeakref_List(op) == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "cannot create weak reference to '%s' object",
                     Rt_TYPE(op)->tp_name);
        return NULL;
    }
    if (callback == Rt_None) {
        callback = NULL;
    }
    if (Rt_IsImmortal(op)) {
        // It never dies, and nothing of a run may stay behind in it.
        RtWeakReference *ref = allocate_ref(type, op, callback);
        if (ref != NULL) {
            store_referent(ref, op);
        }
        return (RtObject *)ref;
    }
    RtMutex *stripe = stripe_of(op);
    Basic basic = basic_kind(type, callback);
    RtObject *found = NULL;
    if (basic != NOT_BASIC) {
        lock_stripe(stripe);
        found = reuse_basic(op, basic);
        unlock_stripe(stripe);
        if (found != NULL) {
            return found;
        }
    }
    RtWeakReference *ref = allocate_ref(type, op, callback);
    if (ref == NULL) {
        return NULL;
    }
    lock_stripe(stripe);
    if (basic != NOT_BASIC) {
        found = reuse_basic(op, basic);        // another thread was first
    }
    if (found == NULL) {
        link_ref(ref, op);
    }
    unlock_stripe(stripe);
    if (found != NULL) {
        Rt_DECREF(ref);
        return found;
    }
    return (RtObject *)ref;
}

RtObject *
RtWeakref_NewRef(RtObject *op, RtObject *callback)
{
    return get_or_create(&RtWeakref_Type, op, callback);
}

RtObject *
RtWeakref_NewProxy(RtObject *op, RtObject *callback)
{
    return get_or_create(Rt_TYPE(op)->tp_call != NULL
                             ? &RtWeakCallableProxy_Type : &RtWeakProxy_Type,
                         op, callback);
}

static RtObject *
weakref_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs < 1 || nargs > 2) {
        RtErr_Format(&RtExc_TypeError,
                     "ref() takes 1 or 2 arguments (%zd given)", nargs);
        return NULL;
    }
    return get_or_create(type, args[0], nargs == 2 ? args[1] : NULL);
}

// ---------------------------------------------------------------------------
// Asking.

RtObject *
RtWeakref_GetRef(RtObject *self)
{
    RtWeakReference *ref = (RtWeakReference *)self;
    rt_assert(RtWeakref_Check(self));
    if (load_referent(ref) == Rt_None) {
        return NULL;
    }
    lock_stripe(ref->wr_stripe);
    // While the stripe is held the referent is not freed.
    RtObject *op = ref->wr_object;
    if (op == Rt_None || !RtObject_TryIncref(op)) {
        op = NULL;
    }
    else {
        RT_NOTE(WEAKREF_GOT, ref, op);
    }
    unlock_stripe(ref->wr_stripe);
    return op;
}

ssize_t
RtWeakref_Count(RtObject *op)
{
    RtWeakReference **list = RtWeakref_List(op);
    if (list == NULL || Rt_IsImmortal(op)) {
        return 0;
    }
    RtMutex *stripe = stripe_of(op);
    ssize_t n = 0;
    lock_stripe(stripe);
    for (RtWeakReference *ref = *list; ref != NULL; ref = ref->wr_next) {
        n++;
    }
    unlock_stripe(stripe);
    return n;
}

// A list of those that are alive; more may come meanwhile.
RtObject *
RtWeakref_GetAll(RtObject *op)
{
    ssize_t n = RtWeakref_Count(op);
    RtObject **found = n == 0 ? NULL
        : RtMem_Malloc((size_t)n * sizeof(RtObject *));
    if (n > 0 && found == NULL) {
        return RtErr_NoMemory();
    }
    ssize_t nfound = 0;
    if (n > 0) {
        RtMutex *stripe = stripe_of(op);
        lock_stripe(stripe);
        for (RtWeakReference *ref = *RtWeakref_List(op);
             ref != NULL && nfound < n; ref = ref->wr_next)
        {
            if (RtObject_TryIncref((RtObject *)ref)) {
                rt_assert(nfound < n);
                found[nfound++] = (RtObject *)ref;
            }
        }
        unlock_stripe(stripe);
    }
    RtObject *list = RtList_New(nfound);
    for (ssize_t i = 0; i < nfound; i++) {
        if (list != NULL) {
            RtList_SetItemNew(list, i, found[i]);
        }
        else {
            Rt_DECREF(found[i]);
        }
    }
    RtMem_Free(found);
    return list;
}

// ---------------------------------------------------------------------------
// Clearing, and callbacks.

// The caller's reference to ref goes with it.
static void
append_to_chain(RtWeakReference *ref, RtWeakrefChain *chain)
{
    rt_assert(!ref->wr_linked);
    rt_assert(ref->wr_next == NULL);
    if (chain->first == NULL) {
        chain->first = ref;
    }
    else {
        chain->last->wr_next = ref;
    }
    chain->last = ref;
}

static void
call_callback(RtWeakReference *ref)
{
    RtLockOrder_CheckRun(ref);
    lock_stripe(ref->wr_stripe);
    RtObject *callback = ref->wr_callback;
    ref->wr_callback = NULL;
    unlock_stripe(ref->wr_stripe);
    if (callback == NULL) {
        return;
    }
    RT_NOTE(WEAKREF_CALLBACK, ref, callback);
    RtObject *result = RtObject_CallOneArg(callback, (RtObject *)ref);
    if (result == NULL) {
        RtErr_WriteUnraisable(callback);
    }
    else {
        Rt_DECREF(result);
    }
    Rt_DECREF(callback);
}

// The first of the chain, with its reference, or NULL.
static RtWeakReference *
take_from_chain(RtWeakrefChain *chain)
{
    RtWeakReference *ref = chain->first;
    if (ref != NULL) {
        chain->first = ref->wr_next;
        ref->wr_next = NULL;
    }
    return ref;
}

void
RtWeakref_CallCallbacks(RtWeakrefChain *chain)
{
    RtWeakReference *ref;
    while ((ref = take_from_chain(chain)) != NULL) {
        call_callback(ref);
        Rt_DECREF(ref);
    }
}

void
RtWeakref_DropChain(RtWeakrefChain *chain)
{
    RtWeakReference *ref;
    while ((ref = take_from_chain(chain)) != NULL) {
        Rt_DECREF(ref);
    }
}

void
RtObject_ClearWeakRefs(RtObject *op)
{
    RtWeakReference **list = RtWeakref_List(op);
    // Nobody can add to it any more; who removes the last one does not look at
    // the object afterwards.
    if (list == NULL || RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(list) == NULL) {
        return;
    }
    rt_assert(Rt_REFCNT(op) == 0);
    RtMutex *stripe = stripe_of(op);
    RtWeakrefChain chain = { NULL, NULL };
    lock_stripe(stripe);
    RtWeakReference *ref;
    while ((ref = *list) != NULL) {
        // A reference that dies itself has no callback any more.
        bool wanted = ref->wr_callback != NULL &&
                      RtObject_TryIncref((RtObject *)ref);
        unlink_ref(ref);
        if (wanted) {
            append_to_chain(ref, &chain);
        }
    }
    unlock_stripe(stripe);
    if (chain.first != NULL) {
        RtObject *exc = RtErr_GetRaisedException();
        RtWeakref_CallCallbacks(&chain);
        RtErr_SetRaisedException(exc);
    }
}

void
RtWeakref_Clear(RtWeakReference *ref)
{
    unlink_ref(ref);
}

// Whether the collector may keep ref for its callback. One that dies (a thread
// was stopped in its destructor, or it waits in the trash) stays dead.
static bool
take_for_callback(RtWeakReference *ref)
{
    RtObject *op = (RtObject *)ref;
    if (Rt_REFCNT(op) <= 0) {
        return false;
    }
#ifdef RT_GIL_DISABLED
    (void)RtObject_ExplicitMergeRefcount(op, 1);
#else
    Rt_INCREF(op);
#endif
    return true;
}

void
RtWeakref_ClearAll(RtObject *op, bool (*is_garbage)(RtObject *ref),
                   RtWeakrefChain *chain)
{
    RtWeakReference **list = RtWeakref_List(op);
    RtWeakReference *ref;
    if (list == NULL) {
        return;
    }
    while ((ref = *list) != NULL) {
        unlink_ref(ref);
        if (chain != NULL && ref->wr_callback != NULL &&
            !is_garbage((RtObject *)ref) && take_for_callback(ref))
        {
            append_to_chain(ref, chain);
        }
    }
}

// ---------------------------------------------------------------------------
// The type.

int
RtWeakref_Traverse(RtObject *self, visitproc visit, void *arg)
{
    Rt_VISIT(((RtWeakReference *)self)->wr_callback);
    return 0;
}

int
RtWeakref_ClearSlots(RtObject *self)
{
    RtWeakReference *ref = (RtWeakReference *)self;
    lock_stripe(ref->wr_stripe);
    unlink_ref(ref);
    RtObject *callback = ref->wr_callback;
    ref->wr_callback = NULL;
    unlock_stripe(ref->wr_stripe);
    Rt_XDECREF(callback);
    return 0;
}

void
RtWeakref_Dealloc(RtObject *self)
{
    RtGC_Untrack(self);
    (void)RtWeakref_ClearSlots(self);
    RtObject_Free(self);
}

static RtObject *
weakref_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs != 0) {
        RtErr_SetString(&RtExc_TypeError,
                        "a weak reference takes no arguments");
        return NULL;
    }
    RtObject *op = RtWeakref_GetRef(self);
    return op != NULL ? op : Rt_NewRef(Rt_None);
}

static RtObject *
weakref_repr(RtObject *self)
{
    unsigned long long key = RtAddress_Key(self);
    RtObject *op = RtWeakref_GetRef(self);
    if (op == NULL) {
        return RtStr_FromFormat("<weakref at 0x%llx; dead>", key);
    }
    RtObject *text = RtStr_FromFormat(
        "<weakref at 0x%llx; to '%s' at 0x%llx>", key, Rt_TYPE(op)->tp_name,
        (unsigned long long)RtAddress_Key(op));
    Rt_DECREF(op);
    return text;
}

// That of the referent, kept beyond its life.
static ssize_t
weakref_hash(RtObject *self)
{
    RtWeakReference *ref = (RtWeakReference *)self;
    ssize_t hash = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&ref->wr_hash);
    if (hash != -1) {
        return hash;
    }
    RtObject *op = RtWeakref_GetRef(self);
    if (op == NULL) {
        RtErr_SetString(&RtExc_TypeError, "weak object has gone away");
        return -1;
    }
    hash = RtObject_Hash(op);
    Rt_DECREF(op);
    if (hash != -1) {
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&ref->wr_hash, hash);
    }
    return hash;
}

// As the referents while both live, else by identity.
static RtObject *
weakref_richcompare(RtObject *a, RtObject *b, int op)
{
    if ((op != RT_EQ && op != RT_NE) || !RtWeakref_Check(a) ||
        !RtWeakref_Check(b))
    {
        return Rt_NotImplemented;
    }
    RtObject *x = RtWeakref_GetRef(a);
    RtObject *y = RtWeakref_GetRef(b);
    RtObject *result;
    if (x == NULL || y == NULL) {
        result = RtBool_FromInt(op == RT_EQ ? a == b : a != b);
    }
    else {
        result = RtObject_RichCompare(x, y, op);
    }
    Rt_XDECREF(x);
    Rt_XDECREF(y);
    return result;
}

static RtObject *
weakref_getattro(RtObject *self, RtObject *name)
{
    RtWeakReference *ref = (RtWeakReference *)self;
    if (Rt_IS_TYPE(name, &RtStr_Type) &&
        strcmp(RtStr_AsUTF8(name), "__callback__") == 0)
    {
        lock_stripe(ref->wr_stripe);
        // The slot owns it: its count is not zero.
        RtObject *callback = Rt_XNewRef(ref->wr_callback);
        unlock_stripe(ref->wr_stripe);
        return callback != NULL ? callback : Rt_NewRef(Rt_None);
    }
    return RtObject_GenericGetAttr(self, name);
}

RtTypeObject RtWeakref_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "weakref.ReferenceType",
    .tp_basicsize = sizeof(RtWeakReference),
    .tp_flags = RT_TPFLAGS_HAVE_GC | RT_TPFLAGS_BASETYPE |
                RT_TPFLAGS_WEAKREF_SUBCLASS,
    .tp_dealloc = RtWeakref_Dealloc,
    .tp_traverse = RtWeakref_Traverse,
    .tp_clear = RtWeakref_ClearSlots,
    .tp_repr = weakref_repr,
    .tp_hash = weakref_hash,
    .tp_richcompare = weakref_richcompare,
    .tp_call = weakref_call,
    .tp_getattro = weakref_getattro,
    .tp_new = weakref_new,
};
