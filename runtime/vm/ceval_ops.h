// ceval_ops.h: what the files of the interpreter share: the loop (ceval.c),
// its longer instructions (ceval_ops.c) and calls of functions (call.c).

#ifndef RT_VM_CEVAL_OPS_H
#define RT_VM_CEVAL_OPS_H

#include "rtcore_code.h"

// Runs the frame from its current instruction; the value stack is empty after
// it, unless the frame has yielded. The locals are left to the caller.
RtObject *RtEvalOp_RunFrame(RtThreadState *tstate, RtFrame *frame);
// Drops the references in [from, to), the first first. Slots may be NULL.
void RtEvalOp_DropItems(RtStackRef *from, RtStackRef *to);
// Name of globals, else of builtins. NULL: NameError.
RtStackRef RtEvalOp_LoadGlobal(RtThreadState *tstate, RtObject *globals,
                               RtObject *name);
int RtEvalOp_DeleteGlobal(RtObject *globals, RtObject *name);
// Takes the references of the items. They stay the caller's on failure.
RtObject *RtEvalOp_BuildTuple(const RtStackRef *items, uint32_t n);
RtObject *RtEvalOp_BuildList(const RtStackRef *items, uint32_t n);
// Borrows keys and values: k1 v1 k2 v2...
RtObject *RtEvalOp_BuildMap(const RtStackRef *items, uint32_t n);
// Stores new references in slots[n - 1] (first item) down to slots[0]; slots
// are NULL or owned also on failure. 0 or -1.
int RtEvalOp_Unpack(RtObject *sequence, RtStackRef *slots, uint32_t n);
// func(args). Uses `func` up; references of the arguments may be taken: their
// slots are NULL then.
RtObject *RtEvalOp_CallFunction(RtThreadState *tstate, RtStackRef func,
                                RtStackRef *args, ssize_t nargs);
// slots: callable, arguments. Each slot is NULL or owned afterwards.
RtObject *RtEvalOp_Call(RtThreadState *tstate, RtStackRef *slots,
                        uint32_t nargs);
// slots: method, self or NULL, arguments. Ditto.
RtObject *RtEvalOp_CallMethod(RtThreadState *tstate, RtStackRef *slots,
                              uint32_t nargs);
// A function made by the code of `frame`.
RtObject *RtEvalOp_MakeFunction(const RtFrame *frame, RtObject *code);
// module.name, of any object. NULL: ImportError if it has none.
RtObject *RtEvalOp_ImportFrom(RtObject *module, RtObject *name);
// Raises an exception or an exception type.
void RtEvalOp_Raise(RtObject *what);
// Raises the innermost handled exception of the frame again.
void RtEvalOp_RaiseHandled(const RtFrame *frame);
// Whether exc is an instance of a type, or of one of a tuple of types. -1:
// TypeError.
int RtEvalOp_ExceptionMatches(RtObject *exc, RtObject *types);

#endif  // RT_VM_CEVAL_OPS_H
