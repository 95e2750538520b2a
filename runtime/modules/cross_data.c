// cross_data.c: copying plain data and code from one interpreter to another.
//
// The sender writes a message while it is attached to its interpreter, the
// receiver builds new objects from it while it is attached to the other: no
// object is ever touched from outside its interpreter. Immortal objects go by
// address. Items are a tag and, aligned to 8 bytes, what the tag needs.
// Mirrors Python/crossinterp.c (CPython 3.13); departs: code is copied as deep
// as its constants go, tuples are copied, nothing is registered.

#include "cross_data.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_bytes.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_long.h"
#include "rtcore_object.h"

enum {
    MAX_DEPTH = 24,             // of tuples and code inside each other
    CODE_PARTS = 7,             // objects that code consists of
};

typedef enum Tag {
    TAG_IMMORTAL = 1,           // address
    TAG_INT,                    // value
    TAG_BIG_INT,                // size, hexadecimal digits
    TAG_FLOAT,                  // the double's bits
    TAG_STR,                    // size, bytes
    TAG_BYTES,                  // size, bytes
    TAG_TUPLE,                  // size, items
    TAG_CODE,                   // CodeHead, arrays, name, consts, names
} Tag;

typedef struct Head {
    uint64_t tag;
    int64_t value;
} Head;

typedef struct CodeHead {
    int32_t nlocals, argcount;
    int32_t ncellvars, nfreevars;
    int32_t posonlyargcount, kwonlyargcount;
    uint32_t firstlineno, has_names;
    uint64_t flags;
    uint64_t ninstructions, nexceptions;
    uint64_t has_lines;
} CodeHead;

// ---------------------------------------------------------------------------
// Writing.

static int
put(RtCrossData *data, const void *bytes, size_t size)
{
    size_t padded = (size + 7) & ~(size_t)7;
    if (data->size + padded > data->capacity) {
        size_t capacity = 2 * data->capacity + padded + 64;
        char *grown = RtMem_Malloc(capacity);
        if (grown == NULL) {
            RtErr_NoMemory();
            return -1;
        }
        if (data->size > 0) {
            memcpy(grown, data->bytes, data->size);
        }
        RtMem_Free(data->bytes);
        data->bytes = grown;
        data->capacity = capacity;
    }
    if (size > 0) {
        memcpy(data->bytes + data->size, bytes, size);
    }
    memset(data->bytes + data->size + size, 0, padded - size);
    data->size += padded;
    return 0;
}

static int
put_head(RtCrossData *data, Tag tag, int64_t value)
{
    Head head = { tag, value };
    return put(data, &head, sizeof(head));
}

static int put_object(RtCrossData *data, RtObject *op, RtCrossKind kind,
                      int depth);

static int
put_text(RtCrossData *data, Tag tag, const char *text, ssize_t size)
{
    return put_head(data, tag, size) < 0 ? -1 : put(data, text, (size_t)size);
}

static int
put_int(RtCrossData *data, RtObject *op)
{
    int64_t value = RtLong_AsInt64(op);
    if (value != -1 || RtErr_Occurred() == NULL) {
        return put_head(data, TAG_INT, value);
    }
    RtErr_Clear();
    RtObject *digits = RtLong_Format(op, 16, false);
    if (digits == NULL) {
        return -1;
    }
    int status = put_text(data, TAG_BIG_INT, RtStr_AsUTF8(digits),
                          Rt_SIZE(digits));
    Rt_DECREF(digits);
    return status;
}

static int
put_float(RtCrossData *data, RtObject *op)
{
    double value = RtFloat_AsDouble(op);
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return put_head(data, TAG_FLOAT, bits);
}

static int
put_tuple(RtCrossData *data, RtObject *op, RtCrossKind kind, int depth)
{
    ssize_t size = RtTuple_Size(op);
    if (put_head(data, TAG_TUPLE, size) < 0) {
        return -1;
    }
    for (ssize_t i = 0; i < size; i++) {
        if (put_object(data, RtTuple_GetItem(op, i), kind, depth + 1) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
put_code(RtCrossData *data, const RtCodeObject *code, int depth)
{
    CodeHead head = {
        .nlocals = code->co_nlocals,
        .argcount = code->co_argcount,
        .ncellvars = code->co_ncellvars,
        .nfreevars = code->co_nfreevars,
        .posonlyargcount = code->co_posonlyargcount,
        .kwonlyargcount = code->co_kwonlyargcount,
        .firstlineno = code->co_firstlineno,
        .has_names = code->co_varnames != NULL,
        .flags = code->co_flags,
        .ninstructions = code->co_ninstructions,
        .nexceptions = code->co_nexceptions,
        .has_lines = code->co_lines != NULL,
    };
    if (put_head(data, TAG_CODE, 0) < 0 ||
        put(data, &head, sizeof(head)) < 0 ||
        put(data, code->co_code,
            code->co_ninstructions * sizeof(RtInstruction)) < 0 ||
        (code->co_lines != NULL &&
         put(data, code->co_lines,
             code->co_ninstructions * sizeof(uint32_t)) < 0) ||
        put(data, code->co_exceptions,
            code->co_nexceptions * sizeof(RtExceptionEntry)) < 0)
    {
        return -1;
    }
    RtObject *parts[] = {
        code->co_name, code->co_filename, code->co_consts, code->co_names,
        code->co_qualname,
        code->co_doc != NULL ? code->co_doc : Rt_None,
        code->co_varnames != NULL ? code->co_varnames : Rt_None,
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (put_object(data, parts[i], RT_CROSS_CODE, depth + 1) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
not_shareable(RtObject *op)
{
    RtErr_Format(&RtExc_ValueError,
                 "%s object cannot be shared with another interpreter",
                 Rt_TYPE(op)->tp_name);
    return -1;
}

static int
put_object(RtCrossData *data, RtObject *op, RtCrossKind kind, int depth)
{
    RtTypeObject *type = Rt_TYPE(op);
    if (depth > MAX_DEPTH) {
        RtErr_SetString(&RtExc_ValueError, "data is nested too deeply");
        return -1;
    }
    if (op == Rt_None || type == &RtBool_Type ||
        (Rt_IsImmortal(op) && (type == &RtLong_Type || type == &RtStr_Type)))
    {
        return put_head(data, TAG_IMMORTAL, (int64_t)(intptr_t)op);
    }
    if (type == &RtLong_Type) {
        return put_int(data, op);
    }
    if (type == &RtFloat_Type) {
        return put_float(data, op);
    }
    if (type == &RtStr_Type) {
        return put_text(data, TAG_STR, RtStr_AsUTF8(op), Rt_SIZE(op));
    }
    if (type == &RtBytes_Type) {
        return put_text(data, TAG_BYTES, RtBytes_DATA(op), Rt_SIZE(op));
    }
    if (type == &RtTuple_Type) {
        return put_tuple(data, op, kind, depth);
    }
    if (type == &RtCode_Type && kind == RT_CROSS_CODE) {
        return put_code(data, (RtCodeObject *)op, depth);
    }
    return not_shareable(op);
}

int
RtCrossData_Add(RtCrossData *data, RtObject *op, RtCrossKind kind)
{
    size_t size = data->size;
    if (put_object(data, op, kind, 0) < 0) {
        data->size = size;
        return -1;
    }
    return 0;
}

void
RtCrossData_Clear(RtCrossData *data)
{
    RtMem_Free(data->bytes);
    *data = (RtCrossData){ 0 };
}

// ---------------------------------------------------------------------------
// Reading.

// The next `size` bytes, in place.
static const void *
take(const RtCrossData *data, size_t *at, size_t size)
{
    const char *bytes = data->bytes + *at;
    *at += (size + 7) & ~(size_t)7;
    rt_assert(*at <= data->size);
    return bytes;
}

static RtObject *
take_tuple(const RtCrossData *data, size_t *at, ssize_t size)
{
    RtObject *tuple = RtTuple_New(size);
    if (tuple == NULL) {
        return NULL;
    }
    for (ssize_t i = 0; i < size; i++) {
        RtObject *item = RtCrossData_Load(data, at);
        if (item == NULL) {
            Rt_DECREF(tuple);
            return NULL;
        }
        RtTuple_SetItem(tuple, i, item);
    }
    return tuple;
}

static RtObject *
take_code(const RtCrossData *data, size_t *at)
{
    const CodeHead *head = take(data, at, sizeof(CodeHead));
    RtCodeSpec spec = {
        .nlocals = head->nlocals,
        .argcount = head->argcount,
        .ncellvars = head->ncellvars,
        .nfreevars = head->nfreevars,
        .posonlyargcount = head->posonlyargcount,
        .kwonlyargcount = head->kwonlyargcount,
        .firstlineno = head->firstlineno,
        .flags = (uint32_t)head->flags,
        .ninstructions = head->ninstructions,
        .nexceptions = head->nexceptions,
    };
    size_t n = spec.ninstructions;
    spec.instructions = take(data, at, n * sizeof(RtInstruction));
    if (head->has_lines) {
        spec.lines = take(data, at, n * sizeof(uint32_t));
    }
    spec.exceptions =
        take(data, at, spec.nexceptions * sizeof(RtExceptionEntry));
    RtObject *parts[CODE_PARTS] = { NULL };
    RtObject *code = NULL;
    int nparts = 0;
    while (nparts < CODE_PARTS &&
           (parts[nparts] = RtCrossData_Load(data, at)) != NULL) {
        nparts++;
    }
    if (nparts == CODE_PARTS) {
        spec.name = RtStr_AsUTF8(parts[0]);
        spec.filename = RtStr_AsUTF8(parts[1]);
        spec.consts = parts[2];
        spec.names = parts[3];
        spec.qualname = parts[4];
        spec.doc = parts[5] != Rt_None ? parts[5] : NULL;
        spec.varnames = head->has_names ? parts[6] : NULL;
        code = RtCode_New(&spec);
    }
    while (nparts > 0) {
        Rt_DECREF(parts[--nparts]);
    }
    return code;
}

static RtObject *
take_big_int(const RtCrossData *data, size_t *at, size_t size)
{
    const char *digits = take(data, at, size);
    RtObject *text = RtStr_FromStringAndSize(digits, (ssize_t)size);
    RtObject *result = text != NULL ? RtLong_FromText(text, 16) : NULL;
    Rt_XDECREF(text);
    return result;
}

static RtObject *
take_float(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return RtFloat_FromDouble(value);
}

RtObject *
RtCrossData_Load(const RtCrossData *data, size_t *at)
{
    const Head *head = take(data, at, sizeof(Head));
    switch ((Tag)head->tag) {
    case TAG_IMMORTAL:
        return Rt_NewRef((RtObject *)(intptr_t)head->value);
    case TAG_INT:
        return RtLong_FromInt64(head->value);
    case TAG_BIG_INT:
        return take_big_int(data, at, (size_t)head->value);
    case TAG_FLOAT:
        return take_float(head->value);
    case TAG_BYTES:
        return RtBytes_FromStringAndSize(
            take(data, at, (size_t)head->value), (ssize_t)head->value);
    case TAG_STR:
        return RtStr_FromStringAndSize(take(data, at, (size_t)head->value),
                                       (ssize_t)head->value);
    case TAG_TUPLE:
        return take_tuple(data, at, (ssize_t)head->value);
    default:
        rt_assert(head->tag == TAG_CODE);
        return take_code(data, at);
    }
}
