// run_source.c: ftfuzz run PROG.py: a Python program, compiled (runtime/
// compiler/, a process of the system's python3) and run on OS threads, or, if
// an option of the engine is given, under schedules of its choice.
//
// What was compiled is kept under a name that is the hash of the source and of
// the compiler, so that it is never out of date; files appear whole.

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_finding.h"
#include "rt_module.h"
#include "rtcore_code.h"
#include "rtcore_semaphore.h"
#include "run_internal.h"

extern char **environ;

enum {
    OS_RECURSION_LIMIT = 1000,
    ENGINE_RECURSION_LIMIT = 80,        // a fiber's stack is small
};

typedef struct SourceOptions {
    uint64_t schedule_seed;
    uint64_t executions;
    const char *strategy;
    const char *gil;
    const char *compile_to;
    bool deterministic;
    bool no_cache;
    const char *code;           // -c
    const char *file;
    int argc;                   // of the program, the first is its name
    char **argv;
} SourceOptions;

// The program: what there is of it at each stage.
typedef struct Job {
    FzBuf source;
    FzBuf code;
    const char *name;           // in tracebacks
    int status;                 // of the program
} Job;

// ---------------------------------------------------------------------------
// Options. They stand before the program; what follows it is the program's.

static bool
is_source_name(const char *text)
{
    size_t n = strlen(text);
    return strcmp(text, "-") == 0 || strcmp(text, "-c") == 0 ||
           (n > 3 && strcmp(text + n - 3, ".py") == 0);
}

// Where the program stands among the arguments, or -1.
static int
find_program(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (is_source_name(argv[i])) {
            return i;
        }
    }
    return -1;
}

bool
FzRunSource_Wants(int argc, char **argv)
{
    return find_program(argc, argv) >= 0;
}

static const FzCommand command = {
    "run", "PROG.py [ARGUMENTS] | -c CODE [ARGUMENTS] | - [ARGUMENTS]",
    "run a Python program",
    "It runs on OS threads, or under the deterministic engine if one of\n"
    "--deterministic, --schedule-seed, --executions and --strategy is given:\n"
    "then a deadlock is reported and time is virtual. Compiled code is kept\n"
    "in $XDG_CACHE_HOME/ftfuzz (~/.cache/ftfuzz). Exit codes: the program's,\n"
    "1 after an exception or a syntax error, 65 if the program uses what the\n"
    "compiler does not know, 77 if a schedule broke a rule.",
    NULL,
};

static int
parse(SourceOptions *o, int argc, char **argv)
{
    const FzOption options[] = {
        {"deterministic", NULL, FZ_OPT_FLAG, &o->deterministic,
         "under the engine: one schedule, the same every time"},
        {"schedule-seed", "N", FZ_OPT_NUMBER, &o->schedule_seed,
         "under the engine: seed of the first schedule (default 1)"},
        {"executions", "N", FZ_OPT_NUMBER, &o->executions,
         "under the engine: N schedules, until one fails (default 1)"},
        {"strategy", "NAME", FZ_OPT_STRING, &o->strategy,
         "under the engine: pos, sticky, pct, random, … (default pos)"},
        {"gil", "0|1", FZ_OPT_STRING, &o->gil,
         "free-threaded build: the GIL is never (0) or always (1) on"},
        {"no-cache", NULL, FZ_OPT_FLAG, &o->no_cache,
         "neither read nor write compiled code that is kept"},
        {"compile-to", "FILE", FZ_OPT_STRING, &o->compile_to,
         "write the code file to FILE and do not run it"},
        {0},
    };
    int at = find_program(argc, argv);
    const char *none[1];
    int help = at + 1 < argc && strcmp(argv[at + 1], "--help") == 0;
    int n = help ? FzCli_Parse(&command, options, 1, &argv[at + 1], none, 0)
                 : FzCli_Parse(&command, options, at, argv, none, 0);
    if (n < 0) {
        return n;
    }
    o->file = argv[at];
    if (strcmp(argv[at], "-c") == 0) {
        if (at + 1 == argc) {
            FzCli_Error("run: -c needs the program");
            return -1;
        }
        o->code = argv[++at];
        argv[at] = argv[at - 1];
    }
    o->argc = argc - at;
    o->argv = argv + at;
    return 0;
}

// ---------------------------------------------------------------------------
// Source.

static bool
read_stream(FILE *f, FzBuf *out)
{
    char chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
        FzBuf_Append(out, chunk, n);
    }
    return !ferror(f);
}

static bool
read_source(const SourceOptions *o, Job *job)
{
    job->name = o->file;
    if (o->code != NULL) {
        job->name = "<string>";
        FzBuf_Append(&job->source, o->code, strlen(o->code));
        FzBuf_AppendByte(&job->source, '\n');
        return true;
    }
    if (strcmp(o->file, "-") == 0) {
        job->name = "<stdin>";
        if (!read_stream(stdin, &job->source)) {
            FzCli_Error("cannot read standard input: %s", strerror(errno));
            return false;
        }
        return true;
    }
    char why[512];
    if (!FzFile_Read(o->file, &job->source, why, sizeof(why))) {
        FzCli_Error("%s", why);
        return false;
    }
    return true;
}

// ---------------------------------------------------------------------------
// The cache.

static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3;
    }
    return hash;
}

const char *
FzRunSource_Compiler(void)
{
    const char *folder = getenv("FTFUZZ_COMPILER");
    return folder != NULL ? folder : FZ_COMPILER;
}

const char *
FzRunSource_Python(void)
{
    const char *python = getenv("FTFUZZ_PYTHON");
    return python != NULL ? python : "python3";
}

// The compiler's files, so that a change of theirs is another version.
static uint64_t
hash_compiler(uint64_t hash)
{
    static const char *const names[] = {
        "__main__", "assembler", "compiler", "desugar", "errors", "expressions",
        "patterns", "statements", "symbols", "unit", "writer",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[4096], why[512];
        FzBuf text = {0};
        snprintf(path, sizeof(path), "%s/%s.py", FzRunSource_Compiler(),
                 names[i]);
        if (FzFile_Read(path, &text, why, sizeof(why))) {
            hash = hash_bytes(hash, text.data, text.size);
        }
        FzBuf_Free(&text);
    }
    return hash;
}

static void
make_folders(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0777);      // one that exists is as good
        *at = '/';
    }
}

// False: there is no place for one.
static bool
cache_path(const Job *job, char *path, size_t size)
{
    uint64_t hash[2] = {0xcbf29ce484222325, RtCode_OpcodeFingerprint()};
    for (int i = 0; i < 2; i++) {
        hash[i] = hash_bytes(hash[i], job->name, strlen(job->name) + 1);
        hash[i] = hash_bytes(hash[i], job->source.data, job->source.size);
        hash[i] = hash_compiler(hash[i] + (uint64_t)i);
    }
    const char *folder = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int n;
    if (folder != NULL && folder[0] == '/') {
        n = snprintf(path, size, "%s/ftfuzz/%016llx%016llx.rtc", folder,
                     (unsigned long long)hash[0],
                     (unsigned long long)hash[1]);
    }
    else {
        n = snprintf(path, size, "%s/.cache/ftfuzz/%016llx%016llx.rtc",
                     home != NULL ? home : "", (unsigned long long)hash[0],
                     (unsigned long long)hash[1]);
    }
    return n > 0 && (size_t)n < size && path[0] == '/' &&
           (folder != NULL || home != NULL);
}

// ---------------------------------------------------------------------------
// Compiling.

// Runs the compiler: source on its standard input, code on its output. Its exit
// status, or -1 with a message.
static int
spawn_compiler(int in, int out, const char *name)
{
    const char *python = FzRunSource_Python();
    char folder[4096];
    snprintf(folder, sizeof(folder), "%s", FzRunSource_Compiler());
    char *const argv[] = {
        (char *)python, "-B", "-E", folder, "-", "-", (char *)name, NULL,
    };
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    pid_t child;
    int error = posix_spawnp(&child, python, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        FzCli_Error("cannot run %s, which compiles programs: %s", python,
                    strerror(error));
        return -1;
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool
copy_to_file(int fd, const FzBuf *bytes)
{
    size_t at = 0;
    while (at < bytes->size) {
        ssize_t n = write(fd, bytes->data + at, bytes->size - at);
        if (n < 0) {
            return false;
        }
        at += (size_t)n;
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

static bool
copy_from_file(int fd, FzBuf *out)
{
    char chunk[65536];
    ssize_t n;
    lseek(fd, 0, SEEK_SET);
    FzBuf_Clear(out);
    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        FzBuf_Append(out, chunk, (size_t)n);
    }
    return n == 0;
}

// As spawn_compiler(); 0: job->code is there.
static int
compile(Job *job)
{
    int in = memfd_create("source", 0);
    int out = memfd_create("code", 0);
    int status = -1;
    if (in >= 0 && out >= 0 && copy_to_file(in, &job->source)) {
        status = spawn_compiler(in, out, job->name);
        if (status == 0 && !copy_from_file(out, &job->code)) {
            status = -1;
        }
    }
    else {
        FzCli_Error("cannot hand the program to the compiler: %s",
                    strerror(errno));
    }
    close(in);
    close(out);
    return status;
}

static int
get_code(const SourceOptions *o, Job *job)
{
    char path[4096], why[512];
    bool cached = !o->no_cache && cache_path(job, path, sizeof(path));
    if (cached && access(path, R_OK) == 0 &&
        FzFile_Read(path, &job->code, why, sizeof(why)))
    {
        return 0;
    }
    int status = compile(job);
    if (status == 0 && cached) {
        make_folders(path);
        // One that cannot be kept is made again.
        (void)!FzFile_Write(path, job->code.data, job->code.size, why,
                            sizeof(why));
    }
    return status;
}

static int
compile_module(void *arg, const char *path, const FzBuf *source, FzBuf *code)
{
    Job job = {.source = *source, .name = path};
    int status = get_code(arg, &job);
    *code = job.code;
    return status < 0 ? FZ_EXIT_USAGE : status;
}

// Modules lie beside the program, or here if it is in no file.
static int
add_modules(SourceOptions *o, const Job *job)
{
    char folder[4096] = ".";
    if (o->code == NULL && strcmp(o->file, "-") != 0 &&
        strchr(o->file, '/') != NULL) {
        snprintf(folder, sizeof(folder), "%s", o->file);
        *strrchr(folder, '/') = '\0';
    }
    // Workers of a pool of processes import the program, too.
    if (RtImport_AddSource("__mp_main__", job->code.data, job->code.size) < 0)
    {
        return FZ_EXIT_USAGE;
    }
    return FzRunModules_Add(folder[0] != '\0' ? folder : "/", &job->source,
                            compile_module, o);
}

// ---------------------------------------------------------------------------
// Running.

static void
run_job(void *arg)
{
    Job *job = arg;
    job->status = FZ_EXIT_MEMORY;
    RtThreadState *tstate = RtRuntime_Start();
    if (tstate == NULL) {
        return;
    }
    job->status = RtRun_Main(job->code.data, job->code.size);
    RtRuntime_Finish(tstate);
}

typedef struct Task {
    void (*body)(void *arg);
    void *arg;
    RtSemaphore done;
} Task;

static void
run_task(void *arg)
{
    Task *task = arg;
    task->body(task->arg);
    rt_world->sem_post(&task->done);
}

int
FzRunSource_OnOsThreads(void (*body)(void *arg), void *arg)
{
    RtConfig_SetRecursionLimit(OS_RECURSION_LIMIT);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    RtConfig_SetCpuCount(processors > 0 ? (int)processors : 1);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    RtConfig_SetEpoch(now.tv_sec * INT64_C(1000000000) + now.tv_nsec -
                      rt_world->now_ns());
    if (RtRuntime_Initialize() != 0) {
        FzCli_Error("the runtime could not be initialised");
        return FZ_EXIT_MEMORY;
    }
    // The threads that the world starts have stacks that are large enough.
    Task task = {.body = body, .arg = arg};
    rt_world->sem_init(&task.done);
    if (rt_world->thread_start(run_task, &task) != 0) {
        FzCli_Error("no thread can be started");
        return FZ_EXIT_MEMORY;
    }
    while (rt_world->sem_wait(&task.done, -1) != RT_WAIT_OK) {
    }
    fflush(stdout);
    return 0;
}

static int
run_on_os_threads(Job *job)
{
    int status = FzRunSource_OnOsThreads(run_job, job);
    return status != 0 ? status : job->status;
}

static int
report_run(const SourceOptions *o, FzRun *run, uint64_t seed)
{
    (void)o;
    fwrite(run->output.data, 1, run->output.size, stdout);
    fflush(stdout);
    if (run->nviolations == 0) {
        return FZ_EXIT_CLEAN;
    }
    FzInput *input = calloc(1, sizeof(FzInput));
    FZ_ASSERT(input != NULL);
    input->seed = seed;
    FzBuf text = {0};
    FzReport_Text(input, run, &text);
    fputs(FzBuf_CString(&text), stderr);
    FzBuf_Free(&text);
    free(input);
    return FZ_EXIT_FINDING;
}

static int
run_under_engine(const SourceOptions *o, Job *job)
{
    // Of a point, in virtual time: the switch interval of the GIL passes within
    // few of them, or hardly ever.
    static const uint32_t time_steps[] = {1000, 50000, 1000000};
    char why[512];
    RtConfig_SetRecursionLimit(ENGINE_RECURSION_LIMIT);
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    FzEngineConfig config = FzExec_DefaultConfig();
    config.step_budget = UINT64_C(1) << 40;
    FzRun run = {0};
    int code = FZ_EXIT_CLEAN;
    for (uint64_t i = 0; i < o->executions && code == FZ_EXIT_CLEAN; i++) {
        uint64_t seed = o->schedule_seed + i;
        config.schedule = (FzSchedule){
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = o->strategy != NULL ? FzStrategy_Find(o->strategy)
                                            : &fz_strategy_pos,
            .seed = seed,
            .depth = 3,
            .time_step_ns = time_steps[seed % 3],
        };
        FzEngine_Run(&config, run_job, job, &run);
        code = run.nviolations > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
    }
    code = report_run(o, &run, config.schedule.seed);
    FzRun_Free(&run);
    return code != FZ_EXIT_CLEAN ? code : job->status;
}

static int
write_code(const SourceOptions *o, const Job *job)
{
    char why[512];
    if (!FzFile_Write(o->compile_to, job->code.data, job->code.size, why,
                      sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    return FZ_EXIT_CLEAN;
}

int
FzRunSource_Main(int argc, char **argv)
{
    SourceOptions o = {.schedule_seed = UINT64_MAX};
    int n = parse(&o, argc, argv);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    bool engine = o.deterministic || o.schedule_seed != UINT64_MAX ||
                  o.executions != 0 || o.strategy != NULL;
    o.schedule_seed = o.schedule_seed != UINT64_MAX ? o.schedule_seed : 1;
    o.executions = o.executions != 0 ? o.executions : 1;
    if (!FzCli_CheckStrategy(o.strategy)) {
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_SetGil(o.gil) || (engine && !FzCli_NeedsEngine("run"))) {
        return FZ_EXIT_USAGE;
    }
    RtConfig_SetProgramSecond(1000000000);
    RtConfig_SetArguments(o.argc, o.argv);
    Job job = {0};
    int status = FZ_EXIT_USAGE;
    if (read_source(&o, &job)) {
        status = get_code(&o, &job);
        status = status < 0 ? FZ_EXIT_USAGE : status;
        if (status == 0 && o.compile_to == NULL) {
            status = add_modules(&o, &job);
        }
        if (status == 0) {
            status = o.compile_to != NULL ? write_code(&o, &job)
                     : engine ? run_under_engine(&o, &job)
                              : run_on_os_threads(&job);
        }
    }
    FzBuf_Free(&job.source);
    FzBuf_Free(&job.code);
    return status;
}
