// verdict.c: names and sentences of the rules in verdict.def.

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
