// test_lift.c: the line map of the Python face names the lines on which the
// operations stand. That the face says what the bytecode does is for
// `ftfuzz differ` (differ.py) to see.

#include <stdlib.h>
#include <string.h>

#include "../program/program_internal.h"
#include "check.h"

enum { NPROGRAMS = 1000, MAX_LINES = 1400 };

static void
check_ops(const FzBlockOps *ops, const uint32_t *map, char *const *lines,
          uint32_t nlines)
{
    for (int i = 0; i < ops->nops; i++) {
        CHECK(map[i] > 0);
        CHECK(map[i] < nlines);
        const char *line = lines[map[i]];
        switch (ops->ops[i].op) {
        case FZ_OP_GC:
            CHECK(strstr(line, "gc_collect()") != NULL);
            break;
        case FZ_OP_LIST_SORT:
            CHECK(strstr(line, ".sort()") != NULL);
            break;
        case FZ_OP_DICT_ITEMS:
            CHECK(strstr(line, ".items(): pass") != NULL);
            break;
        default:
            break;
        }
    }
}

static void
check_program(const FzProgram *program)
{
    static FzLineMap map;
    static char *lines[MAX_LINES];
    FzBuf text = { 0 };
    FzProgram_Lift(program, &text, &map);
    char *copy = strdup(FzBuf_CString(&text));
    CHECK(copy != NULL);
    uint32_t n = 1;
    for (char *line = copy; line != NULL && n < MAX_LINES; n++) {
        lines[n] = line;
        line = strchr(line, '\n');
        if (line != NULL) {
            *line++ = '\0';
        }
    }
    check_ops(&program->main, map.main, lines, n);
    for (int i = 0; i < program->nbodies; i++) {
        check_ops(&program->bodies[i], map.bodies[i], lines, n);
    }
    for (int i = 0; i < program->nfunctions; i++) {
        check_ops(&program->functions[i], map.functions[i], lines, n);
    }
    free(copy);
    FzBuf_Free(&text);
}

int
main(void)
{
    static FzProgram program;
    FzRng rng;
    FzRng_Seed(&rng, 1);
    for (int i = 0; i < NPROGRAMS; i++) {
        FzProgram_Generate(&program, &rng);
        check_program(&program);
    }
    return 0;
}
