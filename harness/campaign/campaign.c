// campaign.c: the parent of a campaign: starts workers, shows what they do,
// restarts the ones that die, stops all of them, sums up.

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fz_campaign.h"
#include "fz_finding.h"
#include "worker_internal.h"

enum { TICK_MS = 100 };

typedef struct Campaign {
    const FzCampaignOptions *options;
    FzCampaignShared *shared;
    pid_t pid;                  // the parent's own
    pid_t pids[FZ_MAX_JOBS];    // 0: not running
    uint64_t shown[FZ_MAX_JOBS];        // findings already announced
    uint64_t found_at_start[FZ_MAX_JOBS];       // by earlier workers there
    uint64_t starts;            // workers started; each gets its own seed
    uint64_t deaths;            // workers that ended without being asked
    uint64_t counted[FZ_MAX_JOBS];      // executions when last looked at
    double alive[FZ_MAX_JOBS];  // when that had changed
    double looked;              // when that was
    bool hung[FZ_MAX_JOBS];     // it was killed because it had not for long
    bool gave_up;               // a worker cannot work here
    double started;
    double last_status;
    uint64_t last_executions;
    bool terminal;
} Campaign;

static volatile sig_atomic_t interrupted;

static void
on_signal(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static double
now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
FzWorker_Announce(FzWorkerShared *shared, const char *rule, const char *path)
{
    char *slot = shared->found[shared->findings % FZ_FOUND_RING];
    snprintf(slot, sizeof(shared->found[0]), "%s\t%s", rule, path);
    __atomic_store_n(&shared->findings, shared->findings + 1,
                     __ATOMIC_RELEASE);
}

static bool
start_worker(Campaign *c, unsigned index)
{
    uint64_t seed = FzHash_Mix(c->options->seed, c->starts++);
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid < 0) {
        fprintf(stderr, "ftfuzz: cannot start a worker: %s\n",
                strerror(errno));
        return false;
    }
    if (pid == 0) {
        // The terminal's Ctrl-C goes to all; the parent asks workers to stop.
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != c->pid) {
            _exit(0);           // the parent died before it could be said
        }
        exit(FzWorker_Run(c->options, c->shared, index, seed));
    }
    c->pids[index] = pid;
    c->alive[index] = now_seconds();
    c->hung[index] = false;
    c->found_at_start[index] = c->shared->workers[index].findings;
    return true;
}

static FzWorkerShared
sum_of(const Campaign *c)
{
    FzWorkerShared sum = {0};
    for (uint64_t i = 0; i < c->options->jobs; i++) {
        const FzWorkerShared *w = &c->shared->workers[i];
        sum.executions += w->executions;
        sum.steps += w->steps;
        sum.switches += w->switches;
        sum.corpus += w->corpus;
        sum.rechecks += w->rechecks;
        sum.findings += w->findings;
        sum.duplicates += w->duplicates;
        sum.edges = w->edges > sum.edges ? w->edges : sum.edges;
        sum.interleavings = w->interleavings > sum.interleavings
                                ? w->interleavings
                                : sum.interleavings;
        sum.edges_total = w->edges_total;
        // Of the worker that has seen most: theirs cannot be added.
        if (w->species > sum.species) {
            sum.species = w->species;
            sum.singletons = w->singletons;
            sum.doubletons = w->doubletons;
        }
    }
    return sum;
}

static void
clear_line(const Campaign *c)
{
    if (c->terminal) {
        printf("\r\033[K");
    }
}

static void
announce_findings(Campaign *c)
{
    for (uint64_t i = 0; i < c->options->jobs; i++) {
        FzWorkerShared *w = &c->shared->workers[i];
        uint64_t findings = __atomic_load_n(&w->findings, __ATOMIC_ACQUIRE);
        for (; c->shown[i] < findings; c->shown[i]++) {
            char text[512];
            snprintf(text, sizeof(text), "%s",
                     w->found[c->shown[i] % FZ_FOUND_RING]);
            char *path = strchr(text, '\t');
            if (path == NULL) {
                continue;
            }
            *path++ = '\0';
            if (c->options->json) {
                FzBuf out = {0};
                FzBuf_Printf(&out, "{\"event\": \"finding\", \"rule\": ");
                FzBuf_JsonString(&out, text);
                FzBuf_Printf(&out, ", \"path\": ");
                FzBuf_JsonString(&out, path);
                printf("%s}\n", FzBuf_CString(&out));
                FzBuf_Free(&out);
            }
            else {
                clear_line(c);
                printf("finding: %s in %s\n", text, path);
            }
        }
    }
}

static void
print_json_counts(const FzWorkerShared *sum, const char *event, double elapsed)
{
    printf("{\"event\": \"%s\", \"build\": \"%s\", \"elapsed\": %.2f, "
           "\"executions\": %llu, \"executions_per_second\": %.1f, "
           "\"edges\": %llu, \"edge_counters\": %llu, "
           "\"interleavings\": %llu, \"corpus\": %llu, \"findings\": %llu, "
           "\"duplicates\": %llu, \"rechecks\": %llu, \"steps\": %llu, "
           "\"switches\": %llu, \"species\": %llu, \"singletons\": %llu, "
           "\"doubletons\": %llu}\n",
           event, FzExec_BuildName(), elapsed,
           (unsigned long long)sum->executions,
           elapsed > 0 ? (double)sum->executions / elapsed : 0.0,
           (unsigned long long)sum->edges,
           (unsigned long long)sum->edges_total,
           (unsigned long long)sum->interleavings,
           (unsigned long long)sum->corpus,
           (unsigned long long)sum->findings,
           (unsigned long long)sum->duplicates,
           (unsigned long long)sum->rechecks,
           (unsigned long long)sum->steps, (unsigned long long)sum->switches,
           (unsigned long long)sum->species,
           (unsigned long long)sum->singletons,
           (unsigned long long)sum->doubletons);
}

static void
show_status(Campaign *c)
{
    double now = now_seconds();
    double interval = c->terminal ? 0.5 : 5.0;
    if (c->options->quiet || now - c->last_status < interval) {
        return;
    }
    FzWorkerShared sum = sum_of(c);
    double elapsed = now - c->started;
    double rate = (double)(sum.executions - c->last_executions) /
                  (now - c->last_status);
    c->last_status = now;
    c->last_executions = sum.executions;
    if (c->options->json) {
        print_json_counts(&sum, "status", elapsed);
        fflush(stdout);
        return;
    }
    clear_line(c);
    printf("%02d:%02d:%02d  exec %llu (%.0f/s)  cov %llu  interleavings %llu  "
           "corpus %llu  findings %llu%s",
           (int)elapsed / 3600, (int)elapsed / 60 % 60, (int)elapsed % 60,
           (unsigned long long)sum.executions, rate,
           (unsigned long long)sum.edges,
           (unsigned long long)sum.interleavings,
           (unsigned long long)sum.corpus, (unsigned long long)sum.findings,
           c->terminal ? "" : "\n");
    fflush(stdout);
}

// Somebody who stops processes: no failure of what it was executing.
static bool
was_stopped(int status)
{
    return WIFSIGNALED(status) && (WTERMSIG(status) == SIGTERM ||
                                   WTERMSIG(status) == SIGINT ||
                                   WTERMSIG(status) == SIGHUP);
}

// A worker died without a word: what it was executing is all that is known.
static void
save_lost_input(Campaign *c, unsigned index, int status)
{
    FzWorkerShared *w = &c->shared->workers[index];
    if (w->findings != c->found_at_start[index]) {
        return;                 // it wrote a finding before it died
    }
    static const char advice[] =
        "The choices died with the process. They follow from the input: "
        "ftfuzz run input.ftz makes them again.\n";
    FzRun run = {.nviolations = 1};
    FzViolation *v = &run.violations[0];
    *v = (FzViolation){.rule = FZ_RULE_CRASH, .other_thread = UINT32_MAX};
    if (c->hung[index]) {
        v->rule = FZ_RULE_HANG;
        snprintf(v->message, sizeof(v->message),
                 "no execution ended for %.0f seconds; the process was killed",
                 now_seconds() - c->alive[index]);
    }
    else if (WIFSIGNALED(status)) {
        snprintf(v->message, sizeof(v->message),
                 "the process died of signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    }
    else {
        snprintf(v->message, sizeof(v->message),
                 "the process ended with exit code %d", WEXITSTATUS(status));
    }
    FzInput input = w->current;
    FzSchedule schedule = FzExec_ScheduleOf(&input);
    FzFindingExtra extra = {.report = advice};
    char path[4200], why[512];
    if (FzFinding_Save(c->options->findings_dir, &input, &schedule, &run,
                       &extra, path, sizeof(path), why, sizeof(why))) {
        FzWorker_Announce(w, FzRule_Name(v->rule), path);
    }
    else {
        fprintf(stderr, "ftfuzz: %s\n", why);
    }
}

// The steps of an execution are bounded, not what the code does between two of
// them: a worker that has not ended one for long never will. Time in which this
// process did not run either (stopped, or the machine asleep) is not held
// against it.
static void
kill_hung_workers(Campaign *c)
{
    double now = now_seconds();
    double absent = c->looked > 0 ? now - c->looked : 0;
    c->looked = now;
    for (unsigned i = 0; i < c->options->jobs; i++) {
        if (absent > 1) {
            c->alive[i] += absent;
        }
        uint64_t executions = c->shared->workers[i].executions;
        if (executions != c->counted[i]) {
            c->counted[i] = executions;
            c->alive[i] = now;
        }
        else if (c->pids[i] != 0 && c->options->hang > 0 && !c->hung[i] &&
                 now - c->alive[i] > c->options->hang)
        {
            c->hung[i] = true;
            kill(c->pids[i], SIGKILL);
        }
    }
}

// Restarts workers that died of a finding; gives up where none can live.
static void
reap_workers(Campaign *c, bool restart)
{
    for (unsigned i = 0; i < c->options->jobs; i++) {
        int status;
        if (c->pids[i] == 0 || waitpid(c->pids[i], &status, WNOHANG) <= 0) {
            continue;
        }
        c->pids[i] = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            continue;
        }
        if (was_stopped(status)) {
            if (restart && !c->gave_up) {
                start_worker(c, i);
            }
            continue;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == FZ_WORKER_UNUSABLE) {
            c->gave_up = true;
            continue;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == FZ_WORKER_SPOILT) {
            if (restart && !c->gave_up) {
                start_worker(c, i);
            }
            continue;
        }
        c->deaths++;
        if (c->shared->workers[i].executions == 0 && c->deaths > 3) {
            fprintf(stderr, "ftfuzz: workers die before their first "
                            "execution; run ftfuzz run --seed 1 to see why\n");
            c->gave_up = true;
        }
        save_lost_input(c, i, status);
        if (c->options->stop_on_finding) {
            c->shared->stop = 1;
        }
        else if (restart && !c->gave_up) {
            start_worker(c, i);
        }
    }
}

static bool
any_running(const Campaign *c)
{
    for (unsigned i = 0; i < c->options->jobs; i++) {
        if (c->pids[i] != 0) {
            return true;
        }
    }
    return false;
}

static void
stop_workers(Campaign *c)
{
    __atomic_store_n(&c->shared->stop, 1, __ATOMIC_RELAXED);
    double deadline = now_seconds() + 20;
    while (any_running(c) && now_seconds() < deadline) {
        reap_workers(c, false);
        usleep(2000);
    }
    for (unsigned i = 0; i < c->options->jobs; i++) {
        if (c->pids[i] != 0) {
            fprintf(stderr, "ftfuzz: worker %u does not stop; killed\n", i);
            int status = 0;
            kill(c->pids[i], SIGKILL);
            waitpid(c->pids[i], &status, 0);
            c->pids[i] = 0;
            c->deaths++;
            c->hung[i] = true;
            save_lost_input(c, i, status);
        }
    }
}

static bool
is_over(const Campaign *c)
{
    const FzCampaignOptions *o = c->options;
    if (o->seconds > 0 && now_seconds() - c->started >= o->seconds) {
        return true;
    }
    uint64_t cpu_ns = 0;
    for (uint64_t i = 0; i < o->jobs; i++) {
        cpu_ns += __atomic_load_n(&c->shared->workers[i].cpu_ns,
                                  __ATOMIC_RELAXED);
    }
    return o->cpu_seconds > 0 && (double)cpu_ns >= o->cpu_seconds * 1e9;
}

static void
watch(Campaign *c)
{
    struct timespec tick = {0, TICK_MS * 1000000L};
    while (!interrupted && !c->gave_up &&
           __atomic_load_n(&c->shared->stop, __ATOMIC_RELAXED) == 0 &&
           any_running(c)) {
        if (is_over(c)) {
            break;
        }
        nanosleep(&tick, NULL);
        kill_hung_workers(c);
        reap_workers(c, true);
        announce_findings(c);
        show_status(c);
        if (c->options->every > 0 &&
            sum_of(c).findings >= c->options->every) {
            break;              // those of dying workers count, too
        }
    }
    stop_workers(c);
    announce_findings(c);
}

static void
print_summary(const Campaign *c)
{
    FzWorkerShared sum = sum_of(c);
    double elapsed = now_seconds() - c->started;
    if (c->options->json) {
        print_json_counts(&sum, "summary", elapsed);
        return;
    }
    clear_line(c);
    printf("\n%s: %llu executions in %.1f s (%.0f/s, %llu jobs), %llu steps, "
           "%llu thread switches\n",
           interrupted ? "interrupted" : "done",
           (unsigned long long)sum.executions, elapsed,
           elapsed > 0 ? (double)sum.executions / elapsed : 0.0,
           (unsigned long long)c->options->jobs,
           (unsigned long long)sum.steps, (unsigned long long)sum.switches);
    printf("coverage: %llu edge buckets (%llu edges instrumented), %llu "
           "interleaving buckets, corpus %llu\n",
           (unsigned long long)sum.edges,
           (unsigned long long)sum.edges_total,
           (unsigned long long)sum.interleavings,
           (unsigned long long)sum.corpus);
    printf("determinism: %llu executions made twice, all with equal traces "
           "unless a finding says otherwise\n",
           (unsigned long long)sum.rechecks);
    if (sum.findings == 0) {
        printf("findings: none\n");
        return;
    }
    printf("findings: %llu distinct, %llu seen again, in %s\n",
           (unsigned long long)sum.findings,
           (unsigned long long)sum.duplicates, c->options->findings_dir);
    printf("  ftfuzz show FOLDER explains one, ftfuzz replay FOLDER repeats "
           "it\n");
}

static bool
check_folder(const char *path, const char *what)
{
    struct stat status;
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "ftfuzz: cannot make the %s folder %s: %s; give "
                        "another one with --%s\n",
                what, path, strerror(errno), what);
        return false;
    }
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode) ||
        access(path, W_OK) != 0) {
        fprintf(stderr, "ftfuzz: the %s folder %s cannot be written; give "
                        "another one with --%s\n",
                what, path, what);
        return false;
    }
    return true;
}

int
FzCampaign_Run(const FzCampaignOptions *options)
{
    if (!check_folder(options->findings_dir, "findings") ||
        (options->corpus_dir != NULL &&
         !check_folder(options->corpus_dir, "corpus"))) {
        return 2;
    }
    Campaign c = {
        .options = options,
        .terminal = isatty(STDOUT_FILENO),
        .pid = getpid(),
    };
    c.shared = mmap(NULL, sizeof(*c.shared), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c.shared == MAP_FAILED) {
        fprintf(stderr, "ftfuzz: out of memory\n");
        return 71;
    }
    c.shared->executions_left = options->executions;
    c.shared->every_left = options->every;
    c.started = c.last_status = now_seconds();
    FzSymbol_Share();
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
    for (unsigned i = 0; i < options->jobs; i++) {
        if (!start_worker(&c, i)) {
            c.gave_up = true;
        }
    }
    watch(&c);
    print_summary(&c);
    FzWorkerShared sum = sum_of(&c);
    munmap(c.shared, sizeof(*c.shared));
    if (sum.findings + sum.duplicates + c.deaths > 0) {
        return 77;
    }
    return c.gave_up ? 2 : 0;
}
