// cover.c: which function the races of one mistake have in common. Code that
// should have taken a lock, or used an atomic, races with everything that does
// it right: one mistake, dozens of pairs. The function that is party to most of
// the races explains them; the rest is explained in the same way.
//
// A party is not only where the access is: also its callers, up to whoever
// dispatches calls of any kind. And where an access that is no atomic operation
// was inlined from a header of the runtime, the header with the field: what
// should have been atomic is there, whoever uses it.

#include <stdlib.h>
#include <string.h>

#include "fz_finding.h"
#include "triage_internal.h"

enum { MAX_PARTIES = 2 * FZ_REPORT_FRAMES + 2 };

typedef struct Race {
    size_t raw;
    const char *parties[MAX_PARTIES];   // functions; interned
    size_t depths[MAX_PARTIES];         // frames from the access to it
    size_t nparties;
    bool explained;
} Race;

typedef struct Function {
    char *name;
    size_t races;               // not yet explained
    size_t depth;               // of all of them
} Function;

typedef struct FzCover {
    Race *races;
    size_t nraces, capacity;
    Function *functions;
    size_t nfunctions, function_capacity;
} Cover;

FzCover *
FzCover_New(void)
{
    Cover *c = calloc(1, sizeof(*c));
    FZ_ASSERT(c != NULL);
    return c;
}

void
FzCover_Free(FzCover *c)
{
    for (size_t i = 0; i < c->nfunctions; i++) {
        free(c->functions[i].name);
    }
    free(c->functions);
    free(c->races);
    free(c);
}

static const char *
intern(Cover *c, const char *name)
{
    for (size_t i = 0; i < c->nfunctions; i++) {
        if (strcmp(c->functions[i].name, name) == 0) {
            return c->functions[i].name;
        }
    }
    if (c->nfunctions == c->function_capacity) {
        c->function_capacity = c->function_capacity * 2 + 64;
        c->functions = realloc(c->functions,
                               c->function_capacity * sizeof(Function));
        FZ_ASSERT(c->functions != NULL);
    }
    char *copy = strdup(name);
    FZ_ASSERT(copy != NULL);
    c->functions[c->nfunctions++] = (Function){.name = copy};
    return copy;
}

// Code that any operation may come through.
static bool
is_dispatcher(const char *file)
{
    static const char *const places[] = {
        "runtime/vm/",
        "runtime/objects/abstract.c",
        "runtime/objects/attribute.c",
        "runtime/objects/method.c",
        "runtime/objects/function.c",
        "runtime/modules/threading.c",
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strncmp(file, places[i], strlen(places[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void
add_name(Cover *c, Race *race, const char *text, size_t depth)
{
    const char *name = intern(c, text);
    for (size_t k = 0; k < race->nparties; k++) {
        if (race->parties[k] == name) {
            return;
        }
    }
    if (race->nparties < MAX_PARTIES) {
        race->depths[race->nparties] = depth;
        race->parties[race->nparties++] = name;
    }
}

static void
add_parties(Cover *c, Race *race, const FzStack *stack)
{
    size_t before = race->nparties;
    for (size_t i = 0; i < stack->depth; i++) {
        const FzFrame *frame = &stack->frames[i];
        if (strncmp(frame->file, "runtime/", 8) != 0 ||
            strstr(frame->file, "rtcore_atomic.h") != NULL) {
            continue;
        }
        if (is_dispatcher(frame->file)) {
            if (race->nparties > before) {
                break;
            }
            continue;
        }
        add_name(c, race, frame->function, i);
    }
}

static void
add_accessor(Cover *c, Race *race, const FzStack *stack, const char *field)
{
    for (size_t i = 0; i < stack->depth && stack->plain; i++) {
        const FzFrame *frame = &stack->frames[i];
        if (strncmp(frame->file, "runtime/", 8) != 0) {
            continue;
        }
        if (strstr(frame->file, "/include/") != NULL &&
            strstr(frame->file, "rtcore_atomic.h") == NULL) {
            char text[160];
            snprintf(text, sizeof(text), "%s %s", frame->file, field);
            add_name(c, race, text, 0);
        }
        return;
    }
}

void
FzCover_Add(FzCover *c, size_t raw, const FzStacks *stacks, const char *field)
{
    if (c->nraces == c->capacity) {
        c->capacity = c->capacity * 2 + 64;
        c->races = realloc(c->races, c->capacity * sizeof(Race));
        FZ_ASSERT(c->races != NULL);
    }
    Race *race = &c->races[c->nraces++];
    *race = (Race){.raw = raw};
    for (size_t i = 0; i < stacks->count && i < 2; i++) {
        add_parties(c, race, &stacks->stacks[i]);
        add_accessor(c, race, &stacks->stacks[i], field);
    }
}

// Its index among the parties; their number if it is none.
static size_t
find_party(const Race *race, const char *name)
{
    size_t i = 0;
    while (i < race->nparties && race->parties[i] != name) {
        i++;
    }
    return i;
}

static void
count_races(const Cover *c, Function *function)
{
    function->races = function->depth = 0;
    for (size_t i = 0; i < c->nraces; i++) {
        const Race *race = &c->races[i];
        size_t at = find_party(race, function->name);
        if (!race->explained && at < race->nparties) {
            function->races++;
            function->depth += race->depths[at];
        }
    }
}

// Party to more of the races that are left; to as many, nearer to the accesses:
// what calls both explains no more. Else by name.
static bool
is_better(const Function *a, const Function *b)
{
    if (a->races != b->races) {
        return a->races > b->races;
    }
    return a->depth != b->depth ? a->depth < b->depth
                                : strcmp(a->name, b->name) < 0;
}

static const char *
find_suspect(Cover *c)
{
    const Function *best = NULL;
    for (size_t f = 0; f < c->nfunctions; f++) {
        count_races(c, &c->functions[f]);
        if (best == NULL || is_better(&c->functions[f], best)) {
            best = &c->functions[f];
        }
    }
    return best != NULL && best->races > 0 ? best->name : NULL;
}

void
FzCover_Fold(FzCover *c, FzFolder fold, void *arg)
{
    const char *suspect;
    while ((suspect = find_suspect(c)) != NULL) {
        const Race *first = NULL;
        for (size_t i = 0; i < c->nraces; i++) {
            Race *race = &c->races[i];
            if (race->explained ||
                find_party(race, suspect) == race->nparties) {
                continue;
            }
            race->explained = true;
            if (first != NULL) {
                fold(arg, first->raw, race->raw);
            }
            first = first != NULL ? first : race;
        }
    }
}
