// objects.h: what the tests of the built-in types share: making values, calling
// methods, comparing reprs and exceptions, classes with methods in C, threads
// with their own thread state.

#ifndef RT_TESTS_OBJECTS_H
#define RT_TESTS_OBJECTS_H

#include "check.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_types.h"

#include <stdarg.h>
#include <string.h>

static inline RtObject *
Int(int64_t value)
{
    return RtLong_FromInt64(value);
}

static inline RtObject *
Str(const char *text)
{
    return RtStr_FromString(text);
}

// A list of n ints 0, 1, …
static inline RtObject *
ListOfInts(ssize_t n)
{
    RtObject *list = RtList_New(n);
    for (ssize_t i = 0; i < n; i++) {
        RtList_SetItemNew(list, i, Int(i));
    }
    return list;
}

static inline RtObject *
List(int n, ...)                        // steals the items
{
    va_list args;
    va_start(args, n);
    RtObject *list = RtList_New(n);
    for (int i = 0; i < n; i++) {
        RtList_SetItemNew(list, i, va_arg(args, RtObject *));
    }
    va_end(args);
    return list;
}

static inline RtObject *
Tuple(int n, ...)                       // steals the items
{
    va_list args;
    va_start(args, n);
    RtObject *tuple = RtTuple_New(n);
    for (int i = 0; i < n; i++) {
        RtTuple_SetItem(tuple, i, va_arg(args, RtObject *));
    }
    va_end(args);
    return tuple;
}

// op.name(args...); steals the arguments, not op.
static inline RtObject *
Call(RtObject *op, const char *name, int nargs, ...)
{
    RtObject *args[4];
    va_list list;
    va_start(list, nargs);
    for (int i = 0; i < nargs; i++) {
        args[i] = va_arg(list, RtObject *);
    }
    va_end(list);
    RtObject *method = Str(name);
    RtObject *result = RtObject_CallMethod(op, method, args, nargs);
    Rt_DECREF(method);
    for (int i = 0; i < nargs; i++) {
        Rt_DECREF(args[i]);
    }
    return result;
}

// type(args...); steals the arguments.
static inline RtObject *
New(RtTypeObject *type, int nargs, ...)
{
    RtObject *args[4];
    va_list list;
    va_start(list, nargs);
    for (int i = 0; i < nargs; i++) {
        args[i] = va_arg(list, RtObject *);
    }
    va_end(list);
    RtObject *result = RtObject_Vectorcall((RtObject *)type, args, nargs);
    for (int i = 0; i < nargs; i++) {
        Rt_DECREF(args[i]);
    }
    return result;
}

static inline RtObject *
Binary(RtObject *a, RtObject *b, RtBinaryOp op)         // steals both
{
    RtObject *result = RtNumber_BinaryOp(a, b, op);
    Rt_DECREF(a);
    Rt_DECREF(b);
    return result;
}

static inline RtObject *
Compare(RtObject *a, RtObject *b, int op)               // steals both
{
    RtObject *result = RtObject_RichCompare(a, b, op);
    Rt_DECREF(a);
    Rt_DECREF(b);
    return result;
}

static inline RtObject *
Item(RtObject *op, RtObject *key)                       // steals key
{
    RtObject *result = RtObject_GetItem(op, key);
    Rt_DECREF(key);
    return result;
}

static inline int
SetItem(RtObject *op, RtObject *key, RtObject *value)   // steals both
{
    int status = value == NULL ? RtObject_DelItem(op, key)
                               : RtObject_SetItem(op, key, value);
    Rt_DECREF(key);
    Rt_XDECREF(value);
    return status;
}

static inline void
fail_text(const char *file, int line, const char *got, const char *wanted)
{
    fprintf(stderr, "%s:%d: got %s, expected %s\n", file, line, got, wanted);
    exit(1);
}

// Checks "Type: message" of the raised exception and clears it.
static inline void
expect_error(const char *wanted, const char *file, int line)
{
    RtObject *exc = RtErr_GetRaisedException();
    if (exc == NULL) {
        fail_text(file, line, "no exception", wanted);
    }
    RtObject *text = RtObject_Str(exc);
    CHECK(text != NULL);
    char got[400];
    snprintf(got, sizeof(got), "%s: %s", Rt_TYPE(exc)->tp_name,
             RtStr_AsUTF8(text));
    Rt_DECREF(text);
    Rt_DECREF(exc);
    if (strcmp(got, wanted) != 0) {
        fail_text(file, line, got, wanted);
    }
}

// Steals op.
static inline void
expect_repr(RtObject *op, const char *wanted, const char *file, int line)
{
    if (op == NULL) {
        expect_error("no exception", file, line);
    }
    RtObject *text = RtObject_Repr(op);
    CHECK(text != NULL);
    if (strcmp(RtStr_AsUTF8(text), wanted) != 0) {
        fail_text(file, line, RtStr_AsUTF8(text), wanted);
    }
    Rt_DECREF(text);
    Rt_DECREF(op);
}

// The repr of what is not given away.
#define EXPECT_OBJECT(op, text) \
    expect_repr(Rt_NewRef(op), (text), __FILE__, __LINE__)
#define EXPECT_REPR(result, text) \
    expect_repr((result), (text), __FILE__, __LINE__)
#define EXPECT_ERROR(result, text) \
    do { \
        CHECK((result) == NULL); \
        expect_error((text), __FILE__, __LINE__); \
    } while (0)
#define EXPECT_ERROR_INT(result, text) \
    do { \
        CHECK((result) < 0); \
        expect_error((text), __FILE__, __LINE__); \
    } while (0)

// A class that derives from `base` (NULL: object) with the methods in C.
static inline RtObject *
Class(const char *name, RtTypeObject *base, RtMethodDef *methods)
{
    RtObject *dict = RtDict_New();
    for (RtMethodDef *def = methods; def->ml_name != NULL; def++) {
        RtObject *key = Str(def->ml_name);
        RtObject *descr = RtMethodDescr_New(&RtBaseObject_Type, def);
        CHECK(RtDict_SetItem(dict, key, descr) == 0);
        Rt_DECREF(key);
        Rt_DECREF(descr);
    }
    RtObject *bases = base == NULL ? Tuple(0) : Tuple(1, base);
    RtObject *text = Str(name);
    RtObject *type = RtType_New(text, bases, dict);
    CHECK(type != NULL);
    Rt_DECREF(text);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
    return type;
}

// ---------------------------------------------------------------------------
// Threads with a thread state, while the caller is detached.

typedef struct AttachedCall {
    void (*func)(int index, void *arg);
    void *arg;
} AttachedCall;

static inline void
attached_main(int index, void *arg)
{
    AttachedCall *call = arg;
    RtThreadState *tstate = RtThreadState_New(&rt_runtime.main_interp);
    CHECK(tstate != NULL);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    call->func(index, call->arg);
    CHECK(RtErr_Occurred() == NULL);
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

// Runs func on `count` attached threads; the caller is detached meanwhile.
static inline void
RunAttached(int count, void (*func)(int index, void *arg), void *arg)
{
    AttachedCall call = { func, arg };
    RtThreadState *tstate = RtEval_SaveThread();
    CheckThread_RunAll(count, attached_main, &call);
    RtEval_RestoreThread(tstate);
}

// What a thread does now and then: stops, merges, switches.
static inline void
Breathe(void)
{
    CHECK(RtEval_CheckBreaker(RtThreadState_Get()) == 0);
}

// Runs the tests in a fresh runtime; everything they made must be gone.
static inline int
RunTests(void (*const *tests)(void), size_t count)
{
    RtHooks_Install(NULL, NULL);
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < count; i++) {
        ssize_t before = RtMem_LiveBlocks();
        RtThreadState *tstate = RtRuntime_Start();
        CHECK(tstate != NULL);
        tests[i]();
        CHECK(RtErr_Occurred() == NULL);
        CHECK(RtRuntime_Finish(tstate) == 0);
        if (RtMem_LiveBlocks() != before) {
            fprintf(stderr, "test %zu leaks %zd blocks\n", i,
                    RtMem_LiveBlocks() - before);
            return 1;
        }
    }
    return 0;
}

#endif  // RT_TESTS_OBJECTS_H
