// verdict.c: names and sentences of the rules in verdict.def.

#include <string.h>

#include "fz_engine.h"

static const struct {
    const char *name, *oracle, *sentence;
} rules[FZ_RULE_COUNT] = {
#define FZ_RULE(id, oracle, sentence) {#id, #oracle, sentence},
#include "verdict.def"
};

const char *
FzRule_Name(FzRule rule)
{
    return (unsigned)rule < FZ_RULE_COUNT ? rules[rule].name : "?";
}

const char *
FzRule_Oracle(FzRule rule)
{
    return (unsigned)rule < FZ_RULE_COUNT ? rules[rule].oracle : "?";
}

const char *
FzRule_Sentence(FzRule rule)
{
    return (unsigned)rule < FZ_RULE_COUNT ? rules[rule].sentence : "?";
}

bool
FzRule_MayDamage(FzRule rule)
{
    static const char *const sound[] = {
        "lock", "deadlock", "stop-the-world", "gil", "eval-breaker", "qsbr",
        "race",
    };
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
        if (strcmp(FzRule_Oracle(rule), sound[i]) == 0) {
            return false;
        }
    }
    return rule != FZ_RULE_LEAK && rule != FZ_RULE_HEAP_WALK &&
           rule != FZ_RULE_GC_COUNT && rule != FZ_RULE_GC_MISSED_GARBAGE &&
           rule != FZ_RULE_GC_KEPT_GARBAGE;
}

bool
FzRun_MayDamage(const FzRun *run)
{
    for (uint32_t i = 0; i < run->nviolations; i++) {
        if (FzRule_MayDamage(run->violations[i].rule)) {
            return true;
        }
    }
    return false;
}
