// sct_image.c: the variables of the program: what they were before main() is
// copied once and put back before each run. Thread-local ones too: threads
// share an OS thread, so each has its copy of the program's block.

#include "sct_internal.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SEGMENTS = 8 };

typedef struct Range {
    uintptr_t start, end;
} Range;

typedef struct Segment {
    char *start;
    char *saved;
    size_t size;
} Segment;

const bool fz_sct_one_run = false;

static Segment segments[MAX_SEGMENTS];
static size_t nsegments;

void *fz_sct_tls;
size_t fz_sct_tls_size;
const void *fz_sct_tls_initial;

static void
add_segment(uintptr_t start, uintptr_t end)
{
    FZ_ASSERT(nsegments < MAX_SEGMENTS);
    if (start < end) {
        segments[nsegments++] =
            (Segment){.start = (char *)start, .size = end - start};
    }
}

// What the dynamic linker made read-only after relocation is left out.
static void
add_writable(const struct dl_phdr_info *info)
{
    Range relro = {0, 0};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_GNU_RELRO) {
            relro.start = info->dlpi_addr + p->p_vaddr;
            relro.end = (relro.start + p->p_memsz + 4095) & ~(uintptr_t)4095;
        }
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_W) != 0) {
            uintptr_t start = info->dlpi_addr + p->p_vaddr;
            uintptr_t end = start + p->p_memsz;
            bool overlaps = relro.start < end && relro.end > start;
            add_segment(overlaps ? relro.end : start, end);
        }
        else if (p->p_type == PT_TLS) {
            fz_sct_tls = info->dlpi_tls_data;
            fz_sct_tls_size = p->p_memsz;
        }
    }
}

static int
visit_program(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    add_writable(info);
    return 1;                   // the program itself comes first
}

static void *
copy_of(const void *bytes, size_t size, char *why, size_t why_size)
{
    void *copy = malloc(size);
    if (copy == NULL) {
        snprintf(why, why_size, "no memory for a copy of %zu bytes", size);
        return NULL;
    }
    return memcpy(copy, bytes, size);
}

bool
FzSctImage_Init(char *why, size_t why_size)
{
    dl_iterate_phdr(visit_program, NULL);
    for (size_t i = 0; i < nsegments; i++) {
        Segment *segment = &segments[i];
        segment->saved =
            copy_of(segment->start, segment->size, why, why_size);
        if (segment->saved == NULL) {
            return false;
        }
    }
    if (fz_sct_tls_size != 0) {
        fz_sct_tls_initial =
            copy_of(fz_sct_tls, fz_sct_tls_size, why, why_size);
        return fz_sct_tls_initial != NULL;
    }
    return true;
}

void
FzSctImage_Restore(void)
{
    for (size_t i = 0; i < nsegments; i++) {
        memcpy(segments[i].start, segments[i].saved, segments[i].size);
    }
}
