// fuzz_gc.c: a graph of lists and instances that threads link and cut while
// others collect, freeze and look at all objects.

#include "mechanism.h"
#include "rt_lock.h"
#include "rtcore_gc.h"
#include "rtcore_weakref.h"

enum { NODES = 5 };

static RtMutex mutexes[NODES];
static RtObject *nodes[NODES];  // lists or instances, under that mutex
static RtObject *name;          // of the attribute that links

static RtObject *
new_node(uint8_t kind)
{
    return kind % 3 == 0 ? Fuzz_NewObject() : RtList_New(0);
}

static void
link_nodes(uint8_t a, uint8_t b)
{
    RtObject *from = Fuzz_Take(&mutexes[a % NODES], &nodes[a % NODES]);
    RtObject *to = Fuzz_Take(&mutexes[b % NODES], &nodes[b % NODES]);
    if (from != NULL && to != NULL && name != NULL) {
        if (Rt_TYPE(from) == &RtList_Type) {
            RtList_Append(from, to);
        }
        else {
            RtObject_SetAttr(from, name, to);
        }
    }
    Rt_XDECREF(from);
    Rt_XDECREF(to);
}

static void
cut_node(uint8_t a)
{
    RtObject *node = Fuzz_Take(&mutexes[a % NODES], &nodes[a % NODES]);
    if (node != NULL && Rt_TYPE(node) == &RtList_Type) {
        RtList_Clear(node);
    }
    Rt_XDECREF(node);
}

static void
collect(RtThreadState *tstate, uint8_t a)
{
    switch (a % 8) {
    case 0:
        RtGC_Freeze(tstate->interp);
        break;
    case 1:
        RtGC_Unfreeze(tstate->interp);
        break;
    case 2: {
        RtObject *objects = RtGC_GetObjects(-1);
        Rt_XDECREF(objects);
        break;
    }
    default:
        RtGC_Collect(tstate, a % 3);
        break;
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    int at = st->a % NODES;
    switch (st->what % 6) {
    case 0:
        Fuzz_Put(&mutexes[at], &nodes[at], new_node(st->b));
        break;
    case 1:
    case 2:
        link_nodes(st->a, st->b);
        break;
    case 3:
        cut_node(st->a);
        break;
    case 4: {
        RtObject *node = Fuzz_Take(&mutexes[at], &nodes[at]);
        RtObject *ref = node != NULL ? RtWeakref_NewRef(node, NULL) : NULL;
        Rt_XDECREF(node);
        RtObject *again = ref != NULL ? RtWeakref_GetRef(ref) : NULL;
        Rt_XDECREF(again);
        Rt_XDECREF(ref);
        break;
    }
    default:
        collect(RtThreadState_Get(), st->b);
        break;
    }
}

static void
begin(void)
{
    name = RtStr_FromString("link");
    for (int i = 0; i < NODES; i++) {
        mutexes[i] = (RtMutex){0};
        nodes[i] = new_node((uint8_t)i);
    }
}

static void
end(void)
{
    for (int i = 0; i < NODES; i++) {
        Rt_CLEAR(nodes[i]);
    }
    Rt_CLEAR(name);
    RtGC_Unfreeze(RtThreadState_Get()->interp);
}

const FuzzMechanism fuzz_gc = {"fuzz_gc", begin, step, NULL, end};
