// fuzz_schedule.c: the fuzz target of interleavings: the program is fixed, and
// an input is its schedule alone: seed (8 bytes, least significant first),
// strategy selector (FzInput), then the override bytes.
//
// The program is the one below, or that of the input file which FTFUZZ_PROGRAM
// names: for a program under suspicion, or one whose failure has been fixed.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_targets.h"
#include "fz_finding.h"

enum { HEADER = 9 };

// Three threads that share one object of each kind that has a fast path without
// a lock, while a fourth collects.
static const char default_program[] =
    "ftfuzz input 1\n"
    "program\n"
    "class base 0 eq 0 hash 0 del 1\n"
    "shared list initial 3\n"
    "shared dict initial 2\n"
    "shared instance class 0 initial 1\n"
    "shared lock initial 0\n"
    "function\n"
    "  LIST_APPEND s0; s2\n"
    "  ATTR_WRITE s2; y; [1, 'a']\n"
    "main\n"
    "  CALL f0; s0; 1\n"
    "thread\n"
    "  LOOP 3\n"
    "  LIST_APPEND s0; [1, 'a']\n"
    "  LIST_GET v0; s0; -1\n"
    "  DICT_WRITE s1; 'key'; v0\n"
    "  ATTR_WRITE s2; x; v0\n"
    "  END\n"
    "  CALL f0; s0; 1\n"
    "thread\n"
    "  WITH s3\n"
    "  WEAK_SET s2; s2\n"
    "  LIST_POP v0; s0\n"
    "  END\n"
    "  LOOP 3\n"
    "  ATTR_READ v1; s2; x\n"
    "  DICT_READ v2; s1; 'key'\n"
    "  WEAK_GET v3; s2\n"
    "  LIST_EXTEND s0; v1; v2\n"
    "  END\n"
    "  ATTRS_GET v4; s2\n"
    "thread\n"
    "  CYCLE_INST v0; C0; y\n"
    "  DROP v0\n"
    "  GC\n"
    "  WITH s3\n"
    "  DICT_POP v1; s1; 'key'\n"
    "  ATTRS_COPY v2; s2\n"
    "  END\n"
    "  DICT_ITEMS v3; s1\n"
    "  LIST_CLEAR s0\n"
    "end\n";

static FzInput input;           // its schedule changes

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    char why[512];
    const char *path = getenv("FTFUZZ_PROGRAM");
    bool ok = path != NULL
                  ? FzInputFile_Read(path, false, &input, why, sizeof(why))
                  : FzInputText_Parse(default_program, &input, why,
                                      sizeof(why));
    if (!ok) {
        fprintf(stderr, "%s: %s\n", (*argv)[0], why);
        exit(2);
    }
    Fuzz_Init((*argv)[0]);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FzRun run;
    uint8_t header[HEADER] = {0};
    size_t have = size < HEADER ? size : HEADER, rest = size - have;
    if (have > 0) {
        memcpy(header, data, have);
    }
    input.seed = 0;
    for (int i = 0; i < 8; i++) {
        input.seed |= (uint64_t)header[i] << 8 * i;
    }
    input.strategy = header[8];
    input.noverrides =
        rest < sizeof(input.overrides) ? rest : sizeof(input.overrides);
    if (input.noverrides > 0) {
        memcpy(input.overrides, data + have, input.noverrides);
    }
    FzEngineConfig config = Fuzz_Config();
    config.schedule = FzExec_ScheduleOf(&input);
    FzExec_Carry(&input.program, &config, &run);
    Fuzz_Check(&input, &config.schedule, &run);
    return 0;
}

// Each strategy selector with a seed of its own.
size_t
FuzzTarget_Seed(uint32_t number, uint8_t *out, size_t size)
{
    if (number >= FUZZ_SEEDS || size < HEADER) {
        return 0;
    }
    memset(out, 0, HEADER);
    out[0] = (uint8_t)(number + 1);
    out[8] = (uint8_t)(number * 11);
    return HEADER;
}
