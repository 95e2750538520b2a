// test_type.c: classes, MRO, special methods and their slots, attributes.
//
// Methods are functions in C: they are called as given, without a self, and so
// return constants or look at their last argument.

#include <string.h>

#include "attached.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_audit.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

static RtThreadState *tstate;

static RtObject *
str(const char *text)
{
    RtObject *result = RtStr_FromString(text);
    CHECK(result != NULL);
    return result;
}

static void
expect_error(RtTypeObject *type)
{
    CHECK(RtErr_ExceptionMatches(type));
    RtErr_Clear();
}

// Makes a class; steals the dict, which may be NULL.
static RtObject *
try_class(const char *name, RtObject *const *bases, ssize_t nbases,
          RtObject *dict)
{
    RtObject *name_object = str(name);
    RtObject *base_tuple = RtTuple_FromArray(bases, nbases);
    if (dict == NULL) {
        dict = RtDict_New();
    }
    RtObject *type = RtType_New(name_object, base_tuple, dict);
    Rt_DECREF(name_object);
    Rt_DECREF(base_tuple);
    Rt_DECREF(dict);
    return type;
}

static RtObject *
make_class(const char *name, RtObject *const *bases, ssize_t nbases,
           RtObject *dict)
{
    RtObject *type = try_class(name, bases, nbases, dict);
    CHECK(type != NULL);
    return type;
}

static void
set_attr(RtObject *op, const char *name, RtObject *value)
{
    RtObject *key = str(name);
    CHECK(RtObject_SetAttr(op, key, value) == 0);
    Rt_DECREF(key);
}

static RtObject *
get_attr(RtObject *op, const char *name)
{
    RtObject *key = str(name);
    RtObject *value = RtObject_GetAttr(op, key);
    Rt_DECREF(key);
    return value;
}

// A dict with one function in C.
static RtObject *
dict_with(const char *name, RtMethodDef *def)
{
    RtObject *dict = RtDict_New();
    RtObject *func = RtCFunction_New(def, NULL);
    RtObject *key = str(name);
    CHECK(RtDict_SetItem(dict, key, func) == 0);
    Rt_DECREF(key);
    Rt_DECREF(func);
    return dict;
}

// ---------------------------------------------------------------------------

static RtObject *
return_true(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return Rt_NewRef(Rt_True);
}

static RtObject *
return_seven(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtLong_FromInt64(7);
}

static RtObject *
return_none(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return Rt_NewRef(Rt_None);
}

static RtMethodDef true_def = { "true", return_true, 0, -1 };
static RtMethodDef seven_def = { "seven", return_seven, 0, -1 };
static RtMethodDef none_def = { "none", return_none, 0, -1 };

static void
test_static_types(void)
{
    CHECK(RtType_IsSubtype(&RtBool_Type, &RtLong_Type));
    CHECK(RtType_IsSubtype(&RtType_Type, &RtBaseObject_Type));
    CHECK(RtType_IsSubtype(&RtExc_KeyError, &RtExc_LookupError));
    CHECK(!RtType_IsSubtype(&RtLong_Type, &RtBool_Type));
    RtObject *name = str("append");
    RtObject *descr = RtType_LookupRef(&RtList_Type, name);
    CHECK(descr != NULL);
    CHECK(Rt_IS_TYPE(descr, &RtMethodDescr_Type));
    CHECK(RtType_LookupRef(&RtLong_Type, name) == NULL);
    RtObject *list = RtList_New(0);
    RtObject *one = RtLong_FromInt64(1);
    RtObject *result = RtObject_CallMethod(list, name, &one, 1);
    CHECK(result == Rt_None);
    CHECK(RtList_Size(list) == 1);
    Rt_DECREF(list);
    Rt_DECREF(name);
    CHECK(RtObject_Hash(Rt_None) == RtObject_Hash(Rt_None));
    CHECK(RtObject_IsTrue(Rt_None) == 0);
    RtObject *object = RtObject_CallNoArgs((RtObject *)&RtBaseObject_Type);
    CHECK(object != NULL);
    CHECK(RtObject_SetAttr(object, rt_true_object, Rt_None) < 0);
    expect_error(&RtExc_TypeError);
    RtObject *x = str("x");
    CHECK(RtObject_SetAttr(object, x, Rt_None) < 0);
    expect_error(&RtExc_AttributeError);
    CHECK(RtObject_SetAttr((RtObject *)&RtList_Type, x, Rt_None) < 0);
    expect_error(&RtExc_TypeError);
    Rt_DECREF(x);
    Rt_DECREF(object);
}

static void
test_mro(void)
{
    RtObject *a = make_class("A", NULL, 0, NULL);
    RtObject *b = make_class("B", &a, 1, NULL);
    RtObject *c = make_class("C", &a, 1, NULL);
    RtObject *bases[] = { b, c };
    RtObject *d = make_class("D", bases, 2, NULL);
    RtObject *mro = ((RtTypeObject *)d)->tp_mro;
    RtObject *expected[] = { d, b, c, a, (RtObject *)&RtBaseObject_Type };
    CHECK(RtTuple_Size(mro) == 5);
    for (int i = 0; i < 5; i++) {
        CHECK(RtTuple_GetItem(mro, i) == expected[i]);
    }
    set_attr(c, "x", Rt_True);
    set_attr(a, "x", Rt_False);
    RtObject *x = get_attr(d, "x");
    CHECK(x == Rt_True);
    RtObject *bad[] = { a, b };
    CHECK(try_class("E", bad, 2, NULL) == NULL);
    expect_error(&RtExc_TypeError);
    RtObject *twice[] = { a, a };
    CHECK(try_class("F", twice, 2, NULL) == NULL);
    expect_error(&RtExc_TypeError);
    RtObject *boolean = (RtObject *)&RtBool_Type;
    CHECK(try_class("G", &boolean, 1, NULL) == NULL);
    expect_error(&RtExc_TypeError);
    RtObject *conflict[] = {
        (RtObject *)&RtList_Type, (RtObject *)&RtDict_Type,
    };
    CHECK(try_class("H", conflict, 2, NULL) == NULL);
    expect_error(&RtExc_TypeError);
    Rt_DECREF(a);
    Rt_DECREF(b);
    Rt_DECREF(c);
    Rt_DECREF(d);
}

static void
test_instances(void)
{
    RtObject *type = make_class("C", NULL, 0, NULL);
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(op != NULL);
    CHECK(RtGC_IsTracked(op));
    CHECK(RtObject_CallOneArg(type, Rt_None) == NULL);
    expect_error(&RtExc_TypeError);
    set_attr(type, "x", Rt_False);
    CHECK(get_attr(op, "x") == Rt_False);
    set_attr(op, "x", Rt_True);
    CHECK(get_attr(op, "x") == Rt_True);
    RtObject *x = str("x");
    CHECK(RtObject_SetAttr(op, x, NULL) == 0);
    CHECK(RtObject_SetAttr(op, x, NULL) < 0);
    expect_error(&RtExc_AttributeError);
    CHECK(get_attr(op, "x") == Rt_False);
    CHECK(RtObject_SetAttr(type, x, NULL) == 0);
    CHECK(get_attr(op, "x") == NULL);
    expect_error(&RtExc_AttributeError);
    RtObject *found;
    CHECK(RtObject_GetOptionalAttr(op, x, &found) == 0);
    CHECK(found == NULL);
    CHECK(RtErr_Occurred() == NULL);
    Rt_DECREF(x);
    RtObject *klass = get_attr(op, "__class__");
    CHECK(klass == type);
    Rt_DECREF(klass);
    RtObject *name = get_attr(type, "__name__");
    CHECK(strcmp(RtStr_AsUTF8(name), "C") == 0);
    Rt_DECREF(name);
    RtObject *repr = RtObject_Repr(type);
    CHECK(strcmp(RtStr_AsUTF8(repr), "<class '__main__.C'>") == 0);
    Rt_DECREF(repr);
    CHECK(RtObject_Hash(op) != -1);
    CHECK(RtObject_RichCompareBool(op, type, RT_EQ) == 0);
    CHECK(RtObject_Length(op) == -1);
    expect_error(&RtExc_TypeError);
    Rt_DECREF(op);
    Rt_DECREF(type);
}

static void
test_slots(void)
{
    RtObject *type = make_class("C", NULL, 0,
                                dict_with("__eq__", &true_def));
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(RtObject_RichCompareBool(op, Rt_None, RT_EQ) == 1);
    CHECK(RtObject_RichCompareBool(op, Rt_None, RT_NE) == 0);
    CHECK(RtObject_RichCompareBool(Rt_None, op, RT_EQ) == 1);
    CHECK(RtObject_Hash(op) == -1);
    expect_error(&RtExc_TypeError);

    RtObject *derived = make_class("D", &type, 1, NULL);
    RtObject *child = RtObject_CallNoArgs(derived);
    CHECK(RtObject_Hash(child) == -1);
    expect_error(&RtExc_TypeError);
    RtObject *seven = RtCFunction_New(&seven_def, NULL);
    set_attr(type, "__hash__", seven);
    CHECK(RtObject_Hash(op) == 7);
    CHECK(RtObject_Hash(child) == 7);
    set_attr(type, "__len__", seven);
    CHECK(RtObject_Length(child) == 7);
    CHECK(RtObject_IsTrue(child) == 1);
    RtObject *name = str("__len__");
    CHECK(RtObject_SetAttr(type, name, NULL) == 0);
    Rt_DECREF(name);
    CHECK(RtObject_Length(child) == -1);
    expect_error(&RtExc_TypeError);
    set_attr(type, "__add__", seven);
    set_attr(type, "__rsub__", seven);
    set_attr(type, "__getitem__", seven);
    RtObject *sum = RtNumber_BinaryOp(child, Rt_None, RT_NB_ADD);
    CHECK(sum != NULL && RtLong_AsInt64(sum) == 7);
    CHECK(RtNumber_BinaryOp(Rt_None, child, RT_NB_ADD) == NULL);
    expect_error(&RtExc_TypeError);
    RtObject *difference = RtNumber_BinaryOp(Rt_None, child, RT_NB_SUBTRACT);
    CHECK(difference != NULL && RtLong_AsInt64(difference) == 7);
    RtObject *item = RtObject_GetItem(op, Rt_None);
    CHECK(item != NULL && RtLong_AsInt64(item) == 7);
    CHECK(RtObject_SetItem(op, Rt_None, Rt_None) == -1);
    expect_error(&RtExc_TypeError);
    Rt_DECREF(seven);
    Rt_DECREF(child);
    Rt_DECREF(derived);
    Rt_DECREF(op);
    Rt_DECREF(type);
}

static void
test_builtin_bases(void)
{
    RtObject *list_type = (RtObject *)&RtList_Type;
    RtObject *type = make_class("L", &list_type, 1, NULL);
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(op != NULL);
    CHECK(RtGC_IsTracked(op));
    CHECK(RtList_Append(op, op) == 0);
    CHECK(RtObject_Length(op) == 1);
    set_attr(op, "x", op);
    CHECK(RtObject_Hash(op) == -1);
    expect_error(&RtExc_TypeError);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    Rt_DECREF(op);
    Rt_DECREF(type);

    // The hash of a class on the right of a static type with object's hash.
    RtObject *mixin = make_class("M", NULL, 0,
                                 dict_with("__hash__", &seven_def));
    RtObject *bases[] = { (RtObject *)&RtExc_ValueError, mixin };
    type = make_class("E", bases, 2, NULL);
    op = RtObject_CallNoArgs(type);
    CHECK(op != NULL);
    CHECK(RtObject_Hash(op) == 7);
    set_attr(op, "x", Rt_True);
    CHECK(get_attr(op, "x") == Rt_True);
    Rt_DECREF(op);
    Rt_DECREF(type);
    Rt_DECREF(mixin);
}

static void
test_init(void)
{
    RtObject *type = make_class("C", NULL, 0,
                                dict_with("__init__", &none_def));
    RtObject *op = RtObject_CallOneArg(type, Rt_None);
    CHECK(op != NULL);
    Rt_DECREF(op);
    RtObject *seven = RtCFunction_New(&seven_def, NULL);
    set_attr(type, "__init__", seven);
    Rt_DECREF(seven);
    CHECK(RtObject_CallNoArgs(type) == NULL);
    expect_error(&RtExc_TypeError);
    Rt_DECREF(type);
}

enum { THREADS = 4, ROUNDS = 60 };

// Sets and deletes a special method, makes subclasses and asks instances, all
// at the same time. Whoever sees the method sees it whole.
static void
use_class(RtThreadState *self, int index, void *arg)
{
    RtObject *type = arg;
    RtObject *seven = RtCFunction_New(&seven_def, NULL);
    RtObject *name = str("__len__");
    RtObject *op = RtObject_CallNoArgs(type);
    for (int i = 0; i < ROUNDS; i++) {
        if (index == 0) {
            CHECK(RtObject_SetAttr(type, name, i % 2 ? NULL : seven) == 0);
        }
        RtObject *derived = make_class("D", &type, 1, NULL);
        RtObject *child = RtObject_CallNoArgs(derived);
        RtObject *both[] = { op, child };
        for (int j = 0; j < 2; j++) {
            ssize_t length = RtObject_Length(both[j]);
            CHECK(length == 7 || length == -1);
            if (length == -1) {
                CHECK(RtErr_Occurred() != NULL);
                RtErr_Clear();
            }
        }
        Rt_DECREF(child);
        Rt_DECREF(derived);
        CHECK(RtEval_CheckBreaker(self) == 0);
    }
    Rt_DECREF(op);
    Rt_DECREF(name);
    Rt_DECREF(seven);
}

static void
test_threads(void)
{
    RtObject *type = make_class("C", NULL, 0, NULL);
    AttachedThreads_RunAll(tstate, THREADS, use_class, type);
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(RtObject_Length(op) == -1);
    expect_error(&RtExc_TypeError);
    Rt_DECREF(op);
    Rt_DECREF(type);
}

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t before = RtMem_LiveBlocks();
    tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    test_static_types();
    test_mro();
    test_instances();
    test_slots();
    test_builtin_bases();
    test_init();
    test_threads();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == before);
    return 0;
}
