// sequences.h: what the tests of the loop's sequences (vm/fused.def) share:
// functions of three arguments, made of instructions.

#ifndef RT_TESTS_SEQUENCES_H
#define RT_TESTS_SEQUENCES_H

#include "asm.h"
#include "rtcore_gc.h"
#include "rtcore_state.h"

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

// Consumes the object.
static inline void
expect_repr(RtObject *op, const char *wanted)
{
    CHECK(op != NULL);
    RtObject *text = RtObject_Repr(op);
    CHECK(text != NULL && strcmp(RtStr_AsUTF8(text), wanted) == 0);
    Rt_DECREF(text);
    Rt_DECREF(op);
}

// 0, 1, …
static inline RtObject *
list_of_ints(ssize_t n)
{
    RtObject *list = RtList_New(n);
    for (ssize_t i = 0; i < n; i++) {
        RtList_SetItemNew(list, i, Int(i));
    }
    return list;
}

// def f(a, b, c): …, with the last instruction still to come.
static inline void
begin(Asm *a, int nlocals)
{
    Asm_Init(a, "f", 3, nlocals);
}

static inline RtObject *
finish(Asm *a, RtObject *globals)
{
    RtObject *code = Asm_Finish(a);
    RtObject *name = Str("f");
    RtObject *func = RtFunction_New(code, globals, name);
    CHECK(func != NULL);
    Rt_DECREF(name);
    Rt_DECREF(code);
    return func;
}

static inline void
local(Asm *a, RtOpcode op, uint32_t index)
{
    Asm_Emit(a, op, index);
}

// Borrows all; a NULL argument is None.
static inline RtObject *
call(RtObject *func, RtObject *x, RtObject *y, RtObject *z)
{
    RtObject *args[3] = {
        x == NULL ? Rt_None : x, y == NULL ? Rt_None : y,
        z == NULL ? Rt_None : z,
    };
    return RtObject_Vectorcall(func, args, 3);
}

// Runs `tests` twice: the second time when the caches of the first have gone.
static inline int
run_twice(void (*tests)(RtThreadState *tstate, RtObject *globals))
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t before = RtMem_LiveBlocks();
    for (int i = 0; i < 2; i++) {
        RtThreadState *tstate = RtRuntime_Start();
        RtObject *globals = RtDict_New();
        tests(tstate, globals);
        Rt_DECREF(globals);
        CHECK(RtRuntime_Finish(tstate) == 0);
        CHECK(RtMem_LiveBlocks() == before);
    }
    return 0;
}

#endif  // RT_TESTS_SEQUENCES_H
