// test_inline_cache.c: what instructions remember of dicts and classes is used
// as long as it is true; threads that store and load beside each other.

#include "sequences.h"

#include "attached.h"

// ---------------------------------------------------------------------------
// Items, names, attributes: a function is called until its caches are filled,
// then what they guess turns wrong.

static RtObject *
make_getter(RtOpcode op, RtObject *key, RtObject *globals)
{
    Asm a;
    begin(&a, 3);
    if (op == RT_OP_LOAD_GLOBAL) {
        Asm_Emit(&a, op, Asm_Name(&a, RtStr_AsUTF8(key)));
    }
    else {
        local(&a, RT_OP_LOAD_FAST, 0);
        if (op == RT_OP_LOAD_ATTR) {
            Asm_Emit(&a, op, Asm_Name(&a, RtStr_AsUTF8(key)));
        }
        else {
            Asm_Emit(&a, RT_OP_LOAD_CONST, Asm_Const(&a, Rt_NewRef(key)));
            Asm_Emit(&a, op, 0);
        }
    }
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return finish(&a, globals);
}

// Several times, so that a cache is filled. -1: the exception.
static void
expect_value(RtObject *func, RtObject *from, int64_t wanted,
             RtTypeObject *exc)
{
    for (int i = 0; i < 4; i++) {
        RtObject *value = call(func, from, NULL, NULL);
        if (wanted < 0) {
            CHECK(value == NULL && RtErr_ExceptionMatches(exc));
            RtErr_Clear();
            continue;
        }
        CHECK(value != NULL && RtLong_AsInt64(value) == wanted);
        Rt_DECREF(value);
    }
}

static void
set_item(RtObject *container, RtObject *key, int64_t value)
{
    RtObject *number = Int(value);
    CHECK(RtObject_SetItem(container, key, number) == 0);
    Rt_DECREF(number);
}

static void
test_dict(RtObject *globals)
{
    RtObject *key = Str("a");
    RtObject *other = Str("b");
    RtObject *get = make_getter(RT_OP_BINARY_SUBSCR, key, globals);
    RtObject *d = RtDict_New();
    expect_value(get, d, -1, &RtExc_KeyError);
    set_item(d, key, 1000);
    expect_value(get, d, 1000, NULL);
    set_item(d, key, 2000);
    expect_value(get, d, 2000, NULL);
    CHECK(RtDict_DelItem(d, key) == 0);
    expect_value(get, d, -1, &RtExc_KeyError);
    set_item(d, other, 3000);
    set_item(d, key, 4000);
    expect_value(get, d, 4000, NULL);
    RtObject *e = RtDict_New();
    set_item(e, other, 1);
    expect_value(get, e, -1, &RtExc_KeyError);
    set_item(e, key, 5000);
    expect_value(get, e, 5000, NULL);
    expect_value(get, d, 4000, NULL);
    RtObject *list = list_of_ints(3);
    expect_value(get, list, -1, &RtExc_TypeError);
    Rt_DECREF(list);
    Rt_DECREF(e);
    Rt_DECREF(d);
    Rt_DECREF(get);
    Rt_DECREF(other);
    Rt_DECREF(key);
}

static void
test_list(RtObject *globals)
{
    const int64_t wanted[] = { 0, 2, 2, -1, -1 };
    const int64_t keys[] = { 0, 2, -1, 3, -4 };
    RtObject *list = list_of_ints(3);
    for (int i = 0; i < 5; i++) {
        RtObject *key = Int(keys[i]);
        RtObject *get = make_getter(RT_OP_BINARY_SUBSCR, key, globals);
        expect_value(get, list, wanted[i], &RtExc_IndexError);
        Rt_DECREF(get);
        Rt_DECREF(key);
    }
    Rt_DECREF(list);
}

static void
test_global(void)
{
    RtObject *globals = RtDict_New();
    RtObject *name = Str("g");
    RtObject *get = make_getter(RT_OP_LOAD_GLOBAL, name, globals);
    expect_value(get, NULL, -1, &RtExc_NameError);
    set_item(globals, name, 1000);
    expect_value(get, NULL, 1000, NULL);
    set_item(globals, name, 2000);
    expect_value(get, NULL, 2000, NULL);
    CHECK(RtDict_DelItem(globals, name) == 0);
    expect_value(get, NULL, -1, &RtExc_NameError);
    // A builtin name that becomes a global one.
    RtObject *len = Str("len");
    RtObject *get_len = make_getter(RT_OP_LOAD_GLOBAL, len, globals);
    for (int i = 0; i < 12; i++) {
        Rt_DECREF(call(get_len, NULL, NULL, NULL));
    }
    set_item(globals, len, 3000);
    expect_value(get_len, NULL, 3000, NULL);
    Rt_DECREF(get_len);
    Rt_DECREF(len);
    Rt_DECREF(get);
    Rt_DECREF(name);
    Rt_DECREF(globals);
}

static RtObject *
make_class(const char *name)
{
    RtObject *text = Str(name);
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *type = RtType_New(text, bases, dict);
    CHECK(type != NULL);
    Rt_DECREF(dict);
    Rt_DECREF(bases);
    Rt_DECREF(text);
    return type;
}

static void
set_attr(RtObject *op, RtObject *name, int64_t value)
{
    RtObject *number = Int(value);
    CHECK(RtObject_SetAttr(op, name, number) == 0);
    Rt_DECREF(number);
}

static void
test_attr(RtObject *globals)
{
    RtObject *name = Str("a");
    RtObject *get = make_getter(RT_OP_LOAD_ATTR, name, globals);
    RtObject *class1 = make_class("C");
    RtObject *class2 = make_class("D");
    RtObject *x = RtObject_CallNoArgs(class1);
    RtObject *y = RtObject_CallNoArgs(class2);
    RtObject *other = Str("b");
    expect_value(get, x, -1, &RtExc_AttributeError);
    set_attr(x, name, 1000);
    expect_value(get, x, 1000, NULL);
    set_attr(y, other, 1);
    set_attr(y, name, 2000);
    expect_value(get, y, 2000, NULL);
    expect_value(get, x, 1000, NULL);
    // The class's is behind the instance's, until that is gone.
    set_attr(class1, name, 3000);
    expect_value(get, x, 1000, NULL);
    CHECK(RtObject_SetAttr(x, name, NULL) == 0);
    expect_value(get, x, 3000, NULL);
    set_attr(x, name, 4000);
    expect_value(get, x, 4000, NULL);
    // A dict of its own, with and without the values behind the instance.
    RtObject *dict_name = Str("__dict__");
    RtObject *dict = RtObject_GetAttr(y, dict_name);
    set_item(dict, name, 5000);
    expect_value(get, y, 5000, NULL);
    RtObject *fresh = RtDict_New();
    CHECK(RtObject_SetAttr(y, dict_name, fresh) == 0);
    expect_value(get, y, -1, &RtExc_AttributeError);
    set_item(fresh, name, 6000);
    expect_value(get, y, 6000, NULL);
    expect_value(get, name, -1, &RtExc_AttributeError);
    Rt_DECREF(fresh);
    Rt_DECREF(dict);
    Rt_DECREF(dict_name);
    Rt_DECREF(other);
    Rt_DECREF(y);
    Rt_DECREF(x);
    Rt_DECREF(class2);
    Rt_DECREF(class1);
    Rt_DECREF(get);
    Rt_DECREF(name);
}

// b.a = a; b.a again, warm and cold; the old value goes.
static void
test_store_attr(RtObject *globals)
{
    Asm a;
    begin(&a, 3);
    local(&a, RT_OP_LOAD_FAST, 0);
    local(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_STORE_ATTR, Asm_Name(&a, "a"));
    local(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_LOAD_ATTR, Asm_Name(&a, "a"));
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *func = finish(&a, globals);
    RtObject *class1 = make_class("C");
    RtObject *x = RtObject_CallNoArgs(class1);
    RtObject *name = Str("a");
    for (int i = 0; i < 6; i++) {
        RtObject *value = RtList_New(0);
        RtObject *got = call(func, value, x, NULL);
        CHECK(got == value);
        CHECK(Rt_REFCNT(value) == 3);
        Rt_DECREF(got);
        if (i == 3) {
            CHECK(RtObject_SetAttr(x, name, NULL) == 0);
            CHECK(Rt_REFCNT(value) == 1);
        }
        Rt_DECREF(value);
    }
    RtObject *number = Int(1000);
    CHECK(call(func, number, number, NULL) == NULL);
    CHECK(RtErr_ExceptionMatches(&RtExc_AttributeError));
    RtErr_Clear();
    Rt_DECREF(number);
    Rt_DECREF(name);
    Rt_DECREF(x);
    Rt_DECREF(class1);
    Rt_DECREF(func);
}

// ---------------------------------------------------------------------------
// Threads.

enum { SHARERS = 3, TURNS = 300 };

typedef struct Shared {
    RtObject *store_item, *load_item, *store_attr, *load_attr;
    RtObject *list, *dict, *instance, *index, *name;
} Shared;

static RtObject *
make_storer(RtOpcode op, RtObject *globals)
{
    Asm a;
    begin(&a, 3);
    local(&a, RT_OP_LOAD_FAST, 0);
    local(&a, RT_OP_LOAD_FAST, 1);
    if (op == RT_OP_STORE_SUBSCR) {
        local(&a, RT_OP_LOAD_FAST, 2);
    }
    Asm_Emit(&a, op, op == RT_OP_STORE_ATTR ? Asm_Name(&a, "a") : 0);
    local(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return finish(&a, globals);
}

static void
use_shared(RtThreadState *tstate, int index, void *arg)
{
    Shared *s = arg;
    (void)tstate;
    for (int i = 0; i < TURNS; i++) {
        RtObject *value = Int(100000 * (index + 1) + i);
        Rt_DECREF(call(s->store_item, value, s->list, s->index));
        Rt_DECREF(call(s->store_item, value, s->dict, s->name));
        Rt_DECREF(call(s->store_attr, value, s->instance, NULL));
        RtObject *found[] = {
            call(s->load_item, s->list, s->index, NULL),
            call(s->load_item, s->dict, s->name, NULL),
            call(s->load_attr, s->instance, NULL, NULL),
        };
        for (int k = 0; k < 3; k++) {
            CHECK(found[k] != NULL && RtLong_AsInt64(found[k]) >= 100000);
            Rt_DECREF(found[k]);
        }
        Rt_DECREF(value);
    }
}

static RtObject *
make_loader(RtObject *globals)
{
    Asm a;
    begin(&a, 3);
    local(&a, RT_OP_LOAD_FAST, 0);
    local(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_BINARY_SUBSCR, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return finish(&a, globals);
}

// First their owner alone, then others with it, then their owner once more.
static void
test_threads(RtThreadState *tstate, RtObject *globals)
{
    RtObject *class1 = make_class("C");
    Shared s = {
        .store_item = make_storer(RT_OP_STORE_SUBSCR, globals),
        .store_attr = make_storer(RT_OP_STORE_ATTR, globals),
        .load_item = make_loader(globals),
        .list = list_of_ints(3), .dict = RtDict_New(),
        .instance = RtObject_CallNoArgs(class1),
        .index = Int(1), .name = Str("a"),
    };
    s.load_attr = make_getter(RT_OP_LOAD_ATTR, s.name, globals);
    use_shared(tstate, 0, &s);
    AttachedThreads_RunAll(tstate, SHARERS, use_shared, &s);
    use_shared(tstate, 0, &s);
    RtObject *all[] = {
        class1, s.store_item, s.load_item, s.store_attr, s.load_attr, s.list,
        s.dict, s.instance, s.index, s.name,
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        Rt_DECREF(all[i]);
    }
}

static void
tests(RtThreadState *tstate, RtObject *globals)
{
    test_dict(globals);
    test_list(globals);
    test_global();
    test_attr(globals);
    test_store_attr(globals);
    test_threads(tstate, globals);
}

int
main(void)
{
    return run_twice(tests);
}
