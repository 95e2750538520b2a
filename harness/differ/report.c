// report.c: a folder for each difference: the program as an input and as
// Python, what each side says, and the first line that differs, which names the
// folder.

#include "differ_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fz_finding.h"

// The line of the text in which byte `at` stands.
static void
put_line(const FzBuf *text, size_t at, FzBuf *out)
{
    size_t begin = at, end = at;
    while (begin > 0 && text->data[begin - 1] != '\n') {
        begin--;
    }
    while (end < text->size && text->data[end] != '\n') {
        end++;
    }
    FzBuf_Append(out, text->data + begin, end - begin);
    FzBuf_AppendByte(out, '\n');
}

static size_t
first_difference(const FzBuf *a, const FzBuf *b)
{
    size_t at = 0;
    while (at < a->size && at < b->size && a->data[at] == b->data[at]) {
        at++;
    }
    return at;
}

// Where the text of the first side that disagrees leaves that of CPython.
static void
put_difference(const FzComparer *c, FzBuf *out)
{
    FzAgreement agreement = FzComparer_Agreement(c, 0);
    int side = 1;
    while (side + 1 < c->nsides && (agreement >> 2 * side & 3) == 0) {
        side++;
    }
    size_t at = first_difference(&c->texts[0][0], &c->texts[side][0]);
    FzBuf_Printf(out, "CPython %s: ", c->sides[0].name);
    put_line(&c->texts[0][0], at, out);
    FzBuf_Printf(out, "%s: ", c->sides[side].name);
    put_line(&c->texts[side][0], at, out);
}

static bool
write_file(const char *folder, const char *name, const FzBuf *text, char *why,
           size_t why_size)
{
    char path[4400];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return FzFile_Write(path, text->data, text->size, why, why_size);
}

static bool
write_program(const char *folder, const FzProgram *program, char *why,
              size_t why_size)
{
    FzInput input = { .program = *program };
    FzBuf text = { 0 };
    FzInputText_Print(&input, NULL, &text);
    bool ok = write_file(folder, "program.txt", &text, why, why_size);
    FzBuf_Clear(&text);
    FzProgram_Lift(program, &text, NULL);
    ok = ok && write_file(folder, "program.py", &text, why, why_size);
    FzBuf_Free(&text);
    return ok;
}

static bool
write_texts(const char *folder, const FzComparer *c, char *why,
            size_t why_size)
{
    bool ok = true;
    for (int i = 0; ok && i < c->nsides; i++) {
        char name[80];
        snprintf(name, sizeof(name), "%s.out",
                 i == 0 ? "cpython" : c->sides[i].name);
        ok = write_file(folder, name, &c->texts[i][0], why, why_size);
    }
    return ok;
}

static FzReported
write_folder(FzComparer *c, const FzProgram *program, const char *folder,
             const FzBuf *difference, char *path, size_t path_size, char *why,
             size_t why_size)
{
    snprintf(path, path_size, "%s/differ-%016llx", folder,
             (unsigned long long)FzHash_Bytes(difference->data,
                                              difference->size));
    if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
        snprintf(why, why_size, "cannot create %s: %s", folder,
                 strerror(errno));
        return FZ_NOT_WRITTEN;
    }
    if (mkdir(path, 0777) < 0) {
        snprintf(why, why_size, "cannot create %s: %s", path,
                 strerror(errno));
        return errno == EEXIST ? FZ_KNOWN : FZ_NOT_WRITTEN;
    }
    bool ok = write_program(path, program, why, why_size) &&
              write_texts(path, c, why, why_size) &&
              write_file(path, "difference.txt", difference, why, why_size);
    return ok ? FZ_REPORTED : FZ_NOT_WRITTEN;
}

FzReported
FzDiffer_Report(FzComparer *c, const FzProgram *program, const char *folder,
                char *last, size_t last_size, char *why, size_t why_size)
{
    FzBuf difference = { 0 };
    put_difference(c, &difference);
    FzReported result = FZ_REPORTED;
    if (folder == NULL) {
        snprintf(last, last_size, "%s", FzBuf_CString(&difference));
    }
    else {
        result = write_folder(c, program, folder, &difference, last,
                              last_size, why, why_size);
    }
    FzBuf_Free(&difference);
    return result;
}
