// sct_system.c: which code is the system's: the C library, the dynamic linker
// and this library itself.

#include "sct_internal.h"

#include <link.h>
#include <string.h>

enum { MAX_SYSTEM = 16 };

typedef struct Range {
    uintptr_t start, end;
} Range;

static Range systems[MAX_SYSTEM];
static size_t nsystems;

static void
add_system(const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0 &&
            nsystems < MAX_SYSTEM)
        {
            uintptr_t start = info->dlpi_addr + p->p_vaddr;
            systems[nsystems++] = (Range){start, start + p->p_memsz};
        }
    }
}

static int
visit_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    static const char *const names[] = {
        "libc.so", "ld-linux", "libfzsct", "libfzcpython", "libdl",
        "libpthread", "vdso",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strstr(info->dlpi_name, names[i]) != NULL) {
            add_system(info);
            break;
        }
    }
    return 0;
}

bool
FzSctImage_IsSystem(uintptr_t pc)
{
    if (nsystems == 0) {
        dl_iterate_phdr(visit_object, NULL);
    }
    for (size_t i = 0; i < nsystems; i++) {
        if (pc >= systems[i].start && pc < systems[i].end) {
            return true;
        }
    }
    return false;
}
