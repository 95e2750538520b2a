// test_instance_dict.c: values behind instances, the keys that they share,
// their dicts: made, filled, replaced, outliving them; without memory at every
// allocation; how many bytes they take.

#include "objects.h"

#include "rtcore_audit.h"
#include "rtcore_dict.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_state.h"

static RtThreadState *tstate;

static RtObject *
new_class(void)
{
    RtObject *name = Str("C");
    RtObject *bases = Tuple(0);
    RtObject *dict = RtDict_New();
    RtObject *type = RtType_New(name, bases, dict);
    CHECK(type != NULL);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
    return type;
}

static RtObject *
instance(RtObject *type)
{
    RtObject *op = RtObject_CallNoArgs(type);
    CHECK(op != NULL);
    return op;
}

static int
try_set(RtObject *op, const char *name, int64_t value)
{
    RtObject *key = Str(name);
    RtObject *number = key == NULL ? NULL : Int(value);
    int status = number == NULL ? -1 : RtObject_SetAttr(op, key, number);
    Rt_XDECREF(key);
    Rt_XDECREF(number);
    return status;
}

static void
set(RtObject *op, const char *name, int64_t value)
{
    CHECK(try_set(op, name, value) == 0);
}

static int
delete(RtObject *op, const char *name)
{
    RtObject *key = Str(name);
    int status = RtObject_SetAttr(op, key, NULL);
    Rt_DECREF(key);
    return status;
}

// The value, or -1 if there is none.
static int64_t
get(RtObject *op, const char *name)
{
    RtObject *key = Str(name);
    RtObject *value;
    CHECK(RtObject_GetOptionalAttr(op, key, &value) >= 0);
    int64_t number = value == NULL ? -1 : RtLong_AsInt64(value);
    Rt_XDECREF(value);
    Rt_DECREF(key);
    return number;
}

static RtObject *
dict_of(RtObject *op)
{
    RtObject *key = Str("__dict__");
    RtObject *dict = RtObject_GetAttr(op, key);
    Rt_DECREF(key);
    return dict;
}

static RtDictObject *
as_dict(RtObject *op)
{
    return (RtDictObject *)op;
}

static void
check_repr(RtObject *op, const char *expected)
{
    RtObject *repr = RtObject_Repr(op);
    CHECK(strcmp(RtStr_AsUTF8(repr), expected) == 0);
    Rt_DECREF(repr);
    CHECK(RtDict_IsValid(op));
}

static void
test_inline_values(void)
{
    RtObject *type = new_class();
    RtObject *op = instance(type);
    CHECK(get(op, "x") == -1);
    set(op, "x", 1);
    set(op, "y", 2);
    set(op, "x", 3);
    CHECK(get(op, "x") == 3 && get(op, "y") == 2);
    CHECK(delete(op, "x") == 0);
    CHECK(get(op, "x") == -1);
    CHECK(delete(op, "x") == -1);
    CHECK(RtErr_ExceptionMatches(&RtExc_AttributeError));
    RtErr_Clear();
    CHECK(delete(op, "never") == -1);
    RtErr_Clear();
    CHECK(RtInstance_IsValid(op));
    set(op, "x", 4);
    // In the order of insertion, not of the keys; and still split.
    RtObject *dict = dict_of(op);
    CHECK(as_dict(dict)->ma_values != NULL);
    check_repr(dict, "{'y': 2, 'x': 4}");
    RtObject *again = dict_of(op);
    CHECK(again == dict);
    Rt_DECREF(again);
    // Both names are the class's, in one block.
    RtDictKeysObject *keys = ((RtTypeObject *)type)->ht_cached_keys;
    CHECK(as_dict(dict)->ma_keys == keys && keys->nentries == 2);
    CHECK(keys->refcnt == 2);
    set(op, "z", 5);
    check_repr(dict, "{'y': 2, 'x': 4, 'z': 5}");
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    Rt_DECREF(dict);
    Rt_DECREF(op);
    Rt_DECREF(type);
}

// The room of instances shrinks towards what is used, and never below it.
static void
test_capacity(void)
{
    RtObject *type = new_class();
    RtDictKeysObject *keys = ((RtTypeObject *)type)->ht_cached_keys;
    RtObject *ops[RT_SHARED_KEYS_MAX + 4];
    for (int i = 0; i < RT_SHARED_KEYS_MAX + 4; i++) {
        ops[i] = instance(type);
        if (i < 2) {
            set(ops[i], i == 0 ? "a" : "b", i);
        }
        CHECK(keys->usable + keys->nentries <= RT_SHARED_KEYS_MAX);
        CHECK(keys->usable + keys->nentries >= 1);
    }
    uint8_t room = RtSharedKeys_Capacity(keys);
    CHECK(room >= 2 && room < RT_SHARED_KEYS_MAX);
    // One more name fits; the next makes the dict a combined one.
    RtObject *op = ops[RT_SHARED_KEYS_MAX + 3];
    char name[2] = "c";
    for (int i = 0; i < 12; i++, name[0]++) {
        set(op, name, i);
    }
    for (int i = 0; i < 12; i++) {
        name[0] = (char)('c' + i);
        CHECK(get(op, name) == i);
    }
    RtObject *dict = dict_of(op);
    CHECK(as_dict(dict)->ma_values == NULL && RtDict_Size(dict) == 12);
    CHECK(RtDict_IsValid(dict) && RtInstance_IsValid(op));
    Rt_DECREF(dict);
    for (int i = 0; i < RT_SHARED_KEYS_MAX + 4; i++) {
        CHECK(RtInstance_IsValid(ops[i]));
        Rt_DECREF(ops[i]);
    }
    Rt_DECREF(type);
}

static void
test_combining(void)
{
    RtObject *type = new_class();
    RtObject *op = instance(type);
    set(op, "x", 1);
    set(op, "y", 2);
    RtObject *dict = dict_of(op);
    // A copy is split too, with values of its own.
    RtObject *copy = RtDict_Copy(dict);
    CHECK(as_dict(copy)->ma_keys == as_dict(dict)->ma_keys);
    CHECK(as_dict(copy)->ma_values != as_dict(dict)->ma_values);
    RtObject *one = Int(1);
    CHECK(RtDict_SetItem(dict, one, one) == 0);
    CHECK(as_dict(dict)->ma_values == NULL);
    check_repr(dict, "{'x': 1, 'y': 2, 1: 1}");
    check_repr(copy, "{'x': 1, 'y': 2}");
    set(op, "x", 7);
    check_repr(dict, "{'x': 7, 'y': 2, 1: 1}");
    RtObject *pair = Call(copy, "popitem", 0);
    CHECK(as_dict(copy)->ma_values == NULL);
    check_repr(copy, "{'x': 1}");
    Rt_DECREF(pair);
    CHECK(RtDict_Update(copy, dict) == 0);
    check_repr(copy, "{'x': 7, 'y': 2, 1: 1}");
    CHECK(RtObject_RichCompareBool(copy, dict, RT_EQ) == 1);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    Rt_DECREF(one);
    Rt_DECREF(copy);
    Rt_DECREF(dict);
    Rt_DECREF(op);
    Rt_DECREF(type);
}

static void
test_replacing(void)
{
    RtObject *type = new_class();
    RtObject *op = instance(type);
    set(op, "x", 1);
    RtObject *first = dict_of(op);
    RtObject *second = RtDict_Copy(first);
    CHECK(RtInstance_SetDict(op, second) == 0);
    set(op, "x", 2);
    check_repr(first, "{'x': 1}");
    check_repr(second, "{'x': 2}");
    CHECK(RtInstance_SetDict(op, NULL) == 0);
    CHECK(get(op, "x") == -1);
    RtObject *third = dict_of(op);
    CHECK(third != second && RtDict_Size(third) == 0);
    set(op, "y", 3);
    check_repr(third, "{'y': 3}");
    CHECK(RtInstance_SetDict(op, Rt_None) == -1);
    CHECK(RtErr_ExceptionMatches(&RtExc_TypeError));
    RtErr_Clear();
    // Two instances with one dict.
    RtObject *other = instance(type);
    set(other, "x", 8);
    RtObject *shared = dict_of(other);
    CHECK(RtInstance_SetDict(op, shared) == 0);
    set(op, "y", 9);
    CHECK(get(other, "y") == 9);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    Rt_DECREF(other);
    CHECK(get(op, "x") == 8);
    check_repr(shared, "{'x': 8, 'y': 9}");
    Rt_DECREF(first);
    Rt_DECREF(second);
    Rt_DECREF(third);
    Rt_DECREF(shared);
    Rt_DECREF(op);
    Rt_DECREF(type);
}

static void
test_outliving(void)
{
    RtObject *type = new_class();
    RtObject *op = instance(type);
    set(op, "x", 1000);
    RtObject *dict = dict_of(op);
    Rt_DECREF(op);
    CHECK(!as_dict(dict)->ma_values->embedded);
    check_repr(dict, "{'x': 1000}");
    Rt_DECREF(dict);
    // There is no memory for what it should keep.
    op = instance(type);
    set(op, "x", 1000);
    dict = dict_of(op);
    RtMem_FailAllocation(1);
    Rt_DECREF(op);
    RtMem_FailAllocation(0);
    check_repr(dict, "{}");
    CHECK(RtErr_Occurred() == NULL);
    Rt_DECREF(dict);
    Rt_DECREF(type);
}

static void
test_cycles(void)
{
    RtObject *type = new_class();
    RtObject *key = Str("self");
    CHECK(RtGC_Collect(tstate, 2) >= 0);        // classes of other tests
    // instance -> value -> instance, and the same with a dict between.
    for (int with_dict = 0; with_dict < 2; with_dict++) {
        RtObject *op = instance(type);
        CHECK(RtObject_SetAttr(op, key, op) == 0);
        if (with_dict) {
            Rt_DECREF(dict_of(op));
        }
        CHECK(RtAudit_Heap(tstate->interp) == 0);
        Rt_DECREF(op);
        CHECK(RtGC_Collect(tstate, 2) == 1 + with_dict);
    }
    // A dict that somebody holds keeps all alive.
    RtObject *op = instance(type);
    CHECK(RtObject_SetAttr(op, key, op) == 0);
    RtObject *dict = dict_of(op);
    Rt_DECREF(op);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    CHECK(RtDict_Size(dict) == 1);
    CHECK(RtDict_Clear(dict) == 0);
    CHECK(RtDict_Size(dict) == 0);
    Rt_DECREF(dict);
    Rt_DECREF(key);
    Rt_DECREF(type);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
}

static int
everything(RtObject *type)
{
    RtObject *op = RtObject_CallNoArgs(type);
    RtObject *dict = NULL;
    RtObject *copy = NULL;
    int status = op == NULL ? -1 : 0;
    char name[2] = "a";
    for (int i = 0; i < 3 && status == 0; i++, name[0]++) {
        status = try_set(op, name, 1000 + i);
    }
    if (status == 0) {
        dict = RtInstance_GetDict(op);
        copy = dict == NULL ? NULL : RtDict_Copy(dict);
        status = copy == NULL ? -1 : RtInstance_SetDict(op, copy);
    }
    for (int i = 0; i < 6 && status == 0; i++, name[0]++) {
        status = try_set(op, name, 2000 + i);
    }
    Rt_XDECREF(op);
    CHECK(dict == NULL || RtDict_IsValid(dict));
    CHECK(copy == NULL || RtDict_IsValid(copy));
    Rt_XDECREF(dict);
    Rt_XDECREF(copy);
    return status;
}

// Each allocation fails in turn.
static void
test_no_memory(void)
{
    for (int64_t nth = 1;; nth++) {
        RtObject *type = new_class();
        CHECK(RtGC_Collect(tstate, 2) >= 0);
        RtMem_FailAllocation(nth);
        int status = everything(type);
        RtMem_FailAllocation(0);
        if (status == 0) {
            Rt_DECREF(type);
            CHECK(nth > 8);
            break;
        }
        CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(RtAudit_Heap(tstate->interp) == 0);
        Rt_DECREF(type);
    }
}

static void
test_other_types(void)
{
    // An exception makes a dict when it needs one; a str has none.
    RtObject *exc = New(&RtExc_ValueError, 0);
    CHECK(get(exc, "x") == -1);
    set(exc, "x", 5);
    CHECK(get(exc, "x") == 5);
    CHECK(RtInstance_SetDict(exc, NULL) == -1);
    CHECK(RtErr_ExceptionMatches(&RtExc_TypeError));
    RtErr_Clear();
    Rt_DECREF(exc);
    RtObject *text = Str("text");
    CHECK(dict_of(text) == NULL);
    CHECK(RtErr_ExceptionMatches(&RtExc_AttributeError));
    RtErr_Clear();
    CHECK(try_set(text, "x", 1) == -1);
    RtErr_Clear();
    Rt_DECREF(text);
}

static void
show_bytes(const char *what, RtObject *op)
{
    size_t head = RtObject_IsGc(op) ? RT_GC_HEAD_SIZE : 0;
    RtBlock *block = RtBlock_FromPointer((char *)op - head);
    printf("%-28s %4zu bytes\n", what, (size_t)block->size);
}

static void
report_memory(void)
{
    RtObject *type = new_class();
    RtObject *op = NULL;
    for (int i = 0; i < RT_SHARED_KEYS_MAX + 2; i++) {
        Rt_XDECREF(op);
        op = instance(type);
        set(op, "x", 1);
        set(op, "y", 2);
        set(op, "z", 3);
    }
    RtObject *dict = RtDict_New();
    RtObject *list = RtList_New(0);
    RtObject *number = Int(1000);
    show_bytes("int", number);
    show_bytes("instance, 3 attributes", op);
    show_bytes("list, empty", list);
    show_bytes("dict, empty or split", dict);
    CHECK(RtDict_SetItem(dict, number, number) == 0);
    RtBlock *keys = RtBlock_FromPointer(as_dict(dict)->ma_keys);
    printf("%-28s %4zu bytes\n", "keys of a dict of 1",
           (size_t)keys->size);
    Rt_DECREF(dict);
    Rt_DECREF(list);
    Rt_DECREF(number);
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
    test_inline_values();
    test_capacity();
    test_combining();
    test_replacing();
    test_outliving();
    test_cycles();
    test_no_memory();
    test_other_types();
    report_memory();
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == before);
    return 0;
}
