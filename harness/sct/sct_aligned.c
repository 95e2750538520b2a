// sct_aligned.c: the allocating functions that take an alignment, for a library
// whose malloc() is its own (FzSctMemory_Aligned()).

#include "sct_internal.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

FZ_SCT_EXPORT void *
memalign(size_t alignment, size_t size)
{
    return FzSctMemory_Aligned(alignment, size, FZ_SCT_SITE);
}

FZ_SCT_EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
    return FzSctMemory_Aligned(alignment, size, FZ_SCT_SITE);
}

FZ_SCT_EXPORT int
posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    void *block = FzSctMemory_Aligned(alignment, size, FZ_SCT_SITE);
    if (block == NULL) {
        return ENOMEM;
    }
    *out = block;
    return 0;
}
