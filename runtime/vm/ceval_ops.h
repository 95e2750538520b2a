// ceval_ops.h: what the files of the interpreter share: the loop (ceval.c),
// its longer instructions (ceval_ops.c) and calls of functions (call.c).

#ifndef RT_VM_CEVAL_OPS_H
#define RT_VM_CEVAL_OPS_H

#include "rtcore_code.h"

// Addresses of the loop's handlers by opcode; NULL without computed goto.
extern const void *const *rt_eval_handlers;

typedef enum RtRunMode {
    RT_RUN_START,               // from the first instruction
    RT_RUN_RESUME,              // from the current instruction
    RT_RUN_THROW,               // with the raised exception there
} RtRunMode;

// Runs the frame; the value stack is empty after it, unless the frame has
// yielded. The locals are left to the caller.
RtObject *RtEvalOp_RunFrame(RtThreadState *tstate, RtFrame *frame,
                            RtRunMode mode);
// Drops the references in [from, to), the first first. Slots may be NULL.
void RtEvalOp_DropItems(RtStackRef *from, RtStackRef *to);
// The same; the raised exception stays.
void RtEvalOp_DropFailed(RtStackRef *from, RtStackRef *to);
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
// A function made by the code of `frame`, with a tuple of cells or NULL.
RtObject *RtEvalOp_MakeFunction(const RtFrame *frame, RtObject *code,
                                RtObject *closure);
// Puts the cells of the function's closure behind the frame's own.
void RtEvalOp_CopyFreeVars(RtFrame *frame);
// As the code means it: of source, or of a generated program.
RtObject *RtEvalOp_ImportName(const RtFrame *frame, RtObject *name);
// module.name, of any object. NULL: ImportError if it has none.
RtObject *RtEvalOp_ImportFrom(RtObject *module, RtObject *name);
// Raises an exception or an exception type.
void RtEvalOp_Raise(RtObject *what);
// The same, but it has been raised before.
void RtEvalOp_Reraise(RtObject *what);
// Raises the innermost handled exception of the frame again.
void RtEvalOp_RaiseHandled(const RtFrame *frame);
// Whether exc is an instance of a type, or of one of a tuple of types. -1:
// TypeError.
int RtEvalOp_ExceptionMatches(RtObject *exc, RtObject *types);

// ceval_source.c: instructions of compiled source. Operands are borrowed; -1 or
// NULL with an exception, SystemError if they are not of the right type.
RtStackRef RtEvalOp_LoadBuiltin(RtThreadState *tstate, RtObject *name);
// NULL without an exception: it is not there.
RtStackRef RtEvalOp_LoadFromDict(RtThreadState *tstate, RtObject *dict,
                                 RtObject *name);
RtObject *RtEvalOp_LoadFromDictOrCell(const RtFrame *frame, RtObject *dict,
                                      uint32_t index);
RtObject *RtEvalOp_BuildSet(const RtStackRef *items, uint32_t n);
RtObject *RtEvalOp_BuildSlice(const RtStackRef *items, uint32_t n);
RtObject *RtEvalOp_BuildString(const RtStackRef *items, uint32_t n);
int RtEvalOp_ListAppend(RtObject *list, RtObject *value);
int RtEvalOp_SetAdd(RtObject *set, RtObject *value);
int RtEvalOp_MapAdd(RtObject *dict, RtObject *key, RtObject *value);
int RtEvalOp_ListExtend(RtObject *list, RtObject *iterable);
int RtEvalOp_SetUpdate(RtObject *set, RtObject *iterable);
int RtEvalOp_DictUpdate(RtObject *dict, RtObject *mapping);
int RtEvalOp_DictMerge(RtObject *callable, RtObject *dict, RtObject *mapping);
RtObject *RtEvalOp_ListToTuple(RtObject *list);
// As RtEvalOp_Unpack(), with a list between the `before` first and the `after`
// last items.
int RtEvalOp_UnpackEx(RtObject *iterable, RtStackRef *slots, uint32_t before,
                      uint32_t after);
RtObject *RtEvalOp_Convert(RtObject *value, uint32_t how);
RtObject *RtEvalOp_Format(RtObject *value, RtObject *spec);
// slots: callable, n arguments, names of the last of them.
RtObject *RtEvalOp_CallKw(const RtStackRef *slots, uint32_t n);
RtObject *RtEvalOp_CallEx(RtObject *callable, RtObject *iterable,
                          RtObject *kwargs);
int RtEvalOp_SetFunctionAttribute(RtObject *func, RtObject *value,
                                  uint32_t which);
// manager.__enter__(); *exit: its __exit__, bound.
RtObject *RtEvalOp_EnterWith(RtObject *manager, RtObject **exit);
RtObject *RtEvalOp_ExitWith(RtObject *exit, RtObject *exc);
void RtEvalOp_RaiseFrom(RtObject *what, RtObject *cause);
// NameError of a variable: a local, or behind them a cell.
void RtEvalOp_UnsetVariable(const RtFrame *frame, uint32_t slot);

// arguments.c: puts the arguments of a call where the code's parameters are,
// as new, counted references: slots[0 .. co_nparams), which are NULL or owned
// also on failure. The values of keywords (a tuple of strs or NULL) follow the
// nargs others. 0, or -1 with TypeError.
int RtEvalOp_BindArguments(RtFunctionObject *func, const RtCodeObject *code,
                           const RtStackRef *args, ssize_t nargs,
                           RtObject *kwnames, RtStackRef *slots);

// Cuts the stack at the handler of the raised exception and pushes it; the
// frame goes on there. Returns the new top, or NULL if there is no handler: the
// exception stays raised.
RtStackRef *RtEvalOp_Unwind(RtFrame *frame, RtStackRef *stack,
                            RtStackRef *sp);

#endif  // RT_VM_CEVAL_OPS_H
