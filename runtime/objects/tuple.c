// tuple.c: tuple.
//
// Immutable once its creator has filled it, so that no access takes a lock.
// Its items may be user objects: comparing, hashing and printing run user
// code, but the items stay alive, since the tuple owns them and the caller
// owns the tuple.
// Mirrors Objects/tupleobject.c (CPython 3.13); departs: no free lists, no
// shared empty tuple.

#include "rtcore_types.h"
#include "rt_errors.h"

static inline RtTupleObject *
as_tuple(RtObject *op)
{
    rt_assert(RtTuple_Check(op));
    return (RtTupleObject *)op;
}

// Tracked at once: until an item is set the collector finds NULL.
RtObject *
RtTuple_New(ssize_t size)
{
    rt_assert(size >= 0);
    RtTupleObject *op = (RtTupleObject *)RtObject_New(&RtTuple_Type, size);
    if (op == NULL) {
        return NULL;
    }
    Rt_SIZE(op) = size;
    RtGC_Track((RtObject *)op);
    return (RtObject *)op;
}

RtObject *
RtTuple_FromArray(RtObject *const *items, ssize_t size)
{
    RtObject *op = RtTuple_New(size);
    if (op != NULL) {
        for (ssize_t i = 0; i < size; i++) {
            as_tuple(op)->ob_item[i] = Rt_NewRef(items[i]);
        }
    }
    return op;
}

ssize_t
RtTuple_Size(RtObject *op)
{
    rt_assert(RtTuple_Check(op));
    return Rt_SIZE(op);
}

RtObject *
RtTuple_GetItem(RtObject *op, ssize_t i)
{
    rt_assert(i >= 0 && i < Rt_SIZE(op));
    return as_tuple(op)->ob_item[i];
}

void
RtTuple_SetItem(RtObject *op, ssize_t i, RtObject *value)
{
    rt_assert(i >= 0 && i < Rt_SIZE(op));
    rt_assert(as_tuple(op)->ob_item[i] == NULL);
    as_tuple(op)->ob_item[i] = value;
}

static void
tuple_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    for (ssize_t i = Rt_SIZE(op); --i >= 0;) {
        Rt_XDECREF(as_tuple(op)->ob_item[i]);
    }
    RtObject_Free(op);
}

static int
tuple_traverse(RtObject *op, visitproc visit, void *arg)
{
    for (ssize_t i = Rt_SIZE(op); --i >= 0;) {
        Rt_VISIT(as_tuple(op)->ob_item[i]);
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Protocol slots.

static int
tuple_write_items(RtStrWriter *w, RtObject *op)
{
    for (ssize_t i = 0; i < Rt_SIZE(op); i++) {
        if (i > 0) {
            RtStrWriter_Write(w, ", ", 2);
        }
        if (RtStrWriter_WriteRepr(w, as_tuple(op)->ob_item[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

static RtObject *
tuple_repr(RtObject *op)
{
    RtReprEntry entry;
    int entered = RtRepr_Enter(&entry, op);
    if (entered != 0) {
        return entered > 0 ? RtStr_FromString("(...)") : NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_Write(&w, "(", 1);
    int status = tuple_write_items(&w, op);
    RtStrWriter_WriteString(&w, Rt_SIZE(op) == 1 ? ",)" : ")");
    RtRepr_Leave(&entry);
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

// xxHash's mixing of the items' hashes, as CPython has it since 3.8.
static ssize_t
tuple_hash(RtObject *op)
{
    const uint64_t prime1 = 11400714785074694791u;
    const uint64_t prime2 = 14029467366897019727u;
    const uint64_t prime5 = 2870177450012600261u;
    if (RtRecursion_Enter(rt_while_calling) < 0) {
        return -1;
    }
    uint64_t acc = prime5;
    ssize_t lane = 0;
    for (ssize_t i = 0; i < Rt_SIZE(op) && lane != -1; i++) {
        lane = RtObject_Hash(as_tuple(op)->ob_item[i]);
        acc += (uint64_t)lane * prime2;
        acc = acc << 31 | acc >> 33;
        acc *= prime1;
    }
    RtRecursion_Leave();
    if (lane == -1) {
        return -1;
    }
    acc += (uint64_t)Rt_SIZE(op) ^ (prime5 ^ 3527539u);
    return (ssize_t)acc == -1 ? 1546275796 : (ssize_t)acc;
}

// The index of the first items that differ, the shorter size, or -1.
static ssize_t
first_difference(RtObject *a, RtObject *b)
{
    ssize_t size = Rt_SIZE(a) < Rt_SIZE(b) ? Rt_SIZE(a) : Rt_SIZE(b);
    for (ssize_t i = 0; i < size; i++) {
        int equal = RtObject_EqualBool(as_tuple(a)->ob_item[i],
                                       as_tuple(b)->ob_item[i]);
        if (equal <= 0) {
            return equal < 0 ? -1 : i;
        }
    }
    return size;
}

static RtObject *
tuple_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!RtTuple_Check(a) || !RtTuple_Check(b)) {
        return Rt_NotImplemented;
    }
    if (RtRecursion_Enter(" in comparison") < 0) {
        return NULL;
    }
    RtObject *result = NULL;
    ssize_t i = first_difference(a, b);
    if (i >= Rt_SIZE(a) || i >= Rt_SIZE(b)) {
        result = RtCompare_Answer((Rt_SIZE(a) > Rt_SIZE(b)) -
                                  (Rt_SIZE(a) < Rt_SIZE(b)), op);
    }
    else if (i >= 0 && (op == RT_EQ || op == RT_NE)) {
        result = RtBool_FromInt(op == RT_NE);
    }
    else if (i >= 0) {
        result = RtObject_RichCompare(as_tuple(a)->ob_item[i],
                                      as_tuple(b)->ob_item[i], op);
    }
    RtRecursion_Leave();
    return result;
}

static ssize_t
tuple_length(RtObject *op)
{
    return Rt_SIZE(op);
}

static RtObject *
tuple_slice(RtObject *op, RtObject *slice)
{
    RtSliceRange range;
    if (RtSlice_Unpack(slice, &range) < 0) {
        return NULL;
    }
    ssize_t n = RtSlice_Adjust(&range, Rt_SIZE(op));
    if (n == Rt_SIZE(op) && range.step == 1 && RtTuple_CheckExact(op)) {
        return Rt_NewRef(op);
    }
    RtObject *result = RtTuple_New(n);
    for (ssize_t i = 0; result != NULL && i < n; i++) {
        as_tuple(result)->ob_item[i] = Rt_NewRef(
            as_tuple(op)->ob_item[range.start + i * range.step]);
    }
    return result;
}

static RtObject *
tuple_subscript(RtObject *op, RtObject *key)
{
    ssize_t i;
    if (RtSlice_Check(key)) {
        return tuple_slice(op, key);
    }
    if (RtLong_AsIndex(key, &i, "tuple indices must be integers or slices")
        < 0) {
        return NULL;
    }
    if (i < 0) {
        i += Rt_SIZE(op);
    }
    if (i < 0 || i >= Rt_SIZE(op)) {
        RtErr_SetString(&RtExc_IndexError, "tuple index out of range");
        return NULL;
    }
    return Rt_NewRef(as_tuple(op)->ob_item[i]);
}

static int
tuple_contains(RtObject *op, RtObject *value)
{
    int equal = 0;
    for (ssize_t i = 0; i < Rt_SIZE(op) && equal == 0; i++) {
        equal = RtObject_EqualBool(as_tuple(op)->ob_item[i], value);
    }
    return equal;
}

static RtObject *
tuple_add(RtObject *a, RtObject *b)
{
    if (!RtTuple_Check(a)) {
        return Rt_NotImplemented;
    }
    if (!RtTuple_Check(b)) {
        return RtSequence_AsksOther(b) ? Rt_NotImplemented
                                       : RtSequence_BadConcat(a, b);
    }
    ssize_t na = Rt_SIZE(a);
    RtObject *result = RtTuple_New(na + Rt_SIZE(b));
    if (result == NULL) {
        return NULL;
    }
    RtObject **items = as_tuple(result)->ob_item;
    for (ssize_t i = 0; i < na; i++) {
        items[i] = Rt_NewRef(as_tuple(a)->ob_item[i]);
    }
    for (ssize_t i = 0; i < Rt_SIZE(b); i++) {
        items[na + i] = Rt_NewRef(as_tuple(b)->ob_item[i]);
    }
    return result;
}

static RtObject *
tuple_multiply(RtObject *a, RtObject *b)
{
    RtObject *op = RtTuple_Check(a) ? a : b;
    RtObject *count = op == a ? b : a;
    ssize_t n;
    int status = RtTuple_Check(op) ? RtLong_AsRepeatCount(count, &n) : 1;
    if (status != 0) {
        return status < 0 ? NULL : Rt_NotImplemented;
    }
    ssize_t size;
    if (__builtin_mul_overflow(n, Rt_SIZE(op), &size)
        || size > RT_SEQUENCE_SIZE_MAX) {
        return RtErr_NoMemory();
    }
    RtObject *result = RtTuple_New(size);
    for (ssize_t i = 0; result != NULL && i < size; i++) {
        as_tuple(result)->ob_item[i] =
            Rt_NewRef(as_tuple(op)->ob_item[i % Rt_SIZE(op)]);
    }
    return result;
}

// index(value[, start[, stop]])
static RtObject *
tuple_index(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtSliceRange range = { 0, PTRDIFF_MAX, 1 };
    if (nargs > 1 &&
        (RtSlice_Argument(args[1], &range.start) < 0 ||
         (nargs > 2 && RtSlice_Argument(args[2], &range.stop) < 0)))
    {
        return NULL;
    }
    (void)RtSlice_Adjust(&range, Rt_SIZE(self));
    for (ssize_t i = range.start; i < range.stop; i++) {
        int equal = RtObject_EqualBool(as_tuple(self)->ob_item[i], args[0]);
        if (equal != 0) {
            return equal < 0 ? NULL : RtLong_FromInt64(i);
        }
    }
    RtErr_SetString(&RtExc_ValueError, "tuple.index(x): x not in tuple");
    return NULL;
}

static RtObject *
tuple_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int64_t count = 0;
    for (ssize_t i = 0; i < Rt_SIZE(self); i++) {
        int equal = RtObject_EqualBool(as_tuple(self)->ob_item[i], args[0]);
        if (equal < 0) {
            return NULL;
        }
        count += equal;
    }
    return RtLong_FromInt64(count);
}

RtObject *
RtTuple_FromIterable(RtObject *iterable)
{
    if (RtTuple_CheckExact(iterable)) {
        return Rt_NewRef(iterable);
    }
    if (RtList_CheckExact(iterable)) {
        return RtList_AsTuple(iterable);
    }
    RtObject *list = RtList_New(0);
    if (list == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    if (RtList_Extend(list, iterable) == 0) {
        result = RtList_AsTuple(list);
    }
    Rt_DECREF(list);
    return result;
}

static RtObject *
tuple_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)type;
    if (RtArg_CheckMax("tuple", nargs, 1) < 0) {
        return NULL;
    }
    return nargs == 0 ? RtTuple_New(0) : RtTuple_FromIterable(args[0]);
}

static RtMethodDef tuple_methods[] = {
    {"index", tuple_index, 1, 3},
    {"count", tuple_count, 1, 1},
    {NULL, NULL, 0, 0},
};

RtTypeObject RtTuple_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "tuple",
    .tp_basicsize = sizeof(RtTupleObject),
    .tp_itemsize = sizeof(RtObject *),
    .tp_flags = RT_TPFLAGS_HAVE_GC | RT_TPFLAGS_TUPLE_SUBCLASS,
    .tp_dealloc = tuple_dealloc,
    .tp_traverse = tuple_traverse,
    .tp_repr = tuple_repr,
    .tp_hash = tuple_hash,
    .tp_richcompare = tuple_richcompare,
    .tp_iter = RtSeqIter_New,
    .tp_new = tuple_new,
    .nb_add = tuple_add,
    .nb_multiply = tuple_multiply,
    .mp_length = tuple_length,
    .mp_subscript = tuple_subscript,
    .sq_contains = tuple_contains,
    .tp_methods = tuple_methods,
};
