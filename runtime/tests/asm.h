// asm.h: a little assembler for the tests of the interpreter.

#ifndef RT_TESTS_ASM_H
#define RT_TESTS_ASM_H

#include "check.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_object.h"

#include <string.h>

enum { ASM_MAX = 256, ASM_MAX_ITEMS = 32 };

typedef struct Asm {
    const char *name;
    int nlocals;
    int argcount;
    uint32_t flags;             // these three are 0 unless the test sets them
    int ncellvars;
    int nfreevars;
    RtInstruction code[ASM_MAX];
    uint32_t lines[ASM_MAX];
    uint32_t n;
    RtExceptionEntry exceptions[ASM_MAX_ITEMS];
    size_t nexceptions;
    RtObject *consts[ASM_MAX_ITEMS];
    ssize_t nconsts;
    RtObject *names[ASM_MAX_ITEMS];
    ssize_t nnames;
} Asm;

static inline void
Asm_Init(Asm *a, const char *name, int argcount, int nlocals)
{
    memset(a, 0, sizeof(*a));
    a->name = name;
    a->argcount = argcount;
    a->nlocals = nlocals;
}

// Index of the instruction.
static inline uint32_t
Asm_Emit(Asm *a, RtOpcode op, uint32_t arg)
{
    CHECK(a->n < ASM_MAX);
    a->code[a->n] = RtInstruction_Make(op, arg);
    a->lines[a->n] = a->n + 1;
    return a->n++;
}

// Makes the jump at `at` go to the next instruction.
static inline void
Asm_Land(Asm *a, uint32_t at)
{
    a->code[at] = RtInstruction_Make(RtInstruction_Opcode(a->code[at]), a->n);
}

static inline uint32_t
Asm_Const(Asm *a, RtObject *value)      // steals
{
    CHECK(value != NULL);
    CHECK(a->nconsts < ASM_MAX_ITEMS);
    a->consts[a->nconsts] = value;
    return (uint32_t)a->nconsts++;
}

static inline uint32_t
Asm_Name(Asm *a, const char *name)
{
    for (ssize_t i = 0; i < a->nnames; i++) {
        if (strcmp(RtStr_AsUTF8(a->names[i]), name) == 0) {
            return (uint32_t)i;
        }
    }
    CHECK(a->nnames < ASM_MAX_ITEMS);
    a->names[a->nnames] = RtStr_FromString(name);
    CHECK(a->names[a->nnames] != NULL);
    return (uint32_t)a->nnames++;
}

static inline void
Asm_LoadInt(Asm *a, int64_t value)
{
    uint32_t index = Asm_Const(a, RtLong_FromInt64(value));
    Asm_Emit(a, RT_OP_LOAD_CONST, index);
}

static inline void
Asm_LoadStr(Asm *a, const char *value)
{
    uint32_t index = Asm_Const(a, RtStr_FromString(value));
    Asm_Emit(a, RT_OP_LOAD_CONST, index);
}

static inline void
Asm_LoadNone(Asm *a)
{
    uint32_t index = Asm_Const(a, Rt_NewRef(Rt_None));
    Asm_Emit(a, RT_OP_LOAD_CONST, index);
}

static inline void
Asm_Global(Asm *a, const char *name)
{
    Asm_Emit(a, RT_OP_LOAD_GLOBAL, Asm_Name(a, name));
}

static inline void
Asm_StoreGlobal(Asm *a, const char *name)
{
    Asm_Emit(a, RT_OP_STORE_GLOBAL, Asm_Name(a, name));
}

static inline void
Asm_Except(Asm *a, uint32_t start, uint32_t end, uint32_t depth)
{
    RtExceptionEntry *e = &a->exceptions[a->nexceptions++];
    *e = (RtExceptionEntry){ start, end, a->n, depth };
}

static inline RtCodeSpec
Asm_Spec(Asm *a)
{
    RtCodeSpec spec = {
        .name = a->name,
        .filename = "test",
        .nlocals = a->nlocals,
        .argcount = a->argcount,
        .flags = a->flags,
        .ncellvars = a->ncellvars,
        .nfreevars = a->nfreevars,
        .instructions = a->code,
        .ninstructions = a->n,
        .lines = a->lines,
        .exceptions = a->exceptions,
        .nexceptions = a->nexceptions,
        .consts = RtTuple_FromArray(a->consts, a->nconsts),
        .names = RtTuple_FromArray(a->names, a->nnames),
    };
    CHECK(spec.consts != NULL && spec.names != NULL);
    return spec;
}

// Drops what the assembler owns.
static inline void
Asm_Fini(Asm *a)
{
    for (ssize_t i = 0; i < a->nconsts; i++) {
        Rt_DECREF(a->consts[i]);
    }
    for (ssize_t i = 0; i < a->nnames; i++) {
        Rt_DECREF(a->names[i]);
    }
}

static inline void
Asm_FreeSpec(RtCodeSpec *spec)
{
    Rt_DECREF(spec->consts);
    Rt_DECREF(spec->names);
}

static inline void
print_error(const char *where)
{
    RtObject *exc = RtErr_GetRaisedException();
    RtObject *text = exc == NULL ? NULL : RtErr_FormatException(exc);
    fprintf(stderr, "%s: %s\n", where,
            text == NULL ? "no exception" : RtStr_AsUTF8(text));
    Rt_XDECREF(text);
    Rt_XDECREF(exc);
}

// The code object; consumes the assembler.
static inline RtObject *
Asm_Finish(Asm *a)
{
    RtCodeSpec spec = Asm_Spec(a);
    RtObject *code = RtCode_New(&spec);
    if (code == NULL) {
        print_error(a->name);
        exit(1);
    }
    Asm_FreeSpec(&spec);
    Asm_Fini(a);
    return code;
}

// Emits MAKE_FUNCTION of the code and stores it in a global.
static inline void
Asm_Function(Asm *a, RtObject *code, const char *name)
{
    Asm_Emit(a, RT_OP_MAKE_FUNCTION, Asm_Const(a, code));
    Asm_StoreGlobal(a, name);
}

// Runs module code in a fresh dict of globals, which *globals receives if it
// is not NULL.
static inline RtObject *
Asm_Run(Asm *a, RtObject **globals)
{
    RtObject *code = Asm_Finish(a);
    RtObject *dict = RtDict_New();
    CHECK(dict != NULL);
    RtObject *result = RtEval_EvalCode(code, dict);
    Rt_DECREF(code);
    if (globals != NULL) {
        *globals = dict;
    }
    else {
        Rt_DECREF(dict);
    }
    return result;
}

// Both print what came instead and end the test. The result is consumed.
static inline void
expect_int(RtObject *result, int64_t value, const char *file, int line)
{
    if (result == NULL) {
        print_error("unexpected exception");
    }
    if (result == NULL || RtLong_AsInt64(result) != value) {
        fprintf(stderr, "%s:%d: wrong result\n", file, line);
        exit(1);
    }
    Rt_DECREF(result);
}
#define EXPECT_INT(result, value) \
    expect_int((result), (value), __FILE__, __LINE__)

static inline void
expect_error(RtObject *result, const char *text, const char *file, int line)
{
    CHECK(result == NULL);
    RtObject *exc = RtErr_GetRaisedException();
    CHECK(exc != NULL);
    RtObject *got = RtErr_FormatException(exc);
    CHECK(got != NULL);
    if (strcmp(RtStr_AsUTF8(got), text) != 0) {
        fprintf(stderr, "%s:%d: \"%s\", expected \"%s\"\n", file, line,
                RtStr_AsUTF8(got), text);
        exit(1);
    }
    Rt_DECREF(got);
    Rt_DECREF(exc);
}
#define EXPECT_ERROR(result, text) \
    expect_error((result), (text), __FILE__, __LINE__)

#endif  // RT_TESTS_ASM_H
