// shadow.c: which block an address lies in, and what became of each block.
//
// All blocks lie in one arena, so a flat table of its 16-byte
// granules answers in two loads. Blocks are numbered in order of allocation.
// Freed blocks are kept until the end of the run: their memory is not used
// again, so that a late access to one is seen, and an address names one block
// for a whole run.

#include "engine_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fz_race.h"

enum {
    GRANULE = 16,
    ARENA_SIZE = 1 << 30,
    MAX_BLOCKS = 1 << 22,
    // Beyond this, freed blocks really go back to the allocator.
    MAX_KEPT_BYTES = 1 << 28,
};

FzShadow fz_shadow;

// Names of classes that the program makes lie in blocks of the run; reports may
// be written after it.
static struct {
    char text[1 << 16];
    size_t used;
    const char *last, *last_copy;       // classes have many instances
} names;

static void *
reserve(size_t size)
{
    void *table = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return table == MAP_FAILED ? NULL : table;
}

bool
FzShadow_Init(char *why, size_t why_size)
{
    FzShadow *s = &fz_shadow;
    void *arena = FzTarget_ReserveArena(ARENA_SIZE);
    if (arena == NULL) {
        snprintf(why, why_size, "cannot reserve the arena of the heaps");
        return false;
    }
    s->arena = (uintptr_t)arena;
    s->arena_size = ARENA_SIZE;
    s->granules = reserve(ARENA_SIZE / GRANULE * sizeof(uint32_t));
    s->blocks = reserve(MAX_BLOCKS * sizeof(FzBlock));
    s->keys = reserve(MAX_BLOCKS * sizeof(uint64_t));
    if (s->granules == NULL || s->blocks == NULL || s->keys == NULL) {
        snprintf(why, why_size, "cannot reserve the tables of blocks: %m");
        return false;
    }
    s->next_key = FZ_KEY_HEAP;
    return true;
}

static bool
is_in_arena(uintptr_t addr)
{
    return addr - fz_shadow.arena < fz_shadow.arena_size;
}

// Lets the granules of a block point to `mark`.
static void
mark_granules(const FzBlock *block, uint32_t mark)
{
    FzShadow *s = &fz_shadow;
    uintptr_t start = (uintptr_t)block->start;
    if (!is_in_arena(start)) {
        return;
    }
    size_t first = (start - s->arena) / GRANULE;
    size_t n = ((size_t)block->size + GRANULE - 1) / GRANULE;
    s->granules[first] = mark;
    for (size_t i = 1; i < n; i++) {
        s->granules[first + i] = mark;
    }
}

static void
add_outside(uint32_t index)
{
    FzShadow *s = &fz_shadow;
    if (s->noutside == s->outside_capacity) {
        s->outside_capacity = s->outside_capacity * 2 + 16;
        s->outside =
            realloc(s->outside, s->outside_capacity * sizeof(uint32_t));
        FZ_ASSERT(s->outside != NULL);
    }
    s->outside[s->noutside++] = index;
}

static FzBlock *
find_outside(uintptr_t addr)
{
    FzShadow *s = &fz_shadow;
    for (size_t i = s->noutside; i-- > 0;) {
        FzBlock *block = &s->blocks[s->outside[i]];
        uintptr_t start = (uintptr_t)block->start;
        if (block->state != FZ_BLOCK_RELEASED && addr - start < block->size) {
            return block;
        }
    }
    return NULL;
}

FzBlock *
FzShadow_Find(const void *addr)
{
    FzShadow *s = &fz_shadow;
    uintptr_t offset = (uintptr_t)addr - s->arena;
    if (offset < s->arena_size) {
        uint32_t mark = s->granules[offset / GRANULE];
        return mark != 0 ? &s->blocks[mark - 1] : NULL;
    }
    return s->noutside != 0 ? find_outside((uintptr_t)addr) : NULL;
}

void
FzShadow_Begin(uint32_t budget)
{
    FzShadow *s = &fz_shadow;
    uint32_t most = MAX_BLOCKS - 1 - s->npermanent;
    s->max_blocks = s->npermanent +
                    (budget == 0 || budget > most ? most : budget);
    s->nblocks = s->npermanent;
    s->next_key = FZ_KEY_HEAP;
    if (s->nblocks != 0) {
        const FzBlock *last = &s->blocks[s->nblocks - 1];
        s->next_key = (uintptr_t)last->start + s->keys[s->nblocks - 1] +
                      last->size;
    }
    s->live = 0;
    s->kept_bytes = 0;
    s->released = false;
    names.used = 0;
    names.last = NULL;
}

void
FzShadow_Alloc(const void *payload, size_t size, uint8_t kind)
{
    FzShadow *s = &fz_shadow;
    FzEngine *e = &fz_engine;
    FZ_ASSERT(s->nblocks < MAX_BLOCKS);
    uint32_t index = s->nblocks++;
    FzBlock *block = &s->blocks[index];
    *block = (FzBlock){
        .start = (void *)payload,
        .size = (uint32_t)size,
        .kind = kind,
        .state = FZ_BLOCK_LIVE,
        .alloc_thread = (uint16_t)e->current,
        .free_thread = UINT16_MAX,
        .alloc_step = e->active ? e->steps : 0,
    };
    s->next_key = (s->next_key + 2 * GRANULE - 1) & ~(uint64_t)(GRANULE - 1);
    s->keys[index] = s->next_key - (uintptr_t)payload;
    s->next_key += size;
    mark_granules(block, index + 1);
    if (!is_in_arena((uintptr_t)payload)) {
        add_outside(index);
    }
    if (!e->active) {
        s->npermanent = s->nblocks;
        return;
    }
    s->live++;
    e->run->allocated += size;
    if (e->races) {
        FzRace_ForgetBlock(e->current, payload, size);
        // Who reads without a lock may look at the count of an object that is
        // gone, and so of what is there now.
        if (!s->released) {
            FzRace_AllocBlock(e->current, payload, size,
                              e->threads[e->current].site);
        }
    }
    // It is known by now, and so will be freed.
    if (s->nblocks > s->max_blocks) {
        FzEngine_Violation(FZ_RULE_STEP_BUDGET, UINT32_MAX,
                           "the execution allocated more than %u blocks",
                           s->max_blocks - s->npermanent);
        FzEngine_Stop();
    }
}

static void
forget(FzBlock *block)
{
    mark_granules(block, 0);
    block->state = FZ_BLOCK_RELEASED;
}

void
FzShadow_Free(const void *payload)
{
    FzShadow *s = &fz_shadow;
    FzEngine *e = &fz_engine;
    FzBlock *block = FzShadow_Find(payload);
    if (block == NULL || block->state != FZ_BLOCK_LIVE) {
        return;
    }
    if (!e->active || block < &s->blocks[s->npermanent]) {
        forget(block);
        return;
    }
    if (e->races) {
        FzRace_FreeBlock(e->current, payload, block->size,
                         e->threads[e->current].site);
    }
    block->state = FZ_BLOCK_KEPT;
    block->free_thread = (uint16_t)e->current;
    block->free_step = e->steps;
    s->live--;
}

bool
FzShadow_KeepFreed(void *payload, size_t size)
{
    FzShadow *s = &fz_shadow;
    if (!fz_engine.active) {
        return false;
    }
    FzBlock *block = FzShadow_Find(payload);
    if (block == NULL || block->state != FZ_BLOCK_KEPT) {
        return false;
    }
    if (s->kept_bytes + size > MAX_KEPT_BYTES) {
        forget(block);
        s->released = true;
        return false;
    }
    s->kept_bytes += size;
    return true;
}

// Of a class that a program made: whatever it calls it, this is an instance.
static const char *
copy_name(const char *name)
{
    if (name == names.last) {
        return names.last_copy;
    }
    static const char suffix[] = ".instance";
    size_t length = strlen(name), size = length + sizeof(suffix);
    if (size > sizeof(names.text) - names.used) {
        return NULL;
    }
    char *copy = names.text + names.used;
    memcpy(copy, name, length);
    memcpy(copy + length, suffix, sizeof(suffix));
    names.used += size;
    names.last = name;
    names.last_copy = copy;
    return copy;
}

void
FzShadow_NameBlock(const void *addr, const char *type_name)
{
    FzBlock *block = FzShadow_Find(addr);
    if (block != NULL) {
        bool copied = fz_engine.active && is_in_arena((uintptr_t)type_name);
        block->type_name = copied ? copy_name(type_name) : type_name;
    }
}

size_t
FzShadow_CountLive(void)
{
    return fz_shadow.live;
}

bool
FzShadow_MayRepeat(void)
{
    return fz_shadow.released;
}

void
FzShadow_ForEach(uint8_t block_state,
                 void (*visit)(FzBlock *block, void *arg), void *arg)
{
    FzShadow *s = &fz_shadow;
    for (uint32_t i = s->npermanent; i < s->nblocks; i++) {
        if (s->blocks[i].state == block_state) {
            visit(&s->blocks[i], arg);
        }
    }
}

void
FzShadow_End(void)
{
    FzShadow *s = &fz_shadow;
    for (uint32_t i = s->npermanent; i < s->nblocks; i++) {
        FzBlock *block = &s->blocks[i];
        if (block->state != FZ_BLOCK_RELEASED) {
            forget(block);
            FzTarget_ReleaseBlock(block->start);
        }
    }
    while (s->noutside > 0 && s->outside[s->noutside - 1] >= s->npermanent) {
        s->noutside--;
    }
}
