// run_modules.c: the modules that lie beside a program which ftfuzz run runs:
// those that its import statements name, and those that these name. They are
// compiled before the program starts; the runtime itself reads no files.
//
// Statements are found line by line: one that stands in a string is taken for
// one, too, to no harm if no such file is there.

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "rt_module.h"
#include "run_internal.h"

enum { MAX_MODULES = 64 };

typedef struct Modules {
    const char *folder;
    FzModuleCompiler compile;
    void *arg;
    char names[MAX_MODULES][RT_MAX_MODULE_NAME];
    FzBuf codes[MAX_MODULES];   // the runtime keeps pointers to them
    int n;
} Modules;

static int scan(Modules *m, const FzBuf *source);

static bool
is_known(const Modules *m, const char *name)
{
    for (int i = 0; i < m->n; i++) {
        if (strcmp(m->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

// The file of the module: name.py, or name/__init__.py.
static bool
find_file(const Modules *m, const char *name, char *path, size_t size)
{
    static const char *const ends[] = {".py", "/__init__.py"};
    for (int i = 0; i < 2; i++) {
        int n = snprintf(path, size, "%s/", m->folder);
        snprintf(path + n, size - (size_t)n, "%s%s", name, ends[i]);
        for (char *at = path + n; at < path + n + strlen(name); at++) {
            *at = *at == '.' ? '/' : *at;
        }
        if (access(path, R_OK) == 0) {
            return true;
        }
    }
    return false;
}

// 0, or the exit status of the program that cannot be compiled.
static int
add_file(Modules *m, const char *name, const char *path)
{
    FzBuf source = {0};
    char why[512];
    if (!FzFile_Read(path, &source, why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    int i = m->n++;
    snprintf(m->names[i], sizeof(m->names[i]), "%s", name);
    int status = m->compile(m->arg, path, &source, &m->codes[i]);
    if (status == 0 &&
        RtImport_AddSource(m->names[i], m->codes[i].data,
                           m->codes[i].size) < 0) {
        FzCli_Error("%s: too many modules", path);
        status = FZ_EXIT_USAGE;
    }
    status = status != 0 ? status : scan(m, &source);
    FzBuf_Free(&source);
    return status;
}

// The module, and the packages that it is in, as far as there are files.
static int
add_module(Modules *m, const char *name)
{
    char part[RT_MAX_MODULE_NAME], path[4200];
    int status = 0;
    for (size_t n = 0; status == 0 && n < strlen(name); ) {
        n += strcspn(name + n + (n > 0), ".") + (n > 0);
        snprintf(part, sizeof(part), "%.*s", (int)n, name);
        if (is_known(m, part)) {
            continue;
        }
        if (m->n == MAX_MODULES || !find_file(m, part, path, sizeof(path))) {
            return 0;
        }
        status = add_file(m, part, path);
    }
    return status;
}

// A dotted name at *at, which is moved behind it. False: there is none.
static bool
take_name(const char **at, char *name, size_t size)
{
    *at += strspn(*at, " \t");
    size_t n = 0;
    while (isalnum((unsigned char)(*at)[n]) || (*at)[n] == '_' ||
           (*at)[n] == '.') {
        n++;
    }
    if (n == 0 || n >= size || (*at)[0] == '.') {
        return false;
    }
    snprintf(name, size, "%.*s", (int)n, *at);
    *at += n;
    return true;
}

// Behind the word, if that stands at *at.
static bool
take_word(const char **at, const char *word)
{
    size_t n = strlen(word);
    *at += strspn(*at, " \t");
    if (strncmp(*at, word, n) != 0 || ((*at)[n] != ' ' && (*at)[n] != '\t')) {
        return false;
    }
    *at += n;
    return true;
}

// `a, b.c as d, …`; each with the prefix, if there is one.
static int
add_list(Modules *m, const char *prefix, const char *at)
{
    char name[RT_MAX_MODULE_NAME], whole[2 * RT_MAX_MODULE_NAME];
    int status = 0;
    at += strspn(at, " \t(");
    while (status == 0 && take_name(&at, name, sizeof(name))) {
        snprintf(whole, sizeof(whole), "%s%s%s", prefix,
                 prefix[0] != '\0' ? "." : "", name);
        if (strlen(whole) < RT_MAX_MODULE_NAME) {
            status = add_module(m, whole);
        }
        if (take_word(&at, "as")) {
            (void)take_name(&at, name, sizeof(name));
        }
        at += strspn(at, " \t");
        if (*at++ != ',') {
            break;
        }
    }
    return status;
}

static int
scan_line(Modules *m, const char *at)
{
    char name[RT_MAX_MODULE_NAME];
    if (take_word(&at, "import")) {
        return add_list(m, "", at);
    }
    if (!take_word(&at, "from") || !take_name(&at, name, sizeof(name))) {
        return 0;
    }
    int status = add_module(m, name);
    if (status == 0 && take_word(&at, "import")) {
        status = add_list(m, name, at);
    }
    return status;
}

static int
scan(Modules *m, const FzBuf *source)
{
    FzBuf text = {0};
    FzBuf_Append(&text, source->data, source->size);
    char *line = (char *)FzBuf_CString(&text);
    int status = 0;
    while (status == 0 && line != NULL) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        status = scan_line(m, line);
        line = end;
    }
    FzBuf_Free(&text);
    return status;
}

int
FzRunModules_Add(const char *folder, const FzBuf *source,
                 FzModuleCompiler compile, void *arg)
{
    static Modules modules;
    modules.folder = folder;
    modules.compile = compile;
    modules.arg = arg;
    return scan(&modules, source);
}
