// rtcore_object_stack.h: the chunks of an object stack, for those who empty a
// stack in place (objects/brc.c).

#ifndef RT_INTERNAL_OBJECT_STACK_H
#define RT_INTERNAL_OBJECT_STACK_H

#include "rtcore_object.h"

#ifdef RT_TINY_LIMITS
enum { RT_OBJECT_STACK_CHUNK_SIZE = 4 };
#else
enum { RT_OBJECT_STACK_CHUNK_SIZE = 254 };
#endif

typedef struct RtObjectStackChunk {
    struct RtObjectStackChunk *prev;
    ssize_t n;                  // objects in use, at least 1
    RtObject *objs[RT_OBJECT_STACK_CHUNK_SIZE];
} RtObjectStackChunk;

#endif  // RT_INTERNAL_OBJECT_STACK_H
