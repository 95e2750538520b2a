// sct_string.c: functions of <string.h> that read or write the program's memory
// and that compilers do not announce as they do memcpy(): each is a plain
// access to the bytes that it looks at, made by its caller.
//
// The loops are our own: the C library's functions are not reached by name, as
// these take their place, in this library too.

#include "sct_internal.h"

#include <stdlib.h>
#include <string.h>

#define SITE FZ_SCT_SITE

void
FzSctString_Touch(const void *addr, size_t size, bool write, uintptr_t site)
{
    if (size == 0 || !fz_engine.active) {
        return;
    }
    if (fz_race_plain_points) {
        FzEngine_PointFromCompiler(write ? RT_POINT_STORE : RT_POINT_LOAD,
                                   addr, site);
    }
    if (fz_engine.races) {
        FzRace_Plain(fz_engine.current, addr, size, write, site);
    }
}

static inline bool
for_the_run(uintptr_t caller)
{
    return fz_engine.active && !FzSctImage_IsSystem(caller);
}

static inline void
reads(const void *addr, size_t size, uintptr_t site)
{
    if (for_the_run(site)) {
        FzSctString_Touch(addr, size, false, site);
    }
}

static inline void
writes(void *addr, size_t size, uintptr_t site)
{
    if (for_the_run(site)) {
        FzSctString_Touch(addr, size, true, site);
    }
}

// ---- Lengths: what is looked at before the access is announced may change at
// that point, so everything is looked at again after it.

static size_t
length_of(const char *text, size_t max)
{
    size_t n = 0;
    while (n < max && text[n] != '\0') {
        n++;
    }
    return n;
}

// With the zero that ends it, unless it lies behind `max`.
static inline size_t
bytes_of(const char *text, size_t max)
{
    size_t n = length_of(text, max);
    return n < max ? n + 1 : n;
}

FZ_SCT_EXPORT size_t
strlen(const char *text)
{
    reads(text, bytes_of(text, SIZE_MAX), SITE);
    return length_of(text, SIZE_MAX);
}

FZ_SCT_EXPORT size_t
strnlen(const char *text, size_t max)
{
    reads(text, bytes_of(text, max), SITE);
    return length_of(text, max);
}

// ---- Copies.

static char *
copy_text(char *to, const char *from, size_t max, uintptr_t site)
{
    reads(from, bytes_of(from, max), site);
    size_t n = length_of(from, max);
    writes(to, n + 1, site);
    memcpy(to, from, n);
    to[n] = '\0';
    return to + n;
}

FZ_SCT_EXPORT char *
strcpy(char *to, const char *from)
{
    copy_text(to, from, SIZE_MAX, SITE);
    return to;
}

FZ_SCT_EXPORT char *
stpcpy(char *to, const char *from)
{
    return copy_text(to, from, SIZE_MAX, SITE);
}

FZ_SCT_EXPORT char *
strncpy(char *to, const char *from, size_t size)
{
    reads(from, bytes_of(from, size), SITE);
    writes(to, size, SITE);
    size_t n = length_of(from, size);
    memcpy(to, from, n);
    memset(to + n, 0, size - n);
    return to;
}

FZ_SCT_EXPORT char *
strcat(char *to, const char *from)
{
    reads(to, bytes_of(to, SIZE_MAX), SITE);
    copy_text(to + length_of(to, SIZE_MAX), from, SIZE_MAX, SITE);
    return to;
}

FZ_SCT_EXPORT char *
strncat(char *to, const char *from, size_t max)
{
    reads(to, bytes_of(to, SIZE_MAX), SITE);
    copy_text(to + length_of(to, SIZE_MAX), from, max, SITE);
    return to;
}

static char *
duplicate(const char *text, size_t max, uintptr_t site)
{
    reads(text, bytes_of(text, max), site);
    size_t n = length_of(text, max);
    char *copy = FzSctMemory_Aligned(1, n + 1, site);
    if (copy != NULL) {
        writes(copy, n + 1, site);
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

FZ_SCT_EXPORT char *
strdup(const char *text)
{
    return duplicate(text, SIZE_MAX, SITE);
}

FZ_SCT_EXPORT char *
strndup(const char *text, size_t max)
{
    return duplicate(text, max, SITE);
}

// ---- Comparisons: up to the first difference, and with it.

static int
compare(const char *a, const char *b, size_t max, bool text, uintptr_t site)
{
    for (int pass = 0;; pass++) {
        size_t n = 0;
        while (n < max && a[n] == b[n] && (!text || a[n] != '\0')) {
            n++;
        }
        if (pass == 1) {
            return n == max ? 0
                            : (int)(unsigned char)a[n] - (unsigned char)b[n];
        }
        size_t seen = n < max ? n + 1 : n;
        reads(a, seen, site);
        reads(b, seen, site);
    }
}

FZ_SCT_EXPORT int
strcmp(const char *a, const char *b)
{
    return compare(a, b, SIZE_MAX, true, SITE);
}

FZ_SCT_EXPORT int
strncmp(const char *a, const char *b, size_t max)
{
    return compare(a, b, max, true, SITE);
}

FZ_SCT_EXPORT int
memcmp(const void *a, const void *b, size_t size)
{
    return compare(a, b, size, false, SITE);
}

// What compilers make of memcmp() == 0.
FZ_SCT_EXPORT int
bcmp(const void *a, const void *b, size_t size)
{
    return compare(a, b, size, false, SITE);
}

// ---- Searches.

static const char *
find(const char *bytes, char wanted, size_t max, bool text, uintptr_t site)
{
    for (int pass = 0;; pass++) {
        size_t n = 0;
        while (n < max && bytes[n] != wanted && (!text || bytes[n] != '\0')) {
            n++;
        }
        if (pass == 1) {
            return n < max && bytes[n] == wanted ? bytes + n : NULL;
        }
        reads(bytes, n < max ? n + 1 : n, site);
    }
}

FZ_SCT_EXPORT char *
strchr(const char *text, int wanted)
{
    return (char *)find(text, (char)wanted, SIZE_MAX, true, SITE);
}

FZ_SCT_EXPORT void *
memchr(const void *bytes, int wanted, size_t size)
{
    return (void *)find(bytes, (char)wanted, size, false, SITE);
}

FZ_SCT_EXPORT char *
strrchr(const char *text, int wanted)
{
    reads(text, bytes_of(text, SIZE_MAX), SITE);
    for (size_t n = length_of(text, SIZE_MAX) + 1; n > 0; n--) {
        if (text[n - 1] == (char)wanted) {
            return (char *)text + n - 1;
        }
    }
    return NULL;
}
