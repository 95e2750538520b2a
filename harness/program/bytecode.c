// bytecode.c: damaged code objects under the engine (fz_bytecode.h).
//
// A code object of the library or of code_seeds/ is taken out, changed as the
// input says (code_mutate.c), written to a file of its own, whose bytes may be
// damaged too, loaded, and what the loader takes is called: in a world of
// objects to work on (code_seeds/world.py), with arguments from there; a
// generator that comes back is resumed, a function is called. An input holds
// several, which the same execution runs one after another. One schedule: what
// is looked for is code that the verifier takes and should not.

#include <stdlib.h>
#include <string.h>

#include "code_file.h"
#include "fz_bytecode.h"
#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_dict_object.h"
#include "rtcore_object.h"

enum {
    MAX_FILES = 64, MAX_UNITS = 2048, MAX_CHANGES = 8, MAX_ARGS = 6, CALLS = 2,
    MAX_BATCH = 20,
    SEED_MEMORY = 8 << 20, WORK_MEMORY = 4 << 20, STEP_BUDGET = 60000,
    BLOCK_BUDGET = 12000,
    RAW_FILE = 0xff,
};

// Made by the build, as rt_library is; the last row has no name.
extern const RtSourceModule fz_code_seeds[];

static struct {
    FzCodeFile *files[MAX_FILES];
    size_t nfiles;
    struct {
        const FzCodeFile *file;
        FzCodeUnit *unit;
    } units[MAX_UNITS];
    size_t nunits;
    const RtSourceModule *world;
    FzArena arena;
} seeds;

typedef struct Input {
    struct {
        FzBuf file;
        uint32_t choice;        // of arguments
    } objects[MAX_BATCH];
    size_t n;
} Input;

FzBytecodeCounts fz_bytecode_counts;

static void
add_seeds(const RtSourceModule *modules)
{
    FzCodeUnit *units[MAX_UNITS];
    for (; modules->name != NULL; modules++) {
        if (strcmp(modules->name, "world") == 0) {
            seeds.world = modules;
        }
        FZ_ASSERT(seeds.nfiles < MAX_FILES);
        FzCodeFile *file =
            FzCode_Parse(modules->data, modules->size, &seeds.arena);
        seeds.files[seeds.nfiles++] = file;
        size_t n = FzCode_Collect(file->root, units, MAX_UNITS);
        FZ_ASSERT(n <= MAX_UNITS - seeds.nunits);
        for (size_t i = 0; i < n; i++) {
            seeds.units[seeds.nunits].file = file;
            seeds.units[seeds.nunits++].unit = units[i];
        }
    }
}

static void
init_seeds(void)
{
    if (seeds.nunits == 0) {
        FzArena_Init(&seeds.arena, SEED_MEMORY);
        // What was written to be damaged counts as much as the library.
        add_seeds(fz_code_seeds);
        size_t own = seeds.nunits;
        add_seeds(rt_library);
        while (2 * own < seeds.nunits && seeds.nunits + own < MAX_UNITS) {
            memcpy(&seeds.units[seeds.nunits], &seeds.units[0],
                   own * sizeof(seeds.units[0]));
            seeds.nunits += own;
            own *= 2;
        }
    }
}

// ---------------------------------------------------------------------------
// From an input to a file.

// Place (two bytes), kind and value.
static void
damage_byte(FzBuf *file, FzCodeBytes *bytes)
{
    size_t at = FzCodeBytes_Take(bytes, 2) % file->size;
    uint32_t kind = FzCodeBytes_Take(bytes, 1);
    uint8_t value = (uint8_t)FzCodeBytes_Take(bytes, 1);
    switch (kind % 4) {
    case 0:
        file->data[at] = value;
        break;
    case 1:
        file->data[at] ^= (uint8_t)(1 << value % 8);
        break;
    case 2:
        FzBuf_AppendByte(file, 0);
        memmove(file->data + at + 1, file->data + at, file->size - at - 1);
        file->data[at] = value;
        break;
    default:
        memmove(file->data + at, file->data + at + 1, file->size - at - 1);
        file->size--;
        break;
    }
}

// Code object (two bytes), how many changes and whether its bytes are damaged
// too (one), arguments (four); then the changes, each with the code object
// inside of it that is changed.
static void
decode_object(FzCodeBytes *bytes, FzBuf *out, uint32_t *choice)
{
    static FzArena arena;
    static FzCodeUnit *units[MAX_UNITS];
    if (arena.memory == NULL) {
        FzArena_Init(&arena, WORK_MEMORY);
    }
    FzArena_Reset(&arena);
    uint32_t index = FzCodeBytes_Take(bytes, 1) << 8;
    index = (index | FzCodeBytes_Take(bytes, 1)) % (uint32_t)seeds.nunits;
    uint32_t how = FzCodeBytes_Take(bytes, 1);
    *choice = FzCodeBytes_Take(bytes, 4);
    const FzCodeFile *file = seeds.units[index].file;
    FzCodeUnit *unit = FzCode_Copy(seeds.units[index].unit, &arena);
    size_t nunits = FzCode_Collect(unit, units, MAX_UNITS);
    // One or two, seldom many.
    uint32_t changes = 1 + (how % 8 < 7 ? how % 8 / 3 : how / 8 % MAX_CHANGES);
    for (uint32_t i = 0; i < changes; i++) {
        uint32_t which = FzCodeBytes_Take(bytes, 1);
        // Mostly the one that is called.
        FzCode_Mutate(file, units[which < 128 ? 0 : which % nunits], bytes);
    }
    FzCode_Write(file, unit, out);
    for (uint32_t i = 0; how >= 240 && i <= how % 4; i++) {
        damage_byte(out, bytes);
    }
}

static void
decode(Input *input, const uint8_t *data, size_t size)
{
    input->n = 0;
    FzCodeBytes bytes = { data, data + size };
    do {
        FzBuf *file = &input->objects[input->n].file;
        FzBuf_Clear(file);
        if (bytes.at < bytes.end && *bytes.at == RAW_FILE) {
            bytes.at++;
            FzBuf_Append(file, bytes.at, (size_t)(bytes.end - bytes.at));
            bytes.at = bytes.end;
        }
        else {
            decode_object(&bytes, file, &input->objects[input->n].choice);
        }
        input->n++;
    } while (input->n < MAX_BATCH && bytes.at < bytes.end);
}

// ---------------------------------------------------------------------------
// Running it.

// Forgets the exception.
static void
drop(RtObject *result)
{
    Rt_XDECREF(result);
    RtErr_Clear();
}

// The globals: __name__, then what the world has. NULL: none.
static RtObject *
make_world(void)
{
    RtObject *globals = RtDict_New();
    RtObject *name = RtStr_FromString("__name__");
    RtObject *code = RtCode_Load(seeds.world->data, seeds.world->size);
    RtObject *result = NULL;
    if (globals != NULL && name != NULL && code != NULL &&
        RtDict_SetItem(globals, name, name) == 0)
    {
        result = RtEval_EvalCode(code, globals);
    }
    Rt_XDECREF(code);
    Rt_XDECREF(name);
    if (result == NULL) {
        Rt_CLEAR(globals);
    }
    drop(result);
    return globals;
}

// All values, as a tuple.
static RtObject *
list_values(RtObject *globals)
{
    ssize_t n = RtDict_Size(globals);
    RtObject *values = RtTuple_New(n);
    ssize_t pos = 0;
    RtObject *value;
    for (ssize_t i = 0; values != NULL && i < n; i++) {
        // Other threads may have taken some away.
        if (RtDict_NextRef((RtDictObject *)globals, &pos, NULL, &value) <= 0) {
            value = Rt_NewRef(Rt_None);
        }
        RtTuple_SetItem(values, i, value);
    }
    return values;
}

static bool
is_special(RtObject *name)
{
    return strncmp(RtStr_AsUTF8(name), "__", 2) == 0;
}

// Names of the code that mean nothing yet are given values, as variables and as
// attributes of the world's `thing`.
static void
bind_names(const RtCodeObject *code, RtObject *globals, RtObject *values)
{
    RtObject *builtins = RtThreadState_Get()->interp->builtins;
    RtObject *self = RtStr_FromString("thing");
    RtObject *thing = NULL;
    if (self != NULL) {
        (void)RtDict_GetItemRef(globals, self, &thing);
        Rt_DECREF(self);
    }
    for (ssize_t i = 0; i < RtTuple_Size(code->co_names); i++) {
        RtObject *name = RtTuple_GetItem(code->co_names, i);
        if (RtDict_Contains(globals, name) != 0 ||
            RtDict_Contains(builtins, name) != 0)
        {
            continue;
        }
        RtObject *value =
            RtTuple_GetItem(values, i * 7 % RtTuple_Size(values));
        (void)RtDict_SetItem(globals, name, value);
        if (thing != NULL && !is_special(name)) {
            (void)RtObject_SetAttr(thing, name, value);
        }
        RtErr_Clear();
    }
    Rt_XDECREF(thing);
    RtErr_Clear();
}

// A function of the code; its cells, if it has any, hold values.
static RtObject *
make_function(RtObject *op, RtObject *globals, RtObject *values)
{
    const RtCodeObject *code = (RtCodeObject *)op;
    if (code->co_nfreevars == 0) {
        return RtFunction_New(op, globals, code->co_name);
    }
    RtObject *closure = RtTuple_New(code->co_nfreevars);
    for (int i = 0; closure != NULL && i < code->co_nfreevars; i++) {
        RtObject *cell = RtCell_New();
        if (cell == NULL) {
            Rt_CLEAR(closure);
            break;
        }
        RtObject *value = RtTuple_GetItem(values, i % RtTuple_Size(values));
        (void)RtCell_Set(cell, Rt_XNewRef(value));
        RtTuple_SetItem(closure, i, cell);
    }
    RtObject *func = closure == NULL
        ? NULL
        : RtFunction_NewClosure(op, globals, code->co_name, closure);
    Rt_XDECREF(closure);
    return func;
}

// With as many arguments as it has: what the world knows by their names, or
// what `choice` takes from the values.
static RtObject *
call_function(RtObject *func, RtObject *values, uint32_t choice)
{
    RtObject *globals = ((RtFunctionObject *)func)->func_globals;
    RtCodeObject *code = RtFunction_GetCode((RtFunctionObject *)func);
    int n = code->co_argcount < MAX_ARGS ? code->co_argcount : MAX_ARGS;
    RtObject *args[MAX_ARGS];
    uint32_t count = (uint32_t)RtTuple_Size(values);
    for (int i = 0; i < n; i++, choice = choice * 0x9e3779b1u ^ choice >> 15) {
        args[i] = NULL;
        if (choice % 4 != 0 && code->co_varnames != NULL) {
            (void)RtDict_GetItemRef(
                globals, RtTuple_GetItem(code->co_varnames, i), &args[i]);
            RtErr_Clear();
        }
        if (args[i] == NULL) {
            args[i] = Rt_NewRef(RtTuple_GetItem(values, choice / 4 % count));
        }
    }
    Rt_DECREF(code);
    RtObject *result = RtObject_Vectorcall(func, args, n);
    RtObject *exc = RtErr_GetRaisedException();
    for (int i = 0; i < n; i++) {
        Rt_DECREF(args[i]);
    }
    RtErr_SetRaisedException(exc);
    return result;
}

static void
resume(RtObject *gen)
{
    RtObject *result;
    for (int i = 0; i < 3; i++) {
        RtGenResult how =
            RtGen_Send(gen, i < 2 ? Rt_None : Rt_True, &result);
        drop(how == RT_GEN_ERROR ? NULL : result);
    }
    RtErr_SetString(&RtExc_KeyError, "thrown");
    RtObject *exc = RtErr_GetRaisedException();
    if (exc != NULL) {
        RtGenResult how = RtGen_Throw(gen, exc, &result);
        drop(how == RT_GEN_ERROR ? NULL : result);
        Rt_DECREF(exc);
    }
    drop(RtGen_Close(gen));
}

static void
use(RtObject *result, RtObject *values, uint32_t choice)
{
    if (result == NULL) {
        RtErr_Clear();
    }
    else if (Rt_IS_TYPE(result, &RtGen_Type)) {
        resume(result);
    }
    else if (Rt_IS_TYPE(result, &RtFunction_Type)) {
        drop(call_function(result, values, choice));
    }
}

// The functions that it has left in its namespace.
static void
call_new(RtObject *globals, RtObject *values, uint32_t choice)
{
    RtObject *all = list_values(globals);
    for (ssize_t i = RtTuple_Size(values);
         all != NULL && i < RtTuple_Size(all); i++)
    {
        RtObject *value = Rt_NewRef(RtTuple_GetItem(all, i));
        if (Rt_IS_TYPE(value, &RtFunction_Type)) {
            drop(call_function(value, values, choice));
        }
        Rt_DECREF(value);
    }
    drop(all);
}

static void
run_code(RtObject *code, RtObject *world, RtObject *values, uint32_t choice)
{
    RtObject *globals = RtDict_Copy(world);
    RtObject *func =
        globals == NULL ? NULL : make_function(code, globals, values);
    if (func != NULL) {
        bind_names((RtCodeObject *)code, globals, values);
        fz_bytecode_counts.called++;
        bool returned = false;
        for (uint32_t i = 0; i < CALLS; i++, choice ^= 0x12345677) {
            RtObject *result = call_function(func, values, choice);
            returned |= result != NULL;
            use(result, values, choice);
            drop(result);
        }
        call_new(globals, values, choice);
        fz_bytecode_counts.returned += returned;
    }
    drop(func);
    drop(globals);
}

static void
run_objects(Input *input, RtObject *world)
{
    RtObject *values = list_values(world);
    for (size_t i = 0; values != NULL && i < input->n; i++) {
        const FzBuf *file = &input->objects[i].file;
        fz_bytecode_counts.objects++;
        RtObject *code = RtCode_Load(file->data, file->size);
        if (code != NULL) {
            fz_bytecode_counts.loaded++;
            run_code(code, world, values, input->objects[i].choice);
        }
        drop(code);
    }
    drop(values);
}

static void
body(void *arg)
{
    RtThreadState *tstate = RtRuntime_Start();
    if (tstate == NULL) {
        return;
    }
    RtObject *world = make_world();
    if (world != NULL) {
        run_objects(arg, world);
    }
    drop(world);
    RtRuntime_Finish(tstate);
}

// Whether code may do this: wait, or go on, for ever.
static bool
is_allowed(FzRule rule)
{
    return rule == FZ_RULE_STEP_BUDGET || rule == FZ_RULE_DEADLOCK ||
           rule == FZ_RULE_LOST_WAKEUP || rule == FZ_RULE_LOCK_HELD_AT_EXIT;
}

bool
FzBytecode_Run(const uint8_t *data, size_t size, FzRun *run)
{
    static Input input;
    uint64_t loaded = fz_bytecode_counts.loaded;
    init_seeds();
    decode(&input, data, size);
    FzEngineConfig config = FzExec_DefaultConfig();
    config.step_budget = STEP_BUDGET;
    // A chain of exceptions is walked for each that is added.
    config.block_budget = BLOCK_BUDGET;
    // Mostly it is one thread.
    config.races = false;
    config.schedule = (FzSchedule){
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = &fz_strategy_pos,
        .seed = size,
        .depth = 3,
        .time_step_ns = 50000,
    };
    FzEngine_Run(&config, body, &input, run);
    if (run->nviolations > 0 && is_allowed(run->violations[0].rule)) {
        run->nviolations = 0;
        fz_bytecode_counts.endless++;
    }
    fz_bytecode_counts.steps += run->steps;
    return fz_bytecode_counts.loaded != loaded;
}

size_t
FzBytecode_Whole(uint8_t *out, size_t size)
{
    const RtSourceModule *smallest = NULL;
    for (const RtSourceModule *m = rt_library; m->name != NULL; m++) {
        if (m->size < size && (smallest == NULL || m->size < smallest->size)) {
            smallest = m;
        }
    }
    if (smallest == NULL) {
        return 0;
    }
    out[0] = UINT8_MAX;
    memcpy(out + 1, smallest->data, smallest->size);
    return smallest->size + 1;
}
