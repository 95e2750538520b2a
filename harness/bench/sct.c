// sct.c: the public benchmark of schedule search: programs with one bug each
// (bench/sct/programs.txt), every strategy, so many trials; beside them the
// same programs on free OS threads, a process for each execution, and their
// fixed twins, in which nothing may be found, and which tell the throughput:
// no search ends there after its first executions. The programs of SCTBench and
// those of ConVul are counted apart.

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fz_bench.h"
#include "fz_schedule.h"

enum { MAX_PROGRAMS = 64, MAX_TRIALS = 100, MAX_STRATEGIES = 24,
       FREE_EXECUTIONS = 200, FREE_TIMEOUT_S = 2 };

typedef struct Result {
    uint32_t trials, found;
    uint64_t at[MAX_TRIALS];    // executions to the finding, of found trials
    uint64_t executions;
    double seconds, per_second;
} Result;

// Whose programs: told by their names.
typedef enum Group { SCTBENCH, CONVUL, NGROUPS } Group;

static Group
group_of(const char *program)
{
    return strncmp(program, "ConVul.", 7) == 0 ? CONVUL : SCTBENCH;
}

typedef struct Totals {
    const char *name;
    uint32_t found, programs, programs_found, trials;
    uint32_t twins;             // findings in fixed ones
    double rates[MAX_PROGRAMS];
    uint32_t nrates;
} Totals;

static int
by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int
by_rate(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

// The lines that libfzsct prints (sct_explore.c).
static void
read_line(Result *result, const char *line)
{
    unsigned trial;
    unsigned long long at, executions, points;
    double seconds, rate;
    if (sscanf(line, "trial=%u found_at=%llu executions=%llu", &trial, &at,
               &executions) == 3)
    {
        result->trials++;
        if (at != 0 && result->found < MAX_TRIALS) {
            result->at[result->found++] = at;
        }
    }
    else if (sscanf(line, "total executions=%llu points=%llu seconds=%lf "
                    "per_second=%lf", &executions, &points, &seconds,
                    &rate) == 4)
    {
        result->executions = executions;
        result->seconds = seconds;
        result->per_second = rate;
    }
}

// False if the program cannot be run, with a message.
static bool
search(const char *program, const char *strategy, uint64_t executions,
       uint64_t trials, double seconds, Result *result)
{
    char command[PATH_MAX + 512];
    snprintf(command, sizeof(command),
             "FZ_SCT='quiet=1;strategy=%s;executions=%llu;trials=%llu;"
             "seconds=%f' '%s'", strategy, (unsigned long long)executions,
             (unsigned long long)trials, seconds, program);
    *result = (Result){0};
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        fprintf(stderr, "ftfuzz: cannot run %s: %s\n", program,
                strerror(errno));
        return false;
    }
    char line[512];
    while (fgets(line, sizeof(line), pipe) != NULL) {
        read_line(result, line);
    }
    pclose(pipe);
    if (result->trials == 0) {
        fprintf(stderr, "ftfuzz: %s gave no result: is it built "
                "(scripts/build fuzz-ft)?\n", program);
        return false;
    }
    qsort(result->at, result->found, sizeof(result->at[0]), by_number);
    return true;
}

// ---------------------------------------------------------------------------
// Free OS threads

static double
now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// True if it ended well. A deadlock is ended by the alarm.
static bool
run_once(const char *program)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(FREE_TIMEOUT_S);
        if (freopen("/dev/null", "w", stderr) != NULL) {
            execl(program, program, NULL);
        }
        _exit(0);
    }
    int status = 0;
    return child < 0 || waitpid(child, &status, 0) != child || status == 0;
}

static void
run_free(const char *program, double seconds, Result *result)
{
    *result = (Result){.trials = 1};
    double start = now_seconds();
    double end = start;
    while (result->executions < FREE_EXECUTIONS && end - start < seconds) {
        if (!run_once(program)) {
            result->found++;
        }
        result->executions++;
        end = now_seconds();
    }
    result->seconds = end - start;
    result->per_second = (double)result->executions / result->seconds;
}

// ---------------------------------------------------------------------------
// Tables

static void
add_totals(Totals *totals, const Result *result)
{
    totals->found += result->found;
    totals->programs++;
    totals->programs_found += result->found > 0;
    totals->trials = result->trials > totals->trials ? result->trials
                                                     : totals->trials;
}

static void
add_rate(Totals *totals, const Result *result)
{
    totals->twins += result->found;
    totals->rates[totals->nrates++] = result->per_second;
}

static void
print_result(FILE *out, bool json, const char *strategy, const Result *r)
{
    unsigned long long median = r->found > 0 ? r->at[r->found / 2] : 0;
    if (json) {
        fprintf(out, ", \"%s\": {\"found\": %u, \"trials\": %u, \"median\": "
                "%llu, \"per_second\": %.0f}", strategy, r->found, r->trials,
                median, r->per_second);
        return;
    }
    char cell[64];
    if (r->found > 0) {
        snprintf(cell, sizeof(cell), "%u:%llu", r->found, median);
    }
    else {
        snprintf(cell, sizeof(cell), "-");
    }
    fprintf(out, " %11s", cell);
}

static void
print_free(FILE *out, bool json, const Result *r)
{
    if (json) {
        fprintf(out, ", \"free\": {\"found\": %u, \"executions\": %llu, "
                "\"per_second\": %.0f}", r->found,
                (unsigned long long)r->executions, r->per_second);
    }
    else {
        fprintf(out, " %5u/%-4llu", r->found,
                (unsigned long long)r->executions);
    }
}

static double
median_rate(Totals *totals)
{
    qsort(totals->rates, totals->nrates, sizeof(double), by_rate);
    return totals->nrates > 0 ? totals->rates[totals->nrates / 2] : 0;
}

static void
print_total(FILE *out, bool json, Totals *totals)
{
    double mean = (double)totals->found / totals->trials;
    double rate = median_rate(totals);
    if (json) {
        fprintf(out, "\"%s\": {\"programs\": %u, \"mean\": %.2f, "
                "\"median_per_second\": %.0f, \"fixed_twins_found\": %u}, ",
                totals->name, totals->programs_found, mean, rate,
                totals->twins);
    }
    else {
        fprintf(out, "%-12s %2u of %u programs, %.2f in the mean of the "
                "trials, median %.0f executions/s%s\n", totals->name,
                totals->programs_found, totals->programs, mean, rate,
                totals->twins > 0 ? ", FOUND IN FIXED TWINS" : "");
    }
}

// The last is of free threads. Returns the findings in fixed twins.
static uint32_t
print_group(FILE *out, bool json, Group group, Totals *totals, size_t n)
{
    static const char *const names[] = {"SCTBench", "ConVul"};
    static const char *const keys[] = {"totals", "convul_totals"};
    uint32_t twins = 0;
    if (json) {
        fprintf(out, ", \"%s\": {", keys[group]);
    }
    else {
        fprintf(out, "\n%s\n", names[group]);
    }
    for (size_t i = 0; i < n; i++) {
        print_total(out, json, &totals[i]);
        twins += totals[i].twins;
    }
    fprintf(out, json ? "\"free\": {\"median_per_second\": %.0f}}"
                      : "free threads: median %.0f executions/s\n",
            median_rate(&totals[n]));
    return twins;
}

// ---------------------------------------------------------------------------

typedef struct Suite {
    char folder[PATH_MAX];
    char names[MAX_PROGRAMS][64];
    uint32_t count;
    const char *strategies[MAX_STRATEGIES];
    size_t nstrategies;
} Suite;

static bool
load_suite(Suite *suite, const char *strategy)
{
    ssize_t n = readlink("/proc/self/exe", suite->folder,
                         sizeof(suite->folder) - 8);
    suite->folder[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(suite->folder, '/');
    strcpy(slash != NULL ? slash : suite->folder, "/sct");
    char path[PATH_MAX + 16], line[256];
    snprintf(path, sizeof(path), "%s/programs.txt", suite->folder);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "ftfuzz: %s: %s; the fuzz-ft build has the programs\n",
                path, strerror(errno));
        return false;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] != '#' && suite->count < MAX_PROGRAMS &&
            sscanf(line, "%63s", suite->names[suite->count]) == 1)
        {
            suite->count++;
        }
    }
    fclose(file);
    if (strategy != NULL) {
        suite->strategies[suite->nstrategies++] = strategy;
        return true;
    }
    suite->strategies[suite->nstrategies++] = "portfolio";
    const FzStrategy *known;
    while (suite->nstrategies < MAX_STRATEGIES &&
           (known = FzStrategy_Nth(suite->nstrategies - 1)) != NULL) {
        suite->strategies[suite->nstrategies++] = known->name;
    }
    return true;
}

// One strategy: the program, then its fixed twin.
static bool
run_strategy(const Suite *suite, const FzBenchSct *o, uint32_t index, size_t s,
             Totals *totals, FILE *out)
{
    char path[PATH_MAX + 80];
    const char *strategy = suite->strategies[s];
    Result result;
    snprintf(path, sizeof(path), "%s/%s", suite->folder, suite->names[index]);
    if (!search(path, strategy, o->executions, o->trials, o->seconds,
                &result))
    {
        return false;
    }
    add_totals(&totals[s], &result);
    print_result(out, o->json, strategy, &result);
    fflush(out);
    strcat(path, ".fixed");
    if (!search(path, strategy, o->executions, 1, o->seconds, &result)) {
        return false;
    }
    if (result.found > 0) {
        fprintf(stderr, "ftfuzz: %s fails with %s\n", path, strategy);
    }
    add_rate(&totals[s], &result);
    return true;
}

static bool
run_program(const Suite *suite, const FzBenchSct *o, uint32_t index,
            Totals *totals, FILE *out)
{
    char path[PATH_MAX + 80];
    const char *name = suite->names[index];
    Result result;
    if (o->json) {
        fprintf(out, "%s{\"program\": \"%s\"", index > 0 ? ", " : "", name);
    }
    else {
        fprintf(out, "%-22s", name);
    }
    for (size_t s = 0; s < suite->nstrategies; s++) {
        if (!run_strategy(suite, o, index, s, totals, out)) {
            return false;
        }
    }
    snprintf(path, sizeof(path), "%s/%s.free", suite->folder, name);
    run_free(path, o->seconds, &result);
    add_rate(&totals[suite->nstrategies],
             &(Result){.per_second = result.per_second});
    print_free(out, o->json, &result);
    fprintf(out, "%s", o->json ? "}" : "\n");
    return true;
}

static void
print_head(FILE *out, bool json, const Suite *suite)
{
    if (json) {
        fprintf(out, "{\"programs\": [");
        return;
    }
    fprintf(out, "%-22s", "program");
    for (size_t s = 0; s < suite->nstrategies; s++) {
        fprintf(out, " %11s", suite->strategies[s]);
    }
    fprintf(out, "  free fails\n");
}

int
FzBench_Sct(const FzBenchSct *o, FILE *out)
{
    Suite suite = {.count = 0};
    Totals totals[NGROUPS][MAX_STRATEGIES + 1] = {0};
    if (!load_suite(&suite, o->strategy)) {
        return 2;
    }
    for (size_t s = 0; s < suite.nstrategies; s++) {
        totals[SCTBENCH][s].name = suite.strategies[s];
        totals[CONVUL][s].name = suite.strategies[s];
    }
    print_head(out, o->json, &suite);
    for (uint32_t i = 0; i < suite.count; i++) {
        Group group = group_of(suite.names[i]);
        if (!run_program(&suite, o, i, totals[group], out)) {
            return 2;
        }
    }
    fprintf(out, o->json ? "]" : "(trials in which it was found : median "
                                 "executions until then)\n");
    uint32_t twins = 0;
    for (int group = 0; group < NGROUPS; group++) {
        twins += print_group(out, o->json, (Group)group, totals[group],
                             suite.nstrategies);
    }
    fprintf(out, o->json ? ", \"fixed_twins_found\": %u}\n"
                         : "\nfindings in fixed twins: %u\n", twins);
    return twins > 0 ? 1 : 0;
}
