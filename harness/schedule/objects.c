// objects.c: the table of objects: open addressing, at most half full.

#include "objects.h"

static size_t
find(const FzObjects *objects, uint64_t key)
{
    size_t mask = (1 << FZ_OBJECTS_BITS) - 1;
    size_t at = (key * 0x9e3779b97f4a7c15u) >> (64 - FZ_OBJECTS_BITS);
    while (objects->slots[at].key != 0 && objects->slots[at].key != key) {
        at = (at + 1) & mask;
    }
    return at;
}

static bool
is_racy(const FzObject *object)
{
    return object->shared && object->written;
}

void
FzObjects_Note(FzObjects *objects, uint32_t thread, const FzEvent *event)
{
    if (event->object == 0) {
        return;
    }
    FzObject *object = &objects->slots[find(objects, event->object)];
    if (object->key == 0) {
        if (objects->used == 1 << (FZ_OBJECTS_BITS - 1)) {
            return;
        }
        objects->used++;
        *object = (FzObject){event->object, thread, false, event->write};
        return;
    }
    bool was_racy = is_racy(object);
    object->shared = object->shared || object->first_thread != thread;
    object->written = object->written || event->write;
    if (!was_racy && is_racy(object)) {
        objects->racy[objects->nracy++] = object->key;
    }
}

bool
FzObjects_IsRacy(const FzObjects *objects, uint64_t key)
{
    return key != 0 && is_racy(&objects->slots[find(objects, key)]);
}
