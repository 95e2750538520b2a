// rlock.c: RLock, a lock that its owner may take again.
//
// Mirrors rlockobject of Modules/_threadmodule.c (CPython 3.13), which there is
// a _PyRecursiveMutex since 3.14; departs: repr reads owner and count
// atomically (PM07), and shows no address.

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_object.h"

static RtRecursiveMutex *
mutex_of(RtObject *op)
{
    return &((RtRLockObject *)op)->lock;
}

// acquire(blocking=True, timeout=-1)
RtObject *
RtRLock_Acquire(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    int64_t timeout;
    if (RtTimeout_OfAcquire(args, nargs, &timeout) < 0) {
        return NULL;
    }
    RtLockStatus status = RtRecursiveMutex_LockTimed(
        mutex_of(op), op, timeout, RT_LOCK_DETACH | RT_LOCK_HANDLE_SIGNALS);
    if (status == RT_LOCK_INTR) {
        return NULL;
    }
    return RtBool_FromInt(status == RT_LOCK_ACQUIRED);
}

RtObject *
RtRLock_Release(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    if (RtRecursiveMutex_TryUnlock(mutex_of(op)) < 0) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "cannot release un-acquired lock");
        return NULL;
    }
    return Rt_NewRef(Rt_None);
}

static RtObject *
rlock_locked(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    size_t count;
    return RtBool_FromInt(RtRecursiveMutex_Owner(mutex_of(op), &count) != 0);
}

static RtObject *
rlock_is_owned(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtBool_FromInt(
        RtRecursiveMutex_IsLockedByCurrentThread(mutex_of(op)));
}

static RtObject *
rlock_repr(RtObject *op)
{
    size_t count;
    uintptr_t owner = RtRecursiveMutex_Owner(mutex_of(op), &count);
    return RtStr_FromFormat("<%s %s object owner=%zd count=%zd at 0x%llx>",
                            owner != 0 ? "locked" : "unlocked",
                            Rt_TYPE(op)->tp_name, (ssize_t)owner,
                            (ssize_t)count,
                            (unsigned long long)RtAddress_Key(op));
}

static RtObject *
rlock_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs != 0) {
        RtErr_Format(&RtExc_TypeError, "RLock() takes no arguments "
                     "(%zd given)", nargs);
        return NULL;
    }
    return RtObject_New(type, 0);
}

static void
rlock_dealloc(RtObject *op)
{
    RtObject_ClearWeakRefs(op);
    RtObject_Free(op);
}

RT_LOCK_METHODS(RtRLock_Acquire, RtRLock_Release)

static RtMethodDef rlock_methods[] = {
    RT_LOCK_ROWS(RtRLock_Acquire, RtRLock_Release)
    { "release", RtRLock_Release, 0, 0 },
    { "locked", rlock_locked, 0, 0 },
    { "_is_owned", rlock_is_owned, 0, 0 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtRLock_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "_thread.RLock",
    .tp_basicsize = sizeof(RtRLockObject),
    .tp_weaklistoffset = offsetof(RtRLockObject, weakreflist),
    .tp_dealloc = rlock_dealloc,
    .tp_repr = rlock_repr,
    .tp_new = rlock_new,
    .tp_methods = rlock_methods,
};
