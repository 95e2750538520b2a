// test_instance_threads.c: OS threads at the attributes of two instances, of
// their classes' shared keys, their dicts and their classes. Each value says
// which name it belongs to, so that one read under another name is noticed.

#include "objects.h"

#include "rtcore_audit.h"
#include "rtcore_dict.h"
#include "rtcore_state.h"
#include "rtcore_type.h"

// Stock ThreadSanitizer is some twenty times slower.
#ifdef RT_TSAN
enum { ROUNDS = 400 };
#else
enum { ROUNDS = 2000 };
#endif
enum { THREADS = 4, NAMES = 6 };

typedef struct Shared {
    RtObject *types[2];
    RtObject *ops[2];
    RtObject *names[NAMES];
} Shared;

static RtObject *
value_of(RtObject *name, int i)
{
    return Tuple(2, Rt_NewRef(name), Int(100000 + i));
}

static void
check_value(RtObject *name, RtObject *value)
{
    CHECK(RtTuple_CheckExact(value) && RtTuple_GetItem(value, 0) == name);
}

static void
read_attribute(RtObject *op, RtObject *name)
{
    RtObject *value;
    int found = RtObject_GetOptionalAttr(op, name, &value);
    CHECK(found >= 0);
    if (found) {
        check_value(name, value);
        Rt_DECREF(value);
    }
}

static void
read_dict(RtObject *op, bool backwards)
{
    RtObject *dict = RtInstance_GetDict(op);
    CHECK(dict != NULL);
    RtObject *iter = backwards ? RtDictIter_NewReverse(dict, RT_DICT_ITEMS)
                               : RtDictIter_New(dict, RT_DICT_ITEMS);
    RtObject *item;
    while ((item = RtIter_Next(iter)) != NULL) {
        check_value(RtTuple_GetItem(item, 0), RtTuple_GetItem(item, 1));
        Rt_DECREF(item);
    }
    RtErr_Clear();              // it may have changed its size
    Rt_DECREF(iter);
    Rt_DECREF(dict);
}

static void
replace_dict(RtObject *op)
{
    RtObject *dict = RtInstance_GetDict(op);
    CHECK(dict != NULL);
    RtObject *copy = RtDict_Copy(dict);
    CHECK(copy != NULL && RtInstance_SetDict(op, copy) == 0);
    Rt_DECREF(copy);
    Rt_DECREF(dict);
}

static void
take_item(RtObject *op)
{
    RtObject *dict = RtInstance_GetDict(op);
    RtObject *item = Call(dict, "popitem", 0);
    if (item != NULL) {
        check_value(RtTuple_GetItem(item, 0), RtTuple_GetItem(item, 1));
        Rt_DECREF(item);
    }
    Rt_DECREF(dict);
}

static void
clear_dict(RtObject *op)
{
    RtObject *dict = RtInstance_GetDict(op);
    CHECK(RtDict_Clear(dict) == 0);
    Rt_DECREF(dict);
}

// Somebody else may have taken what is to be taken.
static void
expect_absent(void)
{
    if (RtErr_Occurred() != NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_AttributeError) ||
              RtErr_ExceptionMatches(&RtExc_KeyError));
        RtErr_Clear();
    }
}

static void
change(Shared *s, RtObject *op, int i, int kind)
{
    RtObject *name = s->names[i % NAMES];
    RtObject *value = value_of(name, i);
    switch (kind) {
    case 0: (void)RtObject_SetAttr(op, name, NULL); break;
    case 1: replace_dict(op); break;
    case 2: take_item(op); break;
    case 3: clear_dict(op); break;
    case 4: CHECK(RtInstance_SetDict(op, NULL) == 0); break;
    case 5: CHECK(RtObject_SetClass(op, s->types[i / 16 % 2]) == 0); break;
    default: CHECK(RtObject_SetAttr(op, name, value) == 0); break;
    }
    expect_absent();
    Rt_DECREF(value);
}

// An instance of this thread's own, which uses the keys that all share.
static void
use_own(Shared *s, int i)
{
    RtObject *op = RtObject_CallNoArgs(s->types[i % 2]);
    CHECK(op != NULL);
    for (int k = 0; k < 3; k++) {
        RtObject *name = s->names[(i + k) % NAMES];
        RtObject *value = value_of(name, i);
        CHECK(RtObject_SetAttr(op, name, value) == 0);
        Rt_DECREF(value);
        read_attribute(op, name);
    }
    RtObject *dict = i % 3 == 0 ? RtInstance_GetDict(op) : NULL;
    Rt_DECREF(op);
    CHECK(dict == NULL || RtDict_Size(dict) == 3);
    Rt_XDECREF(dict);
}

static void
use(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *op = s->ops[i % 2];
        if (index < THREADS / 2) {
            read_attribute(op, s->names[i % NAMES]);
            read_attribute(op, s->names[i / 7 % NAMES]);
            if (i % 16 == 0) {
                read_dict(op, i % 32 == 0);
            }
        }
        else {
            change(s, op, i * 5 + index, i % 24);
        }
        if (i % 4 == 0) {
            use_own(s, i);
        }
        Breathe();
    }
}

static void
make(Shared *s)
{
    for (int i = 0; i < NAMES; i++) {
        s->names[i] = RtStr_FromFormat("name%d", i);
    }
    for (int i = 0; i < 2; i++) {
        RtObject *bases = Tuple(0);
        RtObject *dict = RtDict_New();
        s->types[i] = RtType_New(s->names[i], bases, dict);
        CHECK(s->types[i] != NULL);
        Rt_DECREF(bases);
        Rt_DECREF(dict);
        s->ops[i] = RtObject_CallNoArgs(s->types[i]);
        CHECK(s->ops[i] != NULL);
    }
}

static void
test_threads(void)
{
    Shared s;
    make(&s);
    RunAttached(THREADS, use, &s);
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
    for (int i = 0; i < 2; i++) {
        Rt_DECREF(s.ops[i]);
        Rt_DECREF(s.types[i]);
    }
    for (int i = 0; i < NAMES; i++) {
        Rt_DECREF(s.names[i]);
    }
}

int
main(void)
{
    void (*const tests[])(void) = { test_threads };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
