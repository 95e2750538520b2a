// object_stack.c: a stack of object pointers in chunks of raw memory.
//
// It owns no references unless its user says so. A stack has no lock: whoever
// may touch it is said where the stack stands. No chunk is ever empty, so that
// a stack is empty exactly if it has none.
// Mirrors Python/object_stack.c (CPython 3.13); departs: no free list.

#include "rtcore_object_stack.h"

#include "rtcore_heap.h"

int
RtObjectStack_Push(RtObjectStack *stack, RtObject *op)
{
    rt_assert(op != NULL);
    RtObjectStackChunk *chunk = stack->head;
    if (chunk == NULL || chunk->n == RT_OBJECT_STACK_CHUNK_SIZE) {
        chunk = RtMem_Malloc(sizeof(*chunk));
        if (chunk == NULL) {
            return -1;
        }
        chunk->prev = stack->head;
        chunk->n = 0;
        stack->head = chunk;
    }
    rt_assert(chunk->n >= 0);
    rt_assert(chunk->n < RT_OBJECT_STACK_CHUNK_SIZE);
    chunk->objs[chunk->n++] = op;
    return 0;
}

RtObject *
RtObjectStack_Pop(RtObjectStack *stack)
{
    RtObjectStackChunk *chunk = stack->head;
    if (chunk == NULL) {
        return NULL;
    }
    rt_assert(chunk->n > 0);
    rt_assert(chunk->n <= RT_OBJECT_STACK_CHUNK_SIZE);
    RtObject *op = chunk->objs[--chunk->n];
    if (chunk->n == 0) {
        // Freed at once, so that an empty stack is one without chunks.
        stack->head = chunk->prev;
        RtMem_Free(chunk);
    }
    return op;
}

void
RtObjectStack_Merge(RtObjectStack *dst, RtObjectStack *src)
{
    rt_assert(dst != src);
    if (src->head == NULL) {
        return;
    }
    RtObjectStackChunk *last = src->head;
    while (last->prev != NULL) {
        last = last->prev;
    }
    last->prev = dst->head;
    dst->head = src->head;
    src->head = NULL;
}
