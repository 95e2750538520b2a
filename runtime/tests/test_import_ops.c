// test_import_ops.c: IMPORT_NAME, IMPORT_FROM and __import__(): modules of the
// runtime, extensions, and what cannot be had; functions of sys.

#include "asm.h"

#include "rt_module.h"
#include "rtcore_heap.h"

// `import <module>; from <module> import <name>`, and what it is.
static RtObject *
import_by_code(const char *module, const char *name)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_IMPORT_NAME, Asm_Name(&a, module));
    Asm_Emit(&a, RT_OP_IMPORT_FROM, Asm_Name(&a, name));
    Asm_Emit(&a, RT_OP_SWAP, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Run(&a, NULL);
}

static bool
gil_is_on(void)
{
    return RtEval_IsGILEnabled(RtThreadState_Get()->interp);
}

static void
test_modules(void)
{
    bool gil_at_first = gil_is_on();
    RtObject *items = import_by_code("_xxsafe", "items");
    CHECK(items != NULL);
    CHECK(RtList_Size(items) == 0);
    // It is the module's own list, not another module's.
    RtObject *again = import_by_code("_xxsafe", "items");
    CHECK(again == items);
    Rt_DECREF(again);
    Rt_DECREF(items);
    EXPECT_ERROR(import_by_code("sys", "nothing"),
                 "ImportError: cannot import name 'nothing' from 'sys'");
    EXPECT_ERROR(import_by_code("nothing", "x"),
                 "ImportError: No module named 'nothing'");
    for (int i = 0; i < 3; i++) {
        EXPECT_ERROR(import_by_code("_xxbroken", "x"),
                     "ImportError: _xxbroken cannot be loaded");
        CHECK(gil_is_on() == gil_at_first);
    }
}

// What a module has is what programs find under a flat name.
static void
test_members(void)
{
    static const struct {
        const char *module, *name, *flat_name;
    } members[] = {
        { "sys", "_is_gil_enabled", "is_gil_enabled" },
        { "gc", "collect", "gc_collect" },
        { "gc", "is_finalized", "gc_is_finalized" },
        { "threading", "Thread", "Thread" },
        { "threading", "RLock", "RLock" },
        { "threading", "local", "local" },
        { "collections", "deque", "deque" },
        { "signal", "signal", "set_signal_handler" },
        { "weakref", "ref", "ref" },
    };
    RtObject *builtins = RtThreadState_Get()->interp->builtins;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        RtObject *member = import_by_code(members[i].module, members[i].name);
        RtObject *key = RtStr_FromString(members[i].flat_name);
        RtObject *builtin;
        CHECK(RtDict_GetItemRef(builtins, key, &builtin) == 1);
        CHECK(member == builtin);
        Rt_DECREF(member);
        Rt_DECREF(builtin);
        Rt_DECREF(key);
    }
}

// `from <something that is no module> import x`.
static void
test_no_module(void)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_IMPORT_FROM, Asm_Name(&a, "x"));
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "ImportError: cannot import name 'x' from "
                                    "'<unknown module name>'");
}

static void
test_builtin_import(void)
{
    for (int good = 0; good < 2; good++) {
        Asm a;
        Asm_Init(&a, "f", 0, 0);
        Asm_Global(&a, "__import__");
        if (good) {
            Asm_LoadStr(&a, "gc");
        }
        else {
            Asm_LoadInt(&a, 1);
        }
        Asm_Emit(&a, RT_OP_CALL, 1);
        Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
        RtObject *result = Asm_Run(&a, NULL);
        if (good) {
            RtObject *module = RtImport_Import("gc");
            CHECK(result == module);
            Rt_DECREF(module);
            Rt_DECREF(result);
        }
        else {
            EXPECT_ERROR(result, "TypeError: module name must be a string");
        }
    }
}

static void
test_getrefcount(void)
{
    RtObject *func = import_by_code("sys", "getrefcount");
    CHECK(func != NULL);
    RtObject *list = RtList_New(0);
    RtObject *more[3];
    for (int i = 0; i < 3; i++) {
        EXPECT_INT(RtObject_Vectorcall(func, &list, 1), i + 1);
        more[i] = Rt_NewRef(list);
    }
    for (int i = 0; i < 3; i++) {
        Rt_DECREF(more[i]);
    }
    EXPECT_INT(RtObject_Vectorcall(func, &list, 1), 1);
    Rt_DECREF(list);
    Rt_DECREF(func);
}

// `try: raise ValueError; except: return sys.<name>()`.
static RtObject *
ask_in_handler(const char *name)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_Global(&a, "ValueError");
    Asm_Emit(&a, RT_OP_RAISE, 1);
    Asm_Except(&a, 0, 2, 0);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    Asm_Emit(&a, RT_OP_IMPORT_NAME, Asm_Name(&a, "sys"));
    Asm_Emit(&a, RT_OP_LOAD_ATTR, Asm_Name(&a, name));
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Run(&a, NULL);
}

static void
test_exceptions(void)
{
    RtObject *exc = ask_in_handler("exception");
    CHECK(exc != NULL && Rt_IS_TYPE(exc, &RtExc_ValueError));
    Rt_DECREF(exc);
    RtObject *info = ask_in_handler("exc_info");
    CHECK(info != NULL);
    CHECK(RtTuple_Size(info) == 3);
    CHECK(RtTuple_GetItem(info, 0) == (RtObject *)&RtExc_ValueError);
    CHECK(Rt_IS_TYPE(RtTuple_GetItem(info, 1), &RtExc_ValueError));
    CHECK(RtTuple_GetItem(info, 2) == Rt_None);
    Rt_DECREF(info);
    // No handler runs.
    RtObject *func = import_by_code("sys", "exception");
    exc = RtObject_Vectorcall(func, NULL, 0);
    CHECK(exc == Rt_None);
    Rt_DECREF(exc);
    Rt_DECREF(func);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_modules, test_members, test_no_module, test_builtin_import,
        test_getrefcount, test_exceptions,
    };
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        ssize_t before = RtMem_LiveBlocks();
        RtThreadState *tstate = RtRuntime_Start();
        CHECK(tstate != NULL);
        tests[i]();
        CHECK(RtErr_Occurred() == NULL);
        CHECK(RtRuntime_Finish(tstate) == 0);
        CHECK(RtMem_LiveBlocks() == before);
    }
    return 0;
}
