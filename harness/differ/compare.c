// compare.c: programs on each side at once, and whether they agree.

#include "differ_internal.h"

#include <stdlib.h>
#include <string.h>

// What exceptions say changes from one version of CPython to the next; ours say
// what those of this one say.
enum { MESSAGES_MAJOR = 3, MESSAGES_MINOR = 13 };

static bool
same_messages(const char *version)
{
    char *end;
    long major = strtol(version, &end, 10);
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    return major == MESSAGES_MAJOR && minor == MESSAGES_MINOR;
}

bool
FzComparer_Start(FzComparer *c, const FzDifferOptions *options, char *why,
                 size_t why_size)
{
    memset(c, 0, sizeof(*c));
    c->sides[0] = (FzSide){ .executable = options->python, .is_python = true };
    c->nsides = 1;
    for (int i = 0; i < 2 && options->builds[i] != NULL; i++) {
        c->sides[c->nsides++] = (FzSide){ .executable = options->builds[i] };
    }
    for (int i = 0; i < c->nsides; i++) {
        if (!FzSide_Start(&c->sides[i], why, why_size)) {
            FzComparer_Stop(c);
            return false;
        }
    }
    c->messages = same_messages(c->sides[0].name);
    for (int i = 0; i < c->nsides; i++) {
        if (!FzSide_Greet(&c->sides[i], c->messages)) {
            snprintf(why, why_size, "%s has ended", c->sides[i].executable);
            FzComparer_Stop(c);
            return false;
        }
    }
    return true;
}

void
FzComparer_Stop(FzComparer *c)
{
    for (int i = 0; i < c->nsides; i++) {
        FzSide_Stop(&c->sides[i]);
        for (int k = 0; k < FZ_SIDE_MAX_BATCH; k++) {
            FzBuf_Free(&c->texts[i][k]);
        }
    }
    c->nsides = 0;
}

void
FzComparer_Run(FzComparer *c, const FzProgram *programs, int n)
{
    for (int i = 0; i < c->nsides; i++) {
        FzSide_Begin(&c->sides[i], programs, n);
    }
    for (int i = 0; i < c->nsides; i++) {
        FzSide_End(&c->sides[i], programs, n, c->texts[i], c->messages);
    }
}

static bool
equal(const FzBuf *a, const FzBuf *b)
{
    return a->size == b->size &&
           (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

FzAgreement
FzComparer_Agreement(const FzComparer *c, int i)
{
    FzAgreement result = 0;
    for (int side = 1; side < c->nsides; side++) {
        int with = 0;
        while (!equal(&c->texts[with][i], &c->texts[side][i])) {
            with++;
        }
        result |= (unsigned)with << 2 * side;
    }
    return result;
}

bool
FzComparer_IsUnusable(const FzComparer *c, int i)
{
    if (!FzSide_Failed(&c->texts[0][i])) {
        return false;
    }
    for (int side = 1; side < c->nsides; side++) {
        if (FzSide_Failed(&c->texts[side][i]) ||
            !equal(&c->texts[1][i], &c->texts[side][i]))
        {
            return false;
        }
    }
    return true;
}
