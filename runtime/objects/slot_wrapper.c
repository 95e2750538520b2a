// slot_wrapper.c: the special methods of static types, as attributes.
//
// int.__add__, object.__setattr__ and so on: a descriptor that calls the slot
// of the type whose dict it stands in, whatever the class of the object says.
// So super().__setattr__(...) reaches it. Descriptors never change.
// Mirrors Objects/typeobject.c, slotdefs and wrap_binaryfunc (CPython 3.13);
// departs: no wrappers of __get__, __set__ and __del__.

#include "rtcore_type.h"

#include "rt_errors.h"
#include "rtcore_types.h"

typedef struct SlotWrapper SlotWrapper;
typedef void (*slotfunc)(void);
// args[0] is the object; what was checked are the numbers of arguments.
typedef RtObject *(*Wrap)(slotfunc slot, int op, RtObject *const *args);

typedef struct SlotRow {
    const char *name;
    size_t offset;
    Wrap wrap;
    int nargs;                  // without the object; -1: any number
    int op;                     // of a comparison
} SlotRow;

struct SlotWrapper {
    RtObject ob_base;
    RtTypeObject *d_type;       // static
    slotfunc slot;
    const SlotRow *row;
};

// ---------------------------------------------------------------------------
// Calling a slot.

static RtObject *
wrap_unary(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    return ((unaryfunc)slot)(args[0]);
}

static RtObject *
wrap_next(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    RtObject *item = ((unaryfunc)slot)(args[0]);
    if (item == NULL && RtErr_Occurred() == NULL) {
        RtErr_SetNone(&RtExc_StopIteration);
    }
    return item;
}

static RtObject *
wrap_binary(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    return ((binaryfunc)slot)(args[0], args[1]);
}

static RtObject *
wrap_reflected(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    return ((binaryfunc)slot)(args[1], args[0]);
}

static RtObject *
wrap_compare(slotfunc slot, int op, RtObject *const *args)
{
    return ((richcmpfunc)slot)(args[0], args[1], op);
}

static RtObject *
wrap_length(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    ssize_t n = ((lenfunc)slot)(args[0]);
    return n < 0 ? NULL : RtLong_FromInt64(n);
}

static RtObject *
wrap_hash(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    ssize_t hash = ((hashfunc)slot)(args[0]);
    return hash == -1 ? NULL : RtLong_FromInt64(hash);
}

static RtObject *
wrap_truth(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    int truth = ((inquiry)slot)(args[0]);
    return truth < 0 ? NULL : RtBool_FromInt(truth);
}

static RtObject *
wrap_contains(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    int found = ((objobjproc)slot)(args[0], args[1]);
    return found < 0 ? NULL : RtBool_FromInt(found);
}

static RtObject *
wrap_set(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    return ((objobjargproc)slot)(args[0], args[1], args[2]) < 0 ? NULL
                                                                : Rt_None;
}

static RtObject *
wrap_delete(slotfunc slot, int op, RtObject *const *args)
{
    (void)op;
    return ((objobjargproc)slot)(args[0], args[1], NULL) < 0 ? NULL
                                                             : Rt_None;
}

#define ROW(name, field, wrap, nargs) \
    { "__" #name "__", offsetof(RtTypeObject, field), wrap, nargs, 0 }
#define COMPARE_ROW(name, op) \
    { "__" #name "__", offsetof(RtTypeObject, tp_richcompare), wrap_compare, \
      1, op }
#define BINARY_ROWS(name, field) \
    ROW(name, field, wrap_binary, 1), ROW(r##name, field, wrap_reflected, 1)

static const SlotRow rows[] = {
    ROW(repr, tp_repr, wrap_unary, 0),
    ROW(str, tp_str, wrap_unary, 0),
    ROW(hash, tp_hash, wrap_hash, 0),
    COMPARE_ROW(lt, RT_LT), COMPARE_ROW(le, RT_LE), COMPARE_ROW(eq, RT_EQ),
    COMPARE_ROW(ne, RT_NE), COMPARE_ROW(gt, RT_GT), COMPARE_ROW(ge, RT_GE),
    ROW(iter, tp_iter, wrap_unary, 0),
    ROW(next, tp_iternext, wrap_next, 0),
    ROW(getattribute, tp_getattro, wrap_binary, 1),
    ROW(setattr, tp_setattro, wrap_set, 2),
    ROW(delattr, tp_setattro, wrap_delete, 1),
    BINARY_ROWS(add, nb_add), BINARY_ROWS(sub, nb_subtract),
    BINARY_ROWS(mul, nb_multiply), BINARY_ROWS(floordiv, nb_floor_divide),
    BINARY_ROWS(mod, nb_remainder), BINARY_ROWS(and, nb_and),
    BINARY_ROWS(or, nb_or), BINARY_ROWS(xor, nb_xor),
    BINARY_ROWS(truediv, nb_true_divide), BINARY_ROWS(pow, nb_power),
    BINARY_ROWS(lshift, nb_lshift), BINARY_ROWS(rshift, nb_rshift),
    BINARY_ROWS(divmod, nb_divmod),
    ROW(neg, nb_negative, wrap_unary, 0),
    ROW(pos, nb_positive, wrap_unary, 0),
    ROW(invert, nb_invert, wrap_unary, 0),
    ROW(abs, nb_absolute, wrap_unary, 0),
    ROW(bool, nb_bool, wrap_truth, 0),
    ROW(len, mp_length, wrap_length, 0),
    ROW(getitem, mp_subscript, wrap_binary, 1),
    ROW(setitem, mp_ass_subscript, wrap_set, 2),
    ROW(delitem, mp_ass_subscript, wrap_delete, 1),
    ROW(contains, sq_contains, wrap_contains, 1),
};

// ---------------------------------------------------------------------------
// The descriptor.

static void
wrapper_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

static RtObject *
wrapper_repr(RtObject *op)
{
    SlotWrapper *w = (SlotWrapper *)op;
    return RtStr_FromFormat("<slot wrapper '%s' of '%s' objects>",
                            w->row->name, w->d_type->tp_name);
}

static RtObject *
wrapper_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    SlotWrapper *w = (SlotWrapper *)self;
    if (nargs < 1) {
        RtErr_Format(&RtExc_TypeError,
                     "descriptor '%s' of '%s' object needs an argument",
                     w->row->name, w->d_type->tp_name);
        return NULL;
    }
    if (!RtType_IsSubtype(Rt_TYPE(args[0]), w->d_type)) {
        RtErr_Format(&RtExc_TypeError,
                     "descriptor '%s' requires a '%s' object but received a "
                     "'%s'", w->row->name, w->d_type->tp_name,
                     Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    if (nargs - 1 != w->row->nargs) {
        RtErr_Format(&RtExc_TypeError, "expected %d argument%s, got %zd",
                     w->row->nargs, w->row->nargs == 1 ? "" : "s", nargs - 1);
        return NULL;
    }
    return w->row->wrap(w->slot, w->row->op, args);
}

static RtObject *
wrapper_name(RtObject *op)
{
    return RtStr_FromString(((SlotWrapper *)op)->row->name);
}

static RtObject *
wrapper_get(RtObject *self, RtObject *op, RtObject *type)
{
    (void)type;
    return op == NULL ? Rt_NewRef(self) : RtMethod_New(self, op);
}

static const RtGetSetDef wrapper_getset[] = {
    {"__name__", wrapper_name, NULL},
    {NULL, NULL, NULL},
};

RtTypeObject RtSlotWrapper_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "wrapper_descriptor",
    .tp_basicsize = sizeof(SlotWrapper),
    .tp_dealloc = wrapper_dealloc,
    .tp_repr = wrapper_repr,
    .tp_call = wrapper_call,
    .tp_descr_get = wrapper_get,
    .tp_getset = wrapper_getset,
};

static slotfunc
slot_of(const RtTypeObject *type, size_t offset)
{
    return *(const slotfunc *)((const char *)type + offset);
}

static int
add_wrapper(RtTypeObject *type, RtObject *dict, const SlotRow *row)
{
    slotfunc slot = slot_of(type, row->offset);
    const RtTypeObject *base = type->tp_base;
    if (slot == NULL || (base != NULL && slot == slot_of(base, row->offset))) {
        return 0;
    }
    RtObject *name = RtStr_InternStatic(row->name);
    int known = name == NULL ? -1 : RtDict_Contains(dict, name);
    if (known != 0) {
        return known < 0 ? -1 : 0;
    }
    if (slot == (slotfunc)RtObject_HashNotImplemented) {
        return RtDict_SetItem(dict, name, Rt_None);
    }
    SlotWrapper *w = (SlotWrapper *)RtObject_New(&RtSlotWrapper_Type, 0);
    if (w == NULL) {
        return -1;
    }
    w->d_type = type;
    w->slot = slot;
    w->row = row;
    RtObject_SetImmortal((RtObject *)w);
    return RtDict_SetItem(dict, name, (RtObject *)w);
}

int
RtSlotWrapper_AddAll(RtTypeObject *type, RtObject *dict)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (add_wrapper(type, dict, &rows[i]) < 0) {
            return -1;
        }
    }
    return 0;
}
