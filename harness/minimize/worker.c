// worker.c: the worker processes of the minimizer. The parent hands out
// candidates in order through shared memory and takes the first that succeeds;
// workers that die or stand still are replaced.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fz_exec.h"
#include "minimize_internal.h"

enum { STUCK_SECONDS = 10, TICK_MS = 200 };

volatile sig_atomic_t fz_minimize_interrupted;

double
FzPool_Now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// ---------------------------------------------------------------------------
// The worker

static _Noreturn void
worker_main(FzBoard *shared, FzSlot *slot, int from, int to)
{
    char why[512], byte;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        _exit(3);
    }
    FzTrial_InstallReports(shared, slot);
    while (read(from, &byte, 1) == 1) {
        FzTrial_Run(shared, slot);
        if (write(to, &byte, 1) != 1) {
            break;
        }
    }
    _exit(0);
}

static bool
start_worker(FzPool *pool, unsigned i)
{
    int down[2], up[2];
    FzWorkerHandle *w = &pool->workers[i];
    *w = (FzWorkerHandle){.to = -1, .from = -1};
    if (pipe2(down, O_CLOEXEC) != 0) {
        return false;
    }
    if (pipe2(up, O_CLOEXEC) != 0) {
        close(down[0]);
        close(down[1]);
        return false;
    }
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(down[1]);
        close(up[0]);
        if (getppid() != parent) {
            _exit(0);
        }
        // Pipes of the others would keep them from seeing the parent's end.
        for (unsigned k = 0; k < pool->jobs; k++) {
            if (k != i && pool->workers[k].pid != 0) {
                close(pool->workers[k].to);
                close(pool->workers[k].from);
            }
        }
        worker_main(pool->shared, &pool->shared->slots[i], down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    if (pid < 0) {
        close(down[1]);
        close(up[0]);
        return false;
    }
    *w = (FzWorkerHandle){.pid = pid, .to = down[1], .from = up[0]};
    return true;
}

static void
end_worker(FzPool *pool, unsigned i, bool kill_it)
{
    FzWorkerHandle *w = &pool->workers[i];
    if (w->pid == 0) {
        return;
    }
    close(w->to);
    close(w->from);
    if (kill_it) {
        kill(w->pid, SIGKILL);
    }
    waitpid(w->pid, NULL, 0);
    w->pid = 0;
}

bool
FzPool_Start(FzPool *pool, unsigned jobs, char *why, size_t why_size)
{
    *pool = (FzPool){.jobs = jobs};
    pool->shared = mmap(NULL, sizeof(FzBoard), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pool->shared == MAP_FAILED) {
        snprintf(why, why_size, "out of memory");
        return false;
    }
    for (unsigned i = 0; i < jobs; i++) {
        if (!start_worker(pool, i)) {
            snprintf(why, why_size, "cannot start a worker: %s",
                     strerror(errno));
            FzPool_Stop(pool);
            return false;
        }
    }
    return true;
}

void
FzPool_Stop(FzPool *pool)
{
    for (unsigned i = 0; i < pool->jobs; i++) {
        end_worker(pool, i, true);
    }
    munmap(pool->shared, sizeof(FzBoard));
}

uint64_t
FzPool_Executions(const FzPool *pool)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < pool->jobs; i++) {
        n += pool->shared->slots[i].executions;
    }
    return n;
}

// ---------------------------------------------------------------------------
// The parent

typedef struct Search {
    FzPool *pool;
    FzTaskMaker make;
    void *arg;
    uint64_t next;              // candidate to hand out
    uint64_t first;
    uint64_t *costs;            // of the candidates from `first` on
    size_t ncosts;
    bool exhausted;
    int64_t found;              // lowest that succeeded so far, or -1
    double deadline;
    double cancelled_at;
} Search;

static FzAnswer best_answer;

static void
know_cost(Search *s, uint64_t index, uint64_t cost)
{
    size_t at = (size_t)(index - s->first);
    if (at >= s->ncosts) {
        size_t n = 2 * at + 64;
        s->costs = realloc(s->costs, n * sizeof(uint64_t));
        FZ_ASSERT(s->costs != NULL);
        memset(&s->costs[s->ncosts], 0, (n - s->ncosts) * sizeof(uint64_t));
        s->ncosts = n;
    }
    s->costs[at] = cost;
}

// Candidates after the one that was found were looked at or not.
static uint64_t
sum_costs(const Search *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->ncosts; i++) {
        if (s->found < 0 || s->first + i <= (uint64_t)s->found) {
            sum += s->costs[i];
        }
    }
    return sum;
}

static void
hand_out(Search *s, unsigned i)
{
    FzSlot *slot = &s->pool->shared->slots[i];
    FzWorkerHandle *w = &s->pool->workers[i];
    bool skip = true;
    while (skip) {
        if (s->exhausted || s->found >= 0) {
            return;
        }
        skip = false;
        if (!s->make(s->arg, s->next, &slot->task, &skip)) {
            s->exhausted = true;
            return;
        }
        w->index = s->next++;
    }
    slot->cancelled = false;
    memset(&slot->answer, 0, offsetof(FzAnswer, witness));
    char byte = 1;
    w->busy = write(w->to, &byte, 1) == 1;
    w->seen = slot->executions;
    w->seen_at = FzPool_Now();
}

static void
take_answer(Search *s, unsigned i)
{
    FzWorkerHandle *w = &s->pool->workers[i];
    FzSlot *slot = &s->pool->shared->slots[i];
    w->busy = false;
    know_cost(s, w->index, slot->answer.cost);
    bool success = slot->answer.failed || slot->answer.saved;
    if (!success || (s->found >= 0 && (uint64_t)s->found < w->index)) {
        return;
    }
    s->found = (int64_t)w->index;
    memcpy(&best_answer, &slot->answer,
           offsetof(FzAnswer, witness) + offsetof(FzWitness, turns) +
               slot->answer.witness.nturns * sizeof(FzTurn));
    for (unsigned k = 0; k < s->pool->jobs; k++) {
        FzWorkerHandle *other = &s->pool->workers[k];
        if (other->busy && other->index > w->index) {
            s->pool->shared->slots[k].cancelled = true;
        }
    }
}

// A worker in which nothing was run.
static void
renew_worker(FzPool *pool, unsigned i)
{
    end_worker(pool, i, true);
    if (!start_worker(pool, i)) {
        fprintf(stderr, "ftfuzz: cannot start a worker\n");
        exit(71);
    }
}

// A worker died: of a report, which it has put into its answer, or otherwise.
static void
replace_worker(Search *s, unsigned i)
{
    bool busy = s->pool->workers[i].busy;
    end_worker(s->pool, i, true);
    if (busy) {
        take_answer(s, i);
    }
    renew_worker(s->pool, i);
}

static bool
stop_asked(const Search *s)
{
    return fz_minimize_interrupted || FzPool_Now() >= s->deadline;
}

static void
look_after(Search *s, unsigned i)
{
    FzWorkerHandle *w = &s->pool->workers[i];
    FzSlot *slot = &s->pool->shared->slots[i];
    if (!w->busy) {
        return;
    }
    if (slot->executions != w->seen) {
        w->seen = slot->executions;
        w->seen_at = FzPool_Now();
    }
    else if (FzPool_Now() - w->seen_at > STUCK_SECONDS) {
        slot->answer.failed = false;
        slot->answer.cost += FZ_STUCK_COST;
        replace_worker(s, i);
    }
}

static unsigned
wait_for_answers(Search *s)
{
    struct pollfd fds[FZ_MINIMIZE_MAX_JOBS];
    unsigned busy = 0;
    for (unsigned i = 0; i < s->pool->jobs; i++) {
        bool waits = s->pool->workers[i].busy;
        fds[i] = (struct pollfd){.fd = waits ? s->pool->workers[i].from : -1,
                                 .events = POLLIN};
        busy += waits;
    }
    if (busy == 0 || poll(fds, s->pool->jobs, TICK_MS) < 0) {
        return busy;
    }
    for (unsigned i = 0; i < s->pool->jobs; i++) {
        char byte;
        if (fds[i].fd < 0 || fds[i].revents == 0) {
            look_after(s, i);
        }
        else if (read(fds[i].fd, &byte, 1) == 1) {
            take_answer(s, i);
        }
        else {
            replace_worker(s, i);
        }
    }
    return busy;
}

static int64_t
run_search(Search *s, const FzAnswer **answer)
{
    unsigned busy;
    do {
        if (!s->exhausted && stop_asked(s)) {
            s->exhausted = true;
            for (unsigned i = 0; i < s->pool->jobs; i++) {
                s->pool->shared->slots[i].cancelled = true;
            }
        }
        for (unsigned i = 0; i < s->pool->jobs; i++) {
            if (!s->pool->workers[i].busy) {
                hand_out(s, i);
            }
        }
        busy = wait_for_answers(s);
    } while (busy > 0);
    s->pool->cost += sum_costs(s);
    free(s->costs);
    *answer = &best_answer;
    return s->found;
}

// Follows the turns of a witness once.
static bool
make_again(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const FzWitness *w = arg;
    (void)skip;
    task->kind = FZ_TASK_TRY;
    memset(&task->reduction, 0, sizeof(task->reduction));
    task->reduction.program = w->program;
    task->fail_allocation = w->fail_allocation;
    task->weak_seed = w->weak_seed;
    task->time_step_ns = w->time_step_ns;
    task->remap = false;
    task->nturns = w->nturns;
    memcpy(task->turns, w->turns, w->nturns * sizeof(FzTurn));
    task->random = task->turns_at_most = 0;
    task->max_preemptions = UINT32_MAX;
    return index == 0;
}

// Whether what failed after damage to memory fails without.
static bool
fails_by_itself(FzPool *pool, double deadline)
{
    static FzWitness witness;
    memcpy(&witness, &best_answer.witness,
           offsetof(FzWitness, turns) +
               best_answer.witness.nturns * sizeof(FzTurn));
    renew_worker(pool, 0);
    Search s = {
        .pool = pool, .make = make_again, .arg = &witness, .found = -1,
        .deadline = deadline,
    };
    const FzAnswer *answer;
    uint64_t cost = pool->cost; // who was damaged depends on who ran what
    bool fails = run_search(&s, &answer) >= 0;
    pool->cost = cost;
    return fails;
}

int64_t
FzPool_First(FzPool *pool, FzTaskMaker make, void *arg, uint64_t from,
             double deadline, const FzAnswer **answer)
{
    int64_t found;
    do {
        Search s = {
            .pool = pool, .make = make, .arg = arg, .first = from,
            .next = from, .found = -1, .deadline = deadline,
        };
        found = run_search(&s, answer);
        from = (uint64_t)found + 1;
    } while (found >= 0 && best_answer.doubtful &&
             !fails_by_itself(pool, deadline));
    return found;
}

typedef struct Once {
    FzTaskMaker make;
    void *arg;
} Once;

static bool
make_once(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    Once *once = arg;
    return index == 0 && once->make(once->arg, 0, task, skip);
}

const FzAnswer *
FzPool_One(FzPool *pool, FzTaskMaker make, void *arg)
{
    Once once = {make, arg};
    // Not interrupted: what is found so far is still to be written.
    sig_atomic_t interrupted = fz_minimize_interrupted;
    fz_minimize_interrupted = 0;
    Search s = {
        .pool = pool, .make = make_once, .arg = &once, .found = -1,
        .deadline = FzPool_Now() + 600,
    };
    best_answer.failed = best_answer.saved = false;
    best_answer.hits = 0;
    const FzAnswer *answer;
    renew_worker(pool, 0);
    run_search(&s, &answer);
    if (s.found < 0) {          // its reason
        memcpy(&best_answer, &pool->shared->slots[0].answer,
               offsetof(FzAnswer, witness));
        if (best_answer.why[0] == '\0') {
            snprintf(best_answer.why, sizeof(best_answer.why),
                     "the process that runs it dies or stands still");
        }
    }
    fz_minimize_interrupted |= interrupted;
    return answer;
}
