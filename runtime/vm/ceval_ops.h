// ceval_ops.h: what the files of the interpreter share: the loop (ceval.c),
// its longer instructions (ceval_ops.c) and calls of functions (call.c).

#ifndef RT_VM_CEVAL_OPS_H
#define RT_VM_CEVAL_OPS_H

#include "rtcore_code.h"

// Runs the frame; the locals are left to the caller, the stack is empty after.
RtObject *RtEvalOp_RunFrame(RtThreadState *tstate, RtFrame *frame,
                            RtObject **locals, RtObject **stack);
// Drops the references in [from, to), the first first. Slots may be NULL.
void RtEvalOp_DropItems(RtObject **from, RtObject **to);
// Name of globals, else of builtins. New reference; NameError.
RtObject *RtEvalOp_LoadGlobal(RtThreadState *tstate, RtObject *globals,
                              RtObject *name);
int RtEvalOp_DeleteGlobal(RtObject *globals, RtObject *name);
// Takes the references of the items. They stay the caller's on failure.
RtObject *RtEvalOp_BuildTuple(RtObject **items, uint32_t n);
RtObject *RtEvalOp_BuildList(RtObject **items, uint32_t n);
// Borrows keys and values: k1 v1 k2 v2...
RtObject *RtEvalOp_BuildMap(RtObject *const *items, uint32_t n);
// Stores new references in slots[n - 1] (first item) down to slots[0]; slots
// are NULL or owned also on failure. 0 or -1.
int RtEvalOp_Unpack(RtObject *sequence, RtObject **slots, uint32_t n);
// func(args). References of the arguments may be taken: their slots are NULL
// then.
RtObject *RtEvalOp_CallFunction(RtFunctionObject *func, RtObject **args,
                                ssize_t nargs);
// slots: callable, arguments. Each slot is NULL or owned afterwards.
RtObject *RtEvalOp_Call(RtObject **slots, uint32_t nargs);
// slots: method, self or NULL, arguments. Ditto.
RtObject *RtEvalOp_CallMethod(RtObject **slots, uint32_t nargs);
RtObject *RtEvalOp_MakeFunction(RtObject *code, RtObject *globals);
// Raises an exception or an exception type.
void RtEvalOp_Raise(RtObject *what);
// Raises the innermost handled exception of the frame again.
void RtEvalOp_RaiseHandled(const RtFrame *frame);
// Whether exc is an instance of a type, or of one of a tuple of types. -1:
// TypeError.
int RtEvalOp_ExceptionMatches(RtObject *exc, RtObject *types);

#endif  // RT_VM_CEVAL_OPS_H
