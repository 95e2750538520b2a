// load.c: code files, which runtime/compiler/ writes, to code objects.
//
// A file is not trusted. Each read checks what is left; a count is at most the
// bytes that are left, so that no damaged file makes a large allocation; what
// was read goes through RtCode_New(), and so through the verifier. All that can
// be wrong raises ValueError.
//
// Format, numbers in groups of seven bits, the lowest first, the eighth bit
// says that more follow; signed ones are 2n or -2n - 1:
//   "RTBC", version (4 bytes, little-endian), fingerprint of opcodes.def (4)
//   number of strings, each: size, UTF-8
//   code: name, qualified name, file name (indices of strings), co_flags,
//     argcount, posonlyargcount, kwonlyargcount, nlocals, ncellvars, nfreevars,
//     first line, a string for each variable, docstring (value),
//     number of constants, values; number of names, indices of strings;
//     number of instructions, each: opcode (1 byte), argument;
//     number of runs of lines, each: length, change of the line (signed);
//     number of exception entries, each: start, end, handler, depth
//   value: N T F . (None, True, False, Ellipsis), i signed, l size and
//     hexadecimal digits, f 8 bytes, s index of a string, b size and bytes,
//     ( number and values, c code
// Mirrors Python/marshal.c (CPython 3.13); departs: another format, verified.

#include "rtcore_code.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_types.h"

enum { FORMAT_VERSION = 1, MAX_NESTING = 60 };

typedef struct Reader {
    const uint8_t *at;
    const uint8_t *end;
    RtObject **strings;
    size_t nstrings;
    int nesting;
} Reader;

static RtObject *load_value(Reader *r);
static RtObject *load_code(Reader *r);

static void *
damaged(const char *what)
{
    // The first complaint is the best.
    if (RtErr_Occurred() == NULL) {
        RtErr_Format(&RtExc_ValueError, "bad code file: %s", what);
    }
    return NULL;
}

static bool
is_good(void)
{
    return RtErr_Occurred() == NULL;
}

// ---------------------------------------------------------------------------
// Numbers and bytes. After an exception they are 0.

static size_t
left(const Reader *r)
{
    return (size_t)(r->end - r->at);
}

static uint64_t
load_number(Reader *r)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end) {
            break;
        }
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return is_good() ? value : 0;
        }
    }
    damaged("a number is cut off or too large");
    return 0;
}

static int64_t
load_signed(Reader *r)
{
    uint64_t value = load_number(r);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

// A number that is at most `limit`.
static uint32_t
load_limited(Reader *r, uint64_t limit, const char *what)
{
    uint64_t value = load_number(r);
    if (value > limit) {
        damaged(what);
        return 0;
    }
    return (uint32_t)value;
}

// How many items of at least `size` bytes follow.
static uint32_t
load_count(Reader *r, size_t size, const char *what)
{
    return load_limited(r, left(r) / size, what);
}

// `size` bytes in place, or NULL.
static const uint8_t *
load_bytes(Reader *r, size_t size)
{
    if (size > left(r)) {
        return damaged("bytes are cut off");
    }
    const uint8_t *bytes = r->at;
    r->at += size;
    return bytes;
}

// ---------------------------------------------------------------------------
// Strings.

// Whether the text is UTF-8 as RFC 3629 has it.
static bool
is_utf8(const uint8_t *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        uint8_t c = text[i++];
        int more = c < 0x80 ? 0 : c < 0xc2 ? -1 : c < 0xe0 ? 1
                   : c < 0xf0 ? 2 : c < 0xf5 ? 3 : -1;
        if (more < 0 || (size_t)more > size - i) {
            return false;
        }
        if (more == 0) {
            continue;
        }
        uint8_t low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
        uint8_t high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        for (; more > 0; more--, i++, low = 0x80, high = 0xbf) {
            if (text[i] < low || text[i] > high) {
                return false;
            }
        }
    }
    return true;
}

static int
load_strings(Reader *r)
{
    uint32_t n = load_count(r, 1, "too many strings");
    if (!is_good()) {
        return -1;
    }
    r->strings = RtMem_Calloc(n + 1, sizeof(RtObject *));
    if (r->strings == NULL) {
        RtErr_NoMemory();
        return -1;
    }
    while (r->nstrings < n) {
        uint32_t size = load_count(r, 1, "a string is cut off");
        const uint8_t *text = load_bytes(r, size);
        if (!is_good()) {
            return -1;
        }
        if (!is_utf8(text, size)) {
            damaged("a string is not UTF-8");
            return -1;
        }
        // Names of built-in types and functions are known by address then.
        RtObject *string = RtStr_FindStatic((const char *)text, size);
        if (string == NULL) {
            string = RtStr_FromStringAndSize((const char *)text, size);
        }
        if (string == NULL) {
            return -1;
        }
        r->strings[r->nstrings++] = string;
    }
    return 0;
}

// Borrowed.
static RtObject *
load_string(Reader *r)
{
    uint64_t i = load_number(r);
    if (i >= r->nstrings) {
        return damaged("no such string");
    }
    return r->strings[i];
}

static RtObject *
load_tuple_of(Reader *r, uint32_t n, RtObject *(*load)(Reader *))
{
    RtObject *tuple = is_good() ? RtTuple_New(n) : NULL;
    for (uint32_t i = 0; tuple != NULL && i < n; i++) {
        RtObject *item = load(r);
        if (item == NULL) {
            Rt_DECREF(tuple);
            return NULL;
        }
        RtTuple_SetItem(tuple, i, item);
    }
    return tuple;
}

static RtObject *
load_new_string(Reader *r)
{
    return Rt_XNewRef(load_string(r));
}

// ---------------------------------------------------------------------------
// Values.

static RtObject *
load_float(Reader *r)
{
    const uint8_t *bytes = load_bytes(r, 8);
    if (bytes == NULL) {
        return NULL;
    }
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        bits |= (uint64_t)bytes[i] << 8 * i;
    }
    double value;
    memcpy(&value, &bits, sizeof(value));
    return RtFloat_FromDouble(value);
}

// Digits, after a sign or not.
static bool
is_hexadecimal(const uint8_t *text, size_t size)
{
    size_t i = size > 0 && text[0] == '-';
    if (i == size) {
        return false;
    }
    for (; i < size; i++) {
        if (!(text[i] >= '0' && text[i] <= '9') &&
            !(text[i] >= 'a' && text[i] <= 'f'))
        {
            return false;
        }
    }
    return true;
}

static RtObject *
load_long(Reader *r)
{
    uint32_t size = load_count(r, 1, "an int is cut off");
    const uint8_t *digits = load_bytes(r, size);
    if (digits == NULL) {
        return NULL;
    }
    if (!is_hexadecimal(digits, size)) {
        return damaged("an int is no number");
    }
    char *text = RtMem_Malloc(size + 1);
    if (text == NULL) {
        return RtErr_NoMemory();
    }
    memcpy(text, digits, size);
    text[size] = '\0';
    RtObject *value = RtLong_FromString(text, 16);
    RtMem_Free(text);
    return value;
}

static RtObject *
load_bytes_object(Reader *r)
{
    uint32_t size = load_count(r, 1, "bytes are cut off");
    const uint8_t *bytes = load_bytes(r, size);
    if (bytes == NULL) {
        return NULL;
    }
    return RtBytes_FromStringAndSize((const char *)bytes, size);
}

static RtObject *
load_nested(Reader *r, bool is_code)
{
    if (r->nesting >= MAX_NESTING) {
        return damaged("values are nested too deeply");
    }
    r->nesting++;
    RtObject *value;
    if (is_code) {
        value = load_code(r);
    }
    else {
        uint32_t n = load_count(r, 1, "a tuple is cut off");
        value = load_tuple_of(r, n, load_value);
    }
    r->nesting--;
    return value;
}

// A new reference.
static RtObject *
load_value(Reader *r)
{
    const uint8_t *tag = load_bytes(r, 1);
    if (tag == NULL || !is_good()) {
        return NULL;
    }
    switch (*tag) {
    case 'N':
        return Rt_NewRef(Rt_None);
    case 'T':
        return Rt_NewRef(Rt_True);
    case 'F':
        return Rt_NewRef(Rt_False);
    case 'i': {
        int64_t value = load_signed(r);
        return is_good() ? RtLong_FromInt64(value) : NULL;
    }
    case 'l':
        return load_long(r);
    case 'f':
        return load_float(r);
    case 's':
        return load_new_string(r);
    case 'b':
        return load_bytes_object(r);
    case '(':
    case 'c':
        return load_nested(r, *tag == 'c');
    default:
        return damaged("unknown kind of value");
    }
}

// ---------------------------------------------------------------------------
// Code.

// Tables of one code object while it is read. Everything is owned.
typedef struct Tables {
    RtInstruction *instructions;
    uint32_t *lines;
    RtExceptionEntry *exceptions;
    RtObject *doc;
} Tables;

static int
load_instructions(Reader *r, RtCodeSpec *spec, Tables *t)
{
    uint32_t n = load_count(r, 2, "instructions are cut off");
    t->instructions = RtMem_Malloc((n + 1) * sizeof(RtInstruction));
    t->lines = RtMem_Malloc((n + 1) * sizeof(uint32_t));
    if (t->instructions == NULL || t->lines == NULL) {
        RtErr_NoMemory();
        return -1;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *op = load_bytes(r, 1);
        uint32_t arg = load_limited(r, (1 << 24) - 1, "argument too large");
        if (op == NULL || !is_good()) {
            return -1;
        }
        t->instructions[i] = *op | arg << 8;
    }
    spec->instructions = t->instructions;
    spec->ninstructions = n;
    return 0;
}

static int
load_lines(Reader *r, RtCodeSpec *spec, Tables *t)
{
    size_t filled = 0;
    int64_t line = spec->firstlineno;
    uint32_t runs = load_count(r, 2, "lines are cut off");
    for (uint32_t i = 0; i < runs; i++) {
        uint64_t length = load_number(r);
        int64_t change = load_signed(r);
        if (change < -INT32_MAX || change > INT32_MAX) {
            damaged("a line is out of range");
            return -1;
        }
        line += change;
        if (!is_good() || length > spec->ninstructions - filled || line < 0 ||
            line > INT32_MAX)
        {
            damaged("lines do not suit the instructions");
            return -1;
        }
        for (; length > 0; length--) {
            t->lines[filled++] = (uint32_t)line;
        }
    }
    if (filled != spec->ninstructions) {
        damaged("lines are missing");
        return -1;
    }
    spec->lines = t->lines;
    return 0;
}

static int
load_exceptions(Reader *r, RtCodeSpec *spec, Tables *t)
{
    uint32_t n = load_count(r, 4, "exception entries are cut off");
    t->exceptions = RtMem_Malloc((n + 1) * sizeof(RtExceptionEntry));
    if (t->exceptions == NULL) {
        RtErr_NoMemory();
        return -1;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t fields[4];
        for (int k = 0; k < 4; k++) {
            fields[k] = load_limited(r, UINT32_MAX, "bad exception entry");
        }
        t->exceptions[i] = (RtExceptionEntry){
            fields[0], fields[1], fields[2], fields[3],
        };
    }
    spec->exceptions = t->exceptions;
    spec->nexceptions = n;
    return is_good() ? 0 : -1;
}

// Up to the docstring. The names are borrowed.
static int
load_head(Reader *r, RtCodeSpec *spec, Tables *t)
{
    RtObject *name = load_string(r);
    spec->qualname = load_string(r);
    RtObject *filename = load_string(r);
    spec->flags = load_limited(r, RT_CO_ALL, "unknown flags");
    spec->argcount = (int)load_limited(r, INT16_MAX, "bad argcount");
    spec->posonlyargcount = (int)load_limited(r, INT16_MAX, "bad argcount");
    spec->kwonlyargcount = (int)load_limited(r, INT16_MAX, "bad argcount");
    spec->nlocals = (int)load_limited(r, INT16_MAX, "bad nlocals");
    spec->ncellvars = (int)load_limited(r, INT16_MAX, "bad ncellvars");
    spec->nfreevars = (int)load_limited(r, INT16_MAX, "bad nfreevars");
    spec->firstlineno = load_limited(r, INT32_MAX, "bad line");
    if (!is_good()) {
        return -1;
    }
    spec->name = RtStr_AsUTF8(name);
    spec->filename = RtStr_AsUTF8(filename);
    uint32_t n =
        (uint32_t)(spec->nlocals + spec->ncellvars + spec->nfreevars);
    if (n > left(r)) {
        damaged("names of variables are cut off");
        return -1;
    }
    spec->varnames = load_tuple_of(r, n, load_new_string);
    t->doc = spec->varnames != NULL ? load_value(r) : NULL;
    if (t->doc != NULL && RtStr_Check(t->doc)) {
        spec->doc = t->doc;
    }
    return t->doc != NULL ? 0 : -1;
}

static int
load_pools(Reader *r, RtCodeSpec *spec)
{
    uint32_t n = load_count(r, 1, "constants are cut off");
    spec->consts = load_tuple_of(r, n, load_value);
    if (spec->consts == NULL) {
        return -1;
    }
    n = load_count(r, 1, "names are cut off");
    spec->names = load_tuple_of(r, n, load_new_string);
    return spec->names != NULL ? 0 : -1;
}

static RtObject *
load_code(Reader *r)
{
    RtCodeSpec spec = { 0 };
    Tables tables = { 0 };
    RtObject *code = NULL;
    if (load_head(r, &spec, &tables) == 0 && load_pools(r, &spec) == 0 &&
        load_instructions(r, &spec, &tables) == 0 &&
        load_lines(r, &spec, &tables) == 0 &&
        load_exceptions(r, &spec, &tables) == 0)
    {
        code = RtCode_New(&spec);
    }
    RtMem_Free(tables.instructions);
    RtMem_Free(tables.lines);
    RtMem_Free(tables.exceptions);
    RtObject *exc = code == NULL ? RtErr_GetRaisedException() : NULL;
    Rt_XDECREF(tables.doc);
    Rt_XDECREF(spec.varnames);
    Rt_XDECREF(spec.consts);
    Rt_XDECREF(spec.names);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return code;
}

// ---------------------------------------------------------------------------
// The file.

uint32_t
RtCode_OpcodeFingerprint(void)
{
    static const char text[] = ""
#define RT_OPCODE(name, argument, pops, pushes, sentence) \
    #name " " #argument "\n"
#include "opcodes.def"
        ;
    uint32_t value = 0x811c9dc5;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        value = (value ^ (uint8_t)text[i]) * 0x01000193;
    }
    return value;
}

static int
load_header(Reader *r)
{
    const uint8_t *head = load_bytes(r, 12);
    if (head == NULL || memcmp(head, "RTBC", 4) != 0) {
        damaged("it is none");
        return -1;
    }
    uint32_t words[2] = { 0 };
    for (int i = 0; i < 8; i++) {
        words[i / 4] |= (uint32_t)head[4 + i] << 8 * (i % 4);
    }
    if (words[0] != FORMAT_VERSION || words[1] != RtCode_OpcodeFingerprint()) {
        damaged("it was made by another version of the compiler");
        return -1;
    }
    return 0;
}

RtObject *
RtCode_Load(const void *data, size_t size)
{
    Reader r = { .at = data, .end = (const uint8_t *)data + size };
    RtObject *code = NULL;
    if (load_header(&r) == 0 && load_strings(&r) == 0) {
        code = load_code(&r);
    }
    if (code != NULL && r.at != r.end) {
        Rt_CLEAR(code);
        damaged("something follows the code");
    }
    RtObject *exc = code == NULL ? RtErr_GetRaisedException() : NULL;
    for (size_t i = 0; i < r.nstrings; i++) {
        Rt_DECREF(r.strings[i]);
    }
    RtMem_Free(r.strings);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return code;
}
