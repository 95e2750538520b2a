// lock_object.c: Lock, a program's own mutex.
//
// The byte is all there is: any thread may release a Lock, whoever took it.
// Mirrors lockobject of Modules/_threadmodule.c (CPython 3.13).

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_object.h"

// acquire(blocking=True, timeout=-1)
RtObject *
RtLock_Acquire(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    int64_t timeout;
    if (RtTimeout_OfAcquire(args, nargs, &timeout) < 0) {
        return NULL;
    }
    RtLockStatus status =
        RtMutex_LockOfObject(&((RtLockObject *)op)->lock, op, timeout,
                             RT_LOCK_DETACH | RT_LOCK_HANDLE_SIGNALS);
    if (status == RT_LOCK_INTR) {
        return NULL;
    }
    return RtBool_FromInt(status == RT_LOCK_ACQUIRED);
}

RtObject *
RtLock_Release(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    if (RtMutex_TryUnlock(&((RtLockObject *)op)->lock) < 0) {
        RtErr_SetString(&RtExc_RuntimeError, "release unlocked lock");
        return NULL;
    }
    return Rt_NewRef(Rt_None);
}

static RtObject *
lock_locked(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtBool_FromInt(RtMutex_IsLocked(&((RtLockObject *)op)->lock));
}

static RtObject *
lock_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs != 0) {
        RtErr_Format(&RtExc_TypeError, "Lock() takes no arguments "
                     "(%zd given)", nargs);
        return NULL;
    }
    return RtObject_New(type, 0);
}

static RtObject *
lock_repr(RtObject *op)
{
    bool locked = RtMutex_IsLocked(&((RtLockObject *)op)->lock);
    return RtStr_FromFormat("<%s %s object at 0x%llx>",
                            locked ? "locked" : "unlocked",
                            Rt_TYPE(op)->tp_name,
                            (unsigned long long)RtAddress_Key(op));
}

static void
lock_dealloc(RtObject *op)
{
    RtObject_ClearWeakRefs(op);
    RtObject_Free(op);
}

RT_LOCK_METHODS(RtLock_Acquire, RtLock_Release)

static RtMethodDef lock_methods[] = {
    RT_LOCK_ROWS(RtLock_Acquire, RtLock_Release)
    { "release", RtLock_Release, 0, 0 },
    { "locked", lock_locked, 0, 0 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtLock_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "_thread.lock",
    .tp_basicsize = sizeof(RtLockObject),
    .tp_weaklistoffset = offsetof(RtLockObject, weakreflist),
    .tp_dealloc = lock_dealloc,
    .tp_repr = lock_repr,
    .tp_new = lock_new,
    .tp_methods = lock_methods,
};
