// fleet_turn.c: what children do: the command of each kind of work, and what
// follows when it has ended.

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fleet_internal.h"

enum {
    MAX_ARGUMENTS = 24, SAMPLE = 150, MAX_CORPUS = 3000, KEEP_PROGRAMS = 1000,
    CONFIRM_SECONDS = 60, MINIMIZE_SECONDS = 30, MERGE_SECONDS = 120,
    FINDING_PAYS = 25,          // as much as so many inputs
};

typedef struct Command {
    char text[MAX_ARGUMENTS][FLEET_LONG_PATH];
    char *argv[MAX_ARGUMENTS + 1];
    size_t n;
} Command;

static Command command, environment;

static void add(Command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(Command *c, const char *format, ...)
{
    va_list args;
    FZ_ASSERT(c->n < MAX_ARGUMENTS);
    va_start(args, format);
    vsnprintf(c->text[c->n], sizeof(c->text[0]), format, args);
    va_end(args);
    c->argv[c->n] = c->text[c->n];
    c->argv[++c->n] = NULL;
}

static void
clear(void)
{
    command.n = environment.n = 0;
    command.argv[0] = environment.argv[0] = NULL;
}

void
Fleet_Queue(Fleet *fleet, FleetWork work, FleetJob *job, const char *subject)
{
    if (fleet->ntasks == fleet->tasks_capacity) {
        fleet->tasks_capacity = 2 * fleet->tasks_capacity + 16;
        fleet->tasks = realloc(fleet->tasks, fleet->tasks_capacity *
                                                 sizeof(*fleet->tasks));
        FZ_ASSERT(fleet->tasks != NULL);
    }
    FleetTask *task = &fleet->tasks[fleet->ntasks];
    if (work == FLEET_PAGE) {   // takes no time, and people wait for it
        task = fleet->tasks;
        memmove(task + 1, task, fleet->ntasks * sizeof(*task));
    }
    fleet->ntasks++;
    *task = (FleetTask){.work = work, .job = job};
    snprintf(task->subject, sizeof(task->subject), "%s", subject);
}

// ---------------------------------------------------------------------------
// Turns.

static unsigned
draw_seed(Fleet *fleet)
{
    return 1 + FzRng_Below(&fleet->rng, 1u << 30);
}

static void
command_own(Fleet *fleet, const FleetJob *job, const char *folder)
{
    char program[FLEET_LONG_PATH], corpus[FLEET_LONG_PATH];
    FleetJob_Program(job, "", program, sizeof(program));
    FleetJob_Corpus(fleet, job, corpus, sizeof(corpus));
    add(&command, "%s", program);
    add(&command, "fuzz");
    add(&command, "--seconds");
    add(&command, "%.1f", fleet->turn);
    add(&command, "--jobs");
    add(&command, "1");
    add(&command, "--seed");
    add(&command, "%u", draw_seed(fleet));
    add(&command, "--corpus");
    add(&command, "%s", corpus);
    add(&command, "--findings");
    add(&command, "%.4000s/new", folder);
    add(&command, "--json");
    add(&command, "--quiet");
}

// Beside the target, where it helps.
static bool
find_dictionary(const FleetJob *job, char out[FLEET_LONG_PATH])
{
    struct stat status;
    FleetJob_Program(job, ".dict", out, FLEET_LONG_PATH);
    return stat(out, &status) == 0;
}

static void
command_libfuzzer(Fleet *fleet, const FleetJob *job, const char *folder)
{
    char program[FLEET_LONG_PATH], corpus[FLEET_LONG_PATH];
    FleetJob_Program(job, "", program, sizeof(program));
    FleetJob_Corpus(fleet, job, corpus, sizeof(corpus));
    add(&command, "%s", program);
    add(&command, "%s", corpus);
    add(&command, "-max_total_time=%d", (int)(fleet->turn + 0.99));
    add(&command, "-max_len=%u",
        (unsigned)FleetJob_Option(job, "max_len", 4096));
    add(&command, "-timeout=%u",
        (unsigned)FleetJob_Option(job, "timeout", 25));
    add(&command, "-artifact_prefix=%.4000s/new/", folder);
    add(&command, "-rss_limit_mb=%u", (unsigned)fleet->options->memory);
    add(&command, "-print_final_stats=1");
    add(&command, "-seed=%u", draw_seed(fleet));
    if (find_dictionary(job, program)) {
        add(&command, "-dict=%.4000s", program);
    }
}

static void
command_afl(Fleet *fleet, const FleetJob *job, const char *folder)
{
    static const char *const settings[] = {
        "AFL_NO_UI=1", "AFL_NO_AFFINITY=1", "AFL_SKIP_CPUFREQ=1",
        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1", "AFL_FAST_CAL=1",
        "AFL_NO_COLOR=1", "AFL_CUSTOM_MUTATOR_ONLY=1",
    };
    char program[FLEET_LONG_PATH], corpus[FLEET_LONG_PATH];
    char path[2 * FLEET_LONG_PATH];
    struct stat status;
    snprintf(path, sizeof(path), "%s/afl", folder);
    Fleet_RemoveFolder(path);
    snprintf(path, sizeof(path), "%s/seeds", folder);
    FleetJob_Corpus(fleet, job, corpus, sizeof(corpus));
    Fleet_Sample(fleet, corpus, path, SAMPLE);
    FleetJob_Program(job, "_mutator.so", program, sizeof(program));
    size_t n = sizeof(settings) / sizeof(settings[0]);
    bool mutator = stat(program, &status) == 0;
    for (size_t i = 0; i < n - !mutator; i++) {
        add(&environment, "%s", settings[i]);
    }
    if (mutator) {
        add(&environment, "AFL_CUSTOM_MUTATOR_LIBRARY=%.4000s", program);
    }
    add(&command, "afl-fuzz");
    add(&command, "-i");
    add(&command, "%.4000s/seeds", folder);
    add(&command, "-o");
    add(&command, "%.4000s/afl", folder);
    add(&command, "-V");
    add(&command, "%d", (int)(fleet->turn + 0.99));
    add(&command, "-t");
    add(&command, "25000");
    add(&command, "-G");
    add(&command, "%u", (unsigned)FleetJob_Option(job, "max_len", 4096));
    add(&command, "-s");
    add(&command, "%u", draw_seed(fleet));
    if (find_dictionary(job, program)) {
        add(&command, "-x");
        add(&command, "%s", program);
    }
    add(&command, "--");
    FleetJob_Program(job, "_afl", program, sizeof(program));
    add(&command, "%s", program);
}

static bool
start_turn(Fleet *fleet, const FleetTask *task)
{
    FleetJob *job = task->job;
    char folder[FLEET_LONG_PATH], path[2 * FLEET_LONG_PATH];
    FleetJob_Folder(fleet, job, folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/new", folder);
    mkdir(folder, 0777);
    mkdir(path, 0777);
    if (!Fleet_PrepareCorpus(fleet, job)) {
        job->broken = true;
        return false;
    }
    if (strcmp(job->target, "programs") == 0 ||
        strcmp(job->target, "fuzz_program") == 0)
    {
        Fleet_SyncPrograms(fleet, job);
    }
    FleetJob_Corpus(fleet, job, path, sizeof(path));
    job->corpus_before = Fleet_CountFiles(path);
    switch (job->engine) {
    case FLEET_OWN:
        command_own(fleet, job, folder);
        break;
    case FLEET_LIBFUZZER:
        command_libfuzzer(fleet, job, folder);
        break;
    default:
        command_afl(fleet, job, folder);
        break;
    }
    return Fleet_Spawn(fleet, task, command.argv, environment.argv,
                       fleet->turn + 20);
}

// ---------------------------------------------------------------------------
// Other work.

static bool
start_confirm(Fleet *fleet, const FleetTask *task)
{
    char program[FLEET_LONG_PATH], folder[FLEET_LONG_PATH];
    FleetChild *slot = Fleet_FreeSlot(fleet);
    snprintf(folder, sizeof(folder), "%s/tmp/%zu", fleet->folder,
             (size_t)(slot - fleet->children));
    Fleet_RemoveFolder(folder);
    mkdir(folder, 0777);
    FleetJob_Program(task->job, "_standalone", program, sizeof(program));
    add(&environment, "FTFUZZ_FINDINGS=%.4000s", folder);
    add(&command, "%s", program);
    add(&command, "%s", task->subject);
    return Fleet_Spawn(fleet, task, command.argv, environment.argv,
                       CONFIRM_SECONDS);
}

static bool
start_minimize(Fleet *fleet, const FleetTask *task)
{
    char program[FLEET_LONG_PATH], path[2 * FLEET_LONG_PATH];
    struct stat status;
    snprintf(path, sizeof(path), "%s/input.ftz", task->subject);
    if (stat(path, &status) == 0) {
        add(&command, "%.4000s/ftfuzz", task->job->folder);
        add(&command, "minimize");
        add(&command, "--quiet");
        add(&command, "--jobs");
        add(&command, "1");
        add(&command, "--seconds");
        add(&command, "%d", MINIMIZE_SECONDS);
        add(&command, "%s", task->subject);
    }
    else {
        FleetJob_Program(task->job, "", program, sizeof(program));
        if (stat(program, &status) != 0) {
            return false;
        }
        add(&command, "%s", program);
        add(&command, "-minimize_crash=1");
        add(&command, "-max_total_time=%d", MINIMIZE_SECONDS);
        add(&command, "-exact_artifact_path=%.3000s/input.min",
            task->subject);
        add(&command, "%.3000s/input.bin", task->subject);
    }
    return Fleet_Spawn(fleet, task, command.argv, NULL,
                       MINIMIZE_SECONDS + 30);
}

// Its page, of its small form if there is one.
static bool
start_page(Fleet *fleet, const FleetTask *task)
{
    char path[2 * FLEET_LONG_PATH];
    struct stat status;
    snprintf(path, sizeof(path), "%s/minimized", task->subject);
    bool small = stat(path, &status) == 0;
    add(&command, "%.4000s/ftfuzz", task->job->folder);
    add(&command, "show");
    add(&command, "--html");
    add(&command, "%.4000s/page.html", task->subject);
    add(&command, "%s", small ? path : task->subject);
    return Fleet_Spawn(fleet, task, command.argv, NULL, CONFIRM_SECONDS);
}

// The queue of AFL++ (or the corpus itself) to the corpus (or a new one): only
// inputs that reach what the others do not.
static bool
start_merge(Fleet *fleet, const FleetTask *task)
{
    char program[FLEET_LONG_PATH], corpus[FLEET_LONG_PATH];
    bool prune = task->work == FLEET_PRUNE;
    FleetJob_Corpus(fleet, task->job, corpus, sizeof(corpus));
    char to[FLEET_LONG_PATH + 8];
    snprintf(to, sizeof(to), "%s%s", corpus, prune ? ".new" : "");
    if (prune) {
        Fleet_RemoveFolder(to);
        mkdir(to, 0777);
    }
    FleetJob_Program(task->job, "", program, sizeof(program));
    add(&command, "%s", program);
    if (task->job->engine == FLEET_OWN) {
        add(&command, "corpus");
        add(&command, "minimize");
        add(&command, "--quiet");
        add(&command, "%s", corpus);
        add(&command, "--to");
        add(&command, "%.4000s", to);
        add(&command, "--limit");
        add(&command, "%d", KEEP_PROGRAMS);
    }
    else {
        add(&command, "-merge=1");
        add(&command, "%.4000s", to);
        add(&command, "%.4000s", prune ? corpus : task->subject);
    }
    return Fleet_Spawn(fleet, task, command.argv, NULL, MERGE_SECONDS);
}

static bool
start_triage(Fleet *fleet, const FleetTask *task)
{
    add(&command, "/proc/self/exe");
    add(&command, "triage");
    add(&command, "--quiet");
    add(&command, "--replays");
    add(&command, "2");
    add(&command, "--output");
    add(&command, "%.4000s/triage", fleet->folder);
    add(&command, "--catalogue");
    add(&command, "%.4000s/findings.json", fleet->folder);
    add(&command, "%.4000s/findings", fleet->folder);
    return Fleet_Spawn(fleet, task, command.argv, NULL, MERGE_SECONDS);
}

static bool
start_canary(Fleet *fleet, const FleetTask *task)
{
    add(&command, "%s", task->subject);
    add(&command, "fuzz");
    add(&command, "--seconds");
    add(&command, "60");
    add(&command, "--jobs");
    add(&command, "1");
    add(&command, "--seed");
    add(&command, "%u", draw_seed(fleet));
    add(&command, "--stop-on-finding");
    add(&command, "--quiet");
    add(&command, "--findings");
    add(&command, "%.4000s/tmp/canary", fleet->folder);
    return Fleet_Spawn(fleet, task, command.argv, NULL, 70);
}

bool
Fleet_Start(Fleet *fleet, const FleetTask *task)
{
    clear();
    switch (task->work) {
    case FLEET_TURN:
        return start_turn(fleet, task);
    case FLEET_CONFIRM:
        return start_confirm(fleet, task);
    case FLEET_MINIMIZE:
        return start_minimize(fleet, task);
    case FLEET_MERGE:
    case FLEET_PRUNE:
        return start_merge(fleet, task);
    case FLEET_TRIAGE:
        return start_triage(fleet, task);
    case FLEET_PAGE:
        return start_page(fleet, task);
    default:
        return start_canary(fleet, task);
    }
}

// ---------------------------------------------------------------------------
// Ends.

static void
pay(FleetJob *job, double for_what, double seconds)
{
    double now = for_what / (seconds > 0.1 ? seconds : 0.1);
    job->pays = job->turns <= 1 ? now : 0.5 * job->pays + 0.5 * now;
}

static void
look_at_corpus(Fleet *fleet, FleetJob *job)
{
    char corpus[FLEET_LONG_PATH];
    FleetJob_Corpus(fleet, job, corpus, sizeof(corpus));
    if (job->engine != FLEET_AFL && Fleet_CountFiles(corpus) > MAX_CORPUS) {
        Fleet_Queue(fleet, FLEET_PRUNE, job, "");
    }
}

static void
end_turn(Fleet *fleet, FleetChild *child)
{
    FleetJob *job = child->task.job;
    FleetSample sample = {
        .seconds = Fleet_Clock() - child->started,
        .job = (size_t)(job - fleet->jobs),
    };
    char corpus[FLEET_LONG_PATH], queue[2 * FLEET_LONG_PATH];
    Fleet_ReadResult(child, &sample);
    FleetJob_Corpus(fleet, job, corpus, sizeof(corpus));
    uint64_t after = Fleet_CountFiles(corpus);
    sample.kept = after > job->corpus_before ? after - job->corpus_before : 0;
    uint64_t known = job->findings;
    Fleet_Collect(fleet, job);
    sample.findings = job->findings - known;
    sample.at = Fleet_Elapsed(fleet);
    job->turns++;
    job->executions += sample.executions;
    job->seconds += sample.seconds;
    job->reached = sample.reached;
    if (job->most_reached < sample.reached) {
        job->most_reached = sample.reached;
    }
    pay(job, (double)(sample.kept + FINDING_PAYS * sample.findings),
        sample.seconds);
    Fleet_AddSample(fleet, &sample);
    Fleet_ShowTurn(fleet, job, &sample);
    fleet->rechecks += job->rechecks - job->rechecks_noted;
    job->steps_noted = job->steps;
    job->rechecks_noted = job->rechecks;
    // Twice in a row without one execution: it does not run here.
    job->broken = sample.executions == 0 && job->last_turn < 0;
    job->last_turn = sample.executions == 0 ? -1 : sample.seconds;
    if (job->broken) {
        Fleet_Say(fleet, "%s does not run; see %s", job->name, child->log);
    }
    FleetJob_Folder(fleet, job, queue, sizeof(queue));
    strcat(queue, "/afl/default/queue");
    if (job->engine == FLEET_AFL && sample.executions > 0) {
        Fleet_Queue(fleet, FLEET_MERGE, job, queue);
    }
    look_at_corpus(fleet, job);
}

static void
end_merge(Fleet *fleet, FleetChild *child, int status)
{
    FleetJob *job = child->task.job;
    char corpus[FLEET_LONG_PATH];
    FleetJob_Corpus(fleet, job, corpus, sizeof(corpus));
    if (child->task.work == FLEET_PRUNE) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            Fleet_Swap(corpus);
        }
        return;
    }
    uint64_t after = Fleet_CountFiles(corpus);
    uint64_t kept = after > job->corpus_before ? after - job->corpus_before
                                               : 0;
    pay(job, (double)kept, Fleet_Clock() - child->started + fleet->turn);
}

void
Fleet_Ended(Fleet *fleet, FleetChild *child, int status)
{
    char path[FLEET_LONG_PATH];
    fleet->busy += Fleet_Clock() - child->started;
    switch (child->task.work) {
    case FLEET_TURN:
        end_turn(fleet, child);
        break;
    case FLEET_CONFIRM:
        Fleet_Confirmed(fleet, child, status);
        break;
    case FLEET_MINIMIZE: {
        const char *id = strrchr(child->task.subject, '/') + 1;
        // Stopped with the campaign: finish() does it again, if there is
        // time, or the next session.
        if (child->asked && fleet->stopping != NULL) {
            Fleet_Queue(fleet, FLEET_MINIMIZE, child->task.job,
                        child->task.subject);
            break;
        }
        Fleet_AddFinding(fleet, id)->minimized = true;
        Fleet_Note(fleet, "minimized", "\"id\": \"%s\"", id);
        Fleet_WantPage(fleet, child->task.job, child->task.subject);
        break;
    }
    case FLEET_MERGE:
    case FLEET_PRUNE:
        end_merge(fleet, child, status);
        break;
    case FLEET_PAGE:
        break;
    case FLEET_CANARY:
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
            fleet->canaries_ok++;
            Fleet_Note(fleet, "canary", "\"program\": \"%s\", "
                       "\"seconds\": %.1f", child->task.subject,
                       Fleet_Clock() - child->started);
        }
        break;
    default:
        snprintf(path, sizeof(path), "%s/triage", fleet->folder);
        fleet->last_triage = Fleet_Clock();
        break;
    }
}
