// sct_internal.h: what the files of libfzsct share: the library that a program
// is linked with so that the engine decides which of its threads runs.
//
// Threads of the program are fibers on one OS thread. The program is executed
// many times in one process: before each run its variables are put back to what
// they were before main(), and its heap is empty. What the program calls
// (pthread functions, semaphores, C11 threads, clocks, malloc, exit) is defined
// here; outside of a run those calls do what the C library does, or fail where
// that would start threads.

#ifndef FZ_SCT_INTERNAL_H
#define FZ_SCT_INTERNAL_H

#include "engine_internal.h"
#include "fz_race.h"

#define FZ_SCT_EXPORT __attribute__((visibility("default")))

// Each process makes one run, and threads, locks and keys that its thread had
// before stay what they were. Else a run begins with none of them.
extern const bool fz_sct_one_run;

// ---- sct_sync.c: what threads wait for. The first four bytes of the
// program's own object hold the number of its FzSctSync, 0 before first use.
typedef enum FzSctKind {
    FZ_SCT_MUTEX, FZ_SCT_COND, FZ_SCT_RWLOCK, FZ_SCT_BARRIER, FZ_SCT_SEM,
    FZ_SCT_SPIN, FZ_SCT_ONCE, FZ_SCT_FUTEX, FZ_SCT_JOIN
} FzSctKind;

typedef enum FzSctMutexType {
    FZ_SCT_NORMAL, FZ_SCT_RECURSIVE, FZ_SCT_ERRORCHECK
} FzSctMutexType;

typedef struct FzSctSync {
    FzSctKind kind;
    FzSctMutexType type;        // of a mutex
    const void *addr;           // the program's object
    uint32_t owner;             // thread + 1 that holds it alone; 0: none
    uint32_t count;             // depth; readers; value; arrived; state
    uint32_t limit;             // of a barrier
    FzThreadSet readers;
    FzThreadSet waiters;
    FzThreadSet woken;          // of a lock: waiters that may now take it
} FzSctSync;

enum { FZ_SCT_FOREVER = -1 };

void FzSctSync_Begin(void);
void FzSctFutex_Begin(void);     // sct_semaphore.c
// The sync variable of `slot`, made if the slot is 0. Another kind, or a value
// that no run of ours put there, is a violation.
FzSctSync *FzSctSync_Get(void *slot, FzSctKind kind);
// Forgets what the slot held: initialisation.
FzSctSync *FzSctSync_New(void *slot, FzSctKind kind);
// Marks the slot as destroyed: a use before it is initialised is a violation.
void FzSctSync_Destroy(void *slot, FzSctKind kind);
// Blocks the running thread in `sync`; timeout_ns: FZ_SCT_FOREVER or the time.
// True if woken, false at the deadline.
bool FzSctSync_Wait(FzSctSync *sync, int64_t timeout_ns);
// Makes one waiter (the longest), or all of them, runnable.
void FzSctSync_WakeOne(FzSctSync *sync);
void FzSctSync_WakeAll(FzSctSync *sync);
// A lock that one thread holds: takes it, whoever holds it now; 0 or ETIMEDOUT.
// Gives it back.
int FzSctSync_Take(FzSctSync *sync, void *slot, int64_t timeout_ns);
void FzSctSync_Release(FzSctSync *sync, void *slot);
const char *FzSctKind_Name(FzSctKind kind);
// A point of the running thread about a sync variable.
void FzSct_Point(RtPoint kind, const void *addr, uintptr_t site);
#define FZ_SCT_SITE ((uintptr_t)__builtin_return_address(0))

// Mutexes are used by condition variables and C11's functions too. These return
// what the pthread functions return.
int FzSctMutex_Lock(void *slot, int64_t timeout_ns, uintptr_t site);
int FzSctMutex_TryLock(void *slot, uintptr_t site);
int FzSctMutex_Unlock(void *slot, uintptr_t site);
int FzSctCond_Wait(void *slot, void *mutex, int64_t timeout_ns,
                   uintptr_t site);
int FzSctCond_Wake(void *slot, bool all, uintptr_t site);

// ---- sct_thread.c
typedef struct FzSctThread {
    const FzSctSync *waits_for; // while blocked
    void *(*start)(void *);
    void *arg;
    void *result;
    bool ended, joined, detached;
    bool has_deadline;          // of its wait for a lock
    FzSctSync join;
    void *cleanups;             // buffers of pthread_cleanup_push(), linked
    void *values[128];          // of keys
    uint32_t nvalues;           // highest key used + 1
} FzSctThread;
extern FzSctThread fz_sct_threads[FZ_MAX_THREADS];
void FzSctThread_Begin(void);
// Starts a thread; 0 or an errno. *number: its own.
int FzSctThread_Create(void *(*start)(void *), void *arg, bool detached,
                       uint32_t *number, uintptr_t site);
int FzSctThread_Join(uint32_t number, void **result, uintptr_t site);
_Noreturn void FzSctThread_Exit(void *result);

// ---- sct_time.c: virtual clocks.
int64_t FzSctTime_Realtime(void);       // ns since 1970
double FzSctTime_Elapsed(void);         // real seconds, for the harness itself
// From a point in time to the time from now on; never below 0. realtime: on
// that clock, else on the monotonic one.
struct timespec;
int64_t FzSctTime_Until(const struct timespec *when, bool realtime);

// ---- sct_memory.c: the heap of a run.
void FzSctMemory_Begin(void);
// A block for memalign() and its kin, called at `caller`; NULL: there is none.
void *FzSctMemory_Aligned(size_t alignment, size_t size, uintptr_t caller);

// ---- sct_string.c: the program's plain accesses to a range, made for it by
// the function called at `site`.
void FzSctString_Touch(const void *addr, size_t size, bool write,
                       uintptr_t site);

// ---- sct_image.c: the variables of the program.
FZ_WARN_UNUSED bool FzSctImage_Init(char *why, size_t why_size);
void FzSctImage_Restore(void);
// ---- sct_system.c
// Whether pc lies in the C library, the dynamic linker or this library.
bool FzSctImage_IsSystem(uintptr_t pc);
// The program's block of thread-local variables, as it is before main().
extern void *fz_sct_tls;
extern size_t fz_sct_tls_size;
extern const void *fz_sct_tls_initial;

// ---- sct_target.c: what is modelled is as before main().
void FzSct_Begin(void);

// ---- sct_process.c
// The running thread ends the whole program.
_Noreturn void FzSctProcess_Exit(int status);
void FzSctProcess_Begin(void);
// Answers a system call that would tell processes apart. False: not such a one.
bool FzSctProcess_SystemCall(long number, const long *args, long *result);

// ---- sct_options.c: what FZ_SCT says (`ftfuzz sct --help`).
typedef struct FzSctOptions {
    const FzStrategy *strategy; // NULL: the portfolio
    uint64_t seed;
    uint32_t depth;
    uint64_t executions;        // of each trial, at most
    double seconds;             // of all trials; 0: no limit
    uint32_t trials;
    uint64_t budget;            // points of one execution
    bool go_on;                 // after a finding
    bool races;                 // report data races
    bool weak;                  // atomic loads may return older values
    bool plain_points;          // plain accesses are points
    bool exit_status;           // a status other than 0 is a violation
    bool quiet;                 // results only
    bool output;                // of the program is shown
    bool check;                 // each execution is replayed and compared
    const char *findings;       // folder; NULL: nothing is saved
    const char *replay;         // a schedule file
} FzSctOptions;
FZ_WARN_UNUSED bool FzSctOptions_Parse(const char *text, FzSctOptions *out,
                                       char *why, size_t why_size);

// ---- sct_explore.c: executes main() until something is found. Returns the
// exit status of the process.
typedef int (*FzSctMain)(int, char **, char **);
int FzSct_Explore(FzSctMain function, int argc, char **argv, char **envp,
                  const FzSctOptions *options);

// What programs call and no header declares, or not always.
int __libc_start_main(FzSctMain function, int argc, char **argv,
                      void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);
_Noreturn void __assert_fail(const char *condition, const char *file,
                             unsigned line, const char *function);

// ---- sct_report.c
// "counter", "table+0x8", else as FzEngine_NameAddress(). Returns buf.
const char *FzSct_Name(const void *addr, char *buf, size_t size);
void FzSctReport_Text(const FzRun *run, FzBuf *out);
// A function of the program and the place in its source, if it can be told.
void FzSctReport_Place(const void *address, char *out, size_t size);

#endif  // FZ_SCT_INTERNAL_H
