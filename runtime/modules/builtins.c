// builtins.c: the names that every program has.
//
// The dict is made once, before the first program runs; it and all that it
// holds are immortal and never change, so that lookups take no lock.
// Mirrors Python/bltinmodule.c (CPython 3.13); departs: positional arguments
// only, and names that CPython has in modules (Thread, Lock, gc_collect,
// sched_yield).

#include "rtcore_code.h"

#include "module.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_iter.h"
#include "rtcore_types.h"       // RtStrWriter

// ---------------------------------------------------------------------------
// Functions.

static RtObject *
builtin_len(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    ssize_t n = RtObject_Length(args[0]);
    return n < 0 ? NULL : RtLong_FromInt64((int64_t)n);
}

static RtObject *
builtin_iter(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return nargs == 1 ? RtObject_GetIter(args[0])
                      : RtCallIter_New(args[0], args[1]);
}

// next(iterator[, default])
static RtObject *
builtin_next(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    RtObject *iter = args[0];
    if (Rt_TYPE(iter)->tp_iternext == NULL) {
        RtErr_Format(&RtExc_TypeError, "'%s' object is not an iterator",
                     Rt_TYPE(iter)->tp_name);
        return NULL;
    }
    // Not by RtIter_Next(), which drops the value of a StopIteration.
    RtObject *item = Rt_TYPE(iter)->tp_iternext(iter);
    if (item != NULL) {
        return item;
    }
    bool raised = RtErr_Occurred() != NULL;
    if (nargs > 1 && (!raised || RtErr_ExceptionMatches(&RtExc_StopIteration)))
    {
        RtErr_Clear();
        return Rt_NewRef(args[1]);
    }
    if (!raised) {
        RtErr_SetNone(&RtExc_StopIteration);
    }
    return NULL;
}

static RtObject *
builtin_hash(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    ssize_t hash = RtObject_Hash(args[0]);
    return hash == -1 ? NULL : RtLong_FromInt64((int64_t)hash);
}

static RtObject *
builtin_repr(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    return RtObject_Repr(args[0]);
}

// The same in every process: programs may print it or sort by it.
static RtObject *
builtin_id(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    return RtLong_FromInt64((int64_t)RtAddress_Key(args[0]));
}

static RtMethodDef builtin_functions[] = {
    { "print", RT_KEYWORDS(RtBuiltin_Print), 0, RT_METH_KEYWORDS },
    { "len", builtin_len, 1, 1 },
    { "iter", builtin_iter, 1, 2 },
    { "next", builtin_next, 1, 2 },
    { "hash", builtin_hash, 1, 1 },
    { "repr", builtin_repr, 1, 1 },
    { "id", builtin_id, 1, 1 },
    { NULL, NULL, 0, 0 },
};

// ---------------------------------------------------------------------------
// The dict.

typedef struct NamedType {
    const char *name;
    RtTypeObject *type;
} NamedType;

static const NamedType builtin_types[] = {
    { "object", &RtBaseObject_Type },
    { "type", &RtType_Type },
    { "int", &RtLong_Type },
    { "bool", &RtBool_Type },
    { "float", &RtFloat_Type },
    { "slice", &RtSlice_Type },
    { "bytes", &RtBytes_Type },
    { "bytearray", &RtByteArray_Type },
    { "str", &RtStr_Type },
    { "tuple", &RtTuple_Type },
    { "list", &RtList_Type },
    { "dict", &RtDict_Type },
    { "set", &RtSet_Type },
    { "frozenset", &RtFrozenSet_Type },
    { "deque", &RtDeque_Type },
    { "enumerate", &RtEnumerate_Type },
    { "reversed", &RtReversed_Type },
    { "zip", &RtZip_Type },
    { "map", &RtMap_Type },
    { "filter", &RtFilter_Type },
    { "count", &RtCount_Type },
    { "cycle", &RtCycle_Type },
    { "chain", &RtChain_Type },
    { "islice", &RtIslice_Type },
    { "range", &RtRange_Type },
    { "Thread", &RtThread_Type },
    { "Lock", &RtLock_Type },
    { "ref", &RtWeakref_Type },
    { "ProxyType", &RtWeakProxy_Type },
    { "CallableProxyType", &RtWeakCallableProxy_Type },
    { "MethodType", &RtMethod_Type },
    { "property", &RtProperty_Type },
    { "classmethod", &RtClassMethod_Type },
    { "staticmethod", &RtStaticMethod_Type },
    { "super", &RtSuper_Type },
    { "RLock", &RtRLock_Type },
    { "Condition", &RtCondition_Type },
    { "Event", &RtEvent_Type },
    { "Semaphore", &RtSemaphore_Type },
    { "Barrier", &RtBarrier_Type },
    { "local", &RtLocal_Type },
    { "Twister", &RtTwister_Type },
    { "BaseException", &RtExc_BaseException },
#define NAMED_EXCEPTION(name, base) { #name, &RtExc_##name },
    RT_EXCEPTION_ROWS(NAMED_EXCEPTION)
#undef NAMED_EXCEPTION
};

static int
add_value(RtObject *dict, const char *name, RtObject *value)
{
    RtObject *key = RtStr_InternStatic(name);
    if (key == NULL) {
        return -1;
    }
    return RtDict_SetItem(dict, key, value);
}

static int
add_functions(RtObject *dict, RtMethodDef *defs)
{
    for (RtMethodDef *def = defs; def->ml_name != NULL; def++) {
        RtObject *func = RtCFunction_New(def, NULL);
        if (func == NULL) {
            return -1;
        }
        RtObject_SetImmortal(func);
        if (add_value(dict, def->ml_name, func) < 0) {
            return -1;
        }
    }
    return 0;
}

RtObject *
RtBuiltins_New(void)
{
    RtObject *dict = RtDict_New();
    if (dict == NULL) {
        return NULL;
    }
    RtObject_SetImmortal(dict);
    size_t ntypes = sizeof(builtin_types) / sizeof(builtin_types[0]);
    for (size_t i = 0; i < ntypes; i++) {
        const NamedType *row = &builtin_types[i];
        if (add_value(dict, row->name, (RtObject *)row->type) < 0) {
            return NULL;
        }
    }
    if (add_value(dict, "NotImplemented", Rt_NotImplemented) < 0 ||
        add_functions(dict, builtin_functions) < 0 ||
        add_functions(dict, rt_builtin_number_functions) < 0 ||
        add_functions(dict, rt_builtin_sequence_functions) < 0 ||
        add_functions(dict, rt_builtin_attribute_functions) < 0 ||
        add_functions(dict, rt_threading_functions) < 0 ||
        add_functions(dict, rt_gc_functions) < 0 ||
        add_functions(dict, rt_weakref_functions) < 0 ||
        add_functions(dict, rt_itertools_functions) < 0 ||
        add_functions(dict, rt_sys_functions) < 0 ||
        add_functions(dict, rt_eval_functions) < 0 ||
        add_functions(dict, rt_import_functions) < 0 ||
        add_functions(dict, rt_build_class_functions) < 0 ||
        add_functions(dict, rt_time_functions) < 0 ||
        add_functions(dict, rt_interpreter_functions) < 0 ||
        add_functions(dict, rt_atexit_functions) < 0 ||
        add_functions(dict, rt_fork_functions) < 0 ||
        add_functions(dict, rt_coroutine_functions) < 0 ||
        add_functions(dict, rt_queue_functions) < 0 ||
        RtXX_InitNames() < 0)
    {
        return NULL;
    }
    return dict;
}
