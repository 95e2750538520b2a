// fleet_jobs.c: which jobs there are, by the programs in the folders of builds,
// and whose turn it is.

#include <dirent.h>
#include <libgen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fleet_internal.h"

const char *const fleet_engine_names[FLEET_ENGINES] = {"own", "libfuzzer",
                                                       "afl"};

// Whether a list "a,b" has the word, or there is no list.
static bool
is_listed(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ", ");
        if (length == n && strncmp(at, word, n) == 0) {
            return true;
        }
        at += length + (at[length] != '\0');
    }
    return list == NULL;
}

FleetJob *
Fleet_FindJob(Fleet *fleet, const char *name)
{
    for (size_t i = 0; i < fleet->njobs; i++) {
        if (strcmp(fleet->jobs[i].name, name) == 0) {
            return &fleet->jobs[i];
        }
    }
    return NULL;
}

void
FleetJob_Program(const FleetJob *job, const char *suffix, char *out,
                 size_t size)
{
    if (job->engine == FLEET_OWN) {
        snprintf(out, size, "%s/ftfuzz", job->folder);
    }
    else {
        snprintf(out, size, "%s/fuzz/%s%s", job->folder, job->target, suffix);
    }
}

uint64_t
FleetJob_Option(const FleetJob *job, const char *name, uint64_t fallback)
{
    char path[FLEET_LONG_PATH], wanted[64];
    FzBuf text = {0};
    snprintf(path, sizeof(path), "%s/fuzz/%s.options", job->folder,
             job->target);
    snprintf(wanted, sizeof(wanted), "\n%s = ", name);
    if (FzFile_Read(path, &text, NULL, 0)) {
        const char *at = strstr(FzBuf_CString(&text), wanted);
        fallback = at != NULL ? strtoull(at + strlen(wanted), NULL, 10)
                              : fallback;
    }
    FzBuf_Free(&text);
    return fallback;
}

void
FleetJob_Corpus(const Fleet *fleet, const FleetJob *job, char *out,
                size_t size)
{
    snprintf(out, size, "%s/corpus/%s", fleet->folder, job->target);
}

void
FleetJob_Folder(const Fleet *fleet, const FleetJob *job, char *out,
                size_t size)
{
    snprintf(out, size, "%s/jobs/%s.%s.%s", fleet->folder, job->build,
             job->target, fleet_engine_names[job->engine]);
}

// ---------------------------------------------------------------------------
// Finding them.

static void
add_job(Fleet *fleet, const char *folder, const char *target,
        FleetEngine engine)
{
    char path[FLEET_LONG_PATH], name[FLEET_PATH];
    FleetJob *job = &fleet->jobs[fleet->njobs];
    if (!is_listed(fleet->options->targets, target) ||
        !is_listed(fleet->options->engines, fleet_engine_names[engine]) ||
        fleet->njobs == FLEET_MAX_JOBS)
    {
        return;
    }
    *job = (FleetJob){.engine = engine};
    snprintf(job->folder, sizeof(job->folder), "%s", folder);
    snprintf(job->target, sizeof(job->target), "%s", target);
    snprintf(name, sizeof(name), "%s", folder);
    snprintf(job->build, sizeof(job->build), "%s", basename(name));
    snprintf(job->name, sizeof(job->name), "%s/%s/%s", job->build, target,
             fleet_engine_names[engine]);
    FleetJob_Program(job, engine == FLEET_AFL ? "_afl" : "", path,
                     sizeof(path));
    fleet->njobs += access(path, X_OK) == 0 &&
                    Fleet_FindJob(fleet, job->name) == NULL;
}

static bool
has_afl(void)
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t n = strcspn(path, ":");
        char program[FLEET_LONG_PATH];
        snprintf(program, sizeof(program), "%.*s/afl-fuzz", (int)n, path);
        if (access(program, X_OK) == 0) {
            return true;
        }
        path += n + (path[n] == ':');
    }
    return false;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// The targets are those that can run without a fuzzer.
static void
add_build(Fleet *fleet, const char *folder, bool afl)
{
    static const char suffix[] = "_standalone";
    char fuzz[FLEET_LONG_PATH];
    struct dirent **entries;
    add_job(fleet, folder, "programs", FLEET_OWN);
    snprintf(fuzz, sizeof(fuzz), "%s/fuzz", folder);
    int n = scandir(fuzz, &entries, NULL, by_name);
    for (int i = 0; i < n; i++) {
        char *name = entries[i]->d_name;
        size_t length = strlen(name), tail = sizeof(suffix) - 1;
        if (length > tail && strcmp(name + length - tail, suffix) == 0 &&
            strncmp(name, "fuzz_mechanism", 14) != 0)
        {
            name[length - tail] = '\0';
            add_job(fleet, folder, name, FLEET_LIBFUZZER);
            if (afl) {
                add_job(fleet, folder, name, FLEET_AFL);
            }
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
}

// The builds beside this one in which executions are chosen.
static void
add_neighbours(Fleet *fleet, bool afl)
{
    static const char *const names[] = {"fuzz-ft", "fuzz-gil", "race-ft",
                                        "race-gil", "asan-ft", "asan-gil"};
    char self[FLEET_PATH] = "", path[FLEET_LONG_PATH];
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0) {
        return;
    }
    const char *beside = dirname(dirname(self));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", beside, names[i]);
        add_build(fleet, path, afl);
    }
}

bool
Fleet_FindJobs(Fleet *fleet, char *why, size_t why_size)
{
    const char *at = fleet->options->builds;
    bool afl = has_afl();
    if (at == NULL) {
        add_neighbours(fleet, afl);
    }
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ",");
        char given[FLEET_PATH], whole[FLEET_LONG_PATH];
        snprintf(given, sizeof(given), "%.*s", (int)n, at);
        if (realpath(given, whole) == NULL) {
            snprintf(why, why_size, "there is no build in %s", given);
            return false;
        }
        add_build(fleet, whole, afl);
        at += n + (at[n] == ',');
    }
    if (fleet->njobs == 0) {
        snprintf(why, why_size, "no target, build and fuzzer fit; build them "
                                "with scripts/build fuzz-ft");
    }
    return fleet->njobs > 0;
}

// ---------------------------------------------------------------------------
// Whose turn it is: each once, then who paid most, with a bonus for those that
// have not been asked for long (UCB1).

static bool
may_run(const Fleet *fleet, const FleetJob *job)
{
    if (job->running || job->broken) {
        return false;
    }
    for (size_t i = 0; i < fleet->nslots; i++) {
        const FleetChild *child = &fleet->children[i];
        if (child->pid != 0 && child->task.work == FLEET_PRUNE &&
            strcmp(child->task.job->target, job->target) == 0)
        {
            return false;       // its corpus is about to be replaced
        }
    }
    return true;
}

FleetJob *
Fleet_ChooseJob(Fleet *fleet)
{
    double most = 1e-9, turns = 1, best = -1;
    FleetJob *chosen = NULL;
    for (size_t i = 0; i < fleet->njobs; i++) {
        most = fmax(most, fleet->jobs[i].pays);
        turns += (double)fleet->jobs[i].turns;
    }
    for (size_t i = 0; i < fleet->njobs; i++) {
        FleetJob *job = &fleet->jobs[i];
        double score = job->turns == 0
                           ? 100
                           : job->pays / most +
                                 sqrt(2 * log(turns) / (double)job->turns);
        if (may_run(fleet, job) && score > best) {
            best = score;
            chosen = job;
        }
    }
    return chosen;
}
