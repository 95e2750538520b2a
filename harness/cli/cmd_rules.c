// cmd_rules.c: ftfuzz rules: every verdict an execution can end in; --check
// shows of each that it is reported when it must be, and only then.

#include <string.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_twins.h"

static void
list_rules(bool json)
{
    for (int i = 0; i < FZ_RULE_COUNT; i++) {
        FzRule rule = (FzRule)i;
        printf(json ? "{\"rule\": \"%s\", \"oracle\": \"%s\", \"sentence\": "
                      "\"%s\"}\n"
                    : "%-24s %-15s %s\n",
               FzRule_Name(rule), FzRule_Oracle(rule),
               FzRule_Sentence(rule));
    }
}

static bool
is_rule(const char *name)
{
    for (int i = 0; i < FZ_RULE_COUNT; i++) {
        if (strcmp(name, FzRule_Name((FzRule)i)) == 0) {
            return true;
        }
    }
    return false;
}

// ---------------------------------------------------------------------------
// --check.

typedef struct Tally {
    int pairs, elsewhere, missing, unexpected;
} Tally;

static void
print_json(const FzTwin *twin, const FzTwinResult *r)
{
    printf("{\"rule\": \"%s\", \"mistake\": \"%s\", \"clean\": \"%s\", "
           "\"broken\": \"%s\", \"promise\": \"%s\", \"wrong_step\": %llu, "
           "\"seen_step\": %llu, \"events\": %llu, \"as_expected\": %s}\n",
           FzRule_Name(twin->rule), twin->mistake, r->clean, r->broken,
           FzTwinPromise_Name(twin->promise),
           (unsigned long long)r->wrong_step,
           (unsigned long long)r->seen_step, (unsigned long long)r->events,
           r->as_expected ? "true" : "false");
}

static void
print_text(const FzTwin *twin, const FzTwinResult *r)
{
    printf("%-23s %-7s %-23s %-17s %5llu %+7lld  %s\n",
           FzRule_Name(twin->rule), r->clean, r->broken,
           FzTwinPromise_Name(twin->promise),
           (unsigned long long)r->wrong_step,
           (long long)(r->seen_step - r->wrong_step), twin->mistake);
    if (!r->as_expected) {
        printf("    NOT AS EXPECTED: %s: %s\n", r->why, r->message);
    }
}

static void
print_other(const char *rule, const char *what, const char *needs, bool json)
{
    if (json) {
        printf("{\"rule\": \"%s\", \"%s\": \"%s\", \"as_expected\": null}\n",
               rule, what, needs);
    }
    else {
        printf("%-23s %s: %s\n", rule, what, needs);
    }
}

static void
check_pair(const FzTwin *twin, bool json, Tally *tally)
{
    if (twin->needs != NULL) {
        tally->elsewhere++;
        print_other(FzRule_Name(twin->rule), "needs", twin->needs, json);
        return;
    }
    FzTwinResult result;
    FzTwin_Run(twin, &result);
    tally->pairs++;
    tally->unexpected += !result.as_expected;
    (json ? print_json : print_text)(twin, &result);
    fflush(stdout);
}

// only: the name of a rule, or NULL.
static int
check(bool json, const char *only)
{
    char why[200];
    if (!FzCli_NeedsEngine("rules --check")) {
        return FZ_EXIT_USAGE;
    }
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    Tally tally = {0};
    if (!json) {
        printf("%-23s %-7s %-23s %-17s %5s %7s  %s\n", "rule", "clean",
               "broken", "seen", "step", "points", "the mistake");
    }
    for (size_t i = 0; FzTwin_Nth(i) != NULL; i++) {
        const FzTwin *twin = FzTwin_Nth(i);
        if (only == NULL || strcmp(only, FzRule_Name(twin->rule)) == 0) {
            check_pair(twin, json, &tally);
        }
    }
    for (int rule = 0; rule < FZ_RULE_COUNT; rule++) {
        if (only == NULL && !FzTwin_Has((FzRule)rule)) {
            tally.missing++;
            print_other(FzRule_Name((FzRule)rule), "no twin",
                        "write one in harness/twins", json);
        }
    }
    if (!json) {
        printf("%d pairs of twins, %d not as expected; %d need another build, "
               "%d rules without twins\n",
               tally.pairs, tally.unexpected, tally.elsewhere, tally.missing);
    }
    return tally.unexpected == 0 && tally.missing == 0 ? FZ_EXIT_CLEAN
                                                       : FZ_EXIT_FINDING;
}

static int
run(int argc, char **argv)
{
    bool json = false, checks = false;
    const FzOption options[] = {
        {"check", NULL, FZ_OPT_FLAG, &checks,
         "run each rule's clean and broken twin"},
        {"json", NULL, FZ_OPT_FLAG, &json, "one JSON object a line"},
        {0},
    };
    const char *only = NULL;
    int n = FzCli_Parse(&fz_command_rules, options, argc, argv, &only, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (only != NULL && (!checks || !is_rule(only))) {
        FzCli_Error(checks ? "rules: no rule is called '%s'; ftfuzz rules "
                             "lists them"
                           : "rules: '%s' is of use with --check only", only);
        return FZ_EXIT_USAGE;
    }
    if (checks) {
        return check(json, only);
    }
    list_rules(json);
    return FZ_EXIT_CLEAN;
}

const FzCommand fz_command_rules = {
    "rules", "[RULE]", "list every rule whose violation is a finding",
    "--check runs, for each rule, two bodies of code that differ in one\n"
    "place: the clean one must be silent, the broken one must be reported\n"
    "first by this rule, on the thread that acts, and when the rule says\n"
    "that it sees it: at once (before the wrong action has ended), at the\n"
    "next look (a walk of the heap, a check) or at the end of the run. The\n"
    "table shows the step at which the action, or the look, began, and how\n"
    "many points lie between it and the report. A rule that this build\n"
    "cannot break says what it needs. With RULE only its twins run. Exit\n"
    "code 77 if a pair is not as expected, or a rule has no twins.\n",
    run,
};
