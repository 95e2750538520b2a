// cpython_threads.c: a thread pointer for each fiber, and the interpreter as
// what the engine runs (engine/target.h).
//
// CPython asks the thread pointer who is running (_Py_ThreadId(): owners of
// objects, of recursive locks) and keeps its thread state in thread-local
// variables. So a switch of fibers changes the thread pointer. The blocks that
// it points to are those of real threads, which are started once on stacks of
// ours, wait for ever, and do not live on in forks: their blocks do.

#include "cpython_internal.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__
#include <asm/prctl.h>
#endif

enum {
    MAIN_STACK = 64 * 1024 * 1024,
    // Holds a thread-local block and what a thread needs to go to sleep.
    PARKED_STACK = 256 * 1024,
};

const bool fz_sct_one_run = true;

// Block 0 is the first thread's, and the host's. One more than threads: the
// warm-up starts one.
enum { NBLOCKS = FZ_MAX_THREADS + 1 };

static uintptr_t pointers[NBLOCKS];
static uint32_t block_of[FZ_MAX_THREADS + 1];   // of a thread; the last: host
static uint32_t blocks_used = 1;
static uint32_t nparked;                        // futex word: threads that are
static bool has_instruction;                    // the processor sets it itself

// ---------------------------------------------------------------------------
// Setting the thread pointer

#if defined(__x86_64__)

static inline uintptr_t
get_pointer(void)
{
    return (uintptr_t)__builtin_thread_pointer();
}

__attribute__((target("fsgsbase"))) static inline void
set_pointer(uintptr_t pointer)
{
    if (__builtin_expect(has_instruction, true)) {
        __builtin_ia32_wrfsbase64(pointer);
        return;
    }
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"((long)SYS_arch_prctl), "D"((long)ARCH_SET_FS),
                       "S"(pointer)
                     : "rcx", "r11", "memory");
}

static void
find_instruction(void)
{
    enum { FSGSBASE = 1 << 1 };
    has_instruction = (getauxval(AT_HWCAP2) & FSGSBASE) != 0;
}

#elif defined(__aarch64__)

static inline uintptr_t
get_pointer(void)
{
    return (uintptr_t)__builtin_thread_pointer();
}

static inline void
set_pointer(uintptr_t pointer)
{
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(pointer) : "memory");
}

static void
find_instruction(void)
{
    has_instruction = true;
}

#endif

// ---------------------------------------------------------------------------
// Real threads, of the C library

static int
real_create(pthread_t *out, void *stack, size_t size, void *(*start)(void *),
            void *arg)
{
    static int (*create)(pthread_t *, const pthread_attr_t *,
                         void *(*)(void *), void *);
    create = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                      void *))dlsym(RTLD_NEXT, "pthread_create");
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, size);
    int error = create(out, &attributes, start, arg);
    pthread_attr_destroy(&attributes);
    return error;
}

static void *
map_stack(size_t size)
{
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return stack != MAP_FAILED ? stack : NULL;
}

static void *
park(void *number)
{
    pointers[(uintptr_t)number] = get_pointer();
    __atomic_fetch_add(&nparked, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        pause();
    }
    return NULL;
}

bool
FzThreadPointers_Init(char *why, size_t why_size)
{
    find_instruction();
    pointers[0] = get_pointer();
    for (uintptr_t t = 1; t < NBLOCKS; t++) {
        pthread_t thread;
        void *stack = map_stack(PARKED_STACK);
        int error = stack != NULL ? real_create(&thread, stack, PARKED_STACK,
                                                park, (void *)t)
                                  : ENOMEM;
        if (error != 0) {
            snprintf(why, why_size, "cannot start a thread: %s",
                     strerror(error));
            return false;
        }
        while (__atomic_load_n(&nparked, __ATOMIC_SEQ_CST) < t) {
            struct timespec moment = {0, 100000};
            syscall(SYS_nanosleep, &moment, NULL);
        }
    }
    return true;
}

// ---------------------------------------------------------------------------
// The first thread

typedef struct MainCall {
    int (*function)(int, char **);
    int argc;
    char **argv;
    int status;
} MainCall;

static void *
call_main(void *arg)
{
    MainCall *call = arg;
    char why[256];
    if (!FzThreadPointers_Init(why, sizeof(why))) {
        dprintf(STDERR_FILENO, "ftpython: %s\n", why);
        _Exit(2);
    }
    call->status = call->function(call->argc, call->argv);
    fflush(NULL);
    _Exit(call->status);
}

// The arguments lie on the kernel's stack: copied to where all else lies.
static char **
copy_arguments(int argc, char **argv)
{
    size_t size = 0;
    for (int i = 0; i < argc; i++) {
        size += strlen(argv[i]) + 1;
    }
    size_t table = ((size_t)argc + 1) * sizeof(char *);
    char *copy = mmap(NULL, table + size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FZ_ASSERT(copy != MAP_FAILED);
    char **out = (char **)(void *)copy;
    char *text = copy + table;
    for (int i = 0; i < argc; i++) {
        out[i] = strcpy(text, argv[i]);
        text += strlen(text) + 1;
    }
    out[argc] = NULL;
    return out;
}

int
FzCPython_Main(int (*function)(int, char **), int argc, char **argv)
{
    MainCall call = {function, argc, copy_arguments(argc, argv), 2};
    void *stack = map_stack(MAIN_STACK);
    pthread_t thread;
    if (stack == NULL ||
        real_create(&thread, stack, MAIN_STACK, call_main, &call) != 0)
    {
        dprintf(STDERR_FILENO, "ftpython: cannot start the first thread\n");
        _Exit(2);
    }
    for (;;) {
        pause();                // the other thread ends the process
    }
}

// A fork of a process under control would be one more that answers.
FZ_SCT_EXPORT pid_t
fork(void)
{
    static pid_t (*real)(void);
    if (real == NULL) {
        real = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    }
    if (fz_engine.active) {
        errno = ENOSYS;
        return -1;
    }
    return real();
}

// ---------------------------------------------------------------------------
// The target

void *
FzTarget_ReserveArena(size_t size)
{
    (void)size;
    return NULL;                // blocks are the interpreter's own
}

void
FzTarget_Begin(const FzSchedule *schedule)
{
    (void)schedule;
    FzSct_Begin();
}

// A thread gets a block that no other had, nor one of the warm-up: what they
// left in theirs is not for it.
void
FzTarget_NewThread(uint32_t thread)
{
    if (thread != 0) {
        FZ_ASSERT(blocks_used < NBLOCKS);
        block_of[thread] = blocks_used++;
    }
}

void
FzTarget_SaveThread(uint32_t thread)
{
    (void)thread;
}

void
FzTarget_LoadThread(uint32_t thread)
{
    set_pointer(pointers[block_of[thread]]);
}
