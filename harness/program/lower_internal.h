// lower_internal.h: the emitter that the files of the lowering share.
//
// One emitter makes one code object: instructions with lines, exception
// entries, and the names it uses. The constants are one tuple for all code of
// a program but its module. Sizes are bounded by the limits of a program.

#ifndef FZ_LOWER_INTERNAL_H
#define FZ_LOWER_INTERNAL_H

#include "program_internal.h"
#include "rtcore_code.h"

// Names that lowered code uses, in this order.
#define FZ_PLAIN_NAMES(NAME) \
    NAME(append) NAME(pop) NAME(insert) NAME(extend) NAME(clear) NAME(copy) \
    NAME(reverse) NAME(sort) NAME(count) NAME(remove) NAME(index) NAME(get) \
    NAME(setdefault) NAME(update) NAME(items) NAME(popitem) NAME(acquire) \
    NAME(release) NAME(locked) NAME(start) NAME(join) NAME(len) NAME(iter) \
    NAME(next) NAME(hash) NAME(range) NAME(isinstance) NAME(print) \
    NAME(type) NAME(object) NAME(int) NAME(str) NAME(Thread) NAME(Lock) \
    NAME(gc_collect) NAME(sched_yield) NAME(Exception) NAME(ValueError) \
    NAME(KeyError) NAME(RuntimeError) NAME(IndexError) NAME(AttributeError) \
    NAME(pending_call) NAME(main_pending_call) NAME(set_async_exc) \
    NAME(set_signal_handler) NAME(raise_signal) NAME(foreign_call) \
    NAME(setswitchinterval) NAME(is_gil_enabled) \
    NAME(bump) NAME(_xxsafe) NAME(_xxunsafe) NAME(_xxbroken) NAME(_xxleft) \
    NAME(_xxright) NAME(sys) \
    NAME(getrefcount) NAME(__dict__) \
    NAME(show) NAME(flat) NAME(attributes) NAME(r) NAME(__hash__) NAME(__eq__) \
    NAME(set) NAME(frozenset) NAME(repr) NAME(add) NAME(discard) \
    NAME(intersection_update) NAME(difference_update) \
    NAME(symmetric_difference_update) NAME(deque) NAME(appendleft) \
    NAME(popleft) NAME(extendleft) NAME(rotate) \
    NAME(generate) NAME(delegate) NAME(counter) NAME(g) NAME(c) NAME(send) \
    NAME(throw) NAME(close) NAME(__code__) NAME(__defaults__) \
    NAME(list) \
    NAME(enumerate) NAME(zip) NAME(map) NAME(filter) NAME(reversed) \
    NAME(islice) NAME(cycle) NAME(chain) NAME(tee) \
    NAME(take) NAME(put) NAME(fetch) NAME(hold) NAME(slotted) \
    NAME(property) NAME(classmethod) NAME(staticmethod) NAME(super) \
    NAME(__get__) NAME(__set__) \
    NAME(w) NAME(ref) NAME(MethodType) NAME(getweakrefcount) \
    NAME(__bases__) NAME(__class__) NAME(__name__) NAME(__subclasses__) \
    NAME(gc_freeze) NAME(gc_unfreeze) NAME(gc_enable) NAME(gc_disable) \
    NAME(gc_set_threshold) NAME(gc_get_count) NAME(gc_get_objects) \
    NAME(gc_get_referrers) NAME(gc_get_referents) NAME(gc_get_stats) \
    NAME(gc_callbacks) \
    NAME(setup) NAME(duo) NAME(interp_create) NAME(interp_run) \
    NAME(interp_destroy) NAME(interp_is_running) NAME(atexit_register) \
    NAME(lurk) NAME(fork_call) \
    NAME(queue_create) NAME(queue_put) NAME(queue_get) NAME(queue_destroy) \
    NAME(RLock) NAME(Condition) NAME(Event) NAME(Semaphore) NAME(Barrier) \
    NAME(local) NAME(wait) NAME(notify) NAME(notify_all) \
    NAME(reset) NAME(dict) NAME(fromkeys) NAME(keys) NAME(values) \
    NAME(__reversed__) NAME(caught) NAME(seen)

typedef enum FzName {
#define FZ_NAME_ENUM(name) FZ_NAME_##name,
    FZ_PLAIN_NAMES(FZ_NAME_ENUM)
#undef FZ_NAME_ENUM
    FZ_NAME_X,                                      // x, y, z
    FZ_NAME_S = FZ_NAME_X + FZ_NUM_ATTRS,           // s0…
    FZ_NAME_F = FZ_NAME_S + FZ_MAX_SHARED,          // f0…
    FZ_NAME_T = FZ_NAME_F + FZ_MAX_FUNCTIONS,       // t0…
    FZ_NAME_W = FZ_NAME_T + FZ_MAX_BODIES + 1,      // w1… (w0 is not used)
    FZ_NAME_C = FZ_NAME_W + FZ_MAX_BODIES + 1,      // C0…
    FZ_NAME_COUNT = FZ_NAME_C + FZ_MAX_CLASSES
} FzName;

// Constants of every code object: FZ_CONST_*, then these.
enum {
    FZ_CONST_4 = FZ_CONST_COUNT, FZ_CONST_8, FZ_CONST_10, FZ_CONST_16,
    FZ_CONST_STR_D, FZ_CONST_STR_G, FZ_CONST_STR_R, FZ_CONST_STR_SLOTS,
    FZ_NUM_CONSTS
};

// Constants of the module only, after FZ_NUM_CONSTS.
enum {
    FZ_MODULE_CONSTS = FZ_NUM_CONSTS,
    FZ_MODULE_STR_X = FZ_MODULE_CONSTS,             // 'x'
    FZ_MODULE_METHODS,                              // '__eq__' …
    FZ_MODULE_SHARED = FZ_MODULE_METHODS + FZ_METHOD_KINDS,     // 's0' …
    FZ_MODULE_CLASSES = FZ_MODULE_SHARED + FZ_MAX_SHARED,       // 'C0' …
    FZ_MODULE_CODES = FZ_MODULE_CLASSES + FZ_MAX_CLASSES,
};

enum {
    FZ_MAX_INSTRUCTIONS = 1536,
    // An operation has two at most, one of them its own try statement.
    FZ_MAX_EXCEPTIONS = 2 * FZ_MAX_OPS + 8,
    FZ_MAX_MODULE_CODES = 12 + FZ_MAX_CLASSES * FZ_METHOD_KINDS +
                          FZ_BLOCK_LIMIT + 3,
};

typedef struct FzEmitter {
    const FzProgram *program;
    const FzLayout *layout;
    RtObject *consts;           // borrowed tuple
    bool observed;              // FzProgram_LowerObserved()
    uint32_t flags;             // RT_CO_*
    int ncellvars;
    int nfreevars;
    const char *qualname;       // NULL: as the name
    int block;                  // being lowered; -1: none
    uint32_t line;              // of what is emitted next
    uint32_t n;
    uint32_t nexceptions;
    uint32_t nnames;
    uint8_t name_index[FZ_NAME_COUNT];      // 1 + index in names; 0 unused
    RtObject *names[FZ_NAME_COUNT];         // borrowed
    RtInstruction code[FZ_MAX_INSTRUCTIONS];
    uint32_t lines[FZ_MAX_INSTRUCTIONS];
    RtExceptionEntry exceptions[FZ_MAX_EXCEPTIONS];
} FzEmitter;

// ---- lower_emit.c

// The interned names and strings; made by FzProgram_LowerInit().
extern RtObject *fz_lower_names[FZ_NAME_COUNT];

// Begins another code object.
void FzEmit_Begin(FzEmitter *e, int block);
// Returns the index of the instruction.
uint32_t FzEmit_Op(FzEmitter *e, RtOpcode op, uint32_t arg);
void FzEmit_Name(FzEmitter *e, RtOpcode op, unsigned name);
void FzEmit_Exception(FzEmitter *e, uint32_t start, uint32_t end,
                      uint32_t handler, uint32_t depth);
// The jump at `at` goes to what is emitted next.
void FzEmit_PatchHere(FzEmitter *e, uint32_t at);
// x -> x.name()
void FzEmit_CallMethod(FzEmitter *e, unsigned name);
// The code object. NULL with an exception.
RtObject *FzEmit_Finish(FzEmitter *e, const char *name, int nlocals,
                        int argcount);

// ---- lower_ops.c

// Pushes what a reference names, in the emitter's block.
void FzLower_Reference(FzEmitter *e, uint8_t ref);
// Pushes the k-th operand of an operation, which is a value.
void FzLower_Operand(FzEmitter *e, const FzOp *op, int k);
// Pops into local v<local>.
void FzLower_Store(FzEmitter *e, uint8_t local);
void FzLower_LoadLocal(FzEmitter *e, uint8_t local);
// An operation that neither opens nor closes a block.
void FzLower_Statement(FzEmitter *e, const FzOp *op);

// `… if len(x) < 16 else …`, x operand 1: jumps, to be patched, if x is longer.
uint32_t FzLower_Guard(FzEmitter *e, const FzOp *op);

// ---- lower_dict.c

// False: not an operation on dicts that is more than the call of a method.
bool FzLower_Dict(FzEmitter *e, const FzOp *op);

// ---- lower_attrs.c

// False: not an operation on an instance or its attributes.
bool FzLower_Attrs(FzEmitter *e, const FzOp *op);

// ---- lower_generator.c

// False: not an operation on generators, closures or functions.
bool FzLower_Function(FzEmitter *e, const FzOp *op);
// Functions of the prelude.
RtObject *FzLower_Generate(FzEmitter *e);
RtObject *FzLower_Delegate(FzEmitter *e);
RtObject *FzLower_Step(FzEmitter *e);
RtObject *FzLower_Counter(FzEmitter *e, RtObject *step);

// ---- lower_descriptor.c

// False: not an operation on descriptors or slots.
bool FzLower_Descriptor(FzEmitter *e, const FzOp *op);
// Functions of the prelude.
RtObject *FzLower_Take(FzEmitter *e);
RtObject *FzLower_Put(FzEmitter *e);
RtObject *FzLower_Fetch(FzEmitter *e);
RtObject *FzLower_Hold(FzEmitter *e);
RtObject *FzLower_Slotted(FzEmitter *e);

// ---- lower_weakref.c

// False: not an operation on weak references.
bool FzLower_Weakref(FzEmitter *e, const FzOp *op);

// ---- lower_wait.c

// False: not an operation on locks or what waits. depth: of the value stack.
bool FzLower_Wait(FzEmitter *e, const FzOp *op, uint32_t depth);
// Pushes a new object.
void FzLower_MakeSync(FzEmitter *e, FzSyncKind kind);

// ---- lower_block.c

// The arguments of the emitter's block: its first locals.
uint32_t FzLower_NumArguments(const FzEmitter *e);
// The code of a function, of main or of a thread.
RtObject *FzLower_Block(FzEmitter *e, int block);

// ---- lower_class.c

// The code of a special method.
RtObject *FzLower_Method(FzEmitter *e, int cls, FzMethodKind kind);
// Emits `C<i> = type(…)`. codes[kind]: constant of the method's code, or 0.
void FzLower_MakeClass(FzEmitter *e, int cls, const uint32_t *codes);

// ---- lower_type.c: operations on classes. False: not one.
bool FzLower_Type(FzEmitter *e, const FzOp *op);

// ---- lower_iter.c

// Pushes shared object k, which is an iterator.
void FzLower_SharedIterator(FzEmitter *e, int k);
// An operation that makes or empties an iterator. False: not one.
bool FzLower_Iter(FzEmitter *e, const FzOp *op);

// ---- lower_set.c

// An operation on sets or deques that is more than a call. False: not one.
bool FzLower_Set(FzEmitter *e, const FzOp *op);

// ---- lower_thread.c
void FzLower_Thread(FzEmitter *e, const FzOp *op);      // SPAWN, DAEMON
RtObject *FzLower_Lurk(FzEmitter *e);
bool FzProgram_UsesDaemons(const FzProgram *program);

// ---- lower_interp.c

// An operation of the group INTERP that is more than one call. False: not one.
bool FzLower_Interpreter(FzEmitter *e, const FzOp *op);
RtObject *FzLower_Duo(FzEmitter *e);
// interp_create(), or queue_create(2)
void FzLower_MakeId(FzEmitter *e, unsigned initial);
// The code of setup() is begun, with the ids of interpreters; then finished.
void FzLower_BeginSetup(FzEmitter *e);
RtObject *FzLower_FinishSetup(FzEmitter *e);
bool FzProgram_UsesInterpreters(const FzProgram *program);

// ---- lower_module.c: imports. False: not one.
bool FzLower_Module(FzEmitter *e, const FzOp *op);

// ---- lower_prelude.c: the functions that print the final state.
RtObject *FzLower_Show(FzEmitter *e);
RtObject *FzLower_Flat(FzEmitter *e);
RtObject *FzLower_Attributes(FzEmitter *e);

#endif  // FZ_LOWER_INTERNAL_H
