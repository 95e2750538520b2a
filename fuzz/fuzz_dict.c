// fuzz_dict.c: two dicts, and the __dict__ of an instance, that all threads
// read and change.

#include "mechanism.h"

enum { DICTS = 2, KEYS = 12 };

static RtObject *dicts[DICTS];
static RtObject *instance;
static RtObject *keys[KEYS];    // half of them strings

static void
use_attribute(const FuzzStep *st)
{
    RtObject *key = keys[st->b % (KEYS / 2)];
    if (instance == NULL || key == NULL) {
        return;
    }
    if (st->b & 0x80) {
        Rt_XDECREF(RtObject_GetAttr(instance, key));
    }
    else {
        RtObject_SetAttr(instance, key, st->b & 0x40 ? Rt_None : NULL);
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    RtObject *dict = dicts[st->a % DICTS], *other = dicts[(st->a + 1) % DICTS];
    RtObject *key = keys[st->b % KEYS], *found = NULL;
    if (dict == NULL || other == NULL || key == NULL) {
        return;
    }
    switch (st->what % 12) {
    case 0:
    case 1:
    case 2:
        RtDict_SetItem(dict, key, st->b & 0x80 ? key : dict);
        break;
    case 3:
    case 4:
        RtDict_GetItemRef(dict, key, &found);
        break;
    case 5:
        RtDict_DelItem(dict, key);
        break;
    case 6:
        RtDict_Contains(dict, key);
        break;
    case 7:
        RtDict_Update(dict, other);
        break;
    case 8:
        found = RtDict_Copy(dict);
        break;
    case 9:
        if (st->b % 4 == 0) {
            RtDict_Clear(dict);
        }
        break;
    default:
        use_attribute(st);
        break;
    }
    Rt_XDECREF(found);
}

static void
begin(void)
{
    for (int i = 0; i < DICTS; i++) {
        dicts[i] = RtDict_New();
    }
    for (int i = 0; i < KEYS; i++) {
        keys[i] = i < KEYS / 2 ? RtStr_FromFormat("k%d", i)
                               : RtLong_FromInt64(1000 * i);
    }
    instance = Fuzz_NewObject();
}

static void
end(void)
{
    for (int i = 0; i < DICTS; i++) {
        if (dicts[i] != NULL && !RtDict_IsValid(dicts[i])) {
            Rt_FatalError("fuzz_dict", "a dict is not valid at the end");
        }
        Rt_CLEAR(dicts[i]);
    }
    for (int i = 0; i < KEYS; i++) {
        Rt_CLEAR(keys[i]);
    }
    Rt_CLEAR(instance);
}

const FuzzMechanism fuzz_dict = {"fuzz_dict", begin, step, NULL, end};
