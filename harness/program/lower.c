// lower.c: a program to one code object of the runtime: the module, whose
// constants hold the code of everything else. Names and strings are interned
// once; a program's constants are one tuple that its code objects share, so
// that equal constants are one object, as in one compilation of CPython.

#include <string.h>

#include "lower_internal.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"

// Constants that are the same in all programs; FZ_CONST_1000 is made anew, so
// that its count is one of the run.
static RtObject *common_consts[FZ_NUM_CONSTS];
static RtObject *module_consts[FZ_MODULE_CODES];

static void
intern_names(void)
{
    static const char *const plain[] = {
#define FZ_NAME_TEXT(name) #name,
        FZ_PLAIN_NAMES(FZ_NAME_TEXT)
#undef FZ_NAME_TEXT
    };
    for (int i = 0; i < FZ_NAME_X; i++) {
        fz_lower_names[i] = RtStr_InternStatic(plain[i]);
    }
    for (int i = FZ_NAME_X; i < FZ_NAME_COUNT; i++) {
        char text[3] = "x";
        static const struct {
            unsigned first;
            char letter;
        } numbered[] = {
            { FZ_NAME_C, 'C' }, { FZ_NAME_W, 'w' }, { FZ_NAME_T, 't' },
            { FZ_NAME_F, 'f' }, { FZ_NAME_S, 's' },
        };
        text[0] = (char)('x' + i - FZ_NAME_X);
        for (size_t k = 0; k < sizeof(numbered) / sizeof(numbered[0]); k++) {
            if ((unsigned)i >= numbered[k].first) {
                text[0] = numbered[k].letter;
                text[1] = (char)('0' + i - (int)numbered[k].first);
                break;
            }
        }
        fz_lower_names[i] = RtStr_InternStatic(text);
    }
}

void
FzProgram_LowerInit(void)
{
    static const struct {
        uint8_t index;
        int8_t value;
    } ints[] = {
        { FZ_CONST_0, 0 }, { FZ_CONST_1, 1 }, { FZ_CONST_2, 2 },
        { FZ_CONST_3, 3 }, { FZ_CONST_MINUS_1, -1 }, { FZ_CONST_4, 4 },
        { FZ_CONST_8, 8 }, { FZ_CONST_10, 10 }, { FZ_CONST_16, 16 },
    };
    intern_names();
    common_consts[FZ_CONST_NONE] = Rt_None;
    common_consts[FZ_CONST_TRUE] = Rt_True;
    common_consts[FZ_CONST_FALSE] = Rt_False;
    for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
        common_consts[ints[i].index] = RtLong_FromInt64(ints[i].value);
    }
    common_consts[FZ_CONST_STR_A] = RtStr_InternStatic("a");
    common_consts[FZ_CONST_STR_B] = RtStr_InternStatic("b");
    common_consts[FZ_CONST_STR_KEY] = RtStr_InternStatic("key");
    common_consts[FZ_CONST_STR_D] = RtStr_InternStatic("d");
    common_consts[FZ_CONST_STR_G] = RtStr_InternStatic("g");
    common_consts[FZ_CONST_STR_R] = RtStr_InternStatic("r");
    common_consts[FZ_CONST_STR_SLOTS] = RtStr_InternStatic("__slots__");
    module_consts[FZ_MODULE_STR_X] = fz_lower_names[FZ_NAME_X];
    module_consts[FZ_MODULE_METHODS + FZ_METHOD_EQ] =
        RtStr_InternStatic("__eq__");
    module_consts[FZ_MODULE_METHODS + FZ_METHOD_HASH] =
        RtStr_InternStatic("__hash__");
    module_consts[FZ_MODULE_METHODS + FZ_METHOD_DEL] =
        RtStr_InternStatic("__del__");
    for (int i = 0; i < FZ_MAX_SHARED; i++) {
        module_consts[FZ_MODULE_SHARED + i] = fz_lower_names[FZ_NAME_S + i];
    }
    for (int i = 0; i < FZ_MAX_CLASSES; i++) {
        module_consts[FZ_MODULE_CLASSES + i] = fz_lower_names[FZ_NAME_C + i];
    }
}

// ---------------------------------------------------------------------------
// The module.

// Constants of the module: those of all code, names, then code objects. A
// place of 0 means that the program has no such code.
typedef struct Module {
    RtObject *consts[FZ_MODULE_CODES + FZ_MAX_MODULE_CODES];
    uint32_t nconsts;
    uint32_t methods[FZ_MAX_CLASSES][FZ_METHOD_KINDS];
    uint32_t blocks[FZ_BLOCK_LIMIT];
    uint32_t show, flat, attributes, setup, duo, lurk;
    uint32_t generate, delegate, counter;
    uint32_t take, put, fetch, hold, slotted;
} Module;

// Adds a code object (stolen). 0, or -1 if it is NULL.
static int
add_code(Module *m, RtObject *code, uint32_t *place)
{
    if (code == NULL) {
        return -1;
    }
    *place = m->nconsts;
    m->consts[m->nconsts++] = code;
    return 0;
}

static bool
has_shared(const FzProgram *p, FzSharedKind kind)
{
    for (int i = 0; i < p->nshared; i++) {
        if (p->shared[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static int
lower_prelude(FzEmitter *e, Module *m)
{
    const FzProgram *p = e->program;
    bool dicts = has_shared(p, FZ_SHARED_DICT);
    bool instances = has_shared(p, FZ_SHARED_INSTANCE);
    if ((dicts || instances || has_shared(p, FZ_SHARED_LIST) ||
         has_shared(p, FZ_SHARED_TUPLE) || has_shared(p, FZ_SHARED_SET) ||
         has_shared(p, FZ_SHARED_DEQUE)) &&
        add_code(m, FzLower_Show(e), &m->show) < 0)
    {
        return -1;
    }
    if (dicts && add_code(m, FzLower_Flat(e), &m->flat) < 0) {
        return -1;
    }
    if (instances &&
        add_code(m, FzLower_Attributes(e), &m->attributes) < 0)
    {
        return -1;
    }
    return 0;
}

static bool
has_op(const FzProgram *p, uint8_t first, uint8_t second)
{
    return FzProgram_HasOp(p, first) || FzProgram_HasOp(p, second);
}

// The functions of the prelude that only some operations use.
static int
lower_helpers(FzEmitter *e, Module *m)
{
    const FzProgram *p = e->program;
    if (has_op(p, FZ_OP_GEN_NEW, FZ_OP_GEN_NEW) &&
        add_code(m, FzLower_Generate(e), &m->generate) < 0)
    {
        return -1;
    }
    if (has_op(p, FZ_OP_GEN_FROM, FZ_OP_GEN_FROM) &&
        add_code(m, FzLower_Delegate(e), &m->delegate) < 0)
    {
        return -1;
    }
    if (!has_op(p, FZ_OP_CELL_NEW, FZ_OP_NESTED_CALL)) {
        return 0;
    }
    RtObject *step = FzLower_Step(e);
    if (step == NULL) {
        return -1;
    }
    int result = add_code(m, FzLower_Counter(e, step), &m->counter);
    Rt_DECREF(step);
    return result;
}

static int
lower_descriptors(FzEmitter *e, Module *m)
{
    const struct {
        FzOpcode op;
        RtObject *(*lower)(FzEmitter *);
        uint32_t *index;
    } helpers[] = {
        { FZ_OP_PROPERTY_SET, FzLower_Take, &m->take },
        { FZ_OP_PROPERTY_SET, FzLower_Put, &m->put },
        { FZ_OP_GET_SET, FzLower_Fetch, &m->fetch },
        { FZ_OP_SETTER_SET, FzLower_Hold, &m->hold },
        { FZ_OP_SLOTS_NEW, FzLower_Slotted, &m->slotted },
    };
    for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
        if (has_op(e->program, helpers[i].op, helpers[i].op) &&
            add_code(m, helpers[i].lower(e), helpers[i].index) < 0)
        {
            return -1;
        }
    }
    return 0;
}

static int
lower_codes(FzEmitter *e, Module *m)
{
    const FzProgram *p = e->program;
    if (lower_prelude(e, m) < 0 || lower_helpers(e, m) < 0 ||
        lower_descriptors(e, m) < 0)
    {
        return -1;
    }
    for (int i = 0; i < p->nclasses; i++) {
        for (int kind = 0; kind < FZ_METHOD_KINDS; kind++) {
            if (FzClass_Method(&p->classes[i], (FzMethodKind)kind) != 0 &&
                add_code(m, FzLower_Method(e, i, (FzMethodKind)kind),
                         &m->methods[i][kind]) < 0)
            {
                return -1;
            }
        }
    }
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (FzProgram_HasBlock(p, i) &&
            (i != FZ_BLOCK_MAIN || p->main.nops > 0) &&
            add_code(m, FzLower_Block(e, i), &m->blocks[i]) < 0)
        {
            return -1;
        }
    }
    if (!FzProgram_UsesDaemons(p)) {
        return 0;
    }
    return add_code(m, FzLower_Lurk(e), &m->lurk);
}

static void
emit_function(FzEmitter *e, uint32_t code, unsigned name, uint32_t line)
{
    if (code != 0) {
        e->line = line;
        FzEmit_Op(e, RT_OP_MAKE_FUNCTION, code);
        FzEmit_Name(e, RT_OP_STORE_GLOBAL, name);
    }
}

static void
emit_initial_items(FzEmitter *e, uint32_t n, bool keys)
{
    for (uint32_t i = 0; i < n; i++) {
        if (keys) {
            FzLower_Reference(e, FzProgram_InitialKey((int)i));
        }
        FzLower_Reference(e, FzProgram_InitialItem(e->program, (int)i));
    }
}

static void
emit_shared(FzEmitter *e, int k)
{
    const FzShared *shared = &e->program->shared[k];
    uint32_t n = shared->initial;
    e->line = e->layout->shared_line[k];
    switch ((FzSharedKind)shared->kind) {
    case FZ_SHARED_LIST:
        emit_initial_items(e, n, false);
        FzEmit_Op(e, RT_OP_BUILD_LIST, n);
        break;
    case FZ_SHARED_TUPLE:
        emit_initial_items(e, n, false);
        FzEmit_Op(e, RT_OP_BUILD_TUPLE, n);
        break;
    case FZ_SHARED_DICT:
        emit_initial_items(e, n, true);
        FzEmit_Op(e, RT_OP_BUILD_MAP, n);
        break;
    case FZ_SHARED_SET:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_set);
        for (uint32_t i = 0; i < n; i++) {
            FzLower_Reference(e, FzProgram_InitialMember((int)i));
        }
        FzEmit_Op(e, RT_OP_BUILD_TUPLE, n);
        FzEmit_Op(e, RT_OP_CALL, 1);
        break;
    case FZ_SHARED_DEQUE:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_deque);
        emit_initial_items(e, n, false);
        FzEmit_Op(e, RT_OP_BUILD_LIST, n);
        if (n % 3 == 2) {
            FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_3);
        }
        FzEmit_Op(e, RT_OP_CALL, n % 3 == 2 ? 2 : 1);
        break;
    case FZ_SHARED_ITER:
        FzLower_SharedIterator(e, k);
        break;
    case FZ_SHARED_INSTANCE:
        FzLower_Reference(e, (uint8_t)(FZ_REF_NEW + shared->cls));
        break;
    case FZ_SHARED_LOCK:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_Lock);
        FzEmit_Op(e, RT_OP_CALL, 0);
        break;
    case FZ_SHARED_SYNC:
        FzLower_MakeSync(e, (FzSyncKind)n);
        break;
    case FZ_SHARED_INT:
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_0 + n);
        break;
    case FZ_SHARED_INTERP:
        FzLower_MakeId(e, n);
        break;
    default:
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_STR_A + n);
        break;
    }
    FzEmit_Name(e, RT_OP_STORE_GLOBAL, FZ_NAME_S + (unsigned)k);
    for (unsigned i = 0; shared->kind == FZ_SHARED_INSTANCE && i < n; i++) {
        FzLower_Reference(e, FzProgram_InitialItem(e->program, (int)i));
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + (unsigned)k);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X + i);
    }
}

static void
load_all_shared(FzEmitter *e)
{
    for (unsigned i = 0; i < e->program->nshared; i++) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + i);
    }
}

static void
emit_thread_method(FzEmitter *e, unsigned thread, unsigned method)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_W + thread);
    FzEmit_CallMethod(e, method);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

static void
emit_threads(FzEmitter *e)
{
    const FzProgram *p = e->program;
    for (unsigned i = 0; i < p->nbodies; i++) {
        e->line = e->layout->start_line[i];
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_Thread);
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_T + 1 + i);
        load_all_shared(e);
        FzEmit_Op(e, RT_OP_BUILD_TUPLE, p->nshared);
        FzEmit_Op(e, RT_OP_CALL, 2);
        FzEmit_Name(e, RT_OP_STORE_GLOBAL, FZ_NAME_W + 1 + i);
        emit_thread_method(e, i + 1, FZ_NAME_start);
    }
    if (p->main.nops > 0) {
        e->line = e->layout->main_line;
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_T);
        load_all_shared(e);
        FzEmit_Op(e, RT_OP_CALL, p->nshared);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
    }
    for (unsigned i = 0; i < p->nbodies; i++) {
        e->line = e->layout->join_line[i];
        emit_thread_method(e, i + 1, FZ_NAME_join);
    }
}

static void
emit_show(FzEmitter *e, int k)
{
    FzSharedKind kind = (FzSharedKind)e->program->shared[k].kind;
    bool plain = kind == FZ_SHARED_LOCK || kind == FZ_SHARED_INT ||
                 kind == FZ_SHARED_STR || kind == FZ_SHARED_INTERP ||
                 kind == FZ_SHARED_SYNC || kind == FZ_SHARED_ITER;
    bool convert = kind == FZ_SHARED_DICT || kind == FZ_SHARED_INSTANCE;
    e->line = e->layout->show_line[k];
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, plain ? FZ_NAME_print : FZ_NAME_show);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_MODULE_SHARED + (unsigned)k);
    if (convert) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL,
                    kind == FZ_SHARED_DICT ? FZ_NAME_flat
                                           : FZ_NAME_attributes);
    }
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + (unsigned)k);
    if (convert) {
        FzEmit_Op(e, RT_OP_CALL, 1);
    }
    if (kind == FZ_SHARED_LOCK) {
        FzEmit_CallMethod(e, FZ_NAME_locked);
    }
    else if (kind == FZ_SHARED_SYNC || kind == FZ_SHARED_ITER) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
        FzEmit_Op(e, RT_OP_IS_OP, 0);
    }
    FzEmit_Op(e, RT_OP_CALL, 2);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// Those that operations use.
static void
emit_prelude_functions(FzEmitter *e, const Module *m)
{
    emit_function(e, m->generate, FZ_NAME_generate, FZ_PRELUDE_GENERATE);
    emit_function(e, m->delegate, FZ_NAME_delegate, FZ_PRELUDE_DELEGATE);
    emit_function(e, m->counter, FZ_NAME_counter, FZ_PRELUDE_COUNTER);
    emit_function(e, m->take, FZ_NAME_take, FZ_PRELUDE_TAKE);
    emit_function(e, m->put, FZ_NAME_put, FZ_PRELUDE_PUT);
    emit_function(e, m->fetch, FZ_NAME_fetch, FZ_PRELUDE_FETCH);
    emit_function(e, m->hold, FZ_NAME_hold, FZ_PRELUDE_HOLD);
    emit_function(e, m->slotted, FZ_NAME_slotted, FZ_PRELUDE_SLOTTED);
}

static void
emit_definitions(FzEmitter *e, const Module *m)
{
    const FzProgram *p = e->program;
    emit_function(e, m->show, FZ_NAME_show, FZ_PRELUDE_SHOW);
    emit_function(e, m->flat, FZ_NAME_flat, FZ_PRELUDE_FLAT);
    emit_function(e, m->attributes, FZ_NAME_attributes,
                  FZ_PRELUDE_ATTRIBUTES);
    emit_prelude_functions(e, m);
    emit_function(e, m->setup, FZ_NAME_setup, FZ_PRELUDE_SETUP);
    emit_function(e, m->duo, FZ_NAME_duo, FZ_PRELUDE_DUO);
    emit_function(e, m->lurk, FZ_NAME_lurk, FZ_PRELUDE_LURK);
    for (int i = 0; i < p->nclasses; i++) {
        FzLower_MakeClass(e, i, m->methods[i]);
    }
    for (int i = 0; i < p->nshared; i++) {
        emit_shared(e, i);
    }
    for (unsigned i = 0; i < FZ_BLOCK_LIMIT; i++) {
        unsigned name = i < FZ_BLOCK_MAIN ? FZ_NAME_F + i
                                          : FZ_NAME_T + i - FZ_BLOCK_MAIN;
        if (m->blocks[i] != 0) {
            emit_function(e, m->blocks[i], name,
                          e->layout->blocks[i].def_line);
        }
    }
}

// setup() of the prelude, which other interpreters get, and duo(). 0, or -1.
static int
lower_interpreters(FzEmitter *e, Module *m)
{
    const FzProgram *p = e->program;
    if (!FzProgram_UsesInterpreters(p)) {
        return 0;
    }
    if (add_code(m, FzLower_Duo(e), &m->duo) < 0) {
        return -1;
    }
    RtObject *common = e->consts;
    RtObject *consts = RtTuple_FromArray(m->consts, m->nconsts);
    if (consts == NULL) {
        return -1;
    }
    FzLower_BeginSetup(e);
    emit_prelude_functions(e, m);
    for (int i = 0; i < p->nclasses; i++) {
        FzLower_MakeClass(e, i, m->methods[i]);
    }
    for (int i = 0; i < p->nshared; i++) {
        if (p->shared[i].kind != FZ_SHARED_INTERP) {
            emit_shared(e, i);
        }
    }
    for (unsigned i = 0; i < FZ_BLOCK_MAIN; i++) {
        emit_function(e, m->blocks[i], FZ_NAME_F + i,
                      e->layout->blocks[i].def_line);
    }
    e->consts = consts;
    RtObject *setup = FzLower_FinishSetup(e);
    e->consts = common;
    Rt_DECREF(consts);
    return add_code(m, setup, &m->setup);
}

static RtObject *
lower_module(FzEmitter *e, const Module *m)
{
    RtObject *consts = RtTuple_FromArray(m->consts, m->nconsts);
    if (consts == NULL) {
        return NULL;
    }
    FzEmit_Begin(e, -1);
    emit_definitions(e, m);
    emit_threads(e);
    e->line = e->layout->collect_line;
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_gc_collect);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    for (int i = 0; i < e->program->nshared; i++) {
        emit_show(e, i);
    }
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    e->consts = consts;
    RtObject *code = FzEmit_Finish(e, "<module>", 0, 0);
    Rt_DECREF(consts);
    return code;
}

static RtObject *
lower_program(const FzProgram *program, bool observed)
{
    FzLayout layout;
    FzLayout_Compute(program, &layout);
    Module m = { .nconsts = FZ_MODULE_CODES };
    memcpy(m.consts, module_consts, sizeof(module_consts));
    memcpy(m.consts, common_consts, sizeof(common_consts));
    RtObject *number = RtLong_FromInt64(1000);
    if (number == NULL) {
        return NULL;
    }
    m.consts[FZ_CONST_1000] = number;
    FzEmitter e;
    e.program = program;
    e.layout = &layout;
    e.observed = observed;
    e.consts = RtTuple_FromArray(m.consts, FZ_NUM_CONSTS);
    Rt_DECREF(number);          // the tuple holds it
    if (e.consts == NULL) {
        return NULL;
    }
    RtObject *common = e.consts;
    RtObject *code = NULL;
    if (lower_codes(&e, &m) == 0 && lower_interpreters(&e, &m) == 0) {
        code = lower_module(&e, &m);
    }
    for (uint32_t i = FZ_MODULE_CODES; i < m.nconsts; i++) {
        Rt_DECREF(m.consts[i]);
    }
    Rt_DECREF(common);
    return code;
}

RtObject *
FzProgram_Lower(const FzProgram *program)
{
    return lower_program(program, false);
}

RtObject *
FzProgram_LowerObserved(const FzProgram *program)
{
    return lower_program(program, true);
}
