// fleet_child.c: the processes of a campaign: started as leaders of groups of
// their own, watched, and killed as groups. They die with the campaign.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet_internal.h"

enum { GRACE = 15 };            // seconds to stop in when asked

FleetChild *
Fleet_FreeSlot(Fleet *fleet)
{
    for (size_t i = 0; i < fleet->nslots; i++) {
        if (fleet->children[i].pid == 0) {
            return &fleet->children[i];
        }
    }
    return NULL;
}

size_t
Fleet_CountRunning(const Fleet *fleet)
{
    size_t n = 0;
    for (size_t i = 0; i < fleet->nslots; i++) {
        n += fleet->children[i].pid != 0;
    }
    return n;
}

static _Noreturn void
become(const Fleet *fleet, const char *log, pid_t parent, char *const argv[],
       char *const environment[])
{
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int null = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    if (getppid() != parent) {
        _exit(0);
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        putenv(environment[i]);
    }
    (void)fleet;
    execvp(argv[0], argv);
    fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

bool
Fleet_Spawn(Fleet *fleet, const FleetTask *task, char *const argv[],
            char *const environment[], double seconds)
{
    FleetChild *child = Fleet_FreeSlot(fleet);
    pid_t parent = getpid();
    FZ_ASSERT(child != NULL);
    *child = (FleetChild){.task = *task};
    snprintf(child->log, sizeof(child->log), "%.2900s/logs/%zu.log",
             fleet->folder, (size_t)(child - fleet->children));
    fflush(NULL);
    child->pid = fork();
    if (child->pid == 0) {
        become(fleet, child->log, parent, argv, environment);
    }
    if (child->pid < 0) {
        child->pid = 0;
        Fleet_Say(fleet, "cannot start a process: %s", strerror(errno));
        return false;
    }
    setpgid(child->pid, child->pid);
    child->started = Fleet_Clock();
    child->deadline = child->started + seconds;
    if (task->job != NULL && task->work == FLEET_TURN) {
        task->job->running = true;
    }
    return true;
}

// ---------------------------------------------------------------------------
// Memory: of a process and all that it has started, in MB.

static uint64_t
resident_pages(long pid)
{
    char path[64];
    unsigned long size = 0, resident = 0;
    snprintf(path, sizeof(path), "/proc/%ld/statm", pid);
    FILE *f = fopen(path, "r");
    if (f != NULL) {
        if (fscanf(f, "%lu %lu", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(f);
    }
    return resident;
}

static uint64_t
memory_of(long pid, int depth)
{
    char path[64];
    uint64_t pages = resident_pages(pid);
    long child;
    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
    FILE *f = depth < 4 ? fopen(path, "r") : NULL;
    while (f != NULL && fscanf(f, "%ld", &child) == 1) {
        pages += memory_of(child, depth + 1);
    }
    if (f != NULL) {
        fclose(f);
    }
    return pages;
}

static void
kill_child(FleetChild *child, const char *why)
{
    if (child->killed == NULL) {
        child->killed = why;
    }
    kill(-child->pid, SIGKILL);
}

static void
look_after(Fleet *fleet, FleetChild *child, double now)
{
    uint64_t pages = memory_of(child->pid, 0);
    uint64_t mb = pages * (uint64_t)sysconf(_SC_PAGESIZE) >> 20;
    if (mb > fleet->options->memory) {
        kill_child(child, "memory");
    }
    else if (!child->asked && now > child->deadline) {
        child->asked = true;
        kill(-child->pid, SIGINT);
    }
    else if (child->asked && now > child->deadline + GRACE) {
        kill_child(child, "hung");
    }
}

static void
end_child(Fleet *fleet, FleetChild *child, int status)
{
    kill(-child->pid, SIGKILL); // what it may have left behind
    if (child->killed != NULL) {
        Fleet_Note(fleet, "killed", "\"job\": \"%s\", \"why\": \"%s\"",
                   child->task.job != NULL ? child->task.job->name : "",
                   child->killed);
        fleet->hung++;
    }
    if (child->task.job != NULL && child->task.work == FLEET_TURN) {
        child->task.job->running = false;
    }
    Fleet_Ended(fleet, child, status);
    child->pid = 0;
}

void
Fleet_Watch(Fleet *fleet)
{
    double now = Fleet_Clock();
    for (size_t i = 0; i < fleet->nslots; i++) {
        FleetChild *child = &fleet->children[i];
        int status;
        if (child->pid == 0) {
            continue;
        }
        if (waitpid(child->pid, &status, WNOHANG) == child->pid) {
            end_child(fleet, child, status);
        }
        else {
            look_after(fleet, child, now);
        }
    }
}

void
Fleet_StopAll(Fleet *fleet)
{
    double now = Fleet_Clock();
    for (size_t i = 0; i < fleet->nslots; i++) {
        FleetChild *child = &fleet->children[i];
        if (child->pid != 0 && !child->asked) {
            child->deadline = now;
        }
    }
    while (Fleet_CountRunning(fleet) > 0) {
        Fleet_Watch(fleet);
        usleep(20000);
    }
}
