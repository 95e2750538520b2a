// test_deque.c: deque on one thread: what CPython gives, a model, items that
// change the deque while they are compared or when they die, garbage, failing
// allocations.

#include "objects.h"
#include "rt_critical_section.h"
#include "rtcore_deque.h"
#include "rtcore_gc.h"

#define Deque(...) New(&RtDeque_Type, 1, Tuple(__VA_ARGS__))

static void
Append(RtObject *d, RtObject *item)     // steals item
{
    CHECK(RtDeque_Append(d, item) == 0);
    Rt_DECREF(item);
}

// ---------------------------------------------------------------------------
// What CPython gives.

static void
test_ends(void)
{
    RtObject *d = RtDeque_New(NULL, -1);
    EXPECT_OBJECT(d, "deque([])");
    EXPECT_ERROR(Call(d, "pop", 0), "IndexError: pop from an empty deque");
    EXPECT_ERROR(Call(d, "popleft", 0),
                 "IndexError: pop from an empty deque");
    EXPECT_REPR(Call(d, "append", 1, Int(1)), "None");
    EXPECT_REPR(Call(d, "appendleft", 1, Int(2)), "None");
    EXPECT_REPR(Call(d, "extend", 1, Tuple(2, Int(3), Int(4))), "None");
    EXPECT_REPR(Call(d, "extendleft", 1, Tuple(2, Int(5), Int(6))), "None");
    EXPECT_OBJECT(d, "deque([6, 5, 2, 1, 3, 4])");
    EXPECT_REPR(Call(d, "extend", 1, Rt_NewRef(d)), "None");
    CHECK(RtDeque_Size(d) == 12);
    EXPECT_REPR(Call(d, "pop", 0), "4");
    EXPECT_REPR(Call(d, "popleft", 0), "6");
    EXPECT_OBJECT(d, "deque([5, 2, 1, 3, 4, 6, 5, 2, 1, 3])");
    EXPECT_ERROR(Call(d, "extend", 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
    EXPECT_ERROR_INT(RtObject_Hash(d),
                     "TypeError: unhashable type: 'collections.deque'");
    EXPECT_REPR(Call(d, "clear", 0), "None");
    CHECK(RtDeque_Size(d) == 0 && RtDeque_IsValid(d));
    Append(d, Rt_NewRef(d));
    EXPECT_OBJECT(d, "deque([[...]])");
    CHECK(RtDeque_Clear(d) == 0);
    Rt_DECREF(d);
}

static void
test_maxlen(void)
{
    RtObject *d = New(&RtDeque_Type, 2, ListOfInts(5), Int(3));
    EXPECT_OBJECT(d, "deque([2, 3, 4], maxlen=3)");
    RtObject *name = Str("maxlen");
    EXPECT_REPR(RtObject_GetAttr(d, name), "3");
    EXPECT_REPR(Call(d, "appendleft", 1, Int(7)), "None");
    EXPECT_OBJECT(d, "deque([7, 2, 3], maxlen=3)");
    EXPECT_ERROR(Call(d, "insert", 2, Int(0), Int(0)),
                 "IndexError: deque already at its maximum size");
    EXPECT_REPR(Call(d, "copy", 0), "deque([7, 2, 3], maxlen=3)");
    EXPECT_REPR(Binary(Rt_NewRef(d), Int(2), RT_NB_MULTIPLY),
                "deque([7, 2, 3], maxlen=3)");
    EXPECT_REPR(Binary(Rt_NewRef(d), Deque(2, Int(8), Int(9)), RT_NB_ADD),
                "deque([3, 8, 9], maxlen=3)");
    Rt_DECREF(d);
    d = New(&RtDeque_Type, 2, ListOfInts(5), Int(0));
    EXPECT_OBJECT(d, "deque([], maxlen=0)");
    Append(d, Int(1));
    CHECK(RtDeque_Size(d) == 0 && RtDeque_IsValid(d));
    Rt_DECREF(d);
    d = New(&RtDeque_Type, 2, Tuple(0), Rt_NewRef(Rt_None));
    EXPECT_REPR(RtObject_GetAttr(d, name), "None");
    Rt_DECREF(d);
    Rt_DECREF(name);
    EXPECT_ERROR(New(&RtDeque_Type, 2, Tuple(0), Int(-1)),
                 "ValueError: maxlen must be non-negative");
    EXPECT_ERROR(New(&RtDeque_Type, 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
}

static void
test_places(void)
{
    RtObject *d = Deque(4, Int(1), Int(2), Int(3), Int(2));
    EXPECT_REPR(Item(d, Int(0)), "1");
    EXPECT_REPR(Item(d, Int(-1)), "2");
    EXPECT_ERROR(Item(d, Int(4)), "IndexError: deque index out of range");
    CHECK(SetItem(d, Int(-2), Int(9)) == 0);
    EXPECT_ERROR_INT(SetItem(d, Int(4), Int(1)),
                     "IndexError: deque index out of range");
    EXPECT_ERROR_INT(SetItem(d, Int(-5), NULL),
                     "IndexError: deque index out of range");
    EXPECT_OBJECT(d, "deque([1, 2, 9, 2])");
    EXPECT_REPR(Call(d, "count", 1, Int(2)), "2");
    EXPECT_REPR(Call(d, "index", 1, Int(2)), "1");
    EXPECT_REPR(Call(d, "index", 2, Int(2), Int(2)), "3");
    EXPECT_REPR(Call(d, "index", 2, Int(2), Int(-1)), "3");
    EXPECT_ERROR(Call(d, "index", 3, Int(2), Int(2), Int(-1)),
                 "ValueError: 2 is not in deque");
    EXPECT_ERROR(Call(d, "remove", 1, Int(3)),
                 "ValueError: 3 is not in deque");
    EXPECT_REPR(Call(d, "remove", 1, Int(2)), "None");
    EXPECT_OBJECT(d, "deque([1, 9, 2])");
    EXPECT_REPR(Call(d, "insert", 2, Int(1), Int(5)), "None");
    EXPECT_REPR(Call(d, "insert", 2, Int(-9), Int(6)), "None");
    EXPECT_REPR(Call(d, "insert", 2, Int(9), Int(7)), "None");
    EXPECT_OBJECT(d, "deque([6, 1, 5, 9, 2, 7])");
    EXPECT_REPR(Call(d, "rotate", 0), "None");
    EXPECT_OBJECT(d, "deque([7, 6, 1, 5, 9, 2])");
    EXPECT_REPR(Call(d, "rotate", 1, Int(-8)), "None");
    EXPECT_OBJECT(d, "deque([1, 5, 9, 2, 7, 6])");
    EXPECT_REPR(Call(d, "reverse", 0), "None");
    EXPECT_OBJECT(d, "deque([6, 7, 2, 9, 5, 1])");
    EXPECT_REPR(New(&RtList_Type, 1, Call(d, "__reversed__", 0)),
                "[1, 5, 9, 2, 7, 6]");
    CHECK(SetItem(d, Int(1), NULL) == 0);
    CHECK(SetItem(d, Int(-2), NULL) == 0);
    EXPECT_OBJECT(d, "deque([6, 2, 9, 1])");
    CHECK(RtSequence_Contains(d, Rt_None) == 0);
    CHECK(RtDeque_IsValid(d));
    Rt_DECREF(d);
}

static void
test_comparison(void)
{
    EXPECT_REPR(Compare(Deque(1, Int(1)), Deque(1, Int(1)), RT_EQ), "True");
    EXPECT_REPR(Compare(Deque(1, Int(1)), Deque(1, Int(2)), RT_EQ), "False");
    EXPECT_REPR(Compare(Deque(1, Int(1)), Deque(0), RT_NE), "True");
    EXPECT_REPR(Compare(Deque(1, Int(1)), Deque(1, Int(2)), RT_LT), "True");
    EXPECT_REPR(Compare(Deque(1, Int(1)), Deque(0), RT_LE), "False");
    EXPECT_REPR(Compare(Deque(1, Int(1)), Deque(0), RT_GT), "True");
    EXPECT_REPR(Compare(Deque(0), Deque(0), RT_GE), "True");
    EXPECT_REPR(Compare(Deque(0), Tuple(0), RT_EQ), "False");
    EXPECT_ERROR(Compare(Deque(0), Tuple(0), RT_LT),
                 "TypeError: '<' not supported between instances of "
                 "'collections.deque' and 'tuple'");
    EXPECT_ERROR(Binary(Deque(0), Tuple(0), RT_NB_ADD),
                 "TypeError: can only concatenate deque (not \"tuple\") to "
                 "deque");
    EXPECT_REPR(Binary(Int(2), Deque(2, Int(1), Int(2)), RT_NB_MULTIPLY),
                "deque([1, 2, 1, 2])");
    EXPECT_REPR(Binary(Deque(1, Int(1)), Int(-1), RT_NB_MULTIPLY),
                "deque([])");
}

// Two that hold each other are compared.
static void
test_recursion(void)
{
    RtObject *a = Deque(0);
    RtObject *b = Deque(0);
    Rt_DECREF(Call(a, "append", 1, Rt_NewRef(b)));
    Rt_DECREF(Call(b, "append", 1, Rt_NewRef(a)));
    EXPECT_ERROR(Compare(Rt_NewRef(a), Rt_NewRef(b), RT_EQ), "RecursionError: "
                 "maximum recursion depth exceeded in comparison");
    Rt_DECREF(Call(a, "clear", 0));
    Rt_DECREF(Call(b, "clear", 0));
    Rt_DECREF(a);
    Rt_DECREF(b);
}

static void
test_iterator(void)
{
    static const char changed[] =
        "RuntimeError: deque mutated during iteration";
    RtObject *d = Deque(3, Int(1), Int(2), Int(3));
    ssize_t count = Rt_REFCNT(d);
    RtObject *it = RtObject_GetIter(d);
    EXPECT_REPR(Call(it, "__length_hint__", 0), "3");
    EXPECT_REPR(RtIter_Next(it), "1");
    CHECK(SetItem(d, Int(1), Int(9)) == 0);     // no change of places
    EXPECT_REPR(RtIter_Next(it), "9");
    EXPECT_REPR(RtIter_Next(it), "3");
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    Append(d, Int(4));
    EXPECT_ERROR(RtIter_Next(it), changed);
    EXPECT_ERROR(RtIter_Next(it), changed);
    EXPECT_REPR(Call(it, "__length_hint__", 0), "0");
    Rt_DECREF(it);
    CHECK(Rt_REFCNT(d) == count);
    // The length is the same again, the places are not.
    it = RtObject_GetIter(d);
    EXPECT_REPR(RtIter_Next(it), "1");
    Append(d, Int(5));
    EXPECT_REPR(RtDeque_Pop(d), "5");
    EXPECT_ERROR(RtIter_Next(it), changed);
    Rt_DECREF(it);
    it = RtObject_GetIter(d);
    EXPECT_REPR(Call(d, "rotate", 0), "None");
    EXPECT_ERROR(RtIter_Next(it), changed);
    Rt_DECREF(it);
    Rt_DECREF(d);
}

// ---------------------------------------------------------------------------
// A model: an array in the middle of a longer one.

enum { MODEL_STEPS = 6000, MODEL_MOST = 3 * RT_DEQUE_BLOCKLEN + 2 };

typedef struct Model {
    int64_t items[MODEL_MOST + 1];
    int n;
} Model;

static void
model_insert(Model *m, int i, int64_t value)
{
    memmove(&m->items[i + 1], &m->items[i],
            (size_t)(m->n - i) * sizeof(int64_t));
    m->items[i] = value;
    m->n++;
}

static int64_t
model_remove(Model *m, int i)
{
    int64_t value = m->items[i];
    m->n--;
    memmove(&m->items[i], &m->items[i + 1],
            (size_t)(m->n - i) * sizeof(int64_t));
    return value;
}

static void
model_grow(Model *m, RtObject *d, int kind, int at, int64_t value)
{
    RtObject *item = Int(value);
    if (m->n == MODEL_MOST) {
        CHECK(RtDeque_Clear(d) == 0);
        m->n = 0;
        at = 0;
    }
    if (kind == 0) {
        CHECK(RtDeque_Append(d, item) == 0);
        model_insert(m, m->n, value);
    }
    else if (kind == 1) {
        CHECK(RtDeque_AppendLeft(d, item) == 0);
        model_insert(m, 0, value);
    }
    else {
        EXPECT_REPR(Call(d, "insert", 2, Int(at), Rt_NewRef(item)), "None");
        model_insert(m, at, value);
    }
    Rt_DECREF(item);
}

static void
model_shrink(Model *m, RtObject *d, int kind, int at)
{
    if (m->n == 0) {
        return;
    }
    if (kind == 2) {
        CHECK(SetItem(d, Int(at % m->n), NULL) == 0);
        (void)model_remove(m, at % m->n);
        return;
    }
    RtObject *item = kind == 0 ? RtDeque_Pop(d) : RtDeque_PopLeft(d);
    CHECK(RtLong_AsInt64(item) == model_remove(m, kind == 0 ? m->n - 1 : 0));
    Rt_DECREF(item);
}

static void
model_rotate(Model *m, RtObject *d, int n)
{
    EXPECT_REPR(Call(d, "rotate", 1, Int(n)), "None");
    for (; m->n > 0 && n > 0; n--) {
        model_insert(m, 0, model_remove(m, m->n - 1));
    }
    for (; m->n > 0 && n < 0; n++) {
        int64_t value = model_remove(m, 0);
        model_insert(m, m->n, value);
    }
}

static void
test_model(void)
{
    static Model m;
    m.n = 0;
    RtObject *d = RtDeque_New(NULL, -1);
    uint64_t x = 88172645463325252u;
    for (int step = 0; step < MODEL_STEPS; step++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        int kind = (int)(x >> 20 & 7);
        int at = (int)(x >> 32 & 0xffff) % (m.n + 1);
        if (kind < 3) {
            model_grow(&m, d, kind, at, step);
        }
        else if (kind < 6) {
            model_shrink(&m, d, kind - 3, at);
        }
        else if (kind == 6) {
            model_rotate(&m, d, (int)(x >> 40 & 127) - 64);
        }
        CHECK(RtDeque_IsValid(d));
        CHECK(RtDeque_Size(d) == m.n);
        for (int i = step % 7; i < m.n; i += 7) {
            RtObject *item = Item(d, Int(i));
            CHECK(RtLong_AsInt64(item) == m.items[i]);
            Rt_DECREF(item);
        }
    }
    Rt_DECREF(d);
}

// ---------------------------------------------------------------------------
// Items that change the deque while they are compared, or when they die.

static RtObject *victim;
static int calls;

static RtObject *
eq_clears(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    CHECK(RtDeque_Clear(victim) == 0);
    Append(victim, Int(1));
    return Rt_NewRef(calls++ % 2 == 0 ? Rt_False : Rt_True);
}

static void
test_changing_items(void)
{
    static const char changed[] =
        "RuntimeError: deque mutated during iteration";
    RtMethodDef methods[] = { {"__eq__", eq_clears, 1, 1}, {0} };
    RtObject *type = Class("E", NULL, methods);
    victim = RtDeque_New(NULL, -1);
    for (calls = 0; calls < 2;) {
        Append(victim, RtObject_CallNoArgs(type));
        EXPECT_ERROR(Call(victim, "remove", 1, Int(5)),
                     "IndexError: deque mutated during iteration");
    }
    calls = 0;
    Append(victim, RtObject_CallNoArgs(type));
    EXPECT_ERROR(Call(victim, "index", 1, Int(5)), changed);
    Append(victim, RtObject_CallNoArgs(type));
    EXPECT_REPR(Call(victim, "index", 1, Int(5)), "1");
    calls = 0;
    Append(victim, RtObject_CallNoArgs(type));
    EXPECT_ERROR(Call(victim, "count", 1, Int(5)), changed);
    calls = 0;
    Append(victim, RtObject_CallNoArgs(type));
    RtObject *five = Int(5);
    EXPECT_ERROR_INT(RtSequence_Contains(victim, five), changed);
    Rt_DECREF(five);
    CHECK(RtDeque_IsValid(victim));
    EXPECT_OBJECT(victim, "deque([1])");
    Rt_DECREF(victim);
    Rt_DECREF(type);
}

static RtObject *
del_appends(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    CHECK(RtDeque_IsValid(victim));
    Append(victim, Int(++calls));
    return Rt_NewRef(Rt_None);
}

static void
test_finalizers(void)
{
    RtMethodDef methods[] = { {"__del__", del_appends, 0, 0}, {0} };
    RtObject *type = Class("D", NULL, methods);
    victim = RtDeque_New(NULL, 2 * RT_DEQUE_BLOCKLEN);
    calls = 0;
    for (int i = 0; i < 2 * RT_DEQUE_BLOCKLEN; i++) {
        Append(victim, RtObject_CallNoArgs(type));
    }
    CHECK(calls == 0);
    Append(victim, Int(0));             // trims one, whose end trims the next
    CHECK(calls == 2 * RT_DEQUE_BLOCKLEN);
    CHECK(RtDeque_Size(victim) == 2 * RT_DEQUE_BLOCKLEN);
    Append(victim, RtObject_CallNoArgs(type));
    CHECK(RtDeque_Clear(victim) == 0);
    CHECK(calls == 2 * RT_DEQUE_BLOCKLEN + 1);
    CHECK(RtDeque_Size(victim) == 1);
    Append(victim, RtObject_CallNoArgs(type));
    CHECK(SetItem(victim, Int(1), Int(0)) == 0);
    CHECK(calls == 2 * RT_DEQUE_BLOCKLEN + 2);
    CHECK(RtDeque_Size(victim) == 3);
    Rt_DECREF(type);
    Rt_DECREF(victim);
}

// A cycle through a deque is collected; a weak reference to it goes.
static void
test_garbage(void)
{
    RtObject *d = RtDeque_New(NULL, -1);
    for (int i = 0; i < 3 * RT_DEQUE_BLOCKLEN; i++) {
        Append(d, i % 5 == 0 ? Rt_NewRef(d) : Int(1000 + i));
    }
    RtObject *ref = New(&RtWeakref_Type, 1, d);
    RtObject *got = RtObject_CallNoArgs(ref);
    CHECK(got == d);
    Rt_DECREF(got);
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 1);
    EXPECT_REPR(RtObject_CallNoArgs(ref), "None");
    Rt_DECREF(ref);
}

// ---------------------------------------------------------------------------
// Each allocation of a scenario fails once: MemoryError, and deques are whole.

static bool
scenario(RtObject *d)
{
    enum { N = 3 * RT_DEQUE_BLOCKLEN };
    for (int i = 0; i < N; i++) {
        ssize_t before = RtDeque_Size(d);
        int status = i % 3 == 0 ? RtDeque_AppendLeft(d, Rt_None)
                                : RtDeque_Append(d, Rt_True);
        CHECK(RtDeque_Size(d) == before + (status == 0));
        if (status < 0) {
            return false;
        }
    }
    RtDequeObject *self = (RtDequeObject *)d;
    int status;
    RT_BEGIN_CRITICAL_SECTION(self);
    status = RtDeque_RotateLocked(self, N / 2);
    RT_END_CRITICAL_SECTION();
    if (status < 0) {
        return false;
    }
    RtObject *copy = RtDeque_Copy(self);
    RtObject *sum = copy == NULL ? NULL
                    : RtNumber_BinaryOp(d, copy, RT_NB_ADD);
    RtObject *repr = sum == NULL ? NULL : RtObject_Repr(sum);
    RtObject *it = repr == NULL ? NULL : RtObject_GetIter(d);
    bool done;
    RT_BEGIN_CRITICAL_SECTION(self);
    done = it != NULL && RtDeque_Size(sum) == 2 * N
           && RtDeque_InsertLocked(self, N / 2, Rt_None) == 0;
    RT_END_CRITICAL_SECTION();
    CHECK(copy == NULL || RtDeque_IsValid(copy));
    CHECK(sum == NULL || RtDeque_IsValid(sum));
    Rt_XDECREF(copy);
    Rt_XDECREF(sum);
    Rt_XDECREF(repr);
    Rt_XDECREF(it);
    return done;
}

static void
test_no_memory(void)
{
    bool done = false;
    for (int nth = 1; !done; nth++) {
        CHECK(nth < 20000);
        RtObject *d = RtDeque_New(NULL, -1);
        RtMem_FailAllocation(nth);
        done = scenario(d);
        RtMem_FailAllocation(0);
        CHECK(done || RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(RtDeque_IsValid(d));
        Rt_DECREF(d);
    }
    // To clear needs no memory.
    RtObject *d = RtDeque_New(NULL, -1);
    for (int i = 0; i < 3 * RT_DEQUE_BLOCKLEN; i++) {
        Append(d, Int(500 + i));
    }
    RtMem_FailAllocation(1);
    CHECK(RtDeque_Clear(d) == 0);
    RtMem_FailAllocation(0);
    CHECK(RtDeque_Size(d) == 0 && RtDeque_IsValid(d));
    CHECK(RtErr_Occurred() == NULL);
    Rt_DECREF(d);
}

static RtObject *
del_sees_empty(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    CHECK(RtDeque_IsValid(victim));
    CHECK(RtDeque_Size(victim) == 0);
    calls++;
    return Rt_NewRef(Rt_None);
}

// Whoever looks while items die finds none of them, memory or not.
static void
test_clear_at_once(void)
{
    RtMethodDef methods[] = { {"__del__", del_sees_empty, 0, 0}, {0} };
    RtObject *type = Class("C", NULL, methods);
    victim = RtDeque_New(NULL, -1);
    for (int n = 1; n <= 4 * RT_DEQUE_BLOCKLEN; n++) {
        for (int rotated = 0; rotated < 2; rotated++) {
            for (int i = 0; i < n; i++) {
                RtObject *item = RtObject_CallNoArgs(type);
                if (rotated) {
                    CHECK(RtDeque_AppendLeft(victim, item) == 0);
                    Rt_DECREF(item);
                }
                else {
                    Append(victim, item);
                }
            }
            calls = 0;
            RtMem_FailAllocation(n % 2);
            CHECK(RtDeque_Clear(victim) == 0);
            RtMem_FailAllocation(0);
            RtErr_Clear();
            CHECK(calls >= n - 1);      // one may lack the memory for its call
            CHECK(RtDeque_Size(victim) == 0 && RtDeque_IsValid(victim));
        }
    }
    Rt_DECREF(victim);
    Rt_DECREF(type);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_ends, test_maxlen, test_places, test_comparison, test_recursion,
        test_iterator, test_model, test_changing_items, test_finalizers,
        test_garbage, test_no_memory, test_clear_at_once,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
