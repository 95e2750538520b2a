// rtcore_code.h: code objects, the verifier, frames.
//
// A code object is immutable once RtCode_New() has verified it; no damaged
// bytecode reaches the interpreter: every jump lands inside, every index is in
// range, the stack depth at each instruction is the same along all paths, never
// negative and within co_stacksize, every path ends in RETURN_VALUE, RAISE or
// RERAISE.

#ifndef RT_INTERNAL_CODE_H
#define RT_INTERNAL_CODE_H

#include "rt_object.h"
#include "rtcore_state.h"

typedef enum RtOpcode {
#define RT_OPCODE(name, argument, pops, pushes, text) RT_OP_##name,
#include "../../vm/opcodes.def"
    RT_OP_COUNT
} RtOpcode;

typedef uint32_t RtInstruction;

static inline RtInstruction
RtInstruction_Make(RtOpcode op, uint32_t arg)
{
    return (uint32_t)op | arg << 8;
}

static inline RtOpcode
RtInstruction_Opcode(RtInstruction i)
{
    return (RtOpcode)(i & 0xff);
}

static inline uint32_t
RtInstruction_Arg(RtInstruction i)
{
    return i >> 8;
}

// While pc is in [start, end) an exception cuts the value stack to `depth`
// items, pushes the exception and goes on at `handler`. Inner ranges first.
typedef struct RtExceptionEntry {
    uint32_t start;
    uint32_t end;
    uint32_t handler;
    uint32_t depth;
} RtExceptionEntry;

// What a compiler hands over. Everything is copied; consts and names are
// tuples (increfed); names holds strs from RtStr_InternStatic() or others.
typedef struct RtCodeSpec {
    const char *name;
    const char *filename;
    int nlocals;                // the first `argcount` are the arguments
    int argcount;
    const RtInstruction *instructions;
    size_t ninstructions;
    const uint32_t *lines;      // line of each instruction, or NULL
    const RtExceptionEntry *exceptions;
    size_t nexceptions;
    RtObject *consts;
    RtObject *names;
} RtCodeSpec;

enum {
    RT_CODE_MAX_INSTRUCTIONS = 1 << 20,
    RT_CODE_MAX_LOCALS = 256,
    RT_CODE_MAX_STACK = 1024,
    RT_CODE_MAX_EXCEPTIONS = 4096,
};

typedef struct RtCodeObject {
    RtObject ob_base;
    RtObject *co_name;
    RtObject *co_filename;
    RtObject *co_consts;
    RtObject *co_names;
    int co_nlocals;
    int co_argcount;
    int co_stacksize;           // computed by the verifier
    uint32_t co_nhandlers;      // at most so many exceptions handled at once
    uint32_t co_ninstructions;
    uint32_t co_nexceptions;
    RtInstruction *co_code;
    uint32_t *co_lines;         // or NULL
    RtExceptionEntry *co_exceptions;
} RtCodeObject;

typedef struct RtFunctionObject {
    RtObject ob_base;
    RtObject *func_code;        // written under the object's lock, read
                                // with a lock-free try first
    RtObject *func_globals;
    RtObject *func_name;
    struct RtWeakReference *func_weaklist;      // its stripe
} RtFunctionObject;

typedef struct RtMethodObject {
    RtObject ob_base;
    RtObject *im_func;
    RtObject *im_self;
} RtMethodObject;

typedef struct RtCFunctionObject {
    RtObject ob_base;
    RtMethodDef *m_ml;
    RtObject *m_self;           // or NULL
} RtCFunctionObject;

typedef struct RtMethodDescrObject {
    RtObject ob_base;
    RtTypeObject *d_type;       // static
    RtMethodDef *d_method;
} RtMethodDescrObject;

// A new reference to the code that the function has now.
RtCodeObject *RtFunction_GetCode(RtFunctionObject *func);
// Raises TypeError and returns -1 unless `nargs` suits the definition. `owner`
// is the type whose method it is, or NULL.
int RtMethodDef_CheckArgs(const RtMethodDef *def, const RtTypeObject *owner,
                          ssize_t nargs);
// Calls a method descriptor; args[0] is self.
RtObject *RtMethodDescr_Call(RtMethodDescrObject *descr, RtObject *const *args,
                             ssize_t nargs);

// New reference; ValueError that names the instruction if it does not verify.
RtObject *RtCode_New(const RtCodeSpec *spec);
// Writes the listing to a malloc'ed string.
char *RtCode_Disassemble(RtObject *code);

enum { RT_VERIFY_NO_MEMORY = -2 };

// The depth of the stack the code needs, or -1 with a message in `why`;
// RT_VERIFY_NO_MEMORY if it could not be told.
int RtCode_Verify(const RtCodeSpec *spec, char *why, size_t why_size);

// An exception that a handler of the frame is dealing with.
typedef struct RtHandledException {
    RtObject *exc;              // owned
    uint32_t depth;             // items below it on the value stack
} RtHandledException;

// On the C stack of the thread that runs it; only its thread looks inside,
// others only while the world is stopped.
typedef struct RtFrame {
    struct RtFrame *previous;
    RtCodeObject *code;         // held by the caller of the frame
    RtFunctionObject *function; // held by the caller; NULL for module code
    uint32_t pc;                // of the current instruction
    uint32_t nhandled;
    RtHandledException *handled;        // co_nhandlers entries
    RtObject *globals;          // held by the caller
} RtFrame;

// vm/frame.c
// Line of the current instruction, or 0.
uint32_t RtFrame_GetLine(const RtFrame *frame);
// Forgets handled exceptions that lay at `depth` or above on the value stack.
void RtFrame_DropHandled(RtFrame *frame, uint32_t depth);
// `exc` (a new reference is taken) lies at `depth`.
void RtFrame_PushHandled(RtFrame *frame, RtObject *exc, uint32_t depth);
// The innermost handled exception of the frame and its callers. Borrowed.
RtObject *RtFrame_GetHandled(const RtFrame *frame);

// Calls a function with positional arguments (borrowed).
RtObject *RtEval_CallFunction(RtFunctionObject *func, RtObject *const *args,
                              ssize_t nargs);
// Runs module-level code with no arguments in `globals`.
RtObject *RtEval_EvalCode(RtObject *code, RtObject *globals);

// modules/builtins.c: the dict of builtins. Start-up only; everything in it is
// immortal.
RtObject *RtBuiltins_New(void);

#define RT_RECURSION_LIMIT 40

#endif  // RT_INTERNAL_CODE_H
