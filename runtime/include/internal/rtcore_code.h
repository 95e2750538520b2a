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
#include "rtcore_stackref.h"
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

// An instruction as the loop executes it: made from the verified form, with
// the handler's address in place of the opcode (direct threading).
typedef struct RtTargetInstruction {
    const void *handler;        // the opcode, if there is no computed goto
    union {
        uintptr_t arg;
        ssize_t jump;           // TARGET: distance from the instruction
        RtObject *name;         // NAME; the code object holds it
        RtStackRef constant;    // CONST; uncounted if it is immortal
    };
    uint64_t cache;             // CONST: the int that it is, or 0; else
                                // atomic: a guess, or 0 (vm/fused.h)
} RtTargetInstruction;

enum {                          // co_flags
    RT_CO_GENERATOR = 1,        // a call makes a generator, which may yield
    RT_CO_TRACEBACK = 2,        // exceptions that pass leave a traceback entry
    RT_CO_VARARGS = 4,          // the locals behind the parameters are *args
    RT_CO_VARKEYWORDS = 8,      // and **kwargs
    RT_CO_COROUTINE = 16,       // what a call makes is a coroutine
    RT_CO_ALL = 31,
};

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
    uint32_t flags;             // RT_CO_*
    int ncellvars;              // cells of its own, then those of the closure:
    int nfreevars;              // LOAD_DEREF's indices
    // What code from source has besides; all may be 0. Parameters are the first
    // locals: `argcount` of them positional (the first `posonlyargcount` only
    // so), then `kwonlyargcount`, then *args, then **kwargs.
    int posonlyargcount;
    int kwonlyargcount;
    uint32_t firstlineno;
    RtObject *varnames;         // tuple of strs: locals, cells, free variables;
                                // NULL: they have no names
    RtObject *qualname;         // NULL: `name`
    RtObject *doc;              // NULL or a str
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
    uint32_t co_flags;
    int co_ncellvars;
    int co_nfreevars;
    int co_posonlyargcount;
    int co_kwonlyargcount;
    int co_nparams;             // locals that a call sets
    int co_fastargs;            // a call with so many positional arguments
                                // only has to copy them; -1: none
    uint32_t co_firstlineno;
    RtObject *co_varnames;      // or NULL
    RtObject *co_qualname;
    RtObject *co_doc;           // or NULL
    RtInstruction *co_code;
    RtTargetInstruction *co_targets;    // what the loop executes
    uint32_t *co_lines;         // or NULL
    RtExceptionEntry *co_exceptions;
} RtCodeObject;

typedef struct RtFunctionObject {
    RtObject ob_base;
    RtObject *func_code;        // written under the object's lock, read
                                // with a lock-free try first
    RtObject *func_defaults;    // tuple or NULL; as func_code
    RtObject *func_kwdefaults;  // dict or NULL; as func_code
    RtObject *func_globals;
    RtObject *func_name;        // these two never change; a program that
    RtObject *func_qualname;    // sets them finds its own in func_dict
    struct RtWeakReference *func_weaklist;      // its stripe
    RtObject *func_closure;     // tuple of cells, or NULL; never changes
    RtObject *func_dict;        // attributes, or NULL
} RtFunctionObject;

// A variable shared by functions, and so by threads: read without a lock,
// exchanged atomically.
typedef struct RtCellObject {
    RtObject ob_base;
    RtObject *ob_ref;           // NULL: unset
} RtCellObject;

// States of a generator's frame, CPython's numbers. Whoever makes it EXECUTING
// by a compare-exchange from a state below owns the frame until he stores
// another state.
typedef enum RtGenState {
    RT_GEN_CREATED = -3,
    RT_GEN_SUSPENDED = -2,
    RT_GEN_SUSPENDED_YIELD_FROM = -1,
    RT_GEN_EXECUTING = 0,
    RT_GEN_CLEARED = 4,
} RtGenState;

typedef enum RtGenResult {      // how a resume ended
    RT_GEN_RETURN, RT_GEN_ERROR, RT_GEN_NEXT,
} RtGenResult;

typedef struct RtMethodObject {
    RtObject ob_base;
    RtObject *im_func;
    RtObject *im_self;
    struct RtWeakReference *im_weaklist;        // its stripe
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
// The same without counting, if the code's count is deferred, else NULL: for a
// frame, which can be seen before the thread may be stopped.
RtStackRef RtFunction_TryGetCodeStackRef(RtFunctionObject *func);
// A new reference to the defaults, or NULL.
RtObject *RtFunction_GetDefaults(RtFunctionObject *func);
RtObject *RtFunction_GetKwDefaults(RtFunctionObject *func);
// Of a function that nobody else has seen. 0, or -1 with TypeError.
int RtFunction_SetDefaults(RtObject *func, RtObject *value);
int RtFunction_SetKwDefaults(RtObject *func, RtObject *value);
// As RtFunction_New(), with a tuple of cells that suits the code; TypeError.
RtObject *RtFunction_NewClosure(RtObject *code, RtObject *globals,
                                RtObject *name, RtObject *closure);

// objects/cell.c. Set takes the reference of the value (NULL unsets).
extern RtTypeObject RtCell_Type;
RtObject *RtCell_New(void);
RtObject *RtCell_Get(RtObject *cell);   // new reference; NULL: unset, no error
bool RtCell_Set(RtObject *cell, RtObject *value);       // false: it was unset
// What functions do as descriptors: a bound method, or themselves.
RtObject *RtMethod_Bind(RtObject *func, RtObject *op, RtObject *type);
// Raises TypeError and returns -1 unless `nargs` suits the definition. `owner`
// is the type whose method it is, or NULL.
int RtMethodDef_CheckArgs(const RtMethodDef *def, const RtTypeObject *owner,
                          ssize_t nargs);
// Checks the arguments and calls it. kwnames: NULL or not empty.
RtObject *RtMethodDef_Call(const RtMethodDef *def, RtObject *self,
                           const RtTypeObject *owner, RtObject *const *args,
                           ssize_t nargs, RtObject *kwnames);
// Calls a method descriptor; args[0] is self.
RtObject *RtMethodDescr_Call(RtMethodDescrObject *descr, RtObject *const *args,
                             ssize_t nargs);

// New reference; ValueError that names the instruction if it does not verify.
RtObject *RtCode_New(const RtCodeSpec *spec);
// load.c: the code of a file that runtime/compiler/ has made. ValueError.
RtObject *RtCode_Load(const void *data, size_t size);
// vm/run.c: runs such a file as __main__. The exit status of the program; an
// exception that it did not catch has been written.
int RtRun_Main(const void *data, size_t size);
// Writes the raised exception, or does what SystemExit asks for, and clears it.
// The exit status.
int RtRun_ReportException(void);
// Changes with opcodes.def.
uint32_t RtCode_OpcodeFingerprint(void);
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

// On the C stack of the thread that runs it, or in a generator. Only the thread
// that runs it looks inside, others only while the world is stopped; for them
// the slots below `stackpointer` are valid wherever the thread may be stopped
// (an operand that is being dropped may still stand there: if uncounted it is
// still protected, and counted ones they do not look at).
typedef struct RtFrame {
    struct RtFrame *previous;
    RtStackRef f_executable;    // the code
    RtStackRef f_funcobj;       // the function; NULL for module code
    RtObject *globals;          // held by the function or the caller
    const RtTargetInstruction *instr_ptr;       // current instruction
    RtStackRef *localsplus;     // locals, cells, then the value stack
    RtStackRef *stackpointer;   // first free slot
    RtHandledException *handled;        // co_nhandlers entries
    uint32_t nhandled;
    bool yielded;               // it returned a value that it has yielded
} RtFrame;

static inline RtCodeObject *
RtFrame_GetCode(const RtFrame *frame)
{
    return (RtCodeObject *)RtStackRef_AsObjectBorrow(frame->f_executable);
}

// Index of the current instruction.
static inline uint32_t
RtFrame_GetPc(const RtFrame *frame)
{
    return (uint32_t)(frame->instr_ptr - RtFrame_GetCode(frame)->co_targets);
}

// Slots before the value stack.
static inline size_t
RtCode_NumLocalsPlus(const RtCodeObject *code)
{
    return (size_t)(code->co_nlocals + code->co_ncellvars +
                    code->co_nfreevars);
}

typedef struct RtGenObject {
    RtVarObject ob_base;
    RtObject *gi_name;
    int gi_frame_state;         // RtGenState; atomic
    RtFrame gi_frame;           // its claimer's
    RtStackRef gi_slots[];      // locals, value stack, handled exceptions
} RtGenObject;

extern RtTypeObject RtGen_Type;
extern RtTypeObject RtCoro_Type;        // of the same layout
extern RtTypeObject RtCoroWrapper_Type;

static inline bool
RtGen_CheckAny(const RtObject *op)
{
    return Rt_IS_TYPE(op, &RtGen_Type) || Rt_IS_TYPE(op, &RtCoro_Type);
}

// vm/generator.c
// A generator that will run the code of `start`, whose code and function it
// takes as it takes the arguments; NULL: nothing is taken.
RtObject *RtGen_New(const RtFrame *start, RtStackRef *args, ssize_t nargs);
// What it yielded or returned, a new reference. NULL: RT_GEN_ERROR.
RtGenResult RtGen_Send(RtObject *gen, RtObject *value, RtObject **result);
// Raises exc (borrowed) where it stands.
RtGenResult RtGen_Throw(RtObject *gen, RtObject *exc, RtObject **result);
// What send() and throw() return: the value, or StopIteration is raised.
RtObject *RtGen_CallSend(RtObject *gen, RtObject *value);
RtObject *RtGen_CallThrow(RtObject *gen, RtObject *exc);
// What close() returns.
RtObject *RtGen_Close(RtObject *gen);
// Drops what its frame holds, unless a thread runs it.
void RtGen_End(RtObject *gen);
// What a coroutine's __await__() returns (modules/coroutine.c).
RtObject *RtCoro_Await(RtObject *coroutine);
// As RtGen_Send(), for any iterator.
RtGenResult RtGen_SendTo(RtObject *iter, RtObject *value, RtObject **result);

// vm/frame.c
// Line of the current instruction, or 0.
uint32_t RtFrame_GetLine(const RtFrame *frame);
// Forgets handled exceptions that lay at `depth` or above on the value stack.
void RtFrame_DropHandled(RtFrame *frame, uint32_t depth);
// `exc` (a new reference is taken) lies at `depth`.
void RtFrame_PushHandled(RtFrame *frame, RtObject *exc, uint32_t depth);
// The innermost handled exception of the frame and its callers. Borrowed.
RtObject *RtFrame_GetHandled(const RtFrame *frame);
// Calls visit for each uncounted reference of the frame to an object that is
// not immortal. The world is stopped.
typedef void (*RtUncountedVisitor)(RtStackRef ref, void *arg);
void RtFrame_VisitUncounted(const RtFrame *frame, RtUncountedVisitor visit,
                            void *arg);
// Counts the uncounted references of a frame that no thread runs.
void RtFrame_CountUncounted(RtFrame *frame);
// The same for the frame of a generator, unless a thread runs it.
void RtGen_VisitUncounted(RtObject *gen, RtUncountedVisitor visit, void *arg);
void RtGen_CountUncounted(RtObject *gen);

// vm/ceval.c: once, before code is made.
void RtEval_InitLoop(void);
// Fills co_targets from co_code, which has been verified.
void RtEval_TranslateCode(RtCodeObject *code);

// Calls a function with positional arguments (borrowed).
RtObject *RtEval_CallFunction(RtFunctionObject *func, RtObject *const *args,
                              ssize_t nargs);
// The same; the values of keywords, a tuple of strs, follow.
RtObject *RtEval_CallFunctionKw(RtFunctionObject *func, RtObject *const *args,
                                ssize_t nargs, RtObject *kwnames);
// Runs module-level code with no arguments in `globals`.
RtObject *RtEval_EvalCode(RtObject *code, RtObject *globals);

// modules/builtins.c: the dict of builtins. Start-up only; everything in it is
// immortal.
RtObject *RtBuiltins_New(void);
// modules/builtin_modules.c: modules with the same functions. Start-up only.
int RtBuiltins_InitModules(RtObject *builtins);
// modules/import.c: drops the extension modules of the interpreter, and loads
// no more.
void RtImport_Fini(RtInterpreterState *interp);
// All threads of the interpreter but this one are gone, about to be freed: what
// they were loading is loaded by whoever asks next.
void RtImport_ForgetOthers(RtThreadState *tstate);
// modules/atexit.c: calls what the interpreter's atexit has, last in, first
// out; then, when no other thread is left, drops what came too late.
void RtAtExit_Call(RtThreadState *tstate);
void RtAtExit_Close(RtInterpreterState *interp);
// modules/threading.c: in a forked child, where all threads but one are gone:
// join() of the others returns.
void RtThreads_AfterFork(RtThreadState *tstate);
// modules/interp_queues.c: destroys all queues; no other thread is left.
void RtInterpQueues_Fini(void);

// Calls inside each other that a thread state of its own may make; the stack
// that threads get must be made for them. Before RtRuntime_Start().
enum { RT_RECURSION_LIMIT = 40 };
void RtConfig_SetRecursionLimit(int limit);
int RtConfig_GetRecursionLimit(void);
// modules/: how long a second of programs is, and what their time() says at
// the beginning of the monotonic clock. Before RtRuntime_Start().
void RtConfig_SetProgramSecond(int64_t ns);
void RtConfig_SetEpoch(int64_t ns);
// modules/: sys.argv; the strings stay. Before RtRuntime_Initialize().
void RtConfig_SetArguments(int argc, char *const *argv);

#endif  // RT_INTERNAL_CODE_H
