// cmd_rules.c: ftfuzz rules: every verdict an execution can end in.

#include "cli.h"
#include "fz_engine.h"

static int
run(int argc, char **argv)
{
    bool json = false;
    const FzOption options[] = {
        {"json", NULL, FZ_OPT_FLAG, &json, "one JSON object a line"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_rules, options, argc, argv, NULL, 0);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    for (int i = 0; i < FZ_RULE_COUNT; i++) {
        FzRule rule = (FzRule)i;
        if (json) {
            printf("{\"rule\": \"%s\", \"oracle\": \"%s\", \"sentence\": "
                   "\"%s\"}\n",
                   FzRule_Name(rule), FzRule_Oracle(rule),
                   FzRule_Sentence(rule));
        }
        else {
            printf("%-24s %-15s %s\n", FzRule_Name(rule), FzRule_Oracle(rule),
                   FzRule_Sentence(rule));
        }
    }
    return FZ_EXIT_CLEAN;
}

const FzCommand fz_command_rules = {
    "rules", "", "list every rule whose violation is a finding", "", run,
};
