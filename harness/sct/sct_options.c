// sct_options.c: the environment variable FZ_SCT: "key=value;key=value;…".

#include "sct_internal.h"

#include <stdlib.h>
#include <string.h>

static bool
fail(char *why, size_t why_size, const char *key, const char *value,
     const char *want)
{
    snprintf(why, why_size, "FZ_SCT: %s=%s: %s", key, value, want);
    return false;
}

static bool
parse_number(const char *text, uint64_t *out)
{
    char *end;
    *out = strtoull(text, &end, 0);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

typedef struct NumberOption {
    const char *key;
    size_t offset;
    uint64_t max;
    size_t size;
} NumberOption;

#define NUMBER(key, field, max) \
    {key, offsetof(FzSctOptions, field), max, \
     sizeof(((FzSctOptions *)NULL)->field)}
static const NumberOption numbers[] = {
    NUMBER("seed", seed, UINT64_MAX),
    NUMBER("depth", depth, 16),
    NUMBER("executions", executions, UINT64_MAX),
    NUMBER("trials", trials, 1000000),
    NUMBER("budget", budget, UINT64_MAX),
    NUMBER("continue", go_on, 1),
    NUMBER("races", races, 1),
    NUMBER("weak", weak, 1),
    NUMBER("plain", plain_points, 1),
    NUMBER("status", exit_status, 1),
    NUMBER("quiet", quiet, 1),
    NUMBER("output", output, 1),
    NUMBER("check", check, 1),
};
#undef NUMBER

static void
store_number(FzSctOptions *out, const NumberOption *option, uint64_t value)
{
    char *field = (char *)out + option->offset;
    if (option->size == sizeof(bool)) {
        *(bool *)field = value != 0;
    }
    else if (option->size == sizeof(uint32_t)) {
        *(uint32_t *)(void *)field = (uint32_t)value;
    }
    else {
        *(uint64_t *)(void *)field = value;
    }
}

static bool
set(FzSctOptions *out, const char *key, const char *value, char *why,
    size_t why_size)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(numbers[i].key, key) == 0) {
            uint64_t number;
            if (!parse_number(value, &number) || number > numbers[i].max) {
                return fail(why, why_size, key, value,
                            "not a number in its range");
            }
            store_number(out, &numbers[i], number);
            return true;
        }
    }
    if (strcmp(key, "strategy") == 0) {
        out->strategy = FzStrategy_Find(value);
        return out->strategy != NULL || strcmp(value, "portfolio") == 0 ||
               fail(why, why_size, key, value,
                    "unknown; `ftfuzz sct --strategies` lists them");
    }
    if (strcmp(key, "seconds") == 0) {
        char *end;
        out->seconds = strtod(value, &end);
        return (*end == '\0' && out->seconds >= 0) ||
               fail(why, why_size, key, value, "not a time in seconds");
    }
    if (strcmp(key, "findings") == 0) {
        out->findings = value;
        return true;
    }
    if (strcmp(key, "replay") == 0) {
        out->replay = value;
        return true;
    }
    return fail(why, why_size, key, value, "unknown key");
}

bool
FzSctOptions_Parse(const char *text, FzSctOptions *out, char *why,
                   size_t why_size)
{
    *out = (FzSctOptions){
        .seed = 1,
        .depth = 3,
        .executions = 100000,
        .trials = 1,
        .budget = 20000,
        .plain_points = true,
        .exit_status = true,
    };
    // Values that are paths point into it: it lives as long as the process.
    char *copy = strdup(text);
    FZ_ASSERT(copy != NULL);
    char *rest = copy;
    for (char *item; (item = strsep(&rest, ";")) != NULL;) {
        char *equals = strchr(item, '=');
        if (*item == '\0') {
            continue;
        }
        if (equals == NULL) {
            return fail(why, why_size, item, "", "no value");
        }
        *equals = '\0';
        if (!set(out, item, equals + 1, why, why_size)) {
            return false;
        }
    }
    return true;
}
