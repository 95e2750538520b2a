// threading.c: Thread and sched_yield.
//
// A Thread object and the thread that it started share a handle, counted by
// itself: the object may die first, and the thread marks its end when it has no
// thread state any more. handle->state only grows (a start that failed takes
// STARTING back) and changes under handle->mutex; `done` is set after the
// thread state is gone, so join() returns to a world without it.
// Mirrors Modules/_threadmodule.c and Lib/threading.py (CPython 3.13); departs:
// the world has no join, so the event is all there is to wait for; the daemon
// flag is set and read by methods. A daemon that has to exit marks its end
// before, so that join() of it returns.

#include "module.h"
#include "sync_objects.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_interp.h"
#include "rtcore_object.h"
#include "rtcore_types.h"       // RtTupleObject

// ---------------------------------------------------------------------------
// The handle.

typedef enum ThreadHandleState {
    THREAD_HANDLE_NOT_STARTED,
    THREAD_HANDLE_STARTING,
    THREAD_HANDLE_RUNNING,
    THREAD_HANDLE_DONE,
} ThreadHandleState;

typedef struct ThreadHandle {
    struct ThreadHandle *prev, *next;   // rt_runtime.handles; handles_mutex
    ssize_t refcount;           // atomic
    RtMutex mutex;
    RtEvent ready;              // the starter has set RUNNING
    RtEvent done;
    int state;                  // ThreadHandleState; mutex
    uintptr_t ident;            // mutex; 0 until the thread has run
    uint64_t tstate_id;         // mutex; 0 until it is started
} ThreadHandle;

static ThreadHandle *
handle_new(void)
{
    ThreadHandle *handle = RtMem_Calloc(1, sizeof(ThreadHandle));
    if (handle == NULL) {
        return RtErr_NoMemory();
    }
    handle->refcount = 1;
    return handle;
}

static void
handle_incref(ThreadHandle *handle)
{
    rt_atomic_add_ssize(&handle->refcount, 1);
}

// Needs no thread state.
static void
handle_decref(ThreadHandle *handle)
{
    ssize_t old = rt_atomic_add_ssize(&handle->refcount, -1);
    rt_assert(old > 0);
    if (old == 1) {
        RtMem_Free(handle);
    }
}

// From before the thread can run until it has marked its end.
static void
handle_link(ThreadHandle *handle)
{
    RtRawMutex_LockRanked(&rt_runtime.handles_mutex, RT_RANK_HANDLES);
    handle->prev = NULL;
    handle->next = rt_runtime.handles;
    if (handle->next != NULL) {
        handle->next->prev = handle;
    }
    rt_runtime.handles = handle;
    RtRawMutex_UnlockRanked(&rt_runtime.handles_mutex, RT_RANK_HANDLES);
}

// handles_mutex is held, or nobody else is there.
static void
unlink_handle(ThreadHandle *handle)
{
    if (handle->prev != NULL) {
        handle->prev->next = handle->next;
    }
    else {
        rt_assert(rt_runtime.handles == handle);
        rt_runtime.handles = handle->next;
    }
    if (handle->next != NULL) {
        handle->next->prev = handle->prev;
    }
}

static void
handle_unlink(ThreadHandle *handle)
{
    RtRawMutex_LockRanked(&rt_runtime.handles_mutex, RT_RANK_HANDLES);
    unlink_handle(handle);
    RtRawMutex_UnlockRanked(&rt_runtime.handles_mutex, RT_RANK_HANDLES);
}

// Attached all the while: a daemon must not exit between the start of another
// thread and what that one waits for.
static void
handle_lock(ThreadHandle *handle)
{
    RtMutex_LockRankedAttached(&handle->mutex, RT_RANK_THREAD_HANDLE);
}

static void
handle_unlock(ThreadHandle *handle)
{
    RtMutex_UnlockRanked(&handle->mutex, RT_RANK_THREAD_HANDLE);
}

static ThreadHandleState
handle_get_state(ThreadHandle *handle, uintptr_t *ident)
{
    handle_lock(handle);
    ThreadHandleState state = (ThreadHandleState)handle->state;
    *ident = handle->ident;
    handle_unlock(handle);
    return state;
}

// Whether the state was `from` and is now `to`.
static bool
handle_advance(ThreadHandle *handle, ThreadHandleState from,
               ThreadHandleState to)
{
    handle_lock(handle);
    bool done = handle->state == (int)from;
    if (done) {
        handle->state = (int)to;
    }
    handle_unlock(handle);
    return done;
}

// ---------------------------------------------------------------------------
// The thread itself.

// What the starter hands to the new thread; the thread frees it.
typedef struct ThreadBootState {
    RtThreadState *tstate;
    ThreadHandle *handle;       // owned
    RtObject *func;             // owned
    RtObject *args;             // owned; a tuple
} ThreadBootState;

static void
report_uncaught(void)
{
    RtObject *exc = RtErr_GetRaisedException();
    RtObject *text = RtErr_FormatException(exc);
    RtObject *line = NULL;
    if (text != NULL) {
        line = RtStr_FromFormat("Exception in thread: %s\n",
                                RtStr_AsUTF8(text));
    }
    if (line != NULL) {
        rt_world->write(RtStr_AsUTF8(line), (size_t)Rt_SIZE(line));
    }
    RtErr_Clear();
    Rt_XDECREF(line);
    Rt_XDECREF(text);
    Rt_DECREF(exc);
}

// The state of a daemon says where to call this, without a state, when the
// thread must not go on. What its stack refers to is lost.
static void
daemon_exits(void *arg)
{
    ThreadBootState *boot = arg;
    ThreadHandle *handle = boot->handle;
    RtInterpreterState *interp = boot->tstate->interp;
    bool advanced = handle_advance(handle, THREAD_HANDLE_RUNNING,
                                   THREAD_HANDLE_DONE);
    rt_assert(advanced);
    (void)advanced;
    RtEvent_Notify(&handle->done);
    handle_unlink(handle);
    handle_decref(handle);
    RtMem_Free(boot);
    RtThreads_Exited(interp);
}

static void
run_target(ThreadBootState *boot)
{
    RtTupleObject *args = (RtTupleObject *)boot->args;
    RtObject *result = RtObject_Vectorcall(boot->func, args->ob_item,
                                           Rt_SIZE(args));
    if (result == NULL) {
        report_uncaught();
    }
    Rt_XDECREF(result);
    Rt_CLEAR(boot->func);
    Rt_CLEAR(boot->args);
}

// On the new thread, without a thread state at first and at last.
static void
thread_run(void *arg)
{
    ThreadBootState *boot = arg;
    ThreadHandle *handle = boot->handle;
    RtThreadState *tstate = boot->tstate;
    RtInterpreterState *interp = tstate->interp;
    bool daemon = tstate->daemon;

    // join() before the starter has said RUNNING would be refused.
    RtEvent_Wait(&handle->ready);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);

    handle_lock(handle);
    handle->ident = RtThread_Id();
    handle_unlock(handle);

    run_target(boot);
    rt_assert(tstate->current_exception == NULL);
    rt_assert(RtThreadState_IsAtTop(tstate));
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
    rt_assert(RtThreadState_Get() == NULL);
    RtMem_Free(boot);

    bool advanced = handle_advance(handle, THREAD_HANDLE_RUNNING,
                                   THREAD_HANDLE_DONE);
    rt_assert(advanced);
    (void)advanced;
    RtEvent_Notify(&handle->done);
    handle_unlink(handle);
    handle_decref(handle);
    RtThreads_Ended(interp, daemon);
}

void
RtThreads_AfterFork(RtThreadState *tstate)
{
    const ThreadBootState *boot = tstate->exit_arg;
    ThreadHandle *mine = boot != NULL ? boot->handle : NULL;
    ThreadHandle *next;
    for (ThreadHandle *handle = rt_runtime.handles; handle != NULL;
         handle = next)
    {
        next = handle->next;
        RtMutex_AfterFork(&handle->mutex);
        if (handle == mine) {
            continue;
        }
        handle->state = THREAD_HANDLE_DONE;
        RtEvent_Notify(&handle->ready);
        RtEvent_Notify(&handle->done);
        unlink_handle(handle);
        handle_decref(handle);
    }
}

// ---------------------------------------------------------------------------
// Thread objects.

typedef struct RtThreadObject {
    RtObject ob_base;
    RtObject *func;             // never change, until the collector clears
    RtObject *args;
    ThreadHandle *handle;
    int daemon;                 // atomic; does not change once started
} RtThreadObject;

static void
free_boot(ThreadBootState *boot)
{
    Rt_DECREF(boot->func);
    Rt_DECREF(boot->args);
    handle_decref(boot->handle);
    RtMem_Free(boot);
}

static ThreadBootState *
new_boot(RtThreadObject *self, RtInterpreterState *interp)
{
    ThreadBootState *boot = RtMem_Malloc(sizeof(ThreadBootState));
    if (boot == NULL) {
        return RtErr_NoMemory();
    }
    boot->tstate = RtThreadState_New(interp);
    if (boot->tstate == NULL) {
        RtMem_Free(boot);
        return RtErr_NoMemory();
    }
    boot->func = Rt_NewRef(self->func);
    boot->args = Rt_NewRef(self->args);
    boot->handle = self->handle;
    handle_incref(boot->handle);
    boot->tstate->daemon = rt_atomic_load_int_relaxed(&self->daemon) != 0;
    boot->tstate->on_exit = daemon_exits;
    boot->tstate->exit_arg = boot;
    handle_lock(self->handle);
    self->handle->tstate_id = boot->tstate->id;
    handle_unlock(self->handle);
    return boot;
}

// Starts the thread. 0, or -1 with an exception and nothing left behind.
static int
start_thread(RtThreadObject *self)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    if (interp != &rt_runtime.main_interp &&
        rt_atomic_load_int_relaxed(&self->daemon))
    {
        RtErr_SetString(&RtExc_RuntimeError, "daemon threads are disabled in "
                        "this (sub)interpreter");
        return -1;
    }
    ThreadBootState *boot = new_boot(self, interp);
    if (boot == NULL) {
        return -1;
    }
    RtThreadState *tstate = boot->tstate;
    bool daemon = tstate->daemon;
    if (RtThreads_Started(interp, daemon) < 0) {
        RtThreadState_Delete(tstate);
        free_boot(boot);
        RtErr_SetString(&RtExc_RuntimeError,
                        "can't create new thread at interpreter shutdown");
        return -1;
    }
    handle_link(boot->handle);
    if (rt_world->thread_start(thread_run, boot) < 0) {
        handle_unlink(boot->handle);
        RtThreadState_Delete(tstate);
        free_boot(boot);
        RtThreads_Ended(interp, daemon);
        RtErr_SetString(&RtExc_RuntimeError, "can't start new thread");
        return -1;
    }
    return 0;
}

static RtObject *
thread_start(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    RtThreadObject *self = (RtThreadObject *)op;
    ThreadHandle *handle = self->handle;
    if (!handle_advance(handle, THREAD_HANDLE_NOT_STARTED,
                        THREAD_HANDLE_STARTING))
    {
        RtErr_SetString(&RtExc_RuntimeError,
                        "threads can only be started once");
        return NULL;
    }
    bool started = start_thread(self) == 0;
    bool advanced = handle_advance(
        handle, THREAD_HANDLE_STARTING,
        started ? THREAD_HANDLE_RUNNING : THREAD_HANDLE_NOT_STARTED);
    rt_assert(advanced);
    (void)advanced;
    if (!started) {
        return NULL;
    }
    RtEvent_Notify(&handle->ready);
    return Rt_NewRef(Rt_None);
}

// Until the thread has ended, or the time is over. -1: an exception.
static int
wait_for_end(ThreadHandle *handle, int64_t timeout_ns)
{
    int64_t started = rt_world->now_ns();
    int64_t left = timeout_ns;
    for (;;) {
        RtLockStatus status = RtEvent_WaitInterruptible(&handle->done, left);
        if (status != RT_LOCK_INTR) {
            return 0;
        }
        if (RtEval_HandlePending(RtThreadState_Get()) < 0) {
            return -1;
        }
        if (timeout_ns > 0) {
            left = timeout_ns - (rt_world->now_ns() - started);
            left = left > 0 ? left : 0;
        }
    }
}

// join(timeout=None)
static RtObject *
thread_join(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    int64_t timeout;
    if (RtTimeout_OfWait(args, nargs, &timeout) < 0) {
        return NULL;
    }
    ThreadHandle *handle = ((RtThreadObject *)op)->handle;
    uintptr_t ident;
    ThreadHandleState state = handle_get_state(handle, &ident);
    if (state < THREAD_HANDLE_RUNNING) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "cannot join thread before it is started");
        return NULL;
    }
    // An ended thread's id may be ours by now.
    if (state == THREAD_HANDLE_RUNNING && ident == RtThread_Id()) {
        RtErr_SetString(&RtExc_RuntimeError, "cannot join current thread");
        return NULL;
    }
    return wait_for_end(handle, timeout) < 0 ? NULL : Rt_NewRef(Rt_None);
}

static RtObject *
thread_is_alive(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    ThreadHandle *handle = ((RtThreadObject *)op)->handle;
    uintptr_t ident;
    ThreadHandleState state = handle_get_state(handle, &ident);
    return RtBool_FromInt(state == THREAD_HANDLE_RUNNING &&
                          !RtEvent_IsSet(&handle->done));
}

// setDaemon(daemonic)
static RtObject *
thread_set_daemon(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtThreadObject *self = (RtThreadObject *)op;
    int daemon = RtObject_IsTrue(args[0]);
    if (daemon < 0) {
        return NULL;
    }
    bool too_late = false;
    handle_lock(self->handle);
    too_late = self->handle->state != THREAD_HANDLE_NOT_STARTED;
    if (!too_late) {
        rt_atomic_store_int_relaxed(&self->daemon, daemon);
    }
    handle_unlock(self->handle);
    if (too_late) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "cannot set daemon status of active thread");
        return NULL;
    }
    return Rt_NewRef(Rt_None);
}

static RtObject *
thread_is_daemon(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtBool_FromInt(
        rt_atomic_load_int_relaxed(&((RtThreadObject *)op)->daemon));
}

// Thread(func, args[, daemon]): without the last, as the thread that asks.
static RtObject *
thread_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs != 2 && nargs != 3) {
        RtErr_Format(&RtExc_TypeError,
                     "Thread expected 2 or 3 arguments, got %zd", nargs);
        return NULL;
    }
    RtThreadState *tstate = RtThreadState_Get();
    int daemon = nargs == 3 ? RtObject_IsTrue(args[2]) : tstate->daemon;
    if (daemon < 0) {
        return NULL;
    }
    if (!Rt_IS_TYPE(args[1], &RtTuple_Type)) {
        RtErr_SetString(&RtExc_TypeError,
                        "Thread arguments must be a tuple");
        return NULL;
    }
    RtThreadObject *self = (RtThreadObject *)RtObject_New(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->handle = handle_new();
    if (self->handle == NULL) {
        Rt_DECREF(self);
        return NULL;
    }
    self->daemon = daemon != 0;
    self->func = Rt_NewRef(args[0]);
    self->args = Rt_NewRef(args[1]);
    RtGC_Track((RtObject *)self);
    return (RtObject *)self;
}

static int
thread_traverse(RtObject *op, visitproc visit, void *arg)
{
    RtThreadObject *self = (RtThreadObject *)op;
    Rt_VISIT(self->func);
    Rt_VISIT(self->args);
    return 0;
}

static void
thread_dealloc(RtObject *op)
{
    RtThreadObject *self = (RtThreadObject *)op;
    RtGC_Untrack(op);
    Rt_CLEAR(self->func);
    Rt_CLEAR(self->args);
    if (self->handle != NULL) {
        handle_decref(self->handle);
    }
    RtObject_Free(op);
}

uint64_t
RtThread_GetStateId(RtObject *thread)
{
    ThreadHandle *handle = ((RtThreadObject *)thread)->handle;
    handle_lock(handle);
    uint64_t id = handle->tstate_id;
    handle_unlock(handle);
    return id;
}

static RtObject *
thread_join_kw(RtObject *op, RtObject *const *args, ssize_t nargs,
               RtObject *kwnames)
{
    return RtWaiting_CallWait(thread_join, "join", op, args, nargs, kwnames);
}

static RtMethodDef thread_methods[] = {
    { "start", thread_start, 0, 0 },
    { "join", RT_KEYWORDS(thread_join_kw), 0, RT_METH_KEYWORDS },
    { "setDaemon", thread_set_daemon, 1, 1 },
    { "isDaemon", thread_is_daemon, 0, 0 },
    { "is_alive", thread_is_alive, 0, 0 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtThread_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "Thread",
    .tp_basicsize = sizeof(RtThreadObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = thread_dealloc,
    .tp_traverse = thread_traverse,
    .tp_new = thread_new,
    .tp_methods = thread_methods,
};

// ---------------------------------------------------------------------------
// Functions.

// time.sleep(0): others may run, and a stopped world need not wait for us.
static RtObject *
sched_yield(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RT_BEGIN_ALLOW_THREADS
    rt_world->yield();
    RT_END_ALLOW_THREADS
    return Rt_NewRef(Rt_None);
}

// What threads of programs are told apart by; never 0.
static RtObject *
thread_get_ident(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtLong_FromInt64((int64_t)RtThread_Id());
}

RtMethodDef rt_threading_functions[] = {
    { "get_ident", thread_get_ident, 0, 0 },
    { "sched_yield", sched_yield, 0, 0 },
    { NULL, NULL, 0, 0 },
};
