// code_file.c: code files as tables and back (code_file.h); the format stands
// in runtime/vm/load.c. What is taken apart is what the compiler wrote: a fault
// in it is one of this file, and aborts.

#include "code_file.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 12, MAX_STRINGS = 4096 };

void
FzArena_Init(FzArena *arena, size_t capacity)
{
    arena->memory = malloc(capacity);
    FZ_ASSERT(arena->memory != NULL);
    arena->used = 0;
    arena->capacity = capacity;
}

void *
FzArena_Take(FzArena *arena, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    FZ_ASSERT(size <= arena->capacity - arena->used);
    void *block = arena->memory + arena->used;
    arena->used += size;
    memset(block, 0, size);
    return block;
}

// ---------------------------------------------------------------------------
// Reading.

typedef struct Reader {
    const uint8_t *at;
    const uint8_t *end;
    FzArena *arena;
} Reader;

static const uint8_t *
read_bytes(Reader *r, size_t size)
{
    FZ_ASSERT(size <= (size_t)(r->end - r->at));
    const uint8_t *bytes = r->at;
    r->at += size;
    return bytes;
}

static uint64_t
read_number(Reader *r)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        uint8_t byte = *read_bytes(r, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
}

static uint32_t
read_small(Reader *r)
{
    return (uint32_t)read_number(r);
}

static uint32_t *
read_indices(Reader *r, uint32_t n)
{
    uint32_t *indices = FzArena_Take(r->arena, n * sizeof(uint32_t));
    for (uint32_t i = 0; i < n; i++) {
        indices[i] = read_small(r);
    }
    return indices;
}

static FzCodeUnit *read_unit(Reader *r);

static FzCodeValue
read_value(Reader *r)
{
    FzCodeValue value = { .tag = *read_bytes(r, 1) };
    switch (value.tag) {
    case 'i':
        value.number = read_number(r);
        break;
    case 's':
        value.n = read_small(r);
        break;
    case 'l':
    case 'b':
        value.n = read_small(r);
        value.bytes = read_bytes(r, value.n);
        break;
    case 'f':
        value.n = 8;
        value.bytes = read_bytes(r, value.n);
        break;
    case '(':
        value.n = read_small(r);
        value.items = FzArena_Take(r->arena, value.n * sizeof(FzCodeValue));
        for (uint32_t i = 0; i < value.n; i++) {
            value.items[i] = read_value(r);
        }
        break;
    case 'c':
        value.unit = read_unit(r);
        break;
    default:
        FZ_ASSERT(value.tag == 'N' || value.tag == 'T' || value.tag == 'F' ||
                  value.tag == '.');
        break;
    }
    return value;
}

static void
read_tables(Reader *r, FzCodeUnit *unit)
{
    unit->nconsts = read_small(r);
    unit->consts =
        FzArena_Take(r->arena, unit->nconsts * sizeof(FzCodeValue));
    for (uint32_t i = 0; i < unit->nconsts; i++) {
        unit->consts[i] = read_value(r);
    }
    unit->nnames = read_small(r);
    unit->names = read_indices(r, unit->nnames);
    unit->nops = unit->max_ops = read_small(r);
    unit->ops = FzArena_Take(r->arena, unit->nops * sizeof(FzCodeOp));
    for (uint32_t i = 0; i < unit->nops; i++) {
        unit->ops[i].op = *read_bytes(r, 1);
        unit->ops[i].arg = read_small(r);
    }
    // Lines are not kept: all instructions will be of the first.
    for (uint32_t runs = read_small(r); runs > 0; runs--) {
        (void)read_number(r);
        (void)read_number(r);
    }
    unit->nentries = unit->max_entries = read_small(r);
    unit->entries =
        FzArena_Take(r->arena, unit->nentries * sizeof(FzCodeEntry));
    for (uint32_t i = 0; i < unit->nentries; i++) {
        FzCodeEntry *e = &unit->entries[i];
        e->start = read_small(r);
        e->end = read_small(r);
        e->handler = read_small(r);
        e->depth = read_small(r);
    }
}

static FzCodeUnit *
read_unit(Reader *r)
{
    FzCodeUnit *unit = FzArena_Take(r->arena, sizeof(FzCodeUnit));
    unit->name = read_small(r);
    unit->qualname = read_small(r);
    unit->filename = read_small(r);
    for (int i = 0; i < FZ_CODE_HEAD; i++) {
        unit->head[i] = read_small(r);
    }
    unit->nvarnames = unit->head[FZ_CODE_LOCALS] + unit->head[FZ_CODE_CELLS] +
                      unit->head[FZ_CODE_FREES];
    unit->varnames = read_indices(r, unit->nvarnames);
    unit->doc = read_value(r);
    read_tables(r, unit);
    return unit;
}

FzCodeFile *
FzCode_Parse(const uint8_t *data, size_t size, FzArena *arena)
{
    Reader r = { data, data + size, arena };
    FzCodeFile *file = FzArena_Take(arena, sizeof(FzCodeFile));
    file->header = read_bytes(&r, HEADER);
    file->nstrings = read_small(&r);
    FZ_ASSERT(file->nstrings <= MAX_STRINGS);
    file->strings =
        FzArena_Take(arena, file->nstrings * sizeof(FzCodeText));
    for (uint32_t i = 0; i < file->nstrings; i++) {
        file->strings[i].size = read_small(&r);
        file->strings[i].bytes = read_bytes(&r, file->strings[i].size);
    }
    file->root = read_unit(&r);
    FZ_ASSERT(r.at == r.end);
    return file;
}

// ---------------------------------------------------------------------------
// Copies.

static void *
copy_table(FzArena *arena, const void *table, size_t n, size_t spare,
           size_t size)
{
    void *copy = FzArena_Take(arena, (n + spare) * size);
    if (n > 0) {
        memcpy(copy, table, n * size);
    }
    return copy;
}

static FzCodeValue
copy_value(const FzCodeValue *value, FzArena *arena)
{
    FzCodeValue copy = *value;
    if (value->tag == 'c') {
        copy.unit = FzCode_Copy(value->unit, arena);
    }
    // Code inside of tuples does not occur, and nothing else is changed there.
    return copy;
}

FzCodeUnit *
FzCode_Copy(const FzCodeUnit *unit, FzArena *arena)
{
    FzCodeUnit *copy = FzArena_Take(arena, sizeof(FzCodeUnit));
    *copy = *unit;
    copy->consts = FzArena_Take(arena, unit->nconsts * sizeof(FzCodeValue));
    for (uint32_t i = 0; i < unit->nconsts; i++) {
        copy->consts[i] = copy_value(&unit->consts[i], arena);
    }
    copy->names = copy_table(arena, unit->names, unit->nnames, 0,
                             sizeof(uint32_t));
    copy->max_ops = unit->nops + FZ_CODE_SPARE;
    copy->ops = copy_table(arena, unit->ops, unit->nops, FZ_CODE_SPARE,
                           sizeof(FzCodeOp));
    copy->max_entries = unit->nentries + FZ_CODE_SPARE_ENTRIES;
    copy->entries = copy_table(arena, unit->entries, unit->nentries,
                               FZ_CODE_SPARE_ENTRIES, sizeof(FzCodeEntry));
    return copy;
}

size_t
FzCode_Collect(FzCodeUnit *unit, FzCodeUnit **out, size_t max)
{
    size_t n = 0;
    if (max > 0) {
        out[n++] = unit;
    }
    for (uint32_t i = 0; i < unit->nconsts; i++) {
        if (unit->consts[i].tag == 'c') {
            n += FzCode_Collect(unit->consts[i].unit, out + n, max - n);
        }
    }
    return n;
}

// ---------------------------------------------------------------------------
// Writing.

typedef struct Writer {
    const FzCodeFile *file;
    FzBuf *out;
    uint16_t place[MAX_STRINGS];        // 1 + index in the new table, or 0
    uint16_t used[MAX_STRINGS];         // the new table
    uint32_t nused;
} Writer;

static void
write_number(FzBuf *out, uint64_t value)
{
    while (value >= 0x80) {
        FzBuf_AppendByte(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    FzBuf_AppendByte(out, (uint8_t)value);
}

static void
write_string(Writer *w, uint32_t index)
{
    if (w->place[index] == 0) {
        w->used[w->nused++] = (uint16_t)index;
        w->place[index] = (uint16_t)w->nused;
    }
    write_number(w->out, w->place[index] - 1u);
}

static void write_unit(Writer *w, const FzCodeUnit *unit);

static void
write_value(Writer *w, const FzCodeValue *value)
{
    FzBuf_AppendByte(w->out, value->tag);
    switch (value->tag) {
    case 'i':
        write_number(w->out, value->number);
        break;
    case 's':
        write_string(w, value->n);
        break;
    case 'l':
    case 'b':
        write_number(w->out, value->n);
        FzBuf_Append(w->out, value->bytes, value->n);
        break;
    case 'f':
        FzBuf_Append(w->out, value->bytes, value->n);
        break;
    case '(':
        write_number(w->out, value->n);
        for (uint32_t i = 0; i < value->n; i++) {
            write_value(w, &value->items[i]);
        }
        break;
    case 'c':
        write_unit(w, value->unit);
        break;
    default:
        break;
    }
}

static void
write_tables(Writer *w, const FzCodeUnit *unit)
{
    write_number(w->out, unit->nconsts);
    for (uint32_t i = 0; i < unit->nconsts; i++) {
        write_value(w, &unit->consts[i]);
    }
    write_number(w->out, unit->nnames);
    for (uint32_t i = 0; i < unit->nnames; i++) {
        write_string(w, unit->names[i]);
    }
    write_number(w->out, unit->nops);
    for (uint32_t i = 0; i < unit->nops; i++) {
        FzBuf_AppendByte(w->out, unit->ops[i].op);
        write_number(w->out, unit->ops[i].arg);
    }
    write_number(w->out, 1);            // one run of lines
    write_number(w->out, unit->nops);
    write_number(w->out, 0);
    write_number(w->out, unit->nentries);
    for (uint32_t i = 0; i < unit->nentries; i++) {
        const FzCodeEntry *e = &unit->entries[i];
        write_number(w->out, e->start);
        write_number(w->out, e->end);
        write_number(w->out, e->handler);
        write_number(w->out, e->depth);
    }
}

static void
write_unit(Writer *w, const FzCodeUnit *unit)
{
    write_string(w, unit->name);
    write_string(w, unit->qualname);
    write_string(w, unit->filename);
    for (int i = 0; i < FZ_CODE_HEAD; i++) {
        write_number(w->out, unit->head[i]);
    }
    // As many as the head says, which may have been changed.
    uint32_t n = unit->head[FZ_CODE_LOCALS] + unit->head[FZ_CODE_CELLS] +
                 unit->head[FZ_CODE_FREES];
    for (uint32_t i = 0; i < n; i++) {
        write_string(w, unit->nvarnames > 0
                     ? unit->varnames[i % unit->nvarnames] : unit->name);
    }
    write_value(w, &unit->doc);
    write_tables(w, unit);
}

void
FzCode_Write(const FzCodeFile *file, const FzCodeUnit *unit, FzBuf *out)
{
    static Writer w;
    static FzBuf body;
    memset(w.place, 0, file->nstrings * sizeof(w.place[0]));
    FzBuf_Clear(&body);
    w.file = file;
    w.out = &body;
    w.nused = 0;
    write_unit(&w, unit);
    FzBuf_Append(out, file->header, HEADER);
    write_number(out, w.nused);
    for (uint32_t i = 0; i < w.nused; i++) {
        const FzCodeText *text = &file->strings[w.used[i]];
        write_number(out, text->size);
        FzBuf_Append(out, text->bytes, text->size);
    }
    FzBuf_Append(out, body.data, body.size);
}
