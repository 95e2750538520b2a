// strategy.c: the strategies by name.

#include <string.h>

#include "fz_schedule.h"

static const FzStrategy *const strategies[] = {
    &fz_strategy_random,   &fz_strategy_sticky,   &fz_strategy_hold,
    &fz_strategy_round_robin,
    &fz_strategy_pct,      &fz_strategy_fair_pct, &fz_strategy_race_pct,
    &fz_strategy_pos,      &fz_strategy_urw,      &fz_strategy_surw,
    &fz_strategy_delay,    &fz_strategy_preemption, &fz_strategy_dpor,
    &fz_strategy_rff,      &fz_strategy_mutation,
};

const FzStrategy *
FzStrategy_Nth(size_t n)
{
    return n < sizeof(strategies) / sizeof(strategies[0]) ? strategies[n]
                                                          : NULL;
}

const FzStrategy *
FzStrategy_Find(const char *name)
{
    const FzStrategy *strategy;
    for (size_t i = 0; (strategy = FzStrategy_Nth(i)) != NULL; i++) {
        if (strcmp(strategy->name, name) == 0) {
            return strategy;
        }
    }
    return NULL;
}
