// sct_memory.c: the heap of a run: blocks one behind the other, none used twice
// in a run, so that an address names one block and a late access is seen.
//
// Calls from the C library and from this library get the C library's memory,
// as do calls outside of a run: what they keep must outlive the run. A block is
// told by its address.

#include "sct_internal.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGNMENT = 16, HEADER = 16, FILL = 0xa5 };

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

// What lies in front of a block.
typedef struct Header {
    size_t size;
} Header;

static struct {
    char *base, *next, *end;
} arena;

void *
FzTarget_ReserveArena(size_t size)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return NULL;
    }
    arena.base = arena.next = base;
    arena.end = arena.base + size;
    return base;
}

void
FzSctMemory_Begin(void)
{
    arena.next = arena.base;
}

static inline bool
is_ours(const void *block)
{
    return (const char *)block >= arena.base && (const char *)block < arena.end;
}

static inline bool
for_the_run(uintptr_t caller)
{
    return fz_engine.active && !FzSctImage_IsSystem(caller);
}

static inline size_t
size_of(const void *block)
{
    return ((const Header *)(const void *)((const char *)block - HEADER))
        ->size;
}

static void *
allocate(size_t size, size_t alignment)
{
    uintptr_t start = (uintptr_t)arena.next + HEADER;
    start = (start + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (size > (size_t)(arena.end - arena.next) ||
        start + size + ALIGNMENT > (uintptr_t)arena.end)
    {
        errno = ENOMEM;
        return NULL;
    }
    char *block = (char *)start;
    *(Header *)(void *)(block - HEADER) = (Header){size};
    arena.next = block + ((size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
    FzShadow_Alloc(block, size, 0);
    return block;
}

FZ_SCT_EXPORT void *
malloc(size_t size)
{
    if (!for_the_run(FZ_SCT_SITE)) {
        return __libc_malloc(size);
    }
    void *block = allocate(size, ALIGNMENT);
    if (block != NULL) {
        // What a program reads of it uninitialised is at least always the same.
        memset(block, FILL, size);
    }
    return block;
}

FZ_SCT_EXPORT void *
calloc(size_t n, size_t size)
{
    if (!for_the_run(FZ_SCT_SITE)) {
        return __libc_calloc(n, size);
    }
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = allocate(bytes, ALIGNMENT);
    if (block != NULL) {
        memset(block, 0, bytes);
        FzSctString_Touch(block, bytes, true, FZ_SCT_SITE);
    }
    return block;
}

static void
free_block(void *block, uintptr_t site)
{
    FzBlock *known = FzShadow_Find(block);
    char name[128];
    if (known == NULL || known->start != block) {
        FzEngine_Violation(FZ_RULE_DOUBLE_FREE, UINT32_MAX,
                           "free() of %s, which is no block",
                           FzSct_Name(block, name, sizeof(name)));
        FzEngine_Stop();
    }
    fz_engine.threads[fz_engine.current].site = site;
    if (known->state != FZ_BLOCK_LIVE) {
        FzEngine_Violation(FZ_RULE_DOUBLE_FREE, known->free_thread,
                           "free() of %s, which thread %u had freed",
                           FzSct_Name(block, name, sizeof(name)),
                           known->free_thread);
        FzEngine_Stop();
    }
    FzShadow_Free(block);
}

FZ_SCT_EXPORT void
free(void *block)
{
    if (!is_ours(block)) {
        __libc_free(block);
    }
    else if (fz_engine.active) {
        // Others may still use it: an event that conflicts with any access, but
        // is none itself.
        FzSct_Point(RT_POINT_SEM_POST, block, FZ_SCT_SITE);
        free_block(block, FZ_SCT_SITE);
    }
}

FZ_SCT_EXPORT void *
realloc(void *block, size_t size)
{
    bool ours = is_ours(block);
    if (!ours && (block != NULL || !for_the_run(FZ_SCT_SITE))) {
        return __libc_realloc(block, size);
    }
    void *larger = allocate(size, ALIGNMENT);
    if (larger == NULL) {
        return NULL;
    }
    if (ours) {
        size_t old = size_of(block);
        size_t kept = old < size ? old : size;
        FzSctString_Touch(block, kept, false, FZ_SCT_SITE);
        FzSctString_Touch(larger, kept, true, FZ_SCT_SITE);
        memcpy(larger, block, kept);
        FzSct_Point(RT_POINT_SEM_POST, block, FZ_SCT_SITE);
        free_block(block, FZ_SCT_SITE);
    }
    return larger;
}

void *
FzSctMemory_Aligned(size_t alignment, size_t size, uintptr_t caller)
{
    if (!for_the_run(caller)) {
        return __libc_memalign(alignment, size);
    }
    return allocate(size, alignment < ALIGNMENT ? ALIGNMENT : alignment);
}

FZ_SCT_EXPORT size_t
malloc_usable_size(void *block)
{
    return block != NULL && is_ours(block) ? size_of(block) : 0;
}
