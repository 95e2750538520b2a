// behind.c: what was seen only behind the findings of a group.

#include <stdlib.h>
#include <string.h>

#include "triage_internal.h"

static FzGroup *
group_of(const FzTriage *triage, const char *signature)
{
    for (size_t i = 0; i < triage->ngroups; i++) {
        FzGroup *group = &triage->groups[i];
        for (size_t k = 0; k < group->nsignatures; k++) {
            if (strcmp(group->signatures[k], signature) == 0) {
                return group;
            }
        }
    }
    return NULL;
}

static void
add(FzGroup *group, const char *signature)
{
    for (size_t i = 0; i < group->nbehind; i++) {
        if (strcmp(group->behind[i], signature) == 0) {
            return;
        }
    }
    group->behind = realloc(group->behind,
                            (group->nbehind + 1) * sizeof(char *));
    FZ_ASSERT(group->behind != NULL);
    group->behind[group->nbehind++] = signature;
}

void
FzTriage_LookBehind(FzTriage *triage)
{
    for (size_t i = 0; i < triage->nfindings; i++) {
        const FzTriaged *f = &triage->findings[i];
        for (size_t k = 0; k < f->nbehind; k++) {
            if (group_of(triage, f->behind[k]) == NULL) {
                add(group_of(triage, f->signature), f->behind[k]);
            }
        }
    }
}
