// frame.c: what a frame knows besides its value stack: the line it is at and
// the exceptions that its handlers are dealing with.
//
// Handled exceptions form a stack ordered by the place of the exception on the
// value stack; there is at most one for each place, hence never more than
// co_nhandlers. A frame belongs to the thread that runs it.
// Mirrors Python/frame.c and _PyErr_StackItem (CPython 3.13); departs: the
// handled exceptions are kept in the frame, not in a chain of the thread.

#include "rtcore_code.h"

#include "rtcore_assert.h"
#include "rtcore_object.h"

uint32_t
RtFrame_GetLine(const RtFrame *frame)
{
    const RtCodeObject *code = frame->code;
    if (code->co_lines == NULL || frame->pc >= code->co_ninstructions) {
        return 0;
    }
    return code->co_lines[frame->pc];
}

void
RtFrame_DropHandled(RtFrame *frame, uint32_t depth)
{
    while (frame->nhandled > 0 &&
           frame->handled[frame->nhandled - 1].depth >= depth)
    {
        // The destructor may run code that looks at the frame.
        RtObject *exc = frame->handled[--frame->nhandled].exc;
        Rt_DECREF(exc);
    }
}

void
RtFrame_PushHandled(RtFrame *frame, RtObject *exc, uint32_t depth)
{
    RtFrame_DropHandled(frame, depth);
    rt_assert(frame->nhandled < frame->code->co_nhandlers);
    RtHandledException *item = &frame->handled[frame->nhandled];
    item->exc = Rt_NewRef(exc);
    item->depth = depth;
    frame->nhandled++;
}

RtObject *
RtFrame_GetHandled(const RtFrame *frame)
{
    for (; frame != NULL; frame = frame->previous) {
        if (frame->nhandled > 0) {
            return frame->handled[frame->nhandled - 1].exc;
        }
    }
    return NULL;
}
