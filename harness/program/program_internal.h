// program_internal.h: what the files of program/ share: the meaning of operand
// bytes, the rows of ops.def, the special methods, and where each operation
// stands in the Python face.

#ifndef FZ_PROGRAM_INTERNAL_H
#define FZ_PROGRAM_INTERNAL_H

#include "fz_program.h"

// ---------------------------------------------------------------------------
// Operands. A reference is one byte: something that an expression can name.
// Target kinds (LIST … ANY) hold a shared object, a local or a parameter;
// value kinds (VALUE, KEY) any reference. The kind says what the generator
// prefers, not what may stand there.

typedef enum FzArg {
    FZ_ARG_NONE,
    FZ_ARG_LOCAL,               // local that is assigned: 0…5
    FZ_ARG_LIST, FZ_ARG_DICT, FZ_ARG_SET, FZ_ARG_DEQUE, FZ_ARG_INST,
    FZ_ARG_SEQ, FZ_ARG_ITER, FZ_ARG_ITERABLE,
    FZ_ARG_INTERP,              // id of an interpreter or a queue
    FZ_ARG_ANY,
    FZ_ARG_VALUE, FZ_ARG_KEY,
    FZ_ARG_CONST,               // reference to a constant only
    FZ_ARG_INDEX,               // 0…3: one of 0, 1, -1, 2
    FZ_ARG_COUNT,               // 1…4
    FZ_ARG_ATTR,                // 0…2: x, y, z
    FZ_ARG_CLASS, FZ_ARG_FUNC,
    FZ_ARG_LOCK,                // index of a shared object that is a lock
    FZ_ARG_ERROR,               // 0…3: an exception type
    FZ_ARG_THREAD,              // 0: the calling thread; i: the thread w<i>
    // Index of a shared object of this FzSyncKind.
    FZ_ARG_RLOCK, FZ_ARG_CONDITION, FZ_ARG_EVENT, FZ_ARG_SEMAPHORE,
    FZ_ARG_BARRIER, FZ_ARG_TLOCAL,
} FzArg;

enum {
    FZ_REF_SHARED = 0,                              // s0…s5
    FZ_REF_LOCAL = FZ_REF_SHARED + FZ_MAX_SHARED,   // v0…v5
    FZ_REF_PARAM = FZ_REF_LOCAL + FZ_MAX_LOCALS,    // a, b of a function
    FZ_REF_TARGETS = FZ_REF_PARAM + 2,
    FZ_REF_CONST = FZ_REF_TARGETS,
    FZ_REF_NEW = FZ_REF_CONST + 12,                 // C0()…C2()
    FZ_REF_EMPTY_LIST = FZ_REF_NEW + FZ_MAX_CLASSES,    // []
    FZ_REF_EMPTY_DICT,                              // {}
    FZ_REF_LIST,                                    // [1, 'a']
    FZ_REF_DICT,                                    // {'a': 1}
    FZ_REF_COUNT
};

enum {                          // constants: FZ_REF_CONST + one of these
    FZ_CONST_NONE, FZ_CONST_TRUE, FZ_CONST_FALSE,
    FZ_CONST_0, FZ_CONST_1, FZ_CONST_2, FZ_CONST_3, FZ_CONST_MINUS_1,
    FZ_CONST_1000, FZ_CONST_STR_A, FZ_CONST_STR_B, FZ_CONST_STR_KEY,
    FZ_CONST_COUNT
};
_Static_assert(FZ_REF_NEW - FZ_REF_CONST == FZ_CONST_COUNT, "constants");

enum { FZ_NUM_ATTRS = 3, FZ_NUM_INDEXES = 4, FZ_NUM_ERRORS = 4,
       FZ_MAX_LOOP_COUNT = 4 };

static inline bool
FzArg_IsTarget(FzArg arg)
{
    return arg >= FZ_ARG_LIST && arg <= FZ_ARG_ANY;
}

static inline bool
FzArg_IsSync(FzArg arg)
{
    return arg >= FZ_ARG_RLOCK && arg <= FZ_ARG_TLOCAL;
}

static inline bool
FzShared_IsSync(const FzShared *shared, FzArg arg)
{
    return shared->kind == FZ_SHARED_SYNC &&
           shared->initial == (uint8_t)(arg - FZ_ARG_RLOCK);
}

static inline bool
FzArg_IsReference(FzArg arg)
{
    return arg >= FZ_ARG_LIST && arg <= FZ_ARG_CONST;
}

// ---------------------------------------------------------------------------
// Operations.

typedef enum FzGroup {
    FZ_GROUP_LIST, FZ_GROUP_DICT, FZ_GROUP_READ, FZ_GROUP_ATTR,
    FZ_GROUP_INST, FZ_GROUP_LOCAL, FZ_GROUP_CALL, FZ_GROUP_SYNC,
    FZ_GROUP_BLOCK, FZ_GROUP_TYPE, FZ_GROUP_GC, FZ_GROUP_SET, FZ_GROUP_DEQUE,
    FZ_GROUP_FUNCTION, FZ_GROUP_INTERP, FZ_GROUP_WAIT, FZ_GROUP_WEAK,
    FZ_GROUP_GENERATOR, FZ_GROUP_DESCRIPTOR, FZ_GROUP_COUNT
} FzGroup;

enum {
    FZ_OPF_GROUP = 31,
    FZ_OPF_R = 32,              // may raise
    FZ_OPF_S = 64,              // compound statement
    FZ_OPF_O = 128,             // opens a block
};
_Static_assert(FZ_GROUP_COUNT <= FZ_OPF_GROUP + 1, "groups fit in the flags");

typedef struct FzOpInfo {
    const char *name;
    uint8_t args[3];            // FzArg
    uint8_t flags;
    const char *python;
} FzOpInfo;

extern const FzOpInfo fz_op_info[FZ_OP_COUNT];

static inline uint8_t *
FzOp_Operand(FzOp *op, int i)
{
    return i == 0 ? &op->a : i == 1 ? &op->b : &op->c;
}

static inline uint8_t
FzOp_Get(const FzOp *op, int i)
{
    return i == 0 ? op->a : i == 1 ? op->b : op->c;
}

// Whether it stands in main and thread bodies only: what it starts may run the
// functions of the program at any time, and must not start itself again.
static inline bool
FzOp_IsForBodies(uint8_t op)
{
    return op == FZ_OP_SPAWN || op == FZ_OP_DAEMON || op == FZ_OP_FORK ||
           op == FZ_OP_INTERP_THREADS ||
           (op >= FZ_OP_FOREIGN_CALL && op <= FZ_OP_RAISE_SIGNAL &&
            op != FZ_OP_ASYNC_EXC);
}

// Whether it starts a thread or a process, which the body waits for unless it
// is a daemon.
static inline bool
FzOp_StartsThread(uint8_t op)
{
    return op == FZ_OP_SPAWN || op == FZ_OP_DAEMON || op == FZ_OP_FORK ||
           op == FZ_OP_FOREIGN_CALL ||
           op == FZ_OP_INTERP_THREADS;
}

// Block of the function that the operation runs, or -1.
int FzOp_Callee(const FzOp *op);

// Whether an observed program shows the value that it assigns.
static inline bool
FzOp_IsSeen(const FzOp *op)
{
    return fz_op_info[op->op].args[0] == FZ_ARG_LOCAL &&
           (fz_op_info[op->op].flags & FZ_OPF_S) == 0;
}

static inline bool
FzOp_Opens(const FzOp *op)
{
    return (fz_op_info[op->op].flags & FZ_OPF_O) != 0;
}

// A block of operations by number: functions, then main, then bodies.
enum {
    FZ_BLOCK_MAIN = FZ_MAX_FUNCTIONS,
    FZ_BLOCK_BODY = FZ_BLOCK_MAIN + 1,
    FZ_BLOCK_LIMIT = FZ_BLOCK_BODY + FZ_MAX_BODIES,
};
FzBlockOps *FzProgram_Block(FzProgram *program, int block);
const FzBlockOps *FzProgram_BlockConst(const FzProgram *program, int block);
static inline bool
FzBlock_IsFunction(int block)
{
    return block < FZ_MAX_FUNCTIONS;
}
// Whether any block has the operation.
bool FzProgram_HasOp(const FzProgram *program, uint8_t op);
// Whether the program has this block.
bool FzProgram_HasBlock(const FzProgram *program, int block);

// Whether the operation gives a function the code of another, or its name to
// another. That must stand behind the function, so that calls end; for the same
// reason no program has both operations.
static inline bool
FzOp_Recodes(const FzOp *op)
{
    return op->op == FZ_OP_FUNC_RECODE || op->op == FZ_OP_FUNC_REPLACE;
}

// Limits that keep executions short (fixup.c).
enum {
    FZ_MAX_NESTING = 4,         // open blocks
    FZ_MAX_LOOP_NESTING = 2,
    FZ_MAX_SPAWNS = 2,          // nested threads of a body
    FZ_MAX_BODY_COST = 120,     // operations that a body executes
    FZ_MAX_FUNCTION_COST = 40,
};
// Whether the operation may call any function of the program: only where no
// function does, so that calls end.
static inline bool
FzOp_CallsAny(const FzOp *op)
{
    return op->op == FZ_OP_METHOD_CALL;
}
// Operations that the block executes at most. Its structure is valid.
uint32_t FzProgram_BlockCost(const FzProgram *program, int block);

// ---------------------------------------------------------------------------
// Special methods.

enum { FZ_EQ_NONE, FZ_EQ_TRUE, FZ_EQ_ATTR, FZ_EQ_GROW, FZ_EQ_CLEAR,
       FZ_EQ_YIELD, FZ_EQ_COUNT };
enum { FZ_HASH_NONE, FZ_HASH_CONST, FZ_HASH_ATTR, FZ_HASH_YIELD,
       FZ_HASH_COUNT };
enum { FZ_DEL_NONE, FZ_DEL_PUBLISH, FZ_DEL_RESURRECT, FZ_DEL_COLLECT,
       FZ_DEL_PASS, FZ_DEL_YIELD, FZ_DEL_PENDING, FZ_DEL_COUNT };

typedef enum FzMethodKind {
    FZ_METHOD_EQ, FZ_METHOD_HASH, FZ_METHOD_DEL, FZ_METHOD_KINDS
} FzMethodKind;

// Index of the shared list or dict that a class's special methods use, or -1.
int FzProgram_ClassTarget(const FzProgram *program, int cls);
// Which body the class has for this special method; 0: none.
uint8_t FzClass_Method(const FzClass *cls, FzMethodKind kind);

typedef struct FzMethodText {
    uint8_t nlines;             // after the def line
    const char *lines[4];       // {g}: the target
} FzMethodText;
const char *FzMethod_Head(FzMethodKind kind);
const FzMethodText *FzMethod_Text(FzMethodKind kind, uint8_t body,
                                  bool target_is_dict);

// The i-th item that a shared container holds at first: a reference.
uint8_t FzProgram_InitialItem(const FzProgram *program, int i);
// The i-th key of a shared dict at first: a reference to a constant.
uint8_t FzProgram_InitialKey(int i);
// The i-th item of a shared set at first: ditto.
uint8_t FzProgram_InitialMember(int i);
enum { FZ_MAX_INITIAL = 7 };

// A shared iterator: what `initial` stands for. None is endless.
typedef enum FzIterKind {
    FZ_ITER_PLAIN, FZ_ITER_ENUMERATE, FZ_ITER_ZIP, FZ_ITER_MAP,
    FZ_ITER_FILTER, FZ_ITER_REVERSED, FZ_ITER_COUNT, FZ_ITER_CYCLE,
    FZ_ITER_CHAIN, FZ_ITER_SLICE, FZ_ITER_TEE, FZ_ITER_KINDS
} FzIterKind;
// What shared object k is, which is an iterator: the other kind where its
// source cannot be reversed.
FzIterKind FzProgram_IterKind(const FzProgram *program, int k);
// The shared object that it iterates over, which comes before it; -1: none.
int FzProgram_IterSource(const FzProgram *program, int k);

// ---------------------------------------------------------------------------
// Where things stand in the Python face (layout.c).

typedef struct FzOpPlace {
    uint16_t line;              // of the operation; of END: of its opener
    uint16_t except_line;       // wrapped, or END of a TRY: of its `except`
    uint8_t depth;              // of blocks around it
    uint8_t opener;             // END: index of its opener
    bool wrapped;               // in try/except of its own
    bool empty;                 // opener: the block holds nothing
} FzOpPlace;

typedef struct FzBlockLayout {
    uint16_t def_line;          // init line follows if locals_used != 0
    uint16_t end_line;          // last line: `return v0`, or of the last op
    uint8_t locals_used;        // bit i: v<i>
    FzOpPlace ops[FZ_MAX_OPS];
} FzBlockLayout;

typedef struct FzLayout {
    uint16_t class_line[FZ_MAX_CLASSES];
    uint16_t method_line[FZ_MAX_CLASSES][FZ_METHOD_KINDS];  // of its def
    uint16_t shared_line[FZ_MAX_SHARED];
    FzBlockLayout blocks[FZ_BLOCK_LIMIT];
    uint16_t start_line[FZ_MAX_BODIES];
    uint16_t main_line;
    uint16_t join_line[FZ_MAX_BODIES];
    uint16_t collect_line;
    uint16_t show_line[FZ_MAX_SHARED];
    uint16_t nlines;
} FzLayout;
void FzLayout_Compute(const FzProgram *program, FzLayout *layout);

// Lines of the prelude (lift.c) that the lowering refers to.
enum {
    FZ_PRELUDE_SHOW = 88,       // def show(name, items):
    FZ_PRELUDE_FLAT = FZ_PRELUDE_SHOW + 12,             // def flat(items):
    FZ_PRELUDE_ATTRIBUTES = FZ_PRELUDE_FLAT + 8,        // def attributes(item):
    FZ_PRELUDE_GENERATE = FZ_PRELUDE_ATTRIBUTES + 11,   // def generate(items):
    FZ_PRELUDE_DELEGATE = FZ_PRELUDE_GENERATE + 10,     // def delegate(items):
    FZ_PRELUDE_COUNTER = FZ_PRELUDE_DELEGATE + 4,       // def counter(start):
    FZ_PRELUDE_TAKE = FZ_PRELUDE_COUNTER + 8,           // def take(obj):
    FZ_PRELUDE_PUT = FZ_PRELUDE_TAKE + 4,               // def put(obj, value):
    FZ_PRELUDE_FETCH = FZ_PRELUDE_PUT + 4,      // def fetch(self, obj, cls):
    FZ_PRELUDE_HOLD = FZ_PRELUDE_FETCH + 4,     // def hold(self, obj, value):
    FZ_PRELUDE_SLOTTED = FZ_PRELUDE_HOLD + 4,           // def slotted(base):
    FZ_PRELUDE_SETUP = FZ_PRELUDE_SLOTTED + 4,          // def setup():
    FZ_PRELUDE_DUO = FZ_PRELUDE_SETUP + 4,              // def duo(a, b):
    FZ_PRELUDE_LURK = FZ_PRELUDE_DUO + 6,               // def lurk(func, a, b):
    FZ_PRELUDE_LINES = FZ_PRELUDE_LURK + 5,
};

// lift.c: an operand as the Python face has it.
void FzLift_Operand(FzArg arg, uint8_t value, FzBuf *out);

// ---------------------------------------------------------------------------
// Generation (generate.c), for the mutators.

// One random operation that fits the block; not an END.
FzOp FzGenerate_Op(const FzProgram *program, int block, FzRng *rng);
// A random operand of this kind, without knowledge of what locals hold.
uint8_t FzGenerate_Operand(const FzProgram *program, int block, FzArg arg,
                           FzRng *rng);
void FzGenerate_Block(FzProgram *program, int block, uint32_t nops,
                      FzRng *rng);
FzShared FzGenerate_Shared(const FzProgram *program, FzRng *rng);
FzClass FzGenerate_Class(int index, FzRng *rng);

#endif  // FZ_PROGRAM_INTERNAL_H
