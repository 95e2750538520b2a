// code.c: code objects.
//
// RtCode_New() verifies a description and copies it; from then on nothing in
// the object changes, so that any thread reads it without a lock. Constants
// are immutable objects and other code: code objects form no cycles. Only the
// free-threaded collector sees them, because their counts are deferred.
// Mirrors Objects/codeobject.c (CPython 3.13); departs: no inline caches, no
// lazily built attributes.

#include "rtcore_code.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

#include <string.h>

#ifdef RT_GIL_DISABLED
static int
code_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtCodeObject *code = (RtCodeObject *)self;
    Rt_VISIT(code->co_name);
    Rt_VISIT(code->co_filename);
    Rt_VISIT(code->co_consts);
    Rt_VISIT(code->co_names);
    Rt_VISIT(code->co_varnames);
    Rt_VISIT(code->co_qualname);
    Rt_VISIT(code->co_doc);
    return 0;
}
#endif

static void
code_dealloc(RtObject *self)
{
    RtCodeObject *code = (RtCodeObject *)self;
#ifdef RT_GIL_DISABLED
    RtGC_Untrack(self);
#endif
    Rt_XDECREF(code->co_name);
    Rt_XDECREF(code->co_filename);
    Rt_XDECREF(code->co_consts);
    Rt_XDECREF(code->co_names);
    Rt_XDECREF(code->co_varnames);
    Rt_XDECREF(code->co_qualname);
    Rt_XDECREF(code->co_doc);
    RtMem_Free(code->co_code);
    RtMem_Free(code->co_targets);
    RtMem_Free(code->co_lines);
    RtMem_Free(code->co_exceptions);
    RtObject_Free(self);
}

static RtObject *
code_repr(RtObject *self)
{
    RtCodeObject *code = (RtCodeObject *)self;
    return RtStr_FromFormat(
        "<code object %s at 0x%llx, file \"%s\", line %u>",
        RtStr_AsUTF8(code->co_name),
        (unsigned long long)RtAddress_Key(self),
        RtStr_AsUTF8(code->co_filename),
        code->co_lines == NULL ? 0 : code->co_lines[0]);
}

static RtObject *
code_getattro(RtObject *self, RtObject *name)
{
    RtCodeObject *code = (RtCodeObject *)self;
    const struct {
        const char *name;
        RtObject *value;
    } objects[] = {
        { "co_name", code->co_name }, { "co_qualname", code->co_qualname },
        { "co_filename", code->co_filename },
        { "co_consts", code->co_consts }, { "co_names", code->co_names },
    };
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        { "co_argcount", code->co_argcount },
        { "co_posonlyargcount", code->co_posonlyargcount },
        { "co_kwonlyargcount", code->co_kwonlyargcount },
        { "co_nlocals", code->co_nlocals },
        { "co_stacksize", code->co_stacksize },
        { "co_firstlineno", code->co_firstlineno },
    };
    const char *text =
        Rt_IS_TYPE(name, &RtStr_Type) ? RtStr_AsUTF8(name) : "";
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        if (strcmp(text, objects[i].name) == 0) {
            return Rt_NewRef(objects[i].value);
        }
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(text, numbers[i].name) == 0) {
            return RtLong_FromInt64(numbers[i].value);
        }
    }
    return RtObject_GenericGetAttr(self, name);
}

RtTypeObject RtCode_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "code",
    .tp_basicsize = sizeof(RtCodeObject),
#ifdef RT_GIL_DISABLED
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_traverse = code_traverse,
#endif
    .tp_dealloc = code_dealloc,
    .tp_repr = code_repr,
    .tp_getattro = code_getattro,
};

// A copy of `count` items in memory of the runtime. NULL: MemoryError is set.
static void *
copy_array(const void *items, size_t count, size_t item_size)
{
    void *copy = RtMem_Malloc(count * item_size);
    if (copy == NULL) {
        return RtErr_NoMemory();
    }
    memcpy(copy, items, count * item_size);
    return copy;
}

static int
copy_tables(RtCodeObject *code, const RtCodeSpec *spec)
{
    code->co_code = copy_array(spec->instructions, spec->ninstructions,
                               sizeof(RtInstruction));
    if (code->co_code == NULL) {
        return -1;
    }
    code->co_ninstructions = (uint32_t)spec->ninstructions;
    code->co_targets = RtMem_Malloc(spec->ninstructions *
                                    sizeof(RtTargetInstruction));
    if (code->co_targets == NULL) {
        RtErr_NoMemory();
        return -1;
    }
    if (spec->lines != NULL) {
        code->co_lines = copy_array(spec->lines, spec->ninstructions,
                                    sizeof(uint32_t));
        if (code->co_lines == NULL) {
            return -1;
        }
    }
    if (spec->nexceptions > 0) {
        code->co_exceptions = copy_array(spec->exceptions, spec->nexceptions,
                                         sizeof(RtExceptionEntry));
        if (code->co_exceptions == NULL) {
            return -1;
        }
        code->co_nexceptions = (uint32_t)spec->nexceptions;
    }
    return 0;
}

// Each place on the value stack holds at most one handled exception, and each
// PUSH_EXC_INFO has one place.
static uint32_t
count_handlers(const RtCodeObject *code)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < code->co_ninstructions; i++) {
        if (RtInstruction_Opcode(code->co_code[i]) == RT_OP_PUSH_EXC_INFO) {
            n++;
        }
    }
    uint32_t limit = (uint32_t)code->co_stacksize;
    return n < limit ? n : limit;
}

// What code from source has besides. co_name is set.
static void
set_parameters(RtCodeObject *code, const RtCodeSpec *spec)
{
    code->co_posonlyargcount = spec->posonlyargcount;
    code->co_kwonlyargcount = spec->kwonlyargcount;
    code->co_firstlineno = spec->firstlineno;
    uint32_t stars = RT_CO_VARARGS | RT_CO_VARKEYWORDS;
    bool simple = spec->kwonlyargcount == 0 && (spec->flags & stars) == 0;
    code->co_fastargs = simple ? spec->argcount : -1;
    code->co_nparams = spec->argcount + spec->kwonlyargcount +
                       ((spec->flags & RT_CO_VARARGS) != 0) +
                       ((spec->flags & RT_CO_VARKEYWORDS) != 0);
    code->co_varnames = Rt_XNewRef(spec->varnames);
    code->co_doc = Rt_XNewRef(spec->doc);
    code->co_qualname =
        Rt_NewRef(spec->qualname != NULL ? spec->qualname : code->co_name);
}

RtObject *
RtCode_New(const RtCodeSpec *spec)
{
    char why[160];
    int stacksize = RtCode_Verify(spec, why, sizeof(why));
    if (stacksize == RT_VERIFY_NO_MEMORY) {
        return RtErr_NoMemory();
    }
    if (stacksize < 0) {
        RtErr_Format(&RtExc_ValueError, "bad code '%s': %s",
                     spec->name == NULL ? "?" : spec->name, why);
        return NULL;
    }
    RtCodeObject *code = (RtCodeObject *)RtObject_New(&RtCode_Type, 0);
    if (code == NULL) {
        return NULL;
    }
    code->co_nlocals = spec->nlocals;
    code->co_argcount = spec->argcount;
    code->co_stacksize = stacksize;
    code->co_flags = spec->flags;
    code->co_ncellvars = spec->ncellvars;
    code->co_nfreevars = spec->nfreevars;
    code->co_consts = Rt_NewRef(spec->consts);
    code->co_names = Rt_NewRef(spec->names);
    code->co_name = RtStr_FromString(spec->name == NULL ? "?" : spec->name);
    if (code->co_name == NULL) {
        goto error;
    }
    code->co_filename = RtStr_FromString(
        spec->filename == NULL ? "?" : spec->filename);
    if (code->co_filename == NULL) {
        goto error;
    }
    set_parameters(code, spec);
    if (copy_tables(code, spec) < 0) {
        goto error;
    }
    code->co_nhandlers = count_handlers(code);
    RtEval_TranslateCode(code);
#ifdef RT_GIL_DISABLED
    // Functions hand it out without a lock, frames hold it without counting.
    RtObject_SetMaybeWeakref((RtObject *)code);
    RtGC_Track((RtObject *)code);
    RtObject_SetDeferredRefcount((RtObject *)code);
#endif
    return (RtObject *)code;

error:
    Rt_DECREF(code);
    return NULL;
}
