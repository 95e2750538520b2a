// symbolize.c: from code addresses of this binary to functions and lines, by
// asking llvm-symbolizer, once for each address. The tool is started once and
// answers through pipes: it reads the debug information only once. A forked
// process starts its own, unless others have asked before and all share what
// they know. Without the tool, the symbol table names functions.

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fz_finding.h"
#include "fz_image.h"

enum { MAX_INLINED = 8, CACHE_SIZE = 512, SHARED_SIZE = 4096, PROBES = 4 };

typedef struct Frame {
    char function[96];
    char place[96];             // "runtime/objects/list.c:12"
    bool plumbing;
} Frame;

// In shared memory one that is known is never written again, and one that its
// writer died over stays unknown.
typedef enum Knowledge { EMPTY, BEING_WRITTEN, KNOWN } Knowledge;
typedef struct Symbol {
    Knowledge knowledge;        // in shared memory only
    const void *address;
    Frame frames[MAX_INLINED];  // innermost first
    int count;
} Symbol;

static Symbol *cache[CACHE_SIZE];
static Symbol *shared;          // [SHARED_SIZE], or NULL

extern const char __executable_start[];

static struct {
    pid_t owner;                // process that started it; 0: none yet
    FILE *to, *from;            // NULL: there is no tool
} tool;

extern char **environ;

// Starts argv[0], if there is such a program, with pipes to and from it.
static bool
start_tool(char *const argv[])
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0) {
        return false;
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                     O_WRONLY, 0);
    pid_t pid;
    bool ok = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    if (ok) {
        tool.to = fdopen(in[1], "w");
        tool.from = fdopen(out[0], "r");
        return tool.to != NULL && tool.from != NULL;
    }
    close(in[1]);
    close(out[0]);
    return false;
}

static void
find_tool(void)
{
    static char exe[2048];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    // A parent's pipes are not ours to use.
    tool.owner = getpid();
    tool.to = tool.from = NULL;
    if (n <= 0) {
        return;
    }
    exe[n] = '\0';
    setenv("DEBUGINFOD_URLS", "", 1);
    char *const newest[] = {"llvm-symbolizer-19", "--inlines", "-e", exe,
                            NULL};
    char *const llvm[] = {"llvm-symbolizer", "--inlines", "-e", exe, NULL};
    if (!start_tool(newest) && !start_tool(llvm)) {
        tool.to = tool.from = NULL;
    }
}

static bool
is_plumbing_place(const char *place)
{
    static const char *const places[] = {
        "harness/",        "rtcore_atomic.h", "rtcore_object.h",
        "rtcore_hooks.h",  "compiler-rt",     "sync/hooks.c",
        "runtime/audit/",
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strstr(place, places[i]) != NULL) {
            return true;
        }
    }
    return place[0] == '?';
}

// Keeps the part of a path from runtime/ or harness/ on, without the column.
static void
shorten_place(const char *path, char *out, size_t size)
{
    const char *start = strstr(path, "runtime/");
    const char *harness = strstr(path, "harness/");
    if (harness != NULL) {
        start = harness;
    }
    snprintf(out, size, "%.*s", (int)size - 1, start != NULL ? start : path);
    char *first = strchr(out, ':');
    char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    if (second != NULL) {
        *second = '\0';
    }
}

// The answer: pairs of lines, innermost frame first, and an empty line.
static void
read_frames(Symbol *symbol)
{
    char function[512], place[1024];
    while (fgets(function, sizeof(function), tool.from) != NULL &&
           function[0] != '\n' &&
           fgets(place, sizeof(place), tool.from) != NULL) {
        function[strcspn(function, "\n")] = '\0';
        place[strcspn(place, "\n")] = '\0';
        if (symbol->count == MAX_INLINED) {
            continue;
        }
        Frame *frame = &symbol->frames[symbol->count++];
        snprintf(frame->function, sizeof(frame->function), "%.95s", function);
        shorten_place(place, frame->place, sizeof(frame->place));
        frame->plumbing = is_plumbing_place(frame->place) ||
                          FzSymbol_IsPlumbing(frame->function);
    }
}

static void
learn(Symbol *symbol, const void *address, uintptr_t offset)
{
    symbol->address = address;
    if (tool.owner != getpid()) {
        find_tool();
    }
    if (tool.to == NULL) {
        const char *name = FzImage_FunctionAt((uintptr_t)address - 1);
        if (name != NULL) {
            Frame *frame = &symbol->frames[symbol->count++];
            snprintf(frame->function, sizeof(frame->function), "%.95s", name);
            snprintf(frame->place, sizeof(frame->place), "+0x%lx",
                     (unsigned long)offset);
            frame->plumbing = FzSymbol_IsPlumbing(frame->function);
        }
        return;
    }
    // A return address belongs to the call before it.
    fprintf(tool.to, "0x%lx\n", (unsigned long)(offset - 1));
    if (fflush(tool.to) == 0) {
        read_frames(symbol);
    }
}

void
FzSymbol_Share(void)
{
    if (shared != NULL) {
        return;
    }
    void *table = mmap(NULL, SHARED_SIZE * sizeof(Symbol),
                       PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    shared = table != MAP_FAILED ? table : NULL;
}

// Known already, or now; NULL: there is no place for it.
static const Symbol *
lookup_shared(const void *address, uintptr_t offset)
{
    for (uintptr_t i = 0; i < PROBES; i++) {
        Symbol *symbol = &shared[(offset / 4 + i) % SHARED_SIZE];
        Knowledge seen = __atomic_load_n(&symbol->knowledge, __ATOMIC_ACQUIRE);
        if (seen == KNOWN && symbol->address == address) {
            return symbol;
        }
        if (seen == EMPTY &&
            __atomic_compare_exchange_n(&symbol->knowledge, &seen,
                                        BEING_WRITTEN, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            learn(symbol, address, offset);
            __atomic_store_n(&symbol->knowledge, KNOWN, __ATOMIC_RELEASE);
            return symbol;
        }
    }
    return NULL;
}

static const Symbol *
lookup(const void *address)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)__executable_start;
    const Symbol *known =
        shared != NULL ? lookup_shared(address, offset) : NULL;
    if (known != NULL) {
        return known;
    }
    Symbol **slot = &cache[offset / 4 % CACHE_SIZE];
    if (*slot == NULL || (*slot)->address != address) {
        free(*slot);
        *slot = calloc(1, sizeof(Symbol));
        FZ_ASSERT(*slot != NULL);
        learn(*slot, address, offset);
    }
    return *slot;
}

bool
FzSymbol_IsPlumbing(const char *function)
{
    static const char *const prefixes[] = {
        "rt_atomic_", "__tsan_",  "__sanitizer", "Fz",        "fz_",
        "Rt_INCREF",  "Rt_DECREF", "Rt_XDECREF", "RtThread_Id",
        "RtAddress_Key", "RtMem_Free", "RtObject_Free", "Rt_Fatal",  "??",
    };
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(function, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

void
FzSymbol_Name(const void *address, char *out, size_t size)
{
    const Symbol *symbol = lookup(address);
    if (symbol->count == 0) {
        snprintf(out, size, "code+0x%lx",
                 (unsigned long)((uintptr_t)address -
                                 (uintptr_t)__executable_start));
        return;
    }
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < symbol->count && used < size; i++) {
        const Frame *frame = &symbol->frames[i];
        used += (size_t)snprintf(out + used, size - used, "%s%s (%s)",
                                 i > 0 ? " < " : "", frame->function,
                                 frame->place);
    }
}

void
FzSymbol_NameOffset(uintptr_t offset, char *out, size_t size)
{
    FzSymbol_Name(__executable_start + offset, out, size);
}

void
FzSymbol_Function(const void *address, char *out, size_t size)
{
    const Symbol *symbol = lookup(address);
    for (int i = 0; i < symbol->count; i++) {
        if (!symbol->frames[i].plumbing) {
            snprintf(out, size, "%s", symbol->frames[i].function);
            return;
        }
    }
    out[0] = '\0';
}

void
FzSymbol_FunctionAtOffset(uintptr_t offset, char *out, size_t size)
{
    const Symbol *symbol = lookup(__executable_start + offset);
    out[0] = '\0';
    for (int i = 0; i < symbol->count; i++) {
        const Frame *frame = &symbol->frames[i];
        bool counting = strstr(frame->place, "rtcore_object.h") != NULL ||
                        strncmp(frame->function, "Rt_", 3) == 0;
        if (!frame->plumbing || counting) {
            snprintf(out, size, "%s", frame->function);
            return;
        }
    }
}
