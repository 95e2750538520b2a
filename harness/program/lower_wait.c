// lower_wait.c: operations on locks and on what waits, to bytecode. SOON of the
// Python face is one second here: the runtime's own, which is short.
//
// While one of these locks is held nothing of the program runs: the eval
// breaker is not looked at (an exception would leave the lock held for ever, a
// handler might take another lock), and nothing is called but the lock.

#include "lower_internal.h"

// [object] -> [object.name(SOON)]; acquire has True before it.
static void
call_timed(FzEmitter *e, unsigned name)
{
    uint32_t nargs = 1;
    FzEmit_Name(e, RT_OP_LOAD_METHOD, name);
    if (name == FZ_NAME_acquire) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_TRUE);
        nargs++;
    }
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
    FzEmit_Op(e, RT_OP_CALL_METHOD_NO_INTERRUPT, nargs);
}

static void
load(FzEmitter *e, const FzOp *op)      // the shared object, operand a
{
    FzLower_Reference(e, (uint8_t)(FZ_REF_SHARED + op->a));
}

static void
call(FzEmitter *e, const FzOp *op, unsigned name)
{
    load(e, op);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, name);
    FzEmit_Op(e, RT_OP_CALL_METHOD_NO_INTERRUPT, 0);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// `a = b.name(SOON)`
static void
lower_timed(FzEmitter *e, const FzOp *op, unsigned name)
{
    FzLower_Reference(e, (uint8_t)(FZ_REF_SHARED + op->b));
    call_timed(e, name);
    FzLower_Store(e, op->a);
}

// `if a.acquire(True, SOON): a.release()`
static void
lower_try(FzEmitter *e, const FzOp *op)
{
    load(e, op);
    call_timed(e, FZ_NAME_acquire);
    uint32_t failed = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    call(e, op, FZ_NAME_release);
    FzEmit_PatchHere(e, failed);
}

static void
lower_with_body(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_RLOCK_NEST:
        call(e, op, FZ_NAME_acquire);
        call(e, op, FZ_NAME_release);
        break;
    case FZ_OP_COND_WAIT:
        load(e, op);
        call_timed(e, FZ_NAME_wait);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        break;
    case FZ_OP_COND_NOTIFY:
        call(e, op, FZ_NAME_notify);
        break;
    default:
        call(e, op, FZ_NAME_notify_all);
        break;
    }
}

// `with a: …`
static void
lower_with(FzEmitter *e, const FzOp *op, uint32_t depth)
{
    call(e, op, FZ_NAME_acquire);
    uint32_t start = e->n;
    lower_with_body(e, op);
    uint32_t end = e->n;
    call(e, op, FZ_NAME_release);
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_Exception(e, start, end, e->n, depth);
    FzEmit_Op(e, RT_OP_PUSH_EXC_INFO, 0);
    call(e, op, FZ_NAME_release);
    FzEmit_Op(e, RT_OP_RERAISE, 0);
    FzEmit_PatchHere(e, done);
}

static void
lower_repr(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_repr);
    load(e, op);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// Operations on a threading.local.
static bool
lower_local(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_TLOCAL_READ:
        FzLower_Reference(e, (uint8_t)(FZ_REF_SHARED + op->b));
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + op->c);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_TLOCAL_WRITE:
        FzLower_Operand(e, op, 2);
        load(e, op);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X + op->b);
        return true;
    case FZ_OP_TLOCAL_DEL:
        load(e, op);
        FzEmit_Name(e, RT_OP_DELETE_ATTR, FZ_NAME_X + op->b);
        return true;
    case FZ_OP_TLOCAL_NEW:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_local);
        FzEmit_Op(e, RT_OP_CALL, 0);
        FzLower_Store(e, op->a);
        FzLower_Operand(e, op, 1);
        FzLower_LoadLocal(e, op->a);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X);
        return true;
    default:
        return false;
    }
}

bool
FzLower_Wait(FzEmitter *e, const FzOp *op, uint32_t depth)
{
    switch (op->op) {
    case FZ_OP_LOCK_TIMED:
    case FZ_OP_RLOCK_TIMED:
    case FZ_OP_SEM_TIMED:
        lower_try(e, op);
        return true;
    case FZ_OP_RLOCK_NEST:
    case FZ_OP_COND_WAIT:
    case FZ_OP_COND_NOTIFY:
    case FZ_OP_COND_NOTIFY_ALL:
        lower_with(e, op, depth);
        return true;
    case FZ_OP_RLOCK_REPR:
        lower_repr(e, op);
        return true;
    case FZ_OP_EVENT_WAIT:
    case FZ_OP_BARRIER_WAIT:
        lower_timed(e, op, FZ_NAME_wait);
        return true;
    case FZ_OP_SEM_TAKE:
        lower_timed(e, op, FZ_NAME_acquire);
        return true;
    case FZ_OP_EVENT_SET:
        call(e, op, FZ_NAME_set);
        return true;
    case FZ_OP_EVENT_CLEAR:
        call(e, op, FZ_NAME_clear);
        return true;
    case FZ_OP_SEM_RELEASE:
        call(e, op, FZ_NAME_release);
        return true;
    case FZ_OP_BARRIER_RESET:
        call(e, op, FZ_NAME_reset);
        return true;
    default:
        return lower_local(e, op);
    }
}

void
FzLower_MakeSync(FzEmitter *e, FzSyncKind kind)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_RLock + kind);
    uint32_t nargs = 0;
    if (kind == FZ_SYNC_SEMAPHORE || kind == FZ_SYNC_BARRIER) {
        FzEmit_Op(e, RT_OP_LOAD_CONST,
                  kind == FZ_SYNC_BARRIER ? FZ_CONST_2 : FZ_CONST_1);
        nargs++;
    }
    FzEmit_Op(e, RT_OP_CALL, nargs);
}
