// options.c: command-line options from a table: name, value, default and help
// stand in one row, and --help is printed from the same rows.

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_finding.h"

void
FzCli_Error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "ftfuzz: ");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

bool
FzCli_NeedsEngine(const char *command)
{
    if (!FzExec_IsDeterministic()) {
        FzCli_Error("%s: this needs a build with the deterministic engine; "
                    "this is %s, use fuzz-ft or fuzz-gil",
                    command, FzExec_BuildName());
        return false;
    }
    return true;
}

bool
FzCli_CheckStrategy(const char *name)
{
    const FzStrategy *strategy;
    char known[256] = "";
    if (name == NULL || FzStrategy_Find(name) != NULL) {
        return true;
    }
    for (size_t i = 0; (strategy = FzStrategy_Nth(i)) != NULL; i++) {
        size_t n = strlen(known);
        snprintf(known + n, sizeof(known) - n, "%s%s", i > 0 ? ", " : "",
                 strategy->name);
    }
    FzCli_Error("unknown strategy '%s': it is one of %s", name, known);
    return false;
}

bool
FzCli_SetGil(const char *choice)
{
    if (choice == NULL) {
        return true;
    }
    if (strcmp(choice, "0") != 0 && strcmp(choice, "1") != 0) {
        FzCli_Error("--gil is 0 or 1, not '%s'", choice);
        return false;
    }
    if (!FzExec_SetGil(choice[0] - '0')) {
        FzCli_Error("--gil 0: this build, %s, always has a GIL",
                    FzExec_BuildName());
        return false;
    }
    return true;
}

bool
FzCli_SetGilOf(const char *choice, int recorded)
{
    if (choice != NULL) {
        return FzCli_SetGil(choice);
    }
    unsetenv("RT_GIL");
    return FzExec_SetGil(recorded) || FzExec_SetGil(1);
}

bool
FzCli_OpenFinding(const char *folder, const char *gil, FzFinding *out)
{
    char why[4600];
    if (!FzFinding_Load(folder, out, why, sizeof(why))) {
        FzCli_Error("%s", why);
        return false;
    }
    if (!FzCli_SetGilOf(gil, out->gil)) {
        FzFinding_Free(out);
        return false;
    }
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        FzFinding_Free(out);
        return false;
    }
    return true;
}

static void
print_help(const FzCommand *command, const FzOption *options)
{
    printf("usage: ftfuzz %s [options] %s\n\n%s\n", command->name,
           command->arguments, command->sentence);
    if (command->details[0] != '\0') {
        printf("\n%s\n", command->details);
    }
    printf("\noptions:\n");
    for (const FzOption *o = options; o->name != NULL; o++) {
        char left[64];
        snprintf(left, sizeof(left), "--%s%s%s", o->name,
                 o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
        printf("  %-24s %s\n", left, o->help);
    }
    printf("  %-24s %s\n", "--help", "print this and exit");
    printf("\nexit codes: 0 clean, 2 usage or unusable file, "
           "71 out of memory,\n77 finding, 78 failed in another way than "
           "recorded\n");
}

static const FzOption *
find_option(const FzOption *options, const char *name, size_t n)
{
    for (const FzOption *o = options; o->name != NULL; o++) {
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) {
            return o;
        }
    }
    return NULL;
}

static bool
set_value(const FzOption *option, const char *text)
{
    char *end = NULL;
    errno = 0;
    switch (option->kind) {
    case FZ_OPT_NUMBER: {
        unsigned long long value = strtoull(text, &end, 0);
        if (text[0] == '-' || *end != '\0' || end == text || errno != 0) {
            FzCli_Error("--%s needs a whole number, not '%s'", option->name,
                        text);
            return false;
        }
        *(uint64_t *)option->target = value;
        return true;
    }
    case FZ_OPT_SECONDS: {
        double value = strtod(text, &end);
        if (*end != '\0' || end == text || errno != 0 || !(value >= 0)) {
            FzCli_Error("--%s needs a number of seconds, not '%s'",
                        option->name, text);
            return false;
        }
        *(double *)option->target = value;
        return true;
    }
    case FZ_OPT_STRING:
        *(const char **)option->target = text;
        return true;
    default:
        *(bool *)option->target = true;
        return true;
    }
}

// Handles argv[*i], an option; may consume the next argument.
static bool
parse_option(const FzCommand *command, const FzOption *options, int argc,
             char **argv, int *i)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t n = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const FzOption *option = find_option(options, name, n);
    if (option == NULL) {
        FzCli_Error("%s: unknown option --%.*s; see ftfuzz %s --help",
                    command->name, (int)n, name, command->name);
        return false;
    }
    if (option->kind == FZ_OPT_FLAG) {
        if (equals != NULL) {
            FzCli_Error("--%s takes no value", option->name);
            return false;
        }
        return set_value(option, "");
    }
    if (equals != NULL) {
        return set_value(option, equals + 1);
    }
    if (*i + 1 >= argc) {
        FzCli_Error("--%s needs a value (%s)", option->name, option->value);
        return false;
    }
    return set_value(option, argv[++*i]);
}

int
FzCli_Parse(const FzCommand *command, const FzOption *options, int argc,
            char **argv, const char **operands, int max_operands)
{
    int count = 0;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(command, options);
            return -2;
        }
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0') {
            if (!parse_option(command, options, argc, argv, &i)) {
                return -1;
            }
        }
        else if (count < max_operands) {
            operands[count++] = argv[i];
        }
        else {
            FzCli_Error("%s: too many arguments at '%s'; see ftfuzz %s --help",
                        command->name, argv[i], command->name);
            return -1;
        }
    }
    return count;
}
