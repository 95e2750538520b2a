// file.c: whole files in and out. Writing is atomic: a temporary file in the
// same folder is renamed into place, so a killed process leaves no half file.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fz_base.h"

static bool
fail(char *why, size_t why_size, const char *what, const char *path)
{
    if (why != NULL) {
        snprintf(why, why_size, "%s %s: %s", what, path, strerror(errno));
    }
    return false;
}

bool
FzFile_Read(const char *path, FzBuf *out, char *why, size_t why_size)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return fail(why, why_size, "cannot open", path);
    }
    FzBuf_Clear(out);
    char chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
        FzBuf_Append(out, chunk, n);
    }
    bool ok = !ferror(f);
    if (!ok) {
        fail(why, why_size, "cannot read", path);
    }
    fclose(f);
    return ok;
}

bool
FzFile_Write(const char *path, const void *bytes, size_t n, char *why,
             size_t why_size)
{
    char temporary[4096];
    int len = snprintf(temporary, sizeof(temporary), "%s.tmp%ld", path,
                       (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(temporary)) {
        errno = ENAMETOOLONG;
        return fail(why, why_size, "cannot write", path);
    }
    FILE *f = fopen(temporary, "wb");
    if (f == NULL) {
        return fail(why, why_size, "cannot write", path);
    }
    bool ok = fwrite(bytes, 1, n, f) == n;
    ok = fflush(f) == 0 && ok;
    ok = fclose(f) == 0 && ok;
    if (!ok || rename(temporary, path) != 0) {
        fail(why, why_size, "cannot write", path);
        remove(temporary);
        return false;
    }
    return true;
}
