// symbolize.c: from code addresses of this binary to functions and lines, by
// asking llvm-symbolizer (or addr2line) once for each address and remembering.
// Without either tool, addresses are printed as offsets.

#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fz_finding.h"

enum { MAX_INLINED = 8, CACHE_SIZE = 512 };

typedef struct Frame {
    char function[96];
    char place[96];             // "runtime/objects/list.c:12"
    bool plumbing;
} Frame;

typedef struct Symbol {
    const void *address;
    Frame frames[MAX_INLINED];  // innermost first
    int count;
} Symbol;

static Symbol *cache[CACHE_SIZE];

extern const char __executable_start[];

static const char *
symbolizer(void)
{
    static const char *found;
    static const char *const tools[] = {
        "llvm-symbolizer-19", "llvm-symbolizer", "addr2line",
    };
    for (size_t i = 0; found == NULL && i < 3; i++) {
        char probe[96];
        snprintf(probe, sizeof(probe), "command -v %s >/dev/null 2>&1",
                 tools[i]);
        if (system(probe) == 0) {
            found = tools[i];
        }
    }
    return found != NULL ? found : "";
}

static bool
is_plumbing_place(const char *place)
{
    static const char *const places[] = {
        "harness/",        "rtcore_atomic.h", "rtcore_object.h",
        "rtcore_hooks.h",  "compiler-rt",     "sync/hooks.c",
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

static void
read_frames(FILE *pipe, Symbol *symbol)
{
    char function[512], place[1024];
    while (symbol->count < MAX_INLINED &&
           fgets(function, sizeof(function), pipe) != NULL &&
           function[0] != '\n' && fgets(place, sizeof(place), pipe) != NULL) {
        function[strcspn(function, "\n")] = '\0';
        place[strcspn(place, "\n")] = '\0';
        Frame *frame = &symbol->frames[symbol->count++];
        snprintf(frame->function, sizeof(frame->function), "%.95s", function);
        shorten_place(place, frame->place, sizeof(frame->place));
        frame->plumbing = is_plumbing_place(frame->place) ||
                          FzSymbol_IsPlumbing(frame->function);
    }
}

static Symbol *
lookup(const void *address)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)__executable_start;
    Symbol **slot = &cache[offset / 4 % CACHE_SIZE];
    if (*slot != NULL && (*slot)->address == address) {
        return *slot;
    }
    free(*slot);
    *slot = calloc(1, sizeof(Symbol));
    FZ_ASSERT(*slot != NULL);
    (*slot)->address = address;
    char exe[2048], command[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n <= 0 || symbolizer()[0] == '\0') {
        return *slot;
    }
    exe[n] = '\0';
    const char *flags =
        strcmp(symbolizer(), "addr2line") == 0 ? "-fie" : "--inlines -e";
    // A return address belongs to the call before it.
    snprintf(command, sizeof(command),
             "DEBUGINFOD_URLS= %s %s '%s' 0x%lx 2>/dev/null", symbolizer(),
             flags, exe, (unsigned long)(offset - 1));
    FILE *pipe = popen(command, "r");
    if (pipe != NULL) {
        read_frames(pipe, *slot);
        pclose(pipe);
    }
    return *slot;
}

bool
FzSymbol_IsPlumbing(const char *function)
{
    static const char *const prefixes[] = {
        "rt_atomic_", "__tsan_",  "__sanitizer", "Fz",        "fz_",
        "Rt_INCREF",  "Rt_DECREF", "Rt_XDECREF", "RtThread_Id",
        "RtAddress_Key", "??",
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
