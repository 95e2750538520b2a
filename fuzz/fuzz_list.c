// fuzz_list.c: two lists that all threads read and change.

#include "mechanism.h"

enum { LISTS = 2 };

static RtObject *lists[LISTS];

static RtObject *
new_item(uint8_t n)
{
    return n % 4 == 0 ? RtList_New(0) : RtLong_FromInt64(n * 10);
}

static void
change(RtObject *list, RtObject *other, const FuzzStep *st)
{
    ssize_t at = (int8_t)st->b % 8;
    RtObject *item = new_item(st->b);
    if (item == NULL) {
        return;
    }
    switch (st->what % 12) {
    case 0:
    case 1:
        RtList_Append(list, item);
        break;
    case 2:
        RtList_Insert(list, at, item);
        break;
    case 3:
        RtList_SetItem(list, at < 0 ? 0 : at, item);
        break;
    case 4:
        RtList_SetItem(list, at < 0 ? 0 : at, NULL);
        break;
    case 5:
        RtList_Extend(list, st->b % 3 == 0 ? list : other);
        break;
    case 6:
        RtList_Clear(list);
        break;
    default:
        break;
    }
    Rt_DECREF(item);
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    RtObject *list = lists[st->a % LISTS];
    RtObject *other = lists[(st->a + 1) % LISTS];
    RtObject *found = NULL;
    if (list == NULL || other == NULL) {
        return;
    }
    switch (st->what % 12) {
    case 7:
        found = RtList_Pop(list, -1 - st->b % 2);
        break;
    case 8:
    case 9:
        found = RtList_GetItemRef(list, st->b % 8);
        break;
    case 10:
        found = RtList_AsTuple(list);
        break;
    case 11:
        found = RtObject_Repr(list);
        break;
    default:
        if (RtList_Size(list) < 64) {
            change(list, other, st);
        }
        break;
    }
    Rt_XDECREF(found);
}

static void
begin(void)
{
    for (int i = 0; i < LISTS; i++) {
        lists[i] = RtList_New(0);
    }
}

static void
end(void)
{
    for (int i = 0; i < LISTS; i++) {
        if (lists[i] != NULL && !RtList_IsValid(lists[i])) {
            Rt_FatalError("fuzz_list", "a list is not valid at the end");
        }
        Rt_CLEAR(lists[i]);
    }
}

const FuzzMechanism fuzz_list = {"fuzz_list", begin, step, NULL, end};
