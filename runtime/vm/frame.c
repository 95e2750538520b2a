// frame.c: what others ask of a frame: the line it is at, the exceptions that
// its handlers are dealing with, the references that it does not count.
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
    const RtCodeObject *code = RtFrame_GetCode(frame);
    uint32_t pc = RtFrame_GetPc(frame);
    if (code->co_lines == NULL || pc >= code->co_ninstructions) {
        return 0;
    }
    return code->co_lines[pc];
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
    // Code from a file may say this of any object.
    if (!RtType_HasFeature(Rt_TYPE(exc), RT_TPFLAGS_BASE_EXC_SUBCLASS)) {
        return;
    }
    rt_assert(frame->nhandled < RtFrame_GetCode(frame)->co_nhandlers);
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

#ifdef RT_GIL_DISABLED

static void
visit_slot(RtStackRef ref, RtUncountedVisitor visit, void *arg)
{
    if (RtStackRef_IsUncounted(ref) && !RtStackRef_IsInt(ref) &&
        !Rt_IsImmortal(RtStackRef_AsObjectBorrow(ref)))
    {
        visit(ref, arg);
    }
}

void
RtFrame_VisitUncounted(const RtFrame *frame, RtUncountedVisitor visit,
                       void *arg)
{
    visit_slot(frame->f_executable, visit, arg);
    visit_slot(frame->f_funcobj, visit, arg);
    for (const RtStackRef *slot = frame->localsplus;
         slot < frame->stackpointer; slot++)
    {
        visit_slot(*slot, visit, arg);
    }
}

static void
count_slot(RtStackRef *slot)
{
    if (RtStackRef_IsUncounted(*slot) && !RtStackRef_IsInt(*slot)) {
        *slot = RtStackRef_FromObjectSteal(RtStackRef_AsObjectSteal(*slot));
    }
}

void
RtFrame_CountUncounted(RtFrame *frame)
{
    count_slot(&frame->f_executable);
    count_slot(&frame->f_funcobj);
    for (RtStackRef *slot = frame->localsplus; slot < frame->stackpointer;
         slot++)
    {
        count_slot(slot);
    }
}

#endif
