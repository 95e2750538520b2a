// bytecode.c: damaged code files under the engine (fz_bytecode.h).
//
// The code of a module of the library is damaged as the input says, loaded and
// run; then each function that it has left in its namespace is called. One
// schedule: what is looked for is code that the verifier takes and should not.

#include <stdlib.h>
#include <string.h>

#include "fz_bytecode.h"
#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_dict_object.h"
#include "rtcore_object.h"

enum { MAX_FILE = 1 << 16, CHANGE_SIZE = 4, STEP_BUDGET = 60000 };

typedef struct Input {
    uint8_t file[MAX_FILE];
    size_t size;
    bool loaded;
} Input;

static size_t
count_modules(void)
{
    size_t n = 0;
    while (rt_library[n].name != NULL) {
        n++;
    }
    return n;
}

// Place (two bytes), kind and value of a change.
static void
change(Input *input, const uint8_t *c)
{
    size_t at = (size_t)(c[0] | c[1] << 8) % input->size;
    switch (c[2] % 4) {
    case 0:
        input->file[at] = c[3];
        break;
    case 1:
        input->file[at] ^= (uint8_t)(1 << c[3] % 8);
        break;
    case 2:
        if (input->size < MAX_FILE) {
            memmove(input->file + at + 1, input->file + at, input->size - at);
            input->file[at] = c[3];
            input->size++;
        }
        break;
    default:
        if (input->size > 1) {
            memmove(input->file + at, input->file + at + 1,
                    input->size - at - 1);
            input->size--;
        }
        break;
    }
}

static void
decode(Input *input, const uint8_t *data, size_t size)
{
    size_t n = count_modules();
    if (size == 0 || data[0] >= 0xf0) {
        size_t rest = size == 0 ? 0 : size - 1;
        input->size = rest < MAX_FILE ? rest : MAX_FILE;
        memcpy(input->file, data + (size > 0), input->size);
        return;
    }
    const RtSourceModule *module = &rt_library[data[0] % n];
    input->size = module->size < MAX_FILE ? module->size : MAX_FILE;
    memcpy(input->file, module->data, input->size);
    for (size_t at = 1; at + CHANGE_SIZE <= size; at += CHANGE_SIZE) {
        change(input, data + at);
    }
}

// As many arguments as it has, of several kinds.
static void
call_function(RtObject *func)
{
    RtCodeObject *code = RtFunction_GetCode((RtFunctionObject *)func);
    int n = code->co_argcount < 4 ? code->co_argcount : 4;
    Rt_DECREF(code);
    RtObject *args[4] = {
        RtList_New(0), RtLong_FromInt64(3), Rt_NewRef(func),
        Rt_NewRef(Rt_None),
    };
    RtObject *result = args[0] != NULL && args[1] != NULL
        ? RtObject_Vectorcall(func, args, n) : NULL;
    Rt_XDECREF(result);
    RtErr_Clear();
    for (int i = 0; i < 4; i++) {
        Rt_XDECREF(args[i]);
    }
}

static void
call_functions(RtObject *globals)
{
    RtObject *copy = RtDict_Copy(globals);
    ssize_t pos = 0;
    RtObject *value;
    while (copy != NULL && RtDict_NextRef((RtDictObject *)copy, &pos, NULL,
                                          &value) > 0)
    {
        if (Rt_IS_TYPE(value, &RtFunction_Type)) {
            call_function(value);
        }
        Rt_DECREF(value);
    }
    Rt_XDECREF(copy);
    RtErr_Clear();
}

static void
run_file(Input *input)
{
    RtObject *code = RtCode_Load(input->file, input->size);
    input->loaded = code != NULL;
    RtObject *globals = code != NULL ? RtDict_New() : NULL;
    RtObject *name = globals != NULL ? RtStr_FromString("__name__") : NULL;
    if (name != NULL && RtDict_SetItem(globals, name, name) == 0) {
        RtObject *result = RtEval_EvalCode(code, globals);
        Rt_XDECREF(result);
        RtErr_Clear();
        call_functions(globals);
    }
    RtErr_Clear();
    Rt_XDECREF(name);
    Rt_XDECREF(globals);
    Rt_XDECREF(code);
}

static void
body(void *arg)
{
    RtThreadState *tstate = RtRuntime_Start();
    if (tstate != NULL) {
        run_file(arg);
        RtRuntime_Finish(tstate);
    }
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
    decode(&input, data, size);
    FzEngineConfig config = FzExec_DefaultConfig();
    config.step_budget = STEP_BUDGET;
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
    }
    return input.loaded;
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
