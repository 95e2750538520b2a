// test_dict.c: dict, re-entrancy through keys and values, threads on one dict.

#include "objects.h"

static void
test_items(void)
{
    RtObject *d = RtDict_New();
    EXPECT_ERROR(Item(d, Str("a")), "KeyError: 'a'");
    CHECK(SetItem(d, Str("a"), Int(1)) == 0);
    CHECK(SetItem(d, Int(2), Str("two")) == 0);
    CHECK(SetItem(d, Tuple(1, Int(3)), Rt_None) == 0);
    EXPECT_OBJECT(d, "{'a': 1, 2: 'two', (3,): None}");
    CHECK(SetItem(d, Str("a"), Int(10)) == 0);
    EXPECT_REPR(Item(d, Str("a")), "10");
    EXPECT_REPR(Item(d, Rt_NewRef(Int(2))), "'two'");
    EXPECT_REPR(Item(d, Tuple(1, Int(3))), "None");
    CHECK(SetItem(d, Str("a"), NULL) == 0);
    EXPECT_ERROR_INT(SetItem(d, Str("a"), NULL), "KeyError: 'a'");
    EXPECT_ERROR(Item(d, RtList_New(0)),
                 "TypeError: unhashable type: 'list'");
    CHECK(RtObject_Length(d) == 2);
    CHECK(RtDict_IsValid(d));
    CHECK(SetItem(d, Str("self"), Rt_NewRef(d)) == 0);
    EXPECT_OBJECT(d, "{2: 'two', (3,): None, 'self': {...}}");
    Rt_DECREF(d);               // for the collector
}

static void
test_methods(void)
{
    RtObject *d = RtDict_New();
    EXPECT_REPR(Call(d, "setdefault", 2, Str("a"), Int(1)), "1");
    EXPECT_REPR(Call(d, "setdefault", 2, Str("a"), Int(2)), "1");
    EXPECT_REPR(Call(d, "setdefault", 1, Str("b")), "None");
    EXPECT_REPR(Call(d, "get", 1, Str("x")), "None");
    EXPECT_REPR(Call(d, "get", 2, Str("x"), Int(7)), "7");
    EXPECT_REPR(Call(d, "keys", 0), "dict_keys(['a', 'b'])");
    EXPECT_REPR(Call(d, "values", 0), "dict_values([1, None])");
    EXPECT_REPR(Call(d, "items", 0), "dict_items([('a', 1), ('b', None)])");
    EXPECT_REPR(New(&RtList_Type, 1, Call(d, "items", 0)),
                "[('a', 1), ('b', None)]");
    EXPECT_REPR(New(&RtTuple_Type, 1, Call(d, "values", 0)), "(1, None)");
    EXPECT_REPR(New(&RtList_Type, 1, Rt_NewRef(d)), "['a', 'b']");
    RtObject *copy = Call(d, "copy", 0);
    EXPECT_REPR(Compare(Rt_NewRef(copy), Rt_NewRef(d), RT_EQ), "True");
    EXPECT_REPR(Call(d, "pop", 1, Str("a")), "1");
    EXPECT_ERROR(Call(d, "pop", 1, Str("a")), "KeyError: 'a'");
    EXPECT_REPR(Call(d, "pop", 2, Str("a"), Int(0)), "0");
    EXPECT_REPR(Compare(Rt_NewRef(copy), Rt_NewRef(d), RT_NE), "True");
    EXPECT_REPR(Call(copy, "popitem", 0), "('b', None)");
    EXPECT_REPR(Call(copy, "update", 1, Rt_NewRef(d)), "None");
    EXPECT_OBJECT(copy, "{'a': 1, 'b': None}");
    EXPECT_REPR(Call(d, "clear", 0), "None");
    EXPECT_ERROR(Call(d, "popitem", 0),
                 "KeyError: 'popitem(): dictionary is empty'");
    EXPECT_REPR(Binary(d, copy, RT_NB_OR), "{'a': 1, 'b': None}");
    EXPECT_REPR(New(&RtDict_Type, 1, List(1, Tuple(2, Int(1), Int(2)))),
                "{1: 2}");
    EXPECT_ERROR(New(&RtDict_Type, 1, List(1, Tuple(1, Int(1)))), "ValueError:"
                 " dictionary update sequence element #0 has length 1; 2 is "
                 "required");
    EXPECT_ERROR(New(&RtDict_Type, 1, List(1, Int(1))), "TypeError: cannot "
                 "convert dictionary update sequence element #0 to a sequence");
    EXPECT_ERROR(New(&RtDict_Type, 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
}

// Every size from 0 past the three widths of index, and back.
static void
test_sizes(void)
{
    RtObject *d = RtDict_New();
    enum { COUNT = 70000 };
    for (int i = 0; i < COUNT; i++) {
        CHECK(SetItem(d, Int(i), Int(-i)) == 0);
        CHECK(i > 300 || RtDict_IsValid(d));
    }
    CHECK(RtDict_IsValid(d));
    for (int i = 0; i < COUNT; i += 7) {
        RtObject *value = Item(d, Int(i));
        CHECK(RtLong_AsInt64(value) == -i);
        Rt_DECREF(value);
    }
    for (int i = 0; i < COUNT; i++) {
        if (i % 3 == 0) {
            Rt_DECREF(Call(d, "popitem", 0));
        }
    }
    CHECK(RtDict_IsValid(d));
    CHECK(RtDict_Size(d) == COUNT - (COUNT + 2) / 3);
    for (int i = 0; i < 40000; i++) {
        CHECK(SetItem(d, Int(i), NULL) == 0);
    }
    CHECK(RtDict_IsValid(d));
    CHECK(RtDict_Clear(d) == 0);
    // Deleting and inserting without end stays in a small table.
    for (int i = 0; i < 1000; i++) {
        CHECK(SetItem(d, Int(i), Rt_None) == 0);
        CHECK(SetItem(d, Int(i), NULL) == 0);
        CHECK(RtDict_IsValid(d));
    }
    CHECK(((RtDictObject *)d)->ma_keys->log2_size <= 3);
    Rt_DECREF(d);
}

static void
test_str_keys(void)
{
    RtObject *d = RtDict_New();
    RtObject *name = RtStr_InternStatic("__init__");
    CHECK(RtDict_SetItem(d, name, Rt_None) == 0);
    CHECK(((RtDictObject *)d)->ma_keys->all_str);
    RtObject *equal = Str("__init__");
    CHECK(RtDict_Contains(d, equal) == 1);
    CHECK(RtDict_GetItemImmutable(d, equal) == Rt_None);
    CHECK(RtDict_GetItemImmutable(d, name) == Rt_None);
    Rt_DECREF(equal);
    equal = Str("__eq__");
    CHECK(RtDict_GetItemImmutable(d, equal) == NULL);
    Rt_DECREF(equal);
    CHECK(SetItem(d, Int(1), Int(2)) == 0);
    CHECK(!((RtDictObject *)d)->ma_keys->all_str);
    CHECK(RtDict_Contains(d, name) == 1);
    Rt_DECREF(d);
}

// ---------------------------------------------------------------------------
// Keys that change the dict while they are compared.

static RtObject *victim;
static int calls;

static RtObject *
hash_one(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return Int(1);
}

static RtObject *
eq_clears_once(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    if (calls++ == 0) {
        CHECK(RtDict_Clear(victim) == 0);
        // So that a new block may take the place of the old one.
        for (int i = 0; i < 3; i++) {
            CHECK(SetItem(victim, Int(i + 50), Int(i)) == 0);
        }
    }
    return Rt_False;
}

static RtObject *
eq_inserts(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    if (calls < 20) {
        calls++;
        CHECK(SetItem(victim, Int(calls + 100), Rt_None) == 0);
    }
    return Rt_False;
}

static RtObject *
eq_raises(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    RtErr_SetString(&RtExc_RuntimeError, "no");
    return NULL;
}

static RtObject *
key_with(const char *name, RtCFunction eq, RtObject **type)
{
    static RtMethodDef methods[4][3];
    static int used;
    RtMethodDef *m = methods[used++ % 4];
    m[0] = (RtMethodDef){ "__eq__", eq, 1, 1 };
    m[1] = (RtMethodDef){ "__hash__", hash_one, 0, 0 };
    *type = Class(name, NULL, m);
    return RtObject_CallNoArgs(*type);
}

static void
test_changing_keys(void)
{
    RtObject *type;
    RtObject *key = key_with("C", eq_clears_once, &type);
    for (int operation = 0; operation < 4; operation++) {
        victim = RtDict_New();
        CHECK(SetItem(victim, Int(1), Str("one")) == 0);
        calls = 0;
        RtObject *value;
        switch (operation) {
        case 0:
            CHECK(RtDict_GetItemRef(victim, key, &value) == 0);
            break;
        case 1:
            CHECK(RtDict_SetItem(victim, key, Rt_None) == 0);
            break;
        case 2:
            CHECK(RtDict_DelItem(victim, key) < 0);
            RtErr_Clear();
            break;
        case 3:
            EXPECT_REPR(Call(victim, "setdefault", 1, Rt_NewRef(key)), "None");
            break;
        }
        CHECK(calls > 0);
        CHECK(RtDict_Size(victim) == 3 + (operation % 2));
        CHECK(RtDict_IsValid(victim));
        Rt_DECREF(victim);
    }
    Rt_DECREF(key);
    Rt_DECREF(type);

    key = key_with("I", eq_inserts, &type);
    victim = RtDict_New();
    CHECK(SetItem(victim, Int(1), Str("one")) == 0);
    calls = 0;
    CHECK(RtDict_SetItem(victim, key, Rt_None) == 0);
    CHECK(calls > 0);
    CHECK(RtDict_Size(victim) == calls + 2);
    CHECK(RtDict_IsValid(victim));
    Rt_DECREF(key);
    Rt_DECREF(type);

    key = key_with("R", eq_raises, &type);
    EXPECT_ERROR_INT(RtDict_SetItem(victim, key, Rt_None), "RuntimeError: no");
    RtObject *value;
    EXPECT_ERROR_INT(RtDict_GetItemRef(victim, key, &value),
                     "RuntimeError: no");
    CHECK(value == NULL);
    Rt_DECREF(key);
    Rt_DECREF(type);
    Rt_DECREF(victim);
}

static RtObject *
del_sets(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    calls++;
    CHECK(SetItem(victim, Int(calls), Rt_None) == 0);
    return Rt_None;
}

static RtObject *
eq_changes_source(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    CHECK(SetItem(victim, Int(1000 + calls++), Rt_None) == 0);
    return Rt_True;
}

static void
test_finalizers(void)
{
    RtMethodDef methods[] = { {"__del__", del_sets, 0, 0}, {0} };
    RtObject *type = Class("D", NULL, methods);
    victim = RtDict_New();
    calls = 0;
    CHECK(SetItem(victim, Str("k"), RtObject_CallNoArgs(type)) == 0);
    CHECK(SetItem(victim, Str("k"), Int(0)) == 0);
    EXPECT_OBJECT(victim, "{'k': 0, 1: None}");
    CHECK(SetItem(victim, Str("k"), RtObject_CallNoArgs(type)) == 0);
    CHECK(RtDict_Clear(victim) == 0);
    EXPECT_OBJECT(victim, "{2: None}");
    CHECK(SetItem(victim, RtObject_CallNoArgs(type), Rt_None) == 0);
    RtObject *pair = Call(victim, "popitem", 0);
    EXPECT_REPR(Call(pair, "count", 1, Rt_None), "1");
    Rt_DECREF(pair);
    EXPECT_OBJECT(victim, "{2: None, 3: None}");
    Rt_DECREF(type);
    Rt_DECREF(victim);
}

static void
test_update_changed(void)
{
    RtObject *type;
    RtObject *key = key_with("S", eq_changes_source, &type);
    victim = RtDict_New();
    calls = 0;
    CHECK(SetItem(victim, Int(1), Rt_None) == 0);
    RtObject *d = RtDict_New();
    CHECK(RtDict_SetItem(d, key, Rt_None) == 0);
    EXPECT_ERROR_INT(RtDict_Update(d, victim),
                     "RuntimeError: dict mutated during update");
    CHECK(RtDict_IsValid(d));
    CHECK(RtDict_IsValid(victim));
    Rt_DECREF(d);
    Rt_DECREF(victim);
    Rt_DECREF(key);
    Rt_DECREF(type);
}

// ---------------------------------------------------------------------------
// Each allocation of a scenario fails once: MemoryError, and the dict is whole.

static bool
scenario(RtObject *d, RtObject *keys)
{
    for (ssize_t i = 0; i < RtTuple_Size(keys); i++) {
        RtObject *value = RtTuple_New(0);
        int status = value == NULL
                     ? -1 : RtDict_SetItem(d, RtTuple_GetItem(keys, i), value);
        Rt_XDECREF(value);
        if (status < 0) {
            return false;
        }
    }
    RtObject *copy = RtDict_Copy(d);
    RtObject *repr = copy == NULL ? NULL : RtObject_Repr(copy);
    RtObject *items = repr == NULL
                      ? NULL : RtDict_Snapshot((RtDictObject *)d,
                                               RT_DICT_ITEMS);
    bool done = items != NULL;
    Rt_XDECREF(copy);
    Rt_XDECREF(repr);
    Rt_XDECREF(items);
    return done;
}

static void
test_no_memory(void)
{
    RtObject *keys = Tuple(7, Str("a"), Str("b"), Int(1), Str("c"), Int(2),
                           Int(3), Str("d"));
    bool done = false;
    for (int nth = 1; !done; nth++) {
        CHECK(nth < 200);
        RtObject *d = RtDict_New();
        RtMem_FailAllocation(nth);
        done = scenario(d, keys);
        RtMem_FailAllocation(0);
        CHECK(done || RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(RtDict_IsValid(d));
        Rt_DECREF(d);
    }
    Rt_DECREF(keys);
}

// ---------------------------------------------------------------------------
// Threads.

// Stock ThreadSanitizer is some twenty times slower.
#ifdef RT_TSAN
enum { THREADS = 4, ROUNDS = 300, KEYS = 12 };
#else
enum { THREADS = 4, ROUNDS = 1500, KEYS = 12 };
#endif

typedef struct Shared {
    RtObject *dict;
    RtObject *other;
    RtObject *keys[KEYS];
    int64_t added[THREADS];
    int64_t removed[THREADS];
} Shared;

static void
Shared_Init(Shared *s)
{
    *s = (Shared){ .dict = RtDict_New(), .other = RtDict_New() };
    for (int i = 0; i < KEYS; i++) {
        // A third each: interned, equal but never the same, not str.
        s->keys[i] = i % 3 == 2 ? Int(100000 + i)
                                : RtStr_FromFormat("key%d", i);
    }
}

static void
Shared_Fini(Shared *s)
{
    CHECK(RtDict_IsValid(s->dict));
    CHECK(RtDict_IsValid(s->other));
    Rt_DECREF(s->dict);
    Rt_DECREF(s->other);
    for (int i = 0; i < KEYS; i++) {
        Rt_DECREF(s->keys[i]);
    }
}

static RtObject *
a_key(Shared *s, int i)
{
    i %= KEYS;
    return i % 3 == 1 ? RtStr_FromFormat("key%d", i) : Rt_NewRef(s->keys[i]);
}

// Each value says which key it belongs to.
static void
read_dict(Shared *s, int i)
{
    RtObject *key = a_key(s, i);
    RtObject *value;
    int found = RtDict_GetItemRef(s->dict, key, &value);
    CHECK(found >= 0);
    if (found) {
        CHECK(RtTuple_CheckExact(value));
        CHECK(RtObject_RichCompareBool(RtTuple_GetItem(value, 0), key, RT_EQ)
              == 1);
        Rt_DECREF(value);
    }
    Rt_DECREF(key);
}

static void
iterate(RtObject *dict)
{
    RtObject *items = Call(dict, "items", 0);
    RtObject *iter = RtObject_GetIter(items);
    RtObject *item;
    while ((item = RtIter_Next(iter)) != NULL) {
        RtObject *key = RtTuple_GetItem(item, 0);
        RtObject *value = RtTuple_GetItem(item, 1);
        CHECK(RtObject_RichCompareBool(RtTuple_GetItem(value, 0), key, RT_EQ)
              == 1);
        Rt_DECREF(item);
    }
    if (RtErr_Occurred() != NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_RuntimeError));
        RtErr_Clear();
    }
    Rt_DECREF(iter);
    Rt_DECREF(items);
}

static void
write_dict(Shared *s, int i, int kind)
{
    RtObject *key = a_key(s, i);
    RtObject *value = Tuple(2, Rt_NewRef(key), Int(100000 + i));
    RtObject *result = NULL;
    switch (kind) {
    case 0: case 1: case 2: case 3:
        CHECK(RtDict_SetItem(s->dict, key, value) == 0);
        break;
    case 4: (void)RtDict_DelItem(s->dict, key); break;
    case 5: result = Call(s->dict, "pop", 1, Rt_NewRef(key)); break;
    case 6: result = Call(s->dict, "popitem", 0); break;
    case 7: CHECK(RtDict_Clear(s->dict) == 0); break;
    case 8: result = Call(s->dict, "setdefault", 2, Rt_NewRef(key),
                          Rt_NewRef(value)); break;
    case 9: CHECK(RtDict_Update(s->other, s->dict) == 0); break;
    case 10: CHECK(RtDict_Update(s->dict, s->other) == 0); break;
    case 11: result = RtDict_Copy(s->dict); break;
    }
    if (RtErr_Occurred() != NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_KeyError));
        RtErr_Clear();
    }
    Rt_XDECREF(result);
    Rt_DECREF(value);
    Rt_DECREF(key);
}

static void
read_and_write(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (index < THREADS / 2) {
            read_dict(s, i);
            read_dict(s, i * 5 + 1);
            if (i % 16 == 0) {
                iterate(s->dict);
            }
        }
        else {
            write_dict(s, i * 7 + index, i % 12);
        }
        Breathe();
    }
}

static void
test_readers_and_writers(void)
{
    Shared s;
    Shared_Init(&s);
    RunAttached(THREADS, read_and_write, &s);
    Shared_Fini(&s);
}

// Each thread adds and takes away keys of its own beside the others'.
static void
own_keys(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *key = RtStr_FromFormat("own%d-%d", index, i % 10);
        RtObject *value = Int(1000000 + i);
        CHECK(RtDict_SetItem(s->dict, key, value) == 0);
        RtObject *got;
        CHECK(RtDict_GetItemRef(s->dict, key, &got) == 1);
        CHECK(got == value);
        Rt_DECREF(got);
        if (i % 4 == 0) {
            CHECK(RtDict_DelItem(s->dict, key) == 0);
            CHECK(RtDict_Contains(s->dict, key) == 0);
        }
        Rt_DECREF(value);
        Rt_DECREF(key);
        Breathe();
    }
}

static void
test_own_keys(void)
{
    Shared s;
    Shared_Init(&s);
    RunAttached(THREADS, own_keys, &s);
    Shared_Fini(&s);
}

// Of the threads that pop one key, exactly one gets each value.
static void
fight(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *mine = Int(1000 + i);
        RtObject *key = s->keys[i % 2];
        RtObject *now = Call(s->dict, "setdefault", 2, Rt_NewRef(key),
                             Rt_NewRef(mine));
        s->added[index] += now == mine;
        Rt_DECREF(now);
        Rt_DECREF(mine);
        RtObject *got = Call(s->dict, "pop", 2, Rt_NewRef(key), Rt_None);
        s->removed[index] += got != Rt_None;
        Rt_DECREF(got);
        Breathe();
    }
}

static void
test_fight(void)
{
    Shared s;
    Shared_Init(&s);
    RunAttached(THREADS, fight, &s);
    int64_t balance = 0;
    for (int i = 0; i < THREADS; i++) {
        balance += s.added[i] - s.removed[i];
    }
    CHECK(balance == RtDict_Size(s.dict));
    Shared_Fini(&s);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_items, test_methods, test_sizes, test_str_keys,
        test_changing_keys, test_finalizers, test_update_changed,
        test_no_memory, test_readers_and_writers, test_own_keys, test_fight,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
