// address.c: numbers and names for addresses that are the same in every
// process, and, but for places on a stack, in every build.
//
// A place in a heap block is numbered as if every block of the run lay behind
// the one before. Variables of the program move when code is added, so they are
// numbered in the order in which a run first uses them; what the start-up used
// keeps its number.

#include "engine_internal.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fz_image.h"

enum { OTHERS_BITS = 12, MAX_OTHERS = 1 << (OTHERS_BITS - 1) };

// Ordinals from 1 of addresses in order of first use, reset to what the
// start-up used before each run.
typedef struct Ordinals {
    uintptr_t *addresses;       // [ordinal - 1]
    size_t count, permanent, capacity;
} Ordinals;

static Ordinals statics;
// Addresses in no known place: shared libraries, the host's memory.
static Ordinals others;
static uint32_t others_table[1 << OTHERS_BITS];         // open addressing

static uint32_t
add_ordinal(Ordinals *ordinals, uintptr_t addr)
{
    if (ordinals->count == ordinals->capacity) {
        size_t capacity = ordinals->capacity * 2 + 64;
        uintptr_t *addresses =
            realloc(ordinals->addresses, capacity * sizeof(uintptr_t));
        FZ_ASSERT(addresses != NULL);
        ordinals->addresses = addresses;
        ordinals->capacity = capacity;
    }
    ordinals->addresses[ordinals->count++] = addr;
    if (!fz_engine.active) {
        ordinals->permanent = ordinals->count;
    }
    return (uint32_t)ordinals->count;
}

// The first object that is reported is the program itself.
static int
find_image(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    FzShadow *s = &fz_shadow;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD) {
            continue;
        }
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        uintptr_t end = start + segment->p_memsz;
        s->image_end = end > s->image_end ? end : s->image_end;
        if ((segment->p_flags & PF_W) != 0) {
            s->data = start;
            s->data_size = segment->p_memsz;
        }
    }
    s->image = info->dlpi_addr;
    return 1;
}

bool
FzAddress_Init(char *why, size_t why_size)
{
    FzShadow *s = &fz_shadow;
    dl_iterate_phdr(find_image, NULL);
    if (s->data_size == 0) {
        snprintf(why, why_size, "cannot find the variables of the program");
        return false;
    }
    void *table = mmap(NULL, s->data_size * sizeof(uint32_t),
                       PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (table == MAP_FAILED) {
        snprintf(why, why_size, "cannot map the table of variables: %m");
        return false;
    }
    s->statics = table;
    return true;
}

static uint32_t *
others_slot(uintptr_t addr)
{
    size_t at = ((uint64_t)addr * 0x9e3779b97f4a7c15u) >> (64 - OTHERS_BITS);
    while (others_table[at] != 0 &&
           others.addresses[others_table[at] - 1] != addr) {
        at = (at + 1) & ((1 << OTHERS_BITS) - 1);
    }
    return &others_table[at];
}

void
FzAddress_Begin(void)
{
    FzShadow *s = &fz_shadow;
    while (statics.count > statics.permanent) {
        s->statics[statics.addresses[--statics.count] - s->data] = 0;
    }
    if (others.count > others.permanent) {
        others.count = others.permanent;
        memset(others_table, 0, sizeof(others_table));
        for (uint32_t i = 0; i < others.count; i++) {
            *others_slot(others.addresses[i]) = i + 1;
        }
    }
}

static uint64_t
key_of_other(uintptr_t addr)
{
    uint32_t *slot = others_slot(addr);
    if (*slot == 0) {
        if (others.count == MAX_OTHERS) {
            return FZ_KEY_OTHERS;
        }
        *slot = (uint32_t)others.count + 1;
        add_ordinal(&others, addr);
    }
    return FZ_KEY_OTHERS + (uint64_t)*slot * FZ_KEY_STEP;
}

static inline uint64_t
key_of_static(uintptr_t at, size_t offset)
{
#ifdef FZ_MANY_THREADS
    // One binary: a strategy that learns wants one key in all its executions.
    (void)at;
    return FZ_KEY_STATICS + (uint64_t)offset * FZ_KEY_STEP;
#else
    uint32_t *ordinal = &fz_shadow.statics[offset];
    if (*ordinal == 0) {
        *ordinal = add_ordinal(&statics, at);
    }
    return FZ_KEY_STATICS + (uint64_t)*ordinal * FZ_KEY_STEP;
#endif
}

// Which thread's stack addr lies on; false if on none. Offset from its top.
static bool
find_stack(const void *addr, uint32_t *thread, size_t *offset)
{
    const FzEngine *e = &fz_engine;
#ifndef RT_ASAN
    if ((uintptr_t)addr - (uintptr_t)e->stacks.base >= e->stacks.size) {
        return false;
    }
#endif
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        if (FzFiber_Contains(&e->fibers[t], addr, offset)) {
            *thread = t;
            return true;
        }
    }
    return false;
}

// Of everything but places on a stack; 0 for those.
static inline __attribute__((always_inline)) uint64_t
key_off_stack(const void *addr)
{
    FzShadow *s = &fz_shadow;
    uintptr_t at = (uintptr_t)addr;
    uintptr_t offset = at - s->arena;
    if (offset < s->arena_size) {
        uint32_t mark = s->granules[offset >> 4];
        return mark != 0 ? at + s->keys[mark - 1] : key_of_other(at);
    }
    offset = at - s->data;
    if (offset < s->data_size) {
        return key_of_static(at, offset);
    }
    return 0;
}

static uint64_t
key_elsewhere(const void *addr, bool whole_stack)
{
    uint32_t thread;
    size_t offset;
    if (addr == NULL) {
        return 0;
    }
    if (find_stack(addr, &thread, &offset)) {
        uint64_t key = FZ_KEY_STACKS + ((uint64_t)(thread + 1) << 24);
        return whole_stack ? key : key - offset;
    }
    const FzBlock *block = FzShadow_Find(addr);
    if (block != NULL) {
        return (uintptr_t)addr + fz_shadow.keys[block - fz_shadow.blocks];
    }
    return key_of_other((uintptr_t)addr);
}

uint64_t
FzAddress_EventKeySlow(const void *addr)
{
    uint64_t key = key_off_stack(addr);
    return key != 0 ? key : key_elsewhere(addr, true);
}

uintptr_t
FzEngine_AddressKey(const void *addr)
{
    uint64_t key = key_off_stack(addr);
    return key != 0 ? key : key_elsewhere(addr, false);
}

// ---------------------------------------------------------------------------
// Names

static const char *
name_block(const FzBlock *block, size_t offset, char *buf, size_t size)
{
    const FzShadow *s = &fz_shadow;
    uint32_t index = (uint32_t)(block - s->blocks);
    bool permanent = index < s->npermanent;
    uint32_t number = (permanent ? index : index - s->npermanent) + 1;
    const char *type = block->type_name != NULL ? block->type_name : "mem";
    const char *age = permanent ? "startup-" : "";
    if (offset == 0) {
        snprintf(buf, size, "%s%s#%u", age, type, number);
    }
    else {
        snprintf(buf, size, "%s%s#%u+0x%zx", age, type, number, offset);
    }
    return buf;
}

static const char *
name_static(uintptr_t at, char *buf, size_t size)
{
    size_t offset;
    const char *name = FzTarget_NameVariable((const void *)at, &offset);
    return name == NULL
               ? FzImage_PrintPlace("static", at - fz_shadow.image, buf, size)
               : FzImage_PrintPlace(name, offset, buf, size);
}

const char *
FzEngine_NameAddress(const void *addr, char *buf, size_t size)
{
    const FzShadow *s = &fz_shadow;
    uintptr_t at = (uintptr_t)addr;
    uint32_t thread;
    size_t offset;
    const FzBlock *block = FzShadow_Find(addr);
    if (block != NULL) {
        return name_block(block, at - (uintptr_t)block->start, buf, size);
    }
    if (at < 4096) {
        snprintf(buf, size, "NULL+0x%zx", (size_t)at);
    }
    else if (at - s->image < s->image_end - s->image) {
        name_static(at, buf, size);
    }
    else if (find_stack(addr, &thread, &offset)) {
        snprintf(buf, size, "stack#%u-0x%zx", thread, offset);
    }
    else {
        uint64_t ordinal = (key_of_other(at) - FZ_KEY_OTHERS) / FZ_KEY_STEP;
        snprintf(buf, size, "outside#%u", (unsigned)ordinal);
    }
    return buf;
}

// The block whose key range holds key, or NULL; keys grow with the index.
static const FzBlock *
block_of_key(uint64_t key, size_t *offset)
{
    const FzShadow *s = &fz_shadow;
    uint32_t low = 0, high = s->nblocks;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)s->blocks[middle].start + s->keys[middle] <= key) {
            low = middle;
        }
        else {
            high = middle;
        }
    }
    if (high == 0) {
        return NULL;
    }
    *offset = key - ((uintptr_t)s->blocks[low].start + s->keys[low]);
    return *offset <= s->blocks[low].size ? &s->blocks[low] : NULL;
}

const void *
FzEngine_LiveBlock(uint64_t key)
{
    size_t offset;
    const FzBlock *block = key >= FZ_KEY_HEAP ? block_of_key(key, &offset)
                                              : NULL;
    return block != NULL && offset == 0 && block->state == FZ_BLOCK_LIVE
               ? block->start
               : NULL;
}

const char *
FzEngine_NameKey(uint64_t key, char *buf, size_t size)
{
    size_t offset;
    const FzBlock *block;
    if (key >= FZ_KEY_HEAP && (block = block_of_key(key, &offset)) != NULL) {
        return name_block(block, offset, buf, size);
    }
    uint64_t ordinal = (key & UINT32_MAX) / FZ_KEY_STEP;
    if (key >= FZ_KEY_STACKS && key < FZ_KEY_HEAP) {
        uint64_t thread = ((key - FZ_KEY_STACKS + 0xffffff) >> 24) - 1;
        snprintf(buf, size, "stack#%u", (unsigned)thread);
    }
    else if (key >= FZ_KEY_SEMAPHORES && key < FZ_KEY_HEAP) {
        snprintf(buf, size, "semaphore#%u", (unsigned)ordinal);
    }
    else if (key >= FZ_KEY_OTHERS && key < FZ_KEY_HEAP) {
        snprintf(buf, size, "outside#%u", (unsigned)ordinal);
    }
    else if (key >= FZ_KEY_STATICS && ordinal - 1 < statics.count) {
        name_static(statics.addresses[ordinal - 1], buf, size);
    }
    else {
        snprintf(buf, size, "%s", key == 0 ? "-" : "?");
    }
    return buf;
}
