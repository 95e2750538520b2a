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

typedef struct Function {
    uintptr_t start, end;       // offsets in the image
    const char *name;
} Function;

static struct {
    bool loaded;
    uintptr_t base;             // load address of the program
    Function *functions;        // sorted by start
    size_t count;
} image;

static int
by_start(const void *a, const void *b)
{
    const Function *x = a;
    const Function *y = b;
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
read_symbols(const char *file, const ElfW(Shdr) *symtab,
             const ElfW(Shdr) *strtab)
{
    const ElfW(Sym) *symbols = (const ElfW(Sym) *)(file + symtab->sh_offset);
    size_t count = symtab->sh_size / sizeof(ElfW(Sym));
    image.functions = malloc(count * sizeof(Function));
    FZ_ASSERT(image.functions != NULL);
    for (size_t i = 0; i < count; i++) {
        bool function = (symbols[i].st_info & 15) == STT_FUNC;
        if (function && symbols[i].st_size > 0) {
            image.functions[image.count++] = (Function){
                symbols[i].st_value,
                symbols[i].st_value + symbols[i].st_size,
                file + strtab->sh_offset + symbols[i].st_name,
            };
        }
    }
    qsort(image.functions, image.count, sizeof(Function), by_start);
}

// The file stays mapped: names point into it.
static void
load(void)
{
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
            read_symbols(file, &sections[i], &sections[sections[i].sh_link]);
            return;
        }
    }
}

static const Function *
find(uintptr_t offset)
{
    size_t low = 0;
    size_t high = image.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image.functions[middle].start <= offset) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    const Function *found = low > 0 ? &image.functions[low - 1] : NULL;
    return found != NULL && offset < found->end ? found : NULL;
}

const char *
FzImage_FunctionAt(uintptr_t pc)
{
    if (!image.loaded) {
        load();
    }
    const Function *found = find(pc - image.base);
    if (found != NULL) {
        return found->name;
    }
    Dl_info info;
    return dladdr((void *)pc, &info) != 0 ? info.dli_sname : NULL;
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
