// strategy.c: the strategies by name.

#include <string.h>

#include "fz_schedule.h"

const FzStrategy *
FzStrategy_Find(const char *name)
{
    static const FzStrategy *const strategies[] = {
        &fz_strategy_random,
        &fz_strategy_pct,
        &fz_strategy_pos,
    };
    for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
        if (strcmp(strategies[i]->name, name) == 0) {
            return strategies[i];
        }
    }
    return NULL;
}
