// test_lift.c: the Python face says what the bytecode does: 300 programs of one
// thread print the same on the runtime and on the system's python3, which runs
// all of them in one process. Cyclic garbage is collected on request only, on
// both sides. Passes, saying so, where there is no python3.

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../program/program_internal.h"
#include "check.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_atomic.h"
#include "rtcore_code.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { NPROGRAMS = 300 };

static RtWorld test_world;
static FzBuf output;

static void
capture_output(const char *bytes, size_t length)
{
    FzBuf_Append(&output, bytes, length);
}

// What a script prints, without reports of uncaught exceptions.
static const char driver[] =
    "import contextlib, gc, io, sys, threading\n"
    "gc.disable()\n"
    "threading.excepthook = lambda args: None\n"
    "sys.unraisablehook = lambda args: None\n"
    "folder, count = sys.argv[1], int(sys.argv[2])\n"
    "wrong = 0\n"
    "for i in range(count):\n"
    "    with open(f'{folder}/{i}.py') as f:\n"
    "        code = compile(f.read(), f'{i}.py', 'exec')\n"
    "    with open(f'{folder}/{i}.out') as f:\n"
    "        want = [line for line in f\n"
    "                if not line.startswith(('Exc', 'RuntimeWarning'))]\n"
    "    out = io.StringIO()\n"
    "    with contextlib.redirect_stdout(out):\n"
    "        exec(code, {'__name__': '__main__'})\n"
    "    gc.callbacks.clear()\n"
    "    gc.disable(); gc.unfreeze(); gc.set_threshold(700, 10, 10)\n"
    "    gc.collect()\n"
    "    got = out.getvalue().splitlines(True)\n"
    "    if got != want:\n"
    "        wrong += 1\n"
    "        print(f'{folder}/{i}.py: python prints', got,\n"
    "              'the runtime', want, file=sys.stderr)\n"
    "print(wrong, 'of', count, 'differ')\n"
    "sys.exit(wrong != 0)\n";

// Whether it can be seen when objects die: a destructor of the program changes
// a shared object, or it asks weak references.
static bool
deaths_show(const FzProgram *program)
{
    for (int i = 0; i < program->nclasses; i++) {
        if (program->classes[i].del == FZ_DEL_PUBLISH ||
            program->classes[i].del == FZ_DEL_RESURRECT)
        {
            return true;
        }
    }
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        const FzBlockOps *ops = FzProgram_BlockConst(program, block);
        for (int i = 0; i < ops->nops; i++) {
            int flags = fz_op_info[ops->ops[i].op].flags;
            if ((flags & FZ_OPF_GROUP) == FZ_GROUP_GC) {
                return true;
            }
        }
    }
    return false;
}

// CPython 3.11 inserts a key of any type into a table for str keys if the key's
// __eq__ empties the dict meanwhile (insertdict, insertion_resize), and then
// loses or crashes on it: no __eq__ clears a dict here.
static void
spare_old_pythons(FzProgram *program)
{
    for (int i = 0; i < program->nclasses; i++) {
        int target = FzProgram_ClassTarget(program, i);
        if (program->classes[i].eq == FZ_EQ_CLEAR && target >= 0 &&
            program->shared[target].kind == FZ_SHARED_DICT)
        {
            program->classes[i].eq = FZ_EQ_ATTR;
        }
    }
}

// Collections that happen of themselves, and counts of references, differ.
static void
spare_internals(FzProgram *program)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        FzBlockOps *ops = FzProgram_Block(program, block);
        for (int i = 0; i < ops->nops; i++) {
            uint8_t *op = &ops->ops[i].op;
            if (*op == FZ_OP_GC_ENABLE) {
                *op = FZ_OP_GC_DISABLE;
            }
            if (*op == FZ_OP_REFCOUNT) {
                ops->ops[i] = (FzOp){ .op = FZ_OP_PASS };
            }
            // What callbacks are told is how many objects were collected.
            if (*op == FZ_OP_GC_WATCH) {
                *op = FZ_OP_GC;
            }
#ifdef RT_GIL_DISABLED
            // There are no generations.
            if (*op == FZ_OP_GC_YOUNG || *op == FZ_OP_GC_MIDDLE) {
                *op = FZ_OP_GC;
            }
#endif
        }
    }
}

// Sets iterate and pop in the order of their tables, which depends on hashes
// and sizes: where there are sets, everything that may get into one is 0…3,
// whose order is the same in every table.
static bool
has_sets(const FzProgram *program)
{
    for (int i = 0; i < program->nshared; i++) {
        if (program->shared[i].kind == FZ_SHARED_SET) {
            return true;
        }
    }
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        const FzBlockOps *ops = FzProgram_BlockConst(program, block);
        for (int i = 0; i < ops->nops; i++) {
            if (ops->ops[i].op == FZ_OP_SET_NEW) {
                return true;
            }
        }
    }
    return false;
}

static void
make_small_int(FzArg arg, uint8_t *ref)
{
    if (arg == FZ_ARG_VALUE || arg == FZ_ARG_KEY || arg == FZ_ARG_CONST) {
        *ref = (uint8_t)(FZ_REF_CONST + FZ_CONST_TRUE + *ref % 6);
    }
}

static void
keep_small_ints(FzProgram *program)
{
    program->nclasses = 0;
    for (int i = 0; i < program->nshared; i++) {
        FzShared *shared = &program->shared[i];
        if (shared->kind == FZ_SHARED_STR) {
            shared->kind = FZ_SHARED_INT;
        }
        int most = shared->kind == FZ_SHARED_SET ||
                   shared->kind == FZ_SHARED_INT ? 4 : 0;
        shared->initial = (uint8_t)(shared->initial % (most + 1));
    }
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        FzBlockOps *ops = FzProgram_Block(program, block);
        for (int i = 0; i < ops->nops; i++) {
            const FzOpInfo *info = &fz_op_info[ops->ops[i].op];
            for (int k = 0; k < 3; k++) {
                make_small_int((FzArg)info->args[k],
                               FzOp_Operand(&ops->ops[i], k));
            }
        }
    }
}

// What runs at exit, or beside it, shows after what is compared.
static void
spare_exit(FzProgram *program)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        FzBlockOps *ops = FzProgram_Block(program, block);
        for (int i = 0; i < ops->nops; i++) {
            uint8_t *op = &ops->ops[i].op;
            if (*op == FZ_OP_DAEMON || *op == FZ_OP_ATEXIT ||
                *op == FZ_OP_FORK)
            {
                *op = FZ_OP_CALL;
            }
        }
    }
}

// CPython's interpreters have other names, or none.
static void
spare_interpreters(FzProgram *program)
{
    for (int i = 0; i < program->nshared; i++) {
        if (program->shared[i].kind == FZ_SHARED_INTERP) {
            program->shared[i].kind = FZ_SHARED_INT;
        }
    }
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        FzBlockOps *ops = FzProgram_Block(program, i);
        for (int k = 0; k < ops->nops; k++) {
            uint8_t op = ops->ops[k].op;
            if ((fz_op_info[op].flags & FZ_OPF_GROUP) == FZ_GROUP_INTERP) {
                ops->ops[k] = (FzOp){ .op = FZ_OP_PASS };
            }
        }
    }
}

// One thread in all: main, or one body. In the free-threaded build an object
// that dies on a thread other than its owner's is finalized later: where that
// shows, there is no other thread.
static void
make_program(FzProgram *program, uint64_t seed)
{
    FzRng rng;
    FzRng_Seed(&rng, seed);
    FzProgram_Generate(program, &rng);
    spare_old_pythons(program);
    spare_internals(program);
    if (has_sets(program)) {
        keep_small_ints(program);
    }
    spare_interpreters(program);
    spare_exit(program);
    bool show = deaths_show(program);
    if (program->nbodies > 0) {
        program->nbodies = 1;
        program->main.nops = 0;
        if (show || seed % 2 == 0) {
            program->main = program->bodies[0];
            program->nbodies = 0;
        }
    }
    for (int i = 0; show && i < program->main.nops; i++) {
        if (FzOp_StartsThread(program->main.ops[i].op)) {
            program->main.ops[i].op = FZ_OP_CALL;
        }
    }
    // What another thread makes the main thread do may raise there.
    for (int i = 0; i < program->bodies[0].nops; i++) {
        if (program->bodies[0].ops[i].op == FZ_OP_MAIN_PENDING_CALL) {
            program->bodies[0].ops[i].op = FZ_OP_CALL;
        }
    }
    FzProgram_Fixup(program);
}

static void
run(const FzProgram *program)
{
    FzBuf_Clear(&output);
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    rt_atomic_store_int(&tstate->interp->gc.enabled, 0);
    RtObject *code = FzProgram_Lower(program);
    CHECK(code != NULL);
    RtObject *globals = RtDict_New();
    CHECK(globals != NULL);
    RtObject *result = RtEval_EvalCode(code, globals);
    CHECK(result != NULL);
    // What destructors print from here on CPython prints after the script.
    Rt_DECREF(result);
    Rt_DECREF(globals);
    Rt_DECREF(code);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static void
write_file(const char *folder, const char *name, const void *bytes, size_t n)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK(FzFile_Write(path, bytes, n, NULL, 0));
}

// Every line that the map names holds the operation.
static void
check_lines(const FzProgram *program, FzBuf *text, const FzLineMap *lines)
{
    char *copy = strdup(FzBuf_CString(text));
    CHECK(copy != NULL);
    const char *starts[1200];
    uint32_t n = 1;
    for (char *line = copy; line != NULL && n < 1200; n++) {
        starts[n] = line;
        line = strchr(line, '\n');
        if (line != NULL) {
            *line++ = '\0';
        }
    }
    const FzBlockOps *ops =
        program->nbodies > 0 ? &program->bodies[0] : &program->main;
    const uint32_t *map =
        program->nbodies > 0 ? lines->bodies[0] : lines->main;
    for (int i = 0; i < ops->nops; i++) {
        CHECK(map[i] > 0);
        CHECK(map[i] < n);
        if (ops->ops[i].op == FZ_OP_GC) {
            CHECK(strstr(starts[map[i]], "gc_collect()") != NULL);
        }
        else if (ops->ops[i].op == FZ_OP_LIST_SORT) {
            CHECK(strstr(starts[map[i]], ".sort()") != NULL);
        }
        else if (ops->ops[i].op == FZ_OP_DICT_ITEMS) {
            CHECK(strstr(starts[map[i]], ".items(): pass") != NULL);
        }
    }
    free(copy);
}

static void
remove_files(const char *folder)
{
    char path[200];
    for (int i = 0; i < NPROGRAMS; i++) {
        snprintf(path, sizeof(path), "%s/%d.py", folder, i);
        unlink(path);
        snprintf(path, sizeof(path), "%s/%d.out", folder, i);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/driver.py", folder);
    unlink(path);
    rmdir(folder);
}

int
main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    if (system("python3 -c 'pass' >/dev/null 2>&1") != 0) {
        printf("no python3: skipped\n");
        return 0;
    }
    char folder[] = "/tmp/fz-lift-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    test_world = rt_native_world;
    test_world.write = capture_output;
    RtHooks_Install(NULL, &test_world);
    CHECK(RtRuntime_Initialize() == 0);
    FzProgram_LowerInit();
    static FzProgram program;
    static FzLineMap lines;
    FzBuf text = { 0 };
    for (int i = 0; i < NPROGRAMS; i++) {
        char name[32];
        make_program(&program, first + (uint64_t)i);
        FzBuf_Clear(&text);
        FzProgram_Lift(&program, &text, &lines);
        check_lines(&program, &text, &lines);
        snprintf(name, sizeof(name), "%d.py", i);
        write_file(folder, name, text.data, text.size);
        run(&program);
        snprintf(name, sizeof(name), "%d.out", i);
        write_file(folder, name, output.data, output.size);
    }
    write_file(folder, "driver.py", driver, sizeof(driver) - 1);
    char command[200];
    snprintf(command, sizeof(command), "python3 %s/driver.py %s %d", folder,
             folder, NPROGRAMS);
    int status = system(command);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    remove_files(folder);
    FzBuf_Free(&text);
    FzBuf_Free(&output);
    return 0;
}
