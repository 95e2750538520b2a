// rtcore_traceback.h: where an exception came by.
//
// An exception from Python source carries a list of entries, the outermost
// frame first, as CPython's __traceback__. An entry never changes once others
// can see it.

#ifndef RT_INTERNAL_TRACEBACK_H
#define RT_INTERNAL_TRACEBACK_H

#include "rtcore_code.h"

typedef struct RtTracebackObject {
    RtObject ob_base;
    struct RtTracebackObject *tb_next;  // towards the place of the raise
    RtCodeObject *tb_code;
    uint32_t tb_lasti;          // index of the instruction
    uint32_t tb_lineno;
} RtTracebackObject;

extern RtTypeObject RtTraceback_Type;
extern RtTypeObject RtTracebackFrame_Type;

// The exception leaves the current instruction of the frame: puts an entry in
// front of its traceback. No exception is set before or after; without memory
// the entry is left out.
void RtTraceBack_Here(const RtFrame *frame, RtObject *exc);

// exceptions.c: gives types of exceptions their attributes. Start-up only.
void RtExc_AddAttributes(void);
// __traceback__. Set: NULL is none. Get: a new reference, or NULL
// if there is none.
void RtException_SetTraceback(RtObject *exc, RtObject *traceback);
RtObject *RtException_GetTraceback(RtObject *exc);

#endif  // RT_INTERNAL_TRACEBACK_H
