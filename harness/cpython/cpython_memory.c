// cpython_memory.c: where the interpreter's memory lies: the same place in
// every process. CPython decides by address (hashes of objects, buckets of the
// parking lot, which of two locks is first), so the kernel may not choose one.
//
// Mappings are laid one behind the other from a fixed address on, and no
// address is used twice. With the executable at its fixed place (it is linked
// so) and threads on stacks of ours, whose tops hold their thread-local blocks,
// all that the interpreter can compare or hash lies still, whatever the kernel
// randomises. What remains (libraries, the kernel's own stack) is numbered in
// order of first use in traces.
//
// Stands in for engine/address.c and engine/shadow.c: blocks are CPython's own
// business, of which nothing is told.

#include "cpython_internal.h"

#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_OTHERS = 1 << 12 };

FzShadow fz_shadow;
uintptr_t fz_code, fz_code_end;

static uintptr_t next_address = FZ_FIRST_ADDRESS;

// ---------------------------------------------------------------------------
// Mappings

static void *
kernel_mmap(void *addr, size_t size, int protection, int flags, int fd,
            off_t offset)
{
    static long (*system)(long, ...);
    if (system == NULL) {
        system = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    }
    return (void *)system(SYS_mmap, addr, size, protection, flags, fd, offset);
}

FZ_SCT_EXPORT void *
mmap(void *addr, size_t size, int protection, int flags, int fd, off_t offset)
{
    enum { GAP = 64 * 1024 };
    if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0 ||
        size > FZ_LAST_ADDRESS - next_address)
    {
        return kernel_mmap(addr, size, protection, flags, fd, offset);
    }
    // A hint to a place of ours that is free is not worth to be followed: it
    // is only about alignment, which this keeps as well.
    uintptr_t alignment = size >= 4 * 1024 * 1024 ? 64 * 1024 * 1024 : GAP;
    uintptr_t at = (next_address + alignment - 1) & ~(alignment - 1);
    void *mapped = kernel_mmap((void *)at, size, protection,
                               flags | MAP_FIXED_NOREPLACE, fd, offset);
    if (mapped != MAP_FAILED) {
        next_address = (at + size + GAP) & ~(uintptr_t)(GAP - 1);
    }
    return mapped;
}

FZ_SCT_EXPORT void *
mmap64(void *addr, size_t size, int protection, int flags, int fd,
       off_t offset)
{
    return mmap(addr, size, protection, flags, fd, offset);
}

// Growing in place or by a new mapping of ours: never where the kernel likes.
FZ_SCT_EXPORT void *
mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
    (void)flags;
    if (size <= old_size) {
        if (size < old_size) {
            munmap((char *)old + size, old_size - size);
        }
        return old;
    }
    void *larger = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (larger != MAP_FAILED) {
        memcpy(larger, old, old_size);
        munmap(old, old_size);
    }
    return larger;
}

// ---------------------------------------------------------------------------
// Keys and names of addresses

static uintptr_t others[MAX_OTHERS];    // open addressing
static uint16_t ordinals[MAX_OTHERS];
static uint32_t nothers;

static int
find_image(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t end =
            info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        if (segment->p_type == PT_LOAD && end > fz_shadow.image_end) {
            fz_shadow.image_end = end;
        }
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            fz_code = info->dlpi_addr + segment->p_vaddr;
            fz_code_end = end;
        }
    }
    fz_shadow.image = info->dlpi_addr;
    return 1;
}

bool
FzAddress_Init(char *why, size_t why_size)
{
    dl_iterate_phdr(find_image, NULL);
    if (fz_shadow.image != 0) {
        snprintf(why, why_size, "the executable has no fixed place: link it "
                 "with -no-pie");
        return false;
    }
    return true;
}

void
FzAddress_Begin(void)
{
}

static uint64_t
key_of_other(uintptr_t addr)
{
    size_t at = (addr * 0x9e3779b97f4a7c15u) >> (64 - 12);
    while (others[at] != 0 && others[at] != addr) {
        at = (at + 1) % MAX_OTHERS;
    }
    if (others[at] == 0) {
        if (nothers == MAX_OTHERS / 2) {
            return FZ_KEY_OTHERS;
        }
        others[at] = addr;
        ordinals[at] = (uint16_t)++nothers;
    }
    return FZ_KEY_OTHERS + (uint64_t)ordinals[at] * FZ_KEY_STEP;
}

static inline bool
is_fixed(uintptr_t at)
{
    return at < fz_shadow.image_end ||
           (at >= FZ_FIRST_ADDRESS && at < FZ_LAST_ADDRESS);
}

// Stacks, too: code and stack frames are the same in every process.
uint64_t
FzAddress_EventKeySlow(const void *addr)
{
    uintptr_t at = (uintptr_t)addr;
    if (is_fixed(at)) {
        return at;
    }
    return key_of_other(at);
}

uintptr_t
FzEngine_AddressKey(const void *addr)
{
    return FzAddress_EventKeySlow(addr);
}

const char *
FzEngine_NameAddress(const void *addr, char *buf, size_t size)
{
    uintptr_t at = (uintptr_t)addr;
    const FzEngine *e = &fz_engine;
    if (at < 4096) {
        snprintf(buf, size, "NULL+0x%zx", (size_t)at);
        return buf;
    }
    for (uint32_t t = 0; t < e->nthreads; t++) {
        size_t offset;
        if (FzFiber_Contains(&e->fibers[t], addr, &offset)) {
            snprintf(buf, size, "stack#%u-0x%zx", t, offset);
            return buf;
        }
    }
    if (is_fixed(at)) {
        snprintf(buf, size, "mem-0x%zx", (size_t)at);
    }
    else {
        snprintf(buf, size, "outside#%u",
                 (unsigned)((key_of_other(at) - FZ_KEY_OTHERS) / FZ_KEY_STEP));
    }
    return buf;
}

const char *
FzEngine_NameKey(uint64_t key, char *buf, size_t size)
{
    snprintf(buf, size, "mem-0x%zx", (size_t)key);
    return buf;
}

// ---------------------------------------------------------------------------
// Blocks: none is known

bool
FzShadow_Init(char *why, size_t why_size)
{
    (void)why;
    (void)why_size;
    return true;
}

void
FzShadow_Begin(uint32_t budget)
{
    (void)budget;
}

void
FzShadow_End(void)
{
}

FzBlock *
FzShadow_Find(const void *addr)
{
    (void)addr;
    return NULL;
}
