// cpython_serve.c: jobs: a program and its schedule come in, a fork of the
// started interpreter runs it, an answer goes out.
//
// Every job finds the interpreter in the same state, because nothing of a job
// happens in the parent but reading its bytes into a mapping and writing the
// answer from another. So a run is a function of the job alone.
//
// A job is an FzCPythonJob, the tape of a schedule to follow, and the text of
// the program. An answer is four bytes, its length, and a JSON object.

#include "cpython_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engine/tsan_abi.h"
#include "fz_image.h"

enum {
    JOB_MAGIC = 0x4a5a4621,
    MAX_JOB = 64 * 1024 * 1024,
    MAX_OUTPUT = 64 * 1024,
    MAX_RACES = 64,
    TIME_STEP_NS = 100,
};

enum { FLAG_RACES = 1, FLAG_PLAIN_POINTS = 2, FLAG_REPLAY = 4, FLAG_TAPE = 8 };

// Integers least significant byte first.
typedef struct FzCPythonJob {
    uint32_t magic;
    uint32_t flags;
    uint64_t seed;
    uint64_t budget;            // points; 0: the engine's
    uint32_t depth;
    uint32_t seconds;           // of the processor, at most
    uint32_t megabytes;         // of memory, at most; 0: no limit
    uint32_t expected_steps;
    char strategy[24];
    uint32_t tape_size;
    uint32_t text_size;
} FzCPythonJob;

size_t (*fz_cpython_where)(char *text, size_t size);

static struct {
    const FzCPythonJob *job;
    const uint8_t *tape;
    FzRun run;
    FzBuf answer;
    FzBuf races;
    uint32_t nraces;
    void (*body)(void *arg);
    int out;                    // of the child: where the answer goes
} server;

// ---------------------------------------------------------------------------
// The answer

static void
put_string(FzBuf *out, const char *text)
{
    FzBuf_AppendByte(out, '"');
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\') {
            FzBuf_Printf(out, "\\%c", *at);
        }
        else if (*at < 32 || *at > 126) {
            FzBuf_Printf(out, "\\u%04x", *at);
        }
        else {
            FzBuf_AppendByte(out, *at);
        }
    }
    FzBuf_AppendByte(out, '"');
}

// [address in its file, function, file]; the file is "" for the interpreter.
static void
put_place(FzBuf *out, uintptr_t return_address)
{
    uintptr_t pc = return_address - 1;
    const char *name = FzImage_FunctionAt(pc);
    Dl_info info = {0};
    uintptr_t base = 0;
    if (pc >= fz_shadow.image_end && dladdr((void *)pc, &info) != 0) {
        base = (uintptr_t)info.dli_fbase;
    }
    FzBuf_Printf(out, "[\"0x%zx\",", (size_t)(pc - base));
    put_string(out, name != NULL ? name : "?");
    FzBuf_AppendByte(out, ',');
    put_string(out, base != 0 ? info.dli_fname : "");
    FzBuf_AppendByte(out, ']');
}

// Of the interpreter's own code and of extensions'.
static void
put_stack(FzBuf *out, const char *key, const uintptr_t *stack, size_t n)
{
    const char *separator = "";
    FzBuf_Printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < n && stack[i] != 0; i++) {
        if (!FzSctImage_IsSystem(stack[i] - 1)) {
            FzBuf_Printf(out, "%s", separator);
            put_place(out, stack[i]);
            separator = ",";
        }
    }
    FzBuf_AppendByte(out, ']');
}

static void
put_violation(FzBuf *out, const FzViolation *violation)
{
    FzBuf_Printf(out, "{\"rule\":\"%s\",\"step\":%llu,\"thread\":%u,"
                 "\"message\":", FzRule_Name(violation->rule),
                 (unsigned long long)violation->step, violation->thread);
    put_string(out, violation->message);
    put_stack(out, "stack", (const uintptr_t *)violation->stack, FZ_MAX_STACK);
    put_stack(out, "other_stack", (const uintptr_t *)violation->other_stack,
              FZ_MAX_STACK);
    FzBuf_AppendByte(out, '}');
}

static void
put_access(FzBuf *out, const char *key, const FzRaceAccess *access)
{
    uintptr_t stack[1 + FZ_RACE_STACK] = {access->site};
    memcpy(stack + 1, access->stack, access->depth * sizeof(uintptr_t));
    FzBuf_Printf(out, ",\"%s\":{\"thread\":%u,\"size\":%u,\"write\":%s,"
                 "\"atomic\":%s", key, access->thread, access->size,
                 access->write ? "true" : "false",
                 access->atomic ? "true" : "false");
    put_stack(out, "stack", stack, 1 + access->depth);
    FzBuf_AppendByte(out, '}');
}

// A race does not end a run: what comes after it is told as well.
static void
on_race(const FzRaceReport *report, void *arg)
{
    (void)arg;
    if (server.nraces == MAX_RACES) {
        return;
    }
    FzBuf *out = &server.races;
    char text[512];
    FzBuf_Printf(out, "%s{\"step\":%llu,\"address\":",
                 server.nraces++ > 0 ? "," : "",
                 (unsigned long long)fz_engine.steps);
    put_string(out, FzSct_Name(report->addr, text, sizeof(text)));
    put_access(out, "now", &report->now);
    put_access(out, "before", &report->before);
    if (fz_cpython_where != NULL) {
        // It reads the interpreter's structures with its instrumented code.
        fz_engine.active = false;
        size_t n = fz_cpython_where(text, sizeof(text));
        fz_engine.active = true;
        if (n > 0) {
            FzBuf_Printf(out, ",\"line\":");
            put_string(out, text);
        }
    }
    FzBuf_AppendByte(out, '}');
}

static void
put_tape(FzBuf *out, const FzTape *tape)
{
    FzBuf_Printf(out, ",\"tape\":\"");
    for (size_t i = 0; i < tape->bytes.size; i++) {
        FzBuf_Printf(out, "%02x", tape->bytes.data[i]);
    }
    FzBuf_AppendByte(out, '"');
}

static void
send_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno != EINTR) {
            _Exit(2);
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
}

static _Noreturn void
answer_run(void)
{
    const FzRun *run = &server.run;
    FzBuf *out = &server.answer;
    FzBuf_Printf(out, "\"trace\":\"%016llx\",\"steps\":%llu,\"switches\":%llu,"
                 "\"threads\":%u,\"completed\":%s,\"violations\":[",
                 (unsigned long long)run->trace_hash,
                 (unsigned long long)run->steps,
                 (unsigned long long)run->switches, run->nthreads,
                 run->completed ? "true" : "false");
    for (uint32_t i = 0; i < run->nviolations; i++) {
        if (i > 0) {
            FzBuf_AppendByte(out, ',');
        }
        put_violation(out, &run->violations[i]);
    }
    FzBuf_Printf(out, "],\"races\":[%s]", server.nraces > 0
                                              ? FzBuf_CString(&server.races)
                                              : "");
    bool found = run->nviolations > 0 || server.nraces > 0;
    if (found || (server.job->flags & FLAG_TAPE) != 0) {
        put_tape(out, &run->tape);
    }
    send_all(server.out, out->data, out->size);
    _Exit(0);
}

// ---------------------------------------------------------------------------
// The child

static FzSchedule
schedule_of(const FzCPythonJob *job)
{
    FzSchedule schedule = {
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = FzStrategy_Find(job->strategy),
        .seed = job->seed,
        .depth = job->depth,
        .expected_steps = job->expected_steps,
        .time_step_ns = TIME_STEP_NS,
    };
    if (schedule.strategy == NULL) {
        FzCPython_Refuse("unknown strategy");
    }
    if (schedule.strategy->memory_size > 0) {
        schedule.memory = calloc(1, schedule.strategy->memory_size);
        FZ_ASSERT(schedule.memory != NULL);
    }
    if ((job->flags & FLAG_REPLAY) != 0) {
        schedule.kind = FZ_SCHEDULE_REPLAY;
        schedule.tape = server.tape;
        schedule.ntape = job->tape_size;
    }
    return schedule;
}

// The process ends with its first thread: daemon threads may wait for ever.
static void
first_thread(void *arg)
{
    server.body(arg);
    FzSctProcess_Exit(0);
}

// The memory allocator's own atomics are as many as all others together, and it
// is not what is tested. A thread that ends walks its segments and pages: mute,
// or that would be most of what the race detector sees.
static uint8_t
quiet_of(const char *function)
{
    static const char *const mute[] = {
        "mi_segment", "_mi_segment", "mi_abandoned", "_mi_abandoned",
        "mi_page", "_mi_page", "mi_slice",
    };
    if (function == NULL) {
        return FZ_CODE_LOUD;
    }
    for (size_t i = 0; i < sizeof(mute) / sizeof(mute[0]); i++) {
        if (strncmp(function, mute[i], strlen(mute[i])) == 0) {
            return FZ_CODE_MUTE;
        }
    }
    bool quiet = strncmp(function, "mi_", 3) == 0 ||
                 strncmp(function, "_mi_", 4) == 0;
    return quiet ? FZ_CODE_QUIET : FZ_CODE_LOUD;
}

static void
find_quiet_code(void)
{
    size_t size = fz_shadow.image_end;
    uint8_t *bytes = mmap(NULL, size / 16 + 1, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FZ_ASSERT(bytes != MAP_FAILED);
    for (size_t at = fz_code; at < fz_code_end; at += 16) {
        bytes[at / 16] = quiet_of(FzImage_FunctionAt(at));
    }
    fz_quiet_code = (FzQuietCode){bytes, 0, size};
}

int
FzCPython_WarmUp(void (*body)(void *arg), void *arg)
{
    char why[256];
    if (!FzEngine_Init(why, sizeof(why))) {
        dprintf(STDERR_FILENO, "ftpython: %s\n", why);
        return -1;
    }
    find_quiet_code();
    FzEngineConfig config = {
        .schedule = {
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = &fz_strategy_round_robin,
            .time_step_ns = TIME_STEP_NS,
        },
    };
    server.body = body;
    FzEngine_Run(&config, first_thread, arg, &server.run);
    return server.run.completed ? 0 : -1;
}

void
FzCPython_Run(void (*body)(void *arg), void *arg)
{
    const FzCPythonJob *job = server.job;
    char why[256];
    if (!FzEngine_Init(why, sizeof(why))) {
        FzCPython_Refuse(why);
    }
    fz_race_plain_points = (job->flags & FLAG_PLAIN_POINTS) != 0;
    FzRace_SetReporter(on_race, NULL);
    FzEngineConfig config = {
        .schedule = schedule_of(job),
        .step_budget = job->budget,
        .oracles = true,
        .races = (job->flags & FLAG_RACES) != 0,
    };
    server.body = body;
    FzEngine_Run(&config, first_thread, arg, &server.run);
    answer_run();
}

void
FzCPython_Refuse(const char *why)
{
    FzBuf *out = &server.answer;
    FzBuf_Clear(out);
    FzBuf_Printf(out, "\"refused\":");
    put_string(out, why);
    send_all(server.out, out->data, out->size);
    _Exit(0);
}

void
FzCPython_Fatal(const char *what)
{
    if (!fz_engine.active) {
        FzCPython_Refuse(what);
    }
    FzEngine_Violation(FZ_RULE_FATAL, UINT32_MAX, "%s", what);
    FzEngine_Stop();
}

static _Noreturn void
be_child(void (*child)(void *, const char *, size_t), void *arg, int answer,
         int output)
{
    const FzCPythonJob *job = server.job;
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    server.out = answer;
    server.tape = (const uint8_t *)(job + 1);
    rlim_t bytes = (rlim_t)job->megabytes << 20;
    if (bytes != 0) {
        setrlimit(RLIMIT_DATA, &(struct rlimit){bytes, bytes});
    }
    child(arg, (const char *)server.tape + job->tape_size, job->text_size);
    FzCPython_Refuse("the program was not run");
}

// ---------------------------------------------------------------------------
// The parent

// False: the other side has ended, or failed.
static bool
read_all(int fd, void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        ssize_t n = read(fd, at, size);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool
write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

// Reads the job into `memory`, of which MAX_JOB bytes are ours.
static bool
read_job(int in, char *memory)
{
    FzCPythonJob *job = (FzCPythonJob *)(void *)memory;
    if (!read_all(in, job, sizeof(*job)) || job->magic != JOB_MAGIC ||
        job->tape_size > MAX_JOB / 2 || job->text_size > MAX_JOB / 4)
    {
        return false;
    }
    job->strategy[sizeof(job->strategy) - 1] = '\0';
    return read_all(in, memory + sizeof(*job),
                    (size_t)job->tape_size + job->text_size);
}

// What the child answers until it ends; kills it when its time is over.
static bool
collect(int fd, int pid, uint32_t seconds, FzBuf *out)
{
    char bytes[65536];
    int left = (int)seconds * 1000;
    for (;;) {
        struct pollfd event = {.fd = fd, .events = POLLIN};
        int ready = poll(&event, 1, left < 1000 ? left : 1000);
        if (ready == 0) {
            left -= 1000;
            if (left <= 0) {
                kill(pid, SIGKILL);
                return false;
            }
            continue;
        }
        ssize_t n = ready > 0 ? read(fd, bytes, sizeof(bytes)) : -1;
        if (n == 0) {
            return true;
        }
        if (n > 0) {
            FzBuf_Append(out, bytes, (size_t)n);
        }
        else if (errno != EINTR) {
            return false;
        }
    }
}

static void
append_output(FzBuf *out, int output)
{
    static char bytes[MAX_OUTPUT + 1];
    ssize_t n = pread(output, bytes, MAX_OUTPUT, 0);
    bytes[n > 0 ? n : 0] = '\0';
    FzBuf_Printf(out, ",\"output\":");
    put_string(out, bytes);
}

static bool
answer(int out, int answer_fd, int output, int pid)
{
    FzBuf body = {0};
    FzBuf_Printf(&body, "{");
    bool in_time = collect(answer_fd, pid, server.job->seconds, &body);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    bool empty = body.size == 1;
    if (!in_time || empty || WIFSIGNALED(status)) {
        FzBuf_Clear(&body);
        FzBuf_Printf(&body, "{\"died\":\"%s\"",
                     !in_time ? "time" : WIFSIGNALED(status) ? "signal"
                                                             : "exit");
        FzBuf_Printf(&body, ",\"status\":%d", status);
    }
    append_output(&body, output);
    FzBuf_Printf(&body, "}");
    uint32_t size = (uint32_t)body.size;
    bool sent = write_all(out, &size, sizeof(size)) &&
                write_all(out, body.data, body.size);
    FzBuf_Free(&body);
    return sent;
}

static bool
serve_one(int out, void (*child)(void *, const char *, size_t), void *arg)
{
    int ends[2];
    int output = memfd_create("output", MFD_CLOEXEC);
    if (output < 0 || pipe2(ends, O_CLOEXEC) < 0) {
        return false;
    }
    int pid = (int)fork();
    if (pid == 0) {
        be_child(child, arg, ends[1], output);
    }
    close(ends[1]);
    bool sent = pid > 0 && answer(out, ends[0], output, pid);
    close(ends[0]);
    close(output);
    return sent;
}

int
FzCPython_Serve(int in, int out,
                void (*child)(void *arg, const char *text, size_t size),
                void *arg)
{
    char *memory = mmap(NULL, MAX_JOB, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FZ_ASSERT(memory != MAP_FAILED);
    server.job = (const FzCPythonJob *)(void *)memory;
    // Names are read once, for all children.
    FzImage_Load();
    while (read_job(in, memory)) {
        if (!serve_one(out, child, arg)) {
            return -1;
        }
    }
    return 0;
}
