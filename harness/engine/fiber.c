// fiber.c: stacks of fibers and the hand-written switch.
//
// The switch saves what the ABI lets a callee keep, and nothing else: about 15
// ns, where swapcontext() makes a system call for the signal mask. Frames end
// in a null frame pointer, which stops stack walks.

#include "fiber.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef RT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef RT_ASAN
// Which fiber the running one was entered from: how the bounds of the host's
// own stack are learnt.
static FzFiber *entered_from;
static FzFiber *running;        // its fake stack is not in the fiber

static void
finish_switch(FzFiber *fiber)
{
    running = fiber;
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(fiber->fake_stack, &bottom, &size);
    if (entered_from->stack == NULL) {
        entered_from->stack = (char *)bottom;
        entered_from->stack_size = size;
    }
}
#endif

void fz_fiber_switch(void **save_sp, void *load_sp);
void fz_fiber_start(void);

#if defined(__x86_64__)
// Saved area, from sp up: r15 r14 r13 r12 rbx rbp, return address.
enum { SAVED_WORDS = 7, SAVED_FRAME = 5, SAVED_PC = 6 };
enum { SAVED_ARG = 3, SAVED_ENTRY = 2 };    // r12 and r13 of a new fiber
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".globl fz_fiber_switch\n"
    ".hidden fz_fiber_switch\n"
    ".type fz_fiber_switch, @function\n"
    "fz_fiber_switch:\n"
    "    pushq %rbp\n"
    "    pushq %rbx\n"
    "    pushq %r12\n"
    "    pushq %r13\n"
    "    pushq %r14\n"
    "    pushq %r15\n"
    "    movq %rsp, (%rdi)\n"
    "    movq %rsi, %rsp\n"
    "    popq %r15\n"
    "    popq %r14\n"
    "    popq %r13\n"
    "    popq %r12\n"
    "    popq %rbx\n"
    "    popq %rbp\n"
    "    popq %rcx\n"
    "    jmpq *%rcx\n"
    ".size fz_fiber_switch, . - fz_fiber_switch\n"
    ".p2align 4\n"
    ".globl fz_fiber_start\n"
    ".hidden fz_fiber_start\n"
    ".type fz_fiber_start, @function\n"
    "fz_fiber_start:\n"
    "    .cfi_startproc\n"
    "    .cfi_undefined rip\n"
    "    movq %r12, %rdi\n"
    "    callq *%r13\n"
    "    ud2\n"
    "    .cfi_endproc\n"
    ".size fz_fiber_start, . - fz_fiber_start\n");
#elif defined(__aarch64__)
// Saved area, from sp up: x19 … x30, d8 … d15.
enum { SAVED_WORDS = 20, SAVED_FRAME = 10, SAVED_PC = 11 };
enum { SAVED_ARG = 0, SAVED_ENTRY = 1 };    // x19 and x20 of a new fiber
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".globl fz_fiber_switch\n"
    ".hidden fz_fiber_switch\n"
    ".type fz_fiber_switch, %function\n"
    "fz_fiber_switch:\n"
    "    sub sp, sp, #160\n"
    "    stp x19, x20, [sp, #0]\n"
    "    stp x21, x22, [sp, #16]\n"
    "    stp x23, x24, [sp, #32]\n"
    "    stp x25, x26, [sp, #48]\n"
    "    stp x27, x28, [sp, #64]\n"
    "    stp x29, x30, [sp, #80]\n"
    "    stp d8, d9, [sp, #96]\n"
    "    stp d10, d11, [sp, #112]\n"
    "    stp d12, d13, [sp, #128]\n"
    "    stp d14, d15, [sp, #144]\n"
    "    mov x9, sp\n"
    "    str x9, [x0]\n"
    "    mov sp, x1\n"
    "    ldp x19, x20, [sp, #0]\n"
    "    ldp x21, x22, [sp, #16]\n"
    "    ldp x23, x24, [sp, #32]\n"
    "    ldp x25, x26, [sp, #48]\n"
    "    ldp x27, x28, [sp, #64]\n"
    "    ldp x29, x30, [sp, #80]\n"
    "    ldp d8, d9, [sp, #96]\n"
    "    ldp d10, d11, [sp, #112]\n"
    "    ldp d12, d13, [sp, #128]\n"
    "    ldp d14, d15, [sp, #144]\n"
    "    add sp, sp, #160\n"
    "    ret\n"
    ".size fz_fiber_switch, . - fz_fiber_switch\n"
    ".p2align 4\n"
    ".globl fz_fiber_start\n"
    ".hidden fz_fiber_start\n"
    ".type fz_fiber_start, %function\n"
    "fz_fiber_start:\n"
    "    .cfi_startproc\n"
    "    .cfi_undefined x30\n"
    "    mov x0, x19\n"
    "    blr x20\n"
    "    brk #1\n"
    "    .cfi_endproc\n"
    ".size fz_fiber_start, . - fz_fiber_start\n");
#else
#error "no fiber switch for this processor"
#endif

bool
FzFiberPool_Map(FzFiberPool *pool, FzFiber *fibers, size_t n, char *why,
                size_t why_size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    pool->stride = FZ_FIBER_STACK_SIZE + page;
    pool->size = pool->stride * n;
    void *base = mmap(NULL, pool->size, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        snprintf(why, why_size, "cannot map %zu fiber stacks: %m", n);
        return false;
    }
    pool->base = base;
    for (size_t i = 0; i < n; i++) {
        char *stack = pool->base + i * pool->stride + page;
        if (mprotect(stack, FZ_FIBER_STACK_SIZE, PROT_READ | PROT_WRITE)) {
            snprintf(why, why_size, "cannot open fiber stack %zu: %m", i);
            FzFiberPool_Unmap(pool);
            return false;
        }
        fibers[i] = (FzFiber){
            .stack = stack,
            .stack_size = FZ_FIBER_STACK_SIZE,
        };
    }
    return true;
}

void
FzFiberPool_Unmap(FzFiberPool *pool)
{
    if (pool->base != NULL) {
        munmap(pool->base, pool->size);
    }
    *pool = (FzFiberPool){0};
}

// The first C code of a fiber's life.
static void
fiber_main(void *arg)
{
    FzFiber *fiber = arg;
#ifdef RT_ASAN
    finish_switch(fiber);
    if (fiber->abandoned) {
        // Lets the fake frames of the life before this one be collected.
        __asan_handle_no_return();
    }
#endif
    fiber->abandoned = false;
    fiber->entry(fiber->arg);
    FZ_ASSERT(!"the entry of a fiber returned");
}

void
FzFiber_Prepare(FzFiber *fiber, void (*entry)(void *arg), void *arg)
{
    fiber->entry = entry;
    fiber->arg = arg;
#ifdef RT_ASAN
    if (fiber->abandoned) {
        __asan_unpoison_memory_region(fiber->stack, fiber->stack_size);
    }
#endif
    // After the switch sp is `top`, aligned as it is before a call.
    char *top = fiber->stack + fiber->stack_size - 16;
    void **saved = (void **)top - SAVED_WORDS;
    memset(saved, 0, SAVED_WORDS * sizeof(void *));
    saved[SAVED_ARG] = fiber;
    saved[SAVED_ENTRY] = (void *)fiber_main;
    saved[SAVED_PC] = (void *)fz_fiber_start;
    fiber->sp = saved;
}

void (*fz_fiber_carrier)(FzFiber *from, FzFiber *to);

void
FzFiber_SwitchHere(FzFiber *from, FzFiber *to)
{
#ifdef RT_ASAN
    entered_from = from;
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack,
                                   to->stack_size);
    fz_fiber_switch(&from->sp, to->sp);
    finish_switch(from);
#else
    fz_fiber_switch(&from->sp, to->sp);
#endif
}

void
FzFiber_Switch(FzFiber *from, FzFiber *to)
{
    if (__builtin_expect(fz_fiber_carrier != NULL, false)) {
        fz_fiber_carrier(from, to);
        return;
    }
    FzFiber_SwitchHere(from, to);
}

void
FzFiber_Leave(FzFiber *from, FzFiber *to)
{
    // The fake stack is kept for the next life: giving it back (NULL here)
    // would unmap it, which costs more than a whole run.
    FzFiber_Switch(from, to);
    FZ_ASSERT(!"a fiber that had been left was resumed");
    __builtin_unreachable();
}

bool
FzFiber_Contains(const FzFiber *fiber, const void *addr, size_t *offset)
{
    const char *at = addr;
    const char *top = fiber->stack + fiber->stack_size;
    if (at >= fiber->stack && at < top) {
        *offset = (size_t)(top - at);
        return true;
    }
#ifdef RT_ASAN
    void *fake_stack = fiber == running ? __asan_get_current_fake_stack()
                                        : fiber->fake_stack;
    if (fake_stack != NULL) {
        void *begin, *end;
        const char *real = __asan_addr_is_in_fake_stack(
            fake_stack, (void *)addr, &begin, &end);
        if (real != NULL) {
            *offset = (size_t)(top - real) + (size_t)(at - (char *)begin);
            return true;
        }
    }
#endif
    return false;
}

void
FzFiber_SavedFrame(const FzFiber *fiber, void **frame, void **pc)
{
    void **saved = fiber->sp;
    *frame = saved[SAVED_FRAME];
    *pc = saved[SAVED_PC];
}
