// fuzz_weakref.c: objects that die in one thread while others hold, make and
// follow weak references to them.

#include "mechanism.h"
#include "rt_lock.h"
#include "rtcore_weakref.h"

enum { SLOTS = 3 };

static RtMutex mutexes[SLOTS];
static RtObject *objects[SLOTS];        // under that mutex
static RtMutex ref_mutexes[SLOTS];
static RtObject *refs[SLOTS];           // under that mutex

static void
make_ref(uint8_t a, uint8_t b)
{
    int at = a % SLOTS, to = b % SLOTS;
    RtObject *op = Fuzz_Take(&mutexes[at], &objects[at]);
    if (op == NULL) {
        return;
    }
    // A callback of its own makes another reference each time.
    RtObject *callback = b & 0x80 ? (RtObject *)&RtTuple_Type : NULL;
    RtObject *ref = RtWeakref_NewRef(op, callback);
    Rt_DECREF(op);
    if (ref != NULL) {
        Fuzz_Put(&ref_mutexes[to], &refs[to], ref);
    }
}

// Each is one of this object, or of none if it was cleared meanwhile.
static void
list_refs(uint8_t a)
{
    RtObject *op = Fuzz_Take(&mutexes[a % SLOTS], &objects[a % SLOTS]);
    RtObject *list = op != NULL ? RtWeakref_GetAll(op) : NULL;
    ssize_t n = list != NULL ? RtList_Size(list) : 0;
    for (ssize_t i = 0; i < n; i++) {
        RtObject *ref = RtList_GetItemRef(list, i);
        RtObject *to = ref != NULL ? RtWeakref_GetRef(ref) : NULL;
        if (ref == NULL || (to != NULL && to != op)) {
            Rt_FatalError("fuzz_weakref", "a reference to another object");
        }
        Rt_DECREF(ref);
        Rt_XDECREF(to);
    }
    Rt_XDECREF(list);
    Rt_XDECREF(op);
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    int at = st->a % SLOTS;
    RtObject *ref, *op;
    switch (st->what % 7) {
    case 0:
        Fuzz_Put(&mutexes[at], &objects[at], Fuzz_NewObject());
        break;
    case 1:
    case 2:
        make_ref(st->a, st->b);
        break;
    case 3:
        ref = Fuzz_Take(&ref_mutexes[at], &refs[at]);
        op = ref != NULL ? RtWeakref_GetRef(ref) : NULL;
        Rt_XDECREF(ref);
        Rt_XDECREF(op);
        break;
    case 4:
        list_refs(st->a);
        break;
    case 5:
        Fuzz_Put(&mutexes[at], &objects[at], NULL);
        break;
    default:
        if (st->b % 4 == 0) {
            RtGC_Collect(RtThreadState_Get(), 2);
        }
        else {
            Fuzz_Put(&ref_mutexes[at], &refs[at], NULL);
        }
        break;
    }
}

static void
begin(void)
{
    for (int i = 0; i < SLOTS; i++) {
        mutexes[i] = ref_mutexes[i] = (RtMutex){0};
        objects[i] = Fuzz_NewObject();
        refs[i] = NULL;
    }
}

static void
end(void)
{
    for (int i = 0; i < SLOTS; i++) {
        Rt_CLEAR(objects[i]);
        Rt_CLEAR(refs[i]);
    }
}

const FuzzMechanism fuzz_weakref = {"fuzz_weakref", begin, step, NULL, end};
