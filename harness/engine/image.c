// image.c: names of functions from the symbol table of the running program. The
// dynamic linker knows only exported functions; most of the runtime's are
// static, so the file's own .symtab is read, once, when first asked.
//
// For files without one (stripped, or shared libraries) dladdr() answers.

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fz_image.h"

typedef struct Symbol {
    uintptr_t start, end;       // offsets in the image
    const char *name;
} Symbol;

typedef struct Symbols {
    Symbol *sorted;             // by start
    size_t count;
} Symbols;

static struct {
    bool loaded;
    uintptr_t base;             // load address of the program
    Symbols functions, variables;
} image;

static int
by_start(const void *a, const void *b)
{
    const Symbol *x = a;
    const Symbol *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static int
first_object(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;                   // the program itself comes first
}

static void
read_symbols(Symbols *out, unsigned type, const char *file,
             const ElfW(Shdr) *symtab, const ElfW(Shdr) *strtab)
{
    const ElfW(Sym) *symbols = (const ElfW(Sym) *)(file + symtab->sh_offset);
    size_t count = symtab->sh_size / sizeof(ElfW(Sym));
    out->sorted = malloc(count * sizeof(Symbol));
    FZ_ASSERT(out->sorted != NULL);
    for (size_t i = 0; i < count; i++) {
        if ((symbols[i].st_info & 15) == type && symbols[i].st_size > 0 &&
            symbols[i].st_shndx != SHN_UNDEF)
        {
            out->sorted[out->count++] = (Symbol){
                symbols[i].st_value,
                symbols[i].st_value + symbols[i].st_size,
                file + strtab->sh_offset + symbols[i].st_name,
            };
        }
    }
    qsort(out->sorted, out->count, sizeof(Symbol), by_start);
}

// The file stays mapped: names point into it.
void
FzImage_Load(void)
{
    if (image.loaded) {
        return;
    }
    image.loaded = true;
    dl_iterate_phdr(first_object, &image.base);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return;
    }
    size_t size = (size_t)st.st_size;
    const char *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED) {
        return;
    }
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)file;
    const ElfW(Shdr) *sections = (const ElfW(Shdr) *)(file + header->e_shoff);
    for (size_t i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_SYMTAB) {
            const ElfW(Shdr) *names = &sections[sections[i].sh_link];
            read_symbols(&image.functions, STT_FUNC, file, &sections[i],
                         names);
            read_symbols(&image.variables, STT_OBJECT, file, &sections[i],
                         names);
            return;
        }
    }
}

static const Symbol *
find(const Symbols *symbols, uintptr_t addr)
{
    FzImage_Load();
    uintptr_t offset = addr - image.base;
    size_t low = 0;
    size_t high = symbols->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (symbols->sorted[middle].start <= offset) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    const Symbol *found = low > 0 ? &symbols->sorted[low - 1] : NULL;
    return found != NULL && offset < found->end ? found : NULL;
}

const char *
FzImage_FunctionAt(uintptr_t pc)
{
    const Symbol *found = find(&image.functions, pc);
    if (found != NULL) {
        return found->name;
    }
    Dl_info info;
    return dladdr((void *)pc, &info) != 0 ? info.dli_sname : NULL;
}

const char *
FzImage_VariableAt(uintptr_t addr, size_t *offset)
{
    const Symbol *found = find(&image.variables, addr);
    if (found == NULL) {
        return NULL;
    }
    *offset = addr - image.base - found->start;
    return found->name;
}

const char *
FzImage_PrintPlace(const char *name, size_t offset, char *buf, size_t size)
{
    if (offset == 0) {
        snprintf(buf, size, "%s", name);
    }
    else {
        snprintf(buf, size, "%s+0x%zx", name, offset);
    }
    return buf;
}

uintptr_t
FzImage_Offset(uintptr_t pc)
{
    Dl_info info;
    struct link_map *object = NULL;
    if (dladdr1((void *)pc, &info, (void **)&object, RTLD_DL_LINKMAP) == 0 ||
        object == NULL)
    {
        return pc;
    }
    return pc - object->l_addr;
}
