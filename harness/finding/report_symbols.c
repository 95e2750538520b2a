// report_symbols.c: names for a sanitizer's report that was printed without
// them. A sanitizer starts a symbolizer for each report and has it read the
// debug information anew, which takes longer than a hundred executions; whoever
// expects many reports (the minimizer) has them without symbols, tells them
// apart by their code addresses, and names only what is kept.

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fz_finding.h"

typedef struct Frame {
    unsigned number;
    unsigned long address;
    uintptr_t offset;           // in the image
} Frame;

// "(/path/of/this/program+0x"
static const char *
module_prefix(void)
{
    static char prefix[2100];
    if (prefix[0] == '\0') {
        char exe[2048];
        ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
        snprintf(prefix, sizeof(prefix), "(%.*s+0x", n > 0 ? (int)n : 0, exe);
    }
    return prefix;
}

static bool
find_offset(const char *line, size_t n, uintptr_t *offset)
{
    const char *prefix = module_prefix();
    const char *at = memmem(line, n, prefix, strlen(prefix));
    if (at == NULL) {
        return false;
    }
    *offset = strtoul(at + strlen(prefix), NULL, 16);
    return true;
}

// "    #3 0x55d1c0  (/path/program+0x1c0)", with no name.
static bool
parse_frame(const char *line, size_t n, Frame *out)
{
    char *end;
    if (n < 8 || strncmp(line, "    #", 5) != 0 ||
        memmem(line, n, " in ", 4) != NULL) {
        return false;
    }
    out->number = (unsigned)strtoul(line + 5, &end, 10);
    out->address = strtoul(end, NULL, 16);
    return find_offset(line, n, &out->offset);
}

// "f (file:1) < g (file:2)": a line for each, as a sanitizer prints them. The
// offset is that of the call already.
static void
print_frame(const Frame *frame, FzBuf *out)
{
    char names[2048];
    FzSymbol_NameOffset(frame->offset + 1, names, sizeof(names));
    for (char *at = names, *next; at != NULL; at = next) {
        next = strstr(at, " < ");
        if (next != NULL) {
            *next = '\0';
            next += 3;
        }
        char *place = strstr(at, " (");
        char *end = place != NULL ? strchr(place, ')') : NULL;
        if (end != NULL) {
            *place = *end = '\0';
        }
        FzBuf_Printf(out, "    #%u 0x%lx in %s %s\n", frame->number,
                     frame->address, at, end != NULL ? place + 2 : "");
    }
}

static size_t
line_length(const char *text)
{
    const char *end = strchr(text, '\n');
    return end != NULL ? (size_t)(end + 1 - text) : strlen(text);
}

void
FzReport_Symbolize(const char *text, FzBuf *out)
{
    for (size_t n; *text != '\0'; text += n) {
        Frame frame;
        uintptr_t offset;
        n = line_length(text);
        if (parse_frame(text, n, &frame)) {
            print_frame(&frame, out);
        }
        else if (strncmp(text, "SUMMARY: ", 9) == 0 &&
                 find_offset(text, n, &offset)) {
            char names[2048];
            FzSymbol_NameOffset(offset + 1, names, sizeof(names));
            FzBuf_Printf(out, "%.*sin %s\n", (int)strcspn(text, "("), text,
                         names);
        }
        else {
            FzBuf_Append(out, text, n);
        }
    }
}

uint64_t
FzReport_Hash(const char *text)
{
    const char *name = strstr(text, "Sanitizer: ");
    uint64_t hash = 0;
    if (name != NULL) {
        hash = FzHash_Bytes(name, strcspn(name + 11, " \n") + 11);
    }
    for (size_t n; *text != '\0'; text += n) {
        Frame frame;
        n = line_length(text);
        if (parse_frame(text, n, &frame)) {
            hash = FzHash_Mix(hash, FzHash_Mix(frame.number, frame.offset));
        }
    }
    return hash;
}
