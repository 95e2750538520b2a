// traceback.c: where exceptions came by: the entries of a traceback.
//
// Entries are made while a frame is unwound and never change, so that an
// exception which several threads raise at once only gains entries: each puts
// its own in front of what the exception had when it looked.
// Mirrors Python/traceback.c (CPython 3.13); departs: an entry holds the code,
// not the frame, whose locals die with it; tb_frame is made on demand and has
// f_code, f_lineno and f_back None only.

#include "rtcore_traceback.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"

static RtTracebackObject *
as_traceback(RtObject *op)
{
    return (RtTracebackObject *)op;
}

static int
traceback_traverse(RtObject *self, visitproc visit, void *arg)
{
    Rt_VISIT((RtObject *)as_traceback(self)->tb_next);
    Rt_VISIT((RtObject *)as_traceback(self)->tb_code);
    return 0;
}

static void
traceback_dealloc(RtObject *self)
{
    RtGC_Untrack(self);
    Rt_CLEAR(as_traceback(self)->tb_next);
    Rt_CLEAR(as_traceback(self)->tb_code);
    RtObject_Free(self);
}

// ---------------------------------------------------------------------------
// The frame of an entry.

typedef struct TracebackFrame {
    RtObject ob_base;
    RtObject *code;
    uint32_t lineno;
} TracebackFrame;

static int
frame_traverse(RtObject *self, visitproc visit, void *arg)
{
    Rt_VISIT(((TracebackFrame *)self)->code);
    return 0;
}

static void
frame_dealloc(RtObject *self)
{
    RtGC_Untrack(self);
    Rt_CLEAR(((TracebackFrame *)self)->code);
    RtObject_Free(self);
}

static bool
is_name(RtObject *name, const char *text)
{
    return Rt_IS_TYPE(name, &RtStr_Type) &&
           strcmp(RtStr_AsUTF8(name), text) == 0;
}

static RtObject *
frame_getattro(RtObject *self, RtObject *name)
{
    TracebackFrame *frame = (TracebackFrame *)self;
    if (is_name(name, "f_code")) {
        return Rt_NewRef(frame->code);
    }
    if (is_name(name, "f_lineno")) {
        return RtLong_FromInt64(frame->lineno);
    }
    if (is_name(name, "f_back")) {
        return Rt_NewRef(Rt_None);
    }
    return RtObject_GenericGetAttr(self, name);
}

RtTypeObject RtTracebackFrame_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "frame",
    .tp_basicsize = sizeof(TracebackFrame),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = frame_dealloc,
    .tp_traverse = frame_traverse,
    .tp_getattro = frame_getattro,
};

static RtObject *
get_frame(RtTracebackObject *tb)
{
    TracebackFrame *frame =
        (TracebackFrame *)RtObject_New(&RtTracebackFrame_Type, 0);
    if (frame == NULL) {
        return NULL;
    }
    frame->code = Rt_NewRef((RtObject *)tb->tb_code);
    frame->lineno = tb->tb_lineno;
    RtGC_Track((RtObject *)frame);
    return (RtObject *)frame;
}

// ---------------------------------------------------------------------------
// The entry.

static RtObject *
traceback_getattro(RtObject *self, RtObject *name)
{
    RtTracebackObject *tb = as_traceback(self);
    if (is_name(name, "tb_next")) {
        return Rt_NewRef(tb->tb_next == NULL ? Rt_None
                                             : (RtObject *)tb->tb_next);
    }
    if (is_name(name, "tb_lineno")) {
        return RtLong_FromInt64(tb->tb_lineno);
    }
    if (is_name(name, "tb_lasti")) {
        return RtLong_FromInt64(tb->tb_lasti);
    }
    if (is_name(name, "tb_frame")) {
        return get_frame(tb);
    }
    return RtObject_GenericGetAttr(self, name);
}

RtTypeObject RtTraceback_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "traceback",
    .tp_basicsize = sizeof(RtTracebackObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = traceback_dealloc,
    .tp_traverse = traceback_traverse,
    .tp_getattro = traceback_getattro,
};

void
RtTraceBack_Here(const RtFrame *frame, RtObject *exc)
{
    RtTracebackObject *tb =
        (RtTracebackObject *)RtObject_New(&RtTraceback_Type, 0);
    if (tb == NULL) {
        RtErr_Clear();
        return;
    }
    tb->tb_next = (RtTracebackObject *)RtException_GetTraceback(exc);
    tb->tb_code = (RtCodeObject *)Rt_NewRef((RtObject *)RtFrame_GetCode(frame));
    tb->tb_lasti = RtFrame_GetPc(frame);
    tb->tb_lineno = RtFrame_GetLine(frame);
    RtGC_Track((RtObject *)tb);
    RtException_SetTraceback(exc, (RtObject *)tb);
    Rt_DECREF(tb);
}
