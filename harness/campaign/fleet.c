// fleet.c: `ftfuzz campaign`: opens the state, lets the canary sing, keeps each
// core busy, and stops (fz_fleet.h).

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fleet_internal.h"

enum { TICK_US = 50000, BOUNDS_SECONDS = 10, TRIAGE_SECONDS = 60 };

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
}

// A corpus is bounded by its pruning; what is left is logs and findings. A
// campaign that takes more than it may stops, and says so.
static void
look_at_bounds(Fleet *fleet)
{
    double now = Fleet_Clock();
    if (now - fleet->last_bounds < BOUNDS_SECONDS) {
        return;
    }
    fleet->last_bounds = now;
    if (Fleet_DiskUsed(fleet->folder) >> 20 > fleet->options->disk) {
        fleet->stopping = "out of disk (--disk)";
    }
}

static bool
is_time_for_triage(const Fleet *fleet)
{
    size_t small = 0;
    for (size_t i = 0; i < fleet->nfindings; i++) {
        small += fleet->findings[i].minimized;
    }
    return small > 0 && Fleet_Clock() - fleet->last_triage > TRIAGE_SECONDS;
}

// Gives a free core its next work.
static bool
give_work(Fleet *fleet)
{
    FleetTask task = {.work = FLEET_TURN};
    if (fleet->ntasks > 0) {
        task = fleet->tasks[0];
        memmove(fleet->tasks, fleet->tasks + 1,
                --fleet->ntasks * sizeof(*fleet->tasks));
    }
    else if (is_time_for_triage(fleet)) {
        task.work = FLEET_TRIAGE;
        fleet->last_triage = Fleet_Clock();
    }
    else {
        task.job = Fleet_ChooseJob(fleet);
        if (task.job == NULL) {
            return false;
        }
    }
    return Fleet_Start(fleet, &task);
}

static void
look_at_jobs(Fleet *fleet)
{
    size_t broken = 0;
    for (size_t i = 0; i < fleet->njobs; i++) {
        broken += fleet->jobs[i].broken;
    }
    if (broken == fleet->njobs) {
        fleet->stopping = "no job runs here";
    }
}

static void
run(Fleet *fleet)
{
    while (fleet->stopping == NULL) {
        if (interrupted) {
            fleet->stopping = "interrupted";
            break;
        }
        if (Fleet_Elapsed(fleet) >= fleet->options->seconds) {
            fleet->stopping = "done";
            break;
        }
        Fleet_Watch(fleet);
        while (Fleet_FreeSlot(fleet) != NULL && give_work(fleet)) {
        }
        look_at_bounds(fleet);
        look_at_jobs(fleet);
        Fleet_View(fleet, false);
        usleep(TICK_US);
    }
}

// What the last turns left is looked at within the time of a turn or two.
static void
finish(Fleet *fleet)
{
    const char *why = fleet->stopping;
    Fleet_StopAll(fleet);
    double until = Fleet_Clock() + 60;
    fleet->stopping = NULL;
    while (strcmp(why, "done") == 0 && !interrupted &&
           Fleet_Clock() < until &&
           (fleet->ntasks > 0 || Fleet_CountRunning(fleet) > 0))
    {
        Fleet_Watch(fleet);
        while (fleet->ntasks > 0 && Fleet_FreeSlot(fleet) != NULL &&
               give_work(fleet)) {
        }
        usleep(TICK_US);
    }
    fleet->stopping = why;
    Fleet_StopAll(fleet);
    if (fleet->nfindings > 0) {
        FleetTask task = {.work = FLEET_TRIAGE};
        (void)Fleet_Start(fleet, &task);
        while (Fleet_CountRunning(fleet) > 0) {
            Fleet_Watch(fleet);
            usleep(TICK_US);
        }
    }
    Fleet_Note(fleet, "stop", "\"why\": \"%s\"", why);
}

static bool
prepare(Fleet *fleet, char *why, size_t why_size)
{
    const FzFleetOptions *o = fleet->options;
    char whole[FLEET_LONG_PATH];
    if (mkdir(o->folder, 0777) != 0 && errno != EEXIST) {
        snprintf(why, why_size, "cannot make %s: %s", o->folder,
                 strerror(errno));
        return false;
    }
    if (realpath(o->folder, whole) == NULL || strlen(whole) > 2000) {
        snprintf(why, why_size, "%s cannot be used", o->folder);
        return false;
    }
    snprintf(fleet->folder, sizeof(fleet->folder), "%s", whole);
    fleet->nslots = o->jobs < FLEET_MAX_SLOTS ? o->jobs : FLEET_MAX_SLOTS;
    fleet->terminal = isatty(STDOUT_FILENO);
    fleet->began = Fleet_Clock();
    if (!Fleet_FindJobs(fleet, why, why_size) ||
        !Fleet_Open(fleet, why, why_size))
    {
        return false;
    }
    fleet->began = Fleet_Clock();
    FzRng_Seed(&fleet->rng, FzHash_Mix(o->seed, fleet->nsamples));
    // Every job twice in the time that there is.
    fleet->turn = o->turn > 0 ? o->turn
                              : o->seconds * (double)fleet->nslots / 2 /
                                    (double)fleet->njobs;
    if (o->turn <= 0) {
        fleet->turn = fleet->turn < 2 ? 2 : fleet->turn > 30 ? 30
                                                             : fleet->turn;
    }
    return true;
}

int
FzFleet_Run(const FzFleetOptions *options)
{
    static Fleet fleet;
    char why[FLEET_LONG_PATH + 200];
    fleet = (Fleet){.options = options};
    if (!prepare(&fleet, why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        return 2;
    }
    if (options->page_only) {
        Fleet_WritePage(&fleet);
        return 0;
    }
    if (Fleet_Elapsed(&fleet) >= options->seconds && fleet.over) {
        fprintf(stderr, "ftfuzz: this campaign is over after %.0f s; give it "
                "more --time, or another --state\n", fleet.before);
        return 2;
    }
    catch_signals();
    Fleet_Note(&fleet, "start", "\"jobs\": %zu, \"cores\": %zu, \"seconds\": "
               "%.0f, \"turn\": %.1f", fleet.njobs, fleet.nslots,
               options->seconds, fleet.turn);
    if (!Fleet_Canary(&fleet)) {
        Fleet_StopAll(&fleet);
        return 2;
    }
    Fleet_Recover(&fleet);
    run(&fleet);
    finish(&fleet);
    Fleet_WritePage(&fleet);
    Fleet_Summary(&fleet);
    if (strcmp(fleet.stopping, "no job runs here") == 0) {
        return 2;
    }
    return fleet.nfindings > 0 ? 77 : 0;
}
