// code_file.h: code files taken apart, changed and written again: what
// bytecode.c damages. The files are trusted: the build has made them.

#ifndef FZ_CODE_FILE_H
#define FZ_CODE_FILE_H

#include "fz_base.h"

// Blocks that go together; out of memory aborts.
typedef struct FzArena {
    uint8_t *memory;
    size_t used;
    size_t capacity;
} FzArena;
void FzArena_Init(FzArena *arena, size_t capacity);
void *FzArena_Take(FzArena *arena, size_t size);        // zeroed
static inline void
FzArena_Reset(FzArena *arena)
{
    arena->used = 0;
}

typedef struct FzCodeText {
    const uint8_t *bytes;
    uint32_t size;
} FzCodeText;

typedef struct FzCodeValue {
    uint8_t tag;                        // as in the file
    uint32_t n;                         // s: index; (: items; l, b, f: size
    union {
        uint64_t number;                // i, as it is written
        const uint8_t *bytes;           // l, b, f
        struct FzCodeValue *items;      // (
        struct FzCodeUnit *unit;        // c
    };
} FzCodeValue;

typedef struct FzCodeOp {
    uint8_t op;
    uint32_t arg;
} FzCodeOp;

typedef struct FzCodeEntry {
    uint32_t start, end, handler, depth;
} FzCodeEntry;

enum {                                  // numbers of a unit's head
    FZ_CODE_FLAGS, FZ_CODE_ARGCOUNT, FZ_CODE_POSONLY, FZ_CODE_KWONLY,
    FZ_CODE_LOCALS, FZ_CODE_CELLS, FZ_CODE_FREES, FZ_CODE_FIRST_LINE,
    FZ_CODE_HEAD
};

// A code object. Its tables have room for more (FZ_CODE_SPARE).
typedef struct FzCodeUnit {
    uint32_t name, qualname, filename;  // indices of strings
    uint32_t head[FZ_CODE_HEAD];
    uint32_t *varnames;
    uint32_t nvarnames;
    FzCodeValue doc;
    FzCodeValue *consts;
    uint32_t nconsts;
    uint32_t *names;
    uint32_t nnames;
    FzCodeOp *ops;
    uint32_t nops, max_ops;
    FzCodeEntry *entries;
    uint32_t nentries, max_entries;
} FzCodeUnit;

enum { FZ_CODE_SPARE = 96, FZ_CODE_SPARE_ENTRIES = 8 };

typedef struct FzCodeFile {
    const uint8_t *header;
    FzCodeText *strings;
    uint32_t nstrings;
    FzCodeUnit *root;
} FzCodeFile;

// The bytes stay where they are.
FzCodeFile *FzCode_Parse(const uint8_t *data, size_t size, FzArena *arena);
// With all that is in it.
FzCodeUnit *FzCode_Copy(const FzCodeUnit *unit, FzArena *arena);
// The unit as a file of its own, with the strings that it needs.
void FzCode_Write(const FzCodeFile *file, const FzCodeUnit *unit, FzBuf *out);
// Puts the units into `out`, the unit itself first; how many there are.
size_t FzCode_Collect(FzCodeUnit *unit, FzCodeUnit **out, size_t max);

// Bytes of an input; zeros when there are no more.
typedef struct FzCodeBytes {
    const uint8_t *at;
    const uint8_t *end;
} FzCodeBytes;
static inline uint32_t
FzCodeBytes_Take(FzCodeBytes *bytes, int n)
{
    uint32_t value = 0;
    for (int i = 0; i < n && bytes->at < bytes->end; i++) {
        value |= (uint32_t)*bytes->at++ << 8 * i;
    }
    return value;
}

// One change of a unit, as six bytes say (code_mutate.c). The file is that
// which the unit's strings are of.
void FzCode_Mutate(const FzCodeFile *file, FzCodeUnit *unit,
                   FzCodeBytes *bytes);

#endif  // FZ_CODE_FILE_H
