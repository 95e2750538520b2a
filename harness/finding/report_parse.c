// report_parse.c: signatures of what other tools report: AddressSanitizer,
// UndefinedBehaviorSanitizer, ThreadSanitizer, a deadly signal with a stack.
//
// A report is a head line that says what is wrong, then stacks: lines that
// begin with '#'. The first stack is that of the failing access; the second one
// that counts is introduced by "freed by" or "Previous".

#include <ctype.h>
#include <string.h>

#include "fz_finding.h"
#include "fz_signature.h"

typedef struct Head {
    const char *marker;         // in a line of the report
    const char *rule;
    const char *kind;           // of the signature; NULL: the word that follows
} Head;

// The first that a report holds decides.
static const Head heads[] = {
    {"AddressSanitizer: heap-use-after-free", "USE_AFTER_FREE", ""},
    {"AddressSanitizer: attempting double-free", "DOUBLE_FREE", ""},
    {"ThreadSanitizer: data race", "DATA_RACE", ""},
    {"ThreadSanitizer: heap-use-after-free", "USE_AFTER_FREE", ""},
    {"ThreadSanitizer: lock-order-inversion", "DEADLOCK", ""},
    {"LeakSanitizer: detected memory leaks", "LEAK", ""},
    {"AddressSanitizer: ", "CRASH", NULL},
    {"ThreadSanitizer: ", "CRASH", NULL},
    {"runtime error: ", "CRASH", NULL},
    {"libFuzzer: deadly signal", "CRASH", "signal"},
    {"received signal ", "CRASH", NULL},
    {"terminated with signal ", "CRASH", NULL},
    {"the code died of ", "CRASH", NULL},
};

// What is wrong, in words without numbers and addresses.
static void
name_kind(const char *at, char *out, size_t size)
{
    size_t n = 0;
    for (; *at != '\0' && n + 1 < size; at++) {
        if (*at == '\n' || *at == '(' || *at == ',' || *at == ':') {
            break;
        }
        if (isdigit((unsigned char)*at) || strncmp(at, " on ", 4) == 0) {
            break;
        }
        out[n++] = *at == ' ' || *at == '|' ? '-' : *at;
    }
    while (n > 0 && out[n - 1] == '-') {
        n--;
    }
    out[n] = '\0';
}

static const Head *
find_head(const char *text, const char **after)
{
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        const char *at = strstr(text, heads[i].marker);
        if (at != NULL) {
            *after = at + strlen(heads[i].marker);
            return &heads[i];
        }
    }
    return NULL;
}

// "#3 0x55 in name /path/file.c:12:3" or "#3 name file.c:12 (exe+0x1)" or
// "#3  0x55 in name (x=1) at file.c:12": name and the rest of the line. False:
// no line of a stack.
static bool
parse_frame(const char *line, char *function, size_t size, char *place,
            size_t place_size)
{
    line += strspn(line, " \t");
    if (*line != '#' || !isdigit((unsigned char)line[1])) {
        return false;
    }
    line += 1 + strspn(line + 1, "0123456789");
    line += strspn(line, " ");
    if (strncmp(line, "0x", 2) == 0) {
        const char *in = strstr(line, " in ");
        const char *end = strchr(line, '\n');
        if (in == NULL || (end != NULL && in > end)) {
            line = "";          // no symbol
        }
        else {
            line = in + 4;
        }
    }
    size_t n = strcspn(line, " (\n");
    snprintf(function, size, "%.*s", (int)n, line);
    line += n;
    snprintf(place, place_size, "%.*s", (int)strcspn(line, "\n"), line);
    return true;
}

static bool
is_tool(const char *function, const char *place)
{
    static const char *const prefixes[] = {
        "__interceptor_", "__asan_", "__ubsan_", "free", "malloc", "calloc",
        "realloc", "abort", "raise", "__GI_", "__pthread_kill", "memcpy",
        "memmove", "memset", "pthread_",
    };
    if (strstr(place, "compiler-rt") != NULL ||
        strstr(place, "harness/") != NULL || function[0] == '\0') {
        return true;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(function, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return FzSymbol_IsPlumbing(function);
}

static bool
is_second_party(const char *line)
{
    return strstr(line, "freed by") != NULL ||
           strstr(line, "Previous ") != NULL ||
           strstr(line, "previous ") != NULL;
}

static const char *
next_line(const char *at)
{
    const char *end = strchr(at, '\n');
    return end != NULL ? end + 1 : at + strlen(at);
}

// The innermost functions of the two stacks that count.
static void
read_stacks(const char *text, FzSignature *out)
{
    int stack = -1;             // 0: of the access; 1: second; 2: another
    bool in_stack = false, second = false;
    for (; *text != '\0'; text = next_line(text)) {
        char line[512], function[96], place[256];
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
        if (!parse_frame(line, function, sizeof(function), place,
                         sizeof(place))) {
            second = second || is_second_party(line);
            in_stack = false;
            continue;
        }
        if (!in_stack) {
            in_stack = true;
            stack = stack < 0 ? 0 : second ? 1 : 2;
            second = false;
        }
        if (stack < 2 && out->functions[stack][0] == '\0' &&
            !is_tool(function, place)) {
            snprintf(out->functions[stack], sizeof(out->functions[stack]),
                     "%s", function);
        }
    }
}

bool
FzSignature_OfReport(const char *text, FzSignature *out)
{
    *out = (FzSignature){0};
    const char *after;
    const Head *head = find_head(text, &after);
    if (head == NULL) {
        return false;
    }
    snprintf(out->rule, sizeof(out->rule), "%s", head->rule);
    if (head->kind != NULL) {
        snprintf(out->kind, sizeof(out->kind), "%s", head->kind);
    }
    else {
        name_kind(after, out->kind, sizeof(out->kind));
    }
    read_stacks(text, out);
    if (strcmp(out->functions[0], out->functions[1]) > 0) {
        char saved[sizeof(out->functions[0])];
        memcpy(saved, out->functions[0], sizeof(saved));
        memcpy(out->functions[0], out->functions[1], sizeof(saved));
        memcpy(out->functions[1], saved, sizeof(saved));
    }
    return true;
}
