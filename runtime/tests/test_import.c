// test_import.c: modules, the runtime's own and extensions: each is loaded
// once, whoever asks; one that does not declare itself safe turns the GIL on,
// once and for good, with a warning.

#include "objects.h"

#include "rt_module.h"
#include "rtcore_heap.h"

enum { NTHREADS = 3, ROUNDS = 300 };

static char output[2048];
static size_t output_size;
static RtWorld test_world;

static void
capture(const char *bytes, size_t length)
{
    CHECK(output_size + length < sizeof(output));
    memcpy(output + output_size, bytes, length);
    output_size += length;
    output[output_size] = '\0';
}

static RtObject *
attribute(RtObject *op, const char *text)
{
    RtObject *name = Str(text);
    RtObject *value = RtObject_GetAttr(op, name);
    Rt_DECREF(name);
    return value;
}

static bool
gil_is_on(void)
{
    return RtEval_IsGILEnabled(RtThreadState_Get()->interp);
}

#ifdef RT_GIL_DISABLED
static const bool gil_at_first = false;
#else
static const bool gil_at_first = true;
#endif

static void
test_own_modules(void)
{
    RtObject *sys = RtImport_Import("sys");
    CHECK(sys != NULL);
    CHECK(sys == RtImport_Import("sys"));
    EXPECT_OBJECT(sys, "<module 'sys'>");
    EXPECT_REPR(Call(sys, "getswitchinterval", 0), "5000");
    EXPECT_REPR(Call(sys, "_is_gil_enabled", 0),
                gil_at_first ? "True" : "False");
    EXPECT_ERROR(attribute(sys, "nothing"),
                 "AttributeError: module 'sys' has no attribute 'nothing'");
    RtObject *name = Str("x");
    EXPECT_ERROR_INT(RtObject_SetAttr(sys, name, Rt_None),
                     "AttributeError: module 'sys' is read-only");
    Rt_DECREF(name);
    EXPECT_ERROR(RtImport_Import("nothing"),
                 "ImportError: No module named 'nothing'");
}

static void
test_attributes(void)
{
    RtObject *module = RtModule_New("m", NULL);
    RtObject *name = Str("x");
    CHECK(RtObject_SetAttr(module, name, Rt_True) == 0);
    EXPECT_REPR(attribute(module, "x"), "True");
    CHECK(RtObject_SetAttr(module, name, NULL) == 0);
    EXPECT_ERROR_INT(RtObject_SetAttr(module, name, NULL),
                     "AttributeError: module 'm' has no attribute 'x'");
    // A cycle through its own dict.
    CHECK(RtObject_SetAttr(module, name, module) == 0);
    Rt_DECREF(name);
    Rt_DECREF(module);
}

static void
test_safe(void)
{
    output_size = 0;
    RtObject *module = RtImport_Import(EXTENSION_FOLDER "/ext_safe.so");
    CHECK(module != NULL);
    CHECK(RtModule_IsGilNotUsed(module));
    EXPECT_REPR(Call(module, "twice", 1, Int(21)), "42");
    EXPECT_REPR(attribute(module, "answer"), "42");
    EXPECT_ERROR(Call(module, "twice", 1, Str("x")),
                 "TypeError: 'str' object cannot be interpreted as an "
                 "integer");
    CHECK(RtImport_Import(EXTENSION_FOLDER "/ext_safe.so") == module);
    Rt_DECREF(module);
    Rt_DECREF(module);
    CHECK(gil_is_on() == gil_at_first);
    CHECK(output_size == 0);
    CHECK(RtImport_Import(EXTENSION_FOLDER "/no_such.so") == NULL);
    CHECK(RtErr_ExceptionMatches(&RtExc_ImportError));
    RtErr_Clear();
    CHECK(gil_is_on() == gil_at_first);
}

static int
count_warnings(void)
{
    int n = 0;
    const char *at = output;
    while ((at = strstr(at, "has not declared that it can run safely"))) {
        at++;
        n++;
    }
    return n;
}

static RtObject *loaded[NTHREADS];

// All ask at once; the count is plain: only the GIL makes it right.
static void
load_and_bump(int index, void *arg)
{
    (void)arg;
    loaded[index] = RtImport_Import(EXTENSION_FOLDER "/ext_unsafe.so");
    CHECK(loaded[index] != NULL);
    CHECK(gil_is_on());
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *value = Call(loaded[index], "bump", 0);
        CHECK(value != NULL);
        Rt_DECREF(value);
        Breathe();
    }
}

static void
test_unsafe(void)
{
    output_size = 0;
    output[0] = '\0';
    RtEval_SetSwitchInterval(RtThreadState_Get()->interp, 50000);
    RunAttached(NTHREADS, load_and_bump, NULL);
    for (int i = 1; i < NTHREADS; i++) {
        CHECK(loaded[i] == loaded[0]);
    }
    CHECK(gil_is_on());
    CHECK(count_warnings() == !gil_at_first);
    char text[32];
    static int executions;
    snprintf(text, sizeof(text), "%d",
             ++executions * (NTHREADS * ROUNDS + 1));
    EXPECT_REPR(Call(loaded[0], "bump", 0), text);
    for (int i = 0; i < NTHREADS; i++) {
        Rt_DECREF(loaded[i]);
    }
    // The second one is no news.
    RtObject *module = RtImport_Import("_xxunsafe");
    EXPECT_REPR(Call(module, "bump", 0), "1");
    EXPECT_REPR(Call(module, "bump", 0), "2");
    Rt_DECREF(module);
    CHECK(count_warnings() == !gil_at_first);
}

// ---------------------------------------------------------------------------
// Loading that fails, and that goes in circles.

static int attempts;

static RtModuleDef *
fails_once(void)
{
    CHECK(gil_is_on());
    if (attempts++ == 0) {
        RtErr_SetString(&RtExc_ValueError, "not yet");
        return NULL;
    }
    static RtModuleDef_Slot slots[] = {
        { Rt_mod_gil, Rt_MOD_GIL_NOT_USED },
        { 0, NULL },
    };
    static RtModuleDef def = { "fails_once", NULL, slots };
    return &def;
}

static RtModuleDef *
imports_itself(void)
{
    CHECK(RtImport_Import("imports_itself") == NULL);
    return NULL;
}

static void
test_failures(void)
{
    attempts = 0;
    EXPECT_ERROR(RtImport_Import("fails_once"), "ValueError: not yet");
    CHECK(gil_is_on() == gil_at_first);
    RtObject *module = RtImport_Import("fails_once");
    CHECK(module != NULL);
    CHECK(attempts == 2);
    CHECK(gil_is_on() == gil_at_first);
    Rt_DECREF(module);
    EXPECT_ERROR(RtImport_Import("imports_itself"),
                 "ImportError: module 'imports_itself' is being imported by "
                 "this thread, or by one that waits for it");
}

// While one thread loads a safe module others go on, under the GIL.
static void
load_safe(int index, void *arg)
{
    (void)index;
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *module = RtImport_Import("_xxsafe");
        CHECK(module != NULL);
        RtObject *value = Call(module, "bump", 0);
        CHECK(value != NULL);
        Rt_DECREF(value);
        Rt_DECREF(module);
        Breathe();
    }
}

static void
test_safe_by_all(void)
{
    RunAttached(NTHREADS, load_safe, NULL);
    RtObject *module = RtImport_Import("_xxsafe");
    RtObject *items = attribute(module, "items");
    CHECK(RtList_Size(items) == NTHREADS * ROUNDS);
    Rt_DECREF(items);
    Rt_DECREF(module);
    CHECK(gil_is_on() == gil_at_first);
}

static void
test_no_memory(void)
{
    RtObject *module = NULL;
    for (int64_t nth = 1; module == NULL; nth++) {
        CHECK(nth < 200);
        RtMem_FailAllocation(nth);
        module = RtImport_Import("_xxsafe");
        RtMem_FailAllocation(0);
        CHECK((module == NULL) == (RtErr_Occurred() != NULL));
        RtErr_Clear();
        CHECK(gil_is_on() == gil_at_first);
    }
    Rt_DECREF(module);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_own_modules, test_attributes, test_safe, test_unsafe,
        test_failures, test_safe_by_all, test_no_memory, test_unsafe,
    };
    CHECK(RtImport_AppendInittab("fails_once", fails_once) == 0);
    CHECK(RtImport_AppendInittab("imports_itself", imports_itself) == 0);
    test_world = rt_native_world;
    test_world.write = capture;
    RtHooks_Install(NULL, &test_world);
    CHECK(RtRuntime_Initialize() == 0);
    size_t count = sizeof(tests) / sizeof(tests[0]);
    for (size_t i = 0; i < count; i++) {
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
