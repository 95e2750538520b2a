// cpython_heap.c: malloc() for the interpreter, of which blocks lie at the same
// addresses in every process: free lists of sizes, in memory of mmap(), which
// lays it where it always does (cpython_memory.c).
//
// The C library and this library keep the C library's own malloc(): what they
// do differs between modes of running, and must not move the interpreter's
// blocks. A block is told by its address. One OS thread runs at a time.

#include "cpython_internal.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

enum {
    HEADER = 16,
    CHUNK = 4 * 1024 * 1024,
    LEAST_LOG2 = 5,             // the smallest blocks, with their headers
    NCLASSES = 40,
};

// In front of a block: which list it goes to, and where the header's memory
// begins if the block was aligned further.
typedef struct Header {
    uint32_t class;
    uint32_t before;
    size_t size;
} Header;
static_assert(sizeof(Header) == HEADER, "blocks stay aligned");

typedef struct FreeBlock {
    struct FreeBlock *next;
} FreeBlock;

static FreeBlock *lists[NCLASSES];
static char *next, *end;        // what is left of the last chunk

static inline bool
is_ours(const void *block)
{
    return (uintptr_t)block >= FZ_FIRST_ADDRESS &&
           (uintptr_t)block < FZ_LAST_ADDRESS;
}

static inline uint32_t
class_of(size_t bytes)
{
    uint32_t log2 = 64 - (uint32_t)__builtin_clzll(bytes - 1);
    return log2 < LEAST_LOG2 ? 0 : log2 - LEAST_LOG2;
}

// Memory for a header and what follows it; NULL: there is none.
static char *
take(uint32_t class)
{
    FreeBlock *block = lists[class];
    if (block != NULL) {
        lists[class] = block->next;
        return (char *)block;
    }
    size_t bytes = (size_t)1 << (class + LEAST_LOG2);
    if (bytes > (size_t)(end - next)) {
        size_t size = bytes > CHUNK ? bytes : CHUNK;
        void *chunk = mmap(NULL, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (chunk == MAP_FAILED) {
            return NULL;
        }
        if (bytes >= CHUNK) {
            return chunk;       // the last chunk goes on being used
        }
        next = chunk;
        end = next + size;
    }
    char *taken = next;
    next += bytes;
    return taken;
}

static void *
allocate(size_t size, size_t alignment)
{
    size_t bytes = size + HEADER + (alignment > HEADER ? alignment : 0);
    char *memory = NULL;
    if (bytes >= size && bytes >> 38 == 0) {
        memory = take(class_of(bytes));
    }
    if (memory == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    uintptr_t block = (uintptr_t)memory + HEADER;
    block = (block + alignment - 1) & ~(uintptr_t)(alignment - 1);
    *((Header *)block - 1) = (Header){
        .class = class_of(bytes),
        .before = (uint32_t)(block - HEADER - (uintptr_t)memory),
        .size = size,
    };
    if (fz_engine.active && fz_engine.races) {
        FzRace_ForgetBlock(fz_engine.current, (void *)block, size);
    }
    return (void *)block;
}

static inline bool
for_the_interpreter(uintptr_t caller)
{
    return !FzSctImage_IsSystem(caller);
}

FZ_SCT_EXPORT void *
malloc(size_t size)
{
    return for_the_interpreter(FZ_SCT_SITE) ? allocate(size, HEADER)
                                            : __libc_malloc(size);
}

FZ_SCT_EXPORT void *
calloc(size_t n, size_t size)
{
    if (!for_the_interpreter(FZ_SCT_SITE)) {
        return __libc_calloc(n, size);
    }
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = allocate(bytes, HEADER);
    return block != NULL ? memset(block, 0, bytes) : NULL;
}

FZ_SCT_EXPORT void
free(void *block)
{
    if (!is_ours(block)) {
        __libc_free(block);
        return;
    }
    Header *header = (Header *)block - 1;
    uint32_t class = header->class;
    if (fz_engine.active && fz_engine.races) {
        // A race with whoever still uses the block.
        FzRace_FreeBlock(fz_engine.current, block, header->size, FZ_SCT_SITE);
    }
    FreeBlock *memory = (FreeBlock *)(void *)((char *)header - header->before);
    memory->next = lists[class];
    lists[class] = memory;
}

FZ_SCT_EXPORT void *
realloc(void *block, size_t size)
{
    bool ours = is_ours(block);
    if (!ours && (block != NULL || !for_the_interpreter(FZ_SCT_SITE))) {
        return __libc_realloc(block, size);
    }
    void *larger = allocate(size, HEADER);
    if (larger != NULL && ours) {
        size_t old = ((Header *)block - 1)->size;
        memcpy(larger, block, old < size ? old : size);
        free(block);
    }
    return larger;
}

void *
FzSctMemory_Aligned(size_t alignment, size_t size, uintptr_t caller)
{
    if (!for_the_interpreter(caller)) {
        return __libc_memalign(alignment, size);
    }
    return allocate(size, alignment < HEADER ? HEADER : alignment);
}

FZ_SCT_EXPORT size_t
malloc_usable_size(void *block)
{
    return block != NULL && is_ours(block) ? ((Header *)block - 1)->size : 0;
}
