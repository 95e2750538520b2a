// lock_object.c: Lock, a program's own mutex.
//
// The byte is all there is: any thread may release a Lock, whoever took it.
// Mirrors lockobject of Modules/_threadmodule.c (CPython 3.13).

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"

typedef struct RtLockObject {
    RtObject ob_base;
    RtMutex lock;
} RtLockObject;

// acquire(blocking=True)
static RtObject *
lock_acquire(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    int blocking = nargs == 0 ? 1 : RtObject_IsTrue(args[0]);
    if (blocking < 0) {
        return NULL;
    }
    RtLockObject *self = (RtLockObject *)op;
    RtLockStatus status = RtMutex_LockTimed(&self->lock, blocking ? -1 : 0,
                                            RT_LOCK_DETACH);
    return RtBool_FromInt(status == RT_LOCK_ACQUIRED);
}

static RtObject *
lock_release(RtObject *op, RtObject *const *args, ssize_t nargs)
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

static void
lock_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

static RtMethodDef lock_methods[] = {
    { "acquire", lock_acquire, 0, 1 },
    { "release", lock_release, 0, 0 },
    { "locked", lock_locked, 0, 0 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtLock_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "lock",
    .tp_basicsize = sizeof(RtLockObject),
    .tp_dealloc = lock_dealloc,
    .tp_new = lock_new,
    .tp_methods = lock_methods,
};
