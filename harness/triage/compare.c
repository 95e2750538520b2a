// compare.c: what is new and what is gone since an earlier report, and what
// stands.

#include <stdlib.h>
#include <string.h>

#include "triage_internal.h"

bool
FzState_Stands(FzState state)
{
    return state == FZ_STATE_NEW || state == FZ_STATE_REGRESSED;
}

static bool
old_has(const FzJson *groups, const FzGroup *group)
{
    for (const FzJson *old = groups->first; old != NULL; old = old->next) {
        const FzJson *signatures = FzJson_Get(old, "signatures");
        for (const FzJson *s = signatures != NULL ? signatures->first : NULL;
             s != NULL; s = s->next) {
            for (size_t i = 0; i < group->nsignatures; i++) {
                if (strcmp(FzJson_String(s, "signature"),
                           group->signatures[i]) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

static bool
now_has(const FzTriage *triage, const FzJson *old)
{
    const FzJson *signatures = FzJson_Get(old, "signatures");
    for (const FzJson *s = signatures != NULL ? signatures->first : NULL;
         s != NULL; s = s->next) {
        for (size_t g = 0; g < triage->ngroups; g++) {
            for (size_t i = 0; i < triage->groups[g].nsignatures; i++) {
                if (strcmp(FzJson_String(s, "signature"),
                           triage->groups[g].signatures[i]) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

void
FzTriage_Compare(FzTriage *triage, const FzJson *old)
{
    const FzJson *groups = FzJson_Get(old, "groups");
    triage->compared = true;
    for (size_t i = 0; i < triage->ngroups; i++) {
        triage->groups[i].is_new = !old_has(groups, &triage->groups[i]);
    }
    for (const FzJson *g = groups->first; g != NULL; g = g->next) {
        if (!now_has(triage, g)) {
            triage->gone = realloc(triage->gone,
                                   (triage->ngone + 1) * sizeof(char *));
            FZ_ASSERT(triage->gone != NULL);
            triage->gone[triage->ngone++] = FzJson_String(g, "id");
        }
    }
}

size_t
FzTriage_CountStanding(const FzTriage *triage)
{
    size_t n = 0;
    for (size_t i = 0; i < triage->ngroups; i++) {
        const FzGroup *group = &triage->groups[i];
        bool told = triage->compared && !group->is_new &&
                    group->state != FZ_STATE_REGRESSED;
        n += FzState_Stands(group->state) && !told;
    }
    return n;
}
