// fz_program.h: multi-threaded programs and their three faces.
//
//   binary     what fuzzers mutate: any byte string decodes to a valid program
//   Python     what people read; runs on CPython too
//   bytecode   what runs: runtime code objects
//
// A program has classes with special methods, shared objects, functions and
// threads. Thread 0 is the main thread: it makes the classes and the shared
// objects, starts the others, may do operations of its own, joins them and
// prints the final state. Transform freely, then FzProgram_Fixup() makes any
// structure valid, and FzProgram_Validate() says whether it is.

#ifndef FZ_PROGRAM_H
#define FZ_PROGRAM_H

#include "fz_base.h"

enum {
    FZ_MAX_CLASSES = 3,
    FZ_MAX_SHARED = 6,          // shared objects s0…s5
    FZ_MAX_FUNCTIONS = 3,
    FZ_MAX_BODIES = 4,          // threads besides main
    FZ_MAX_OPS = 40,            // in one block of a thread or function
    FZ_MAX_LOCALS = 6,          // locals v0…v5 of a body
};

typedef enum FzSharedKind {
    FZ_SHARED_LIST, FZ_SHARED_DICT, FZ_SHARED_INSTANCE, FZ_SHARED_LOCK,
    FZ_SHARED_TUPLE, FZ_SHARED_INT, FZ_SHARED_STR, FZ_SHARED_SET,
    FZ_SHARED_DEQUE, FZ_SHARED_ITER,
    FZ_SHARED_INTERP,           // an id; initial 1: of a queue
    FZ_SHARED_SYNC,
    FZ_SHARED_KIND_COUNT
} FzSharedKind;

typedef struct FzShared {
    uint8_t kind;               // FzSharedKind
    uint8_t cls;                // class of an instance
    uint8_t initial;            // how much it holds at first (0…7 items)
} FzShared;

// What a FZ_SHARED_SYNC is: FzShared.initial.
typedef enum FzSyncKind {
    FZ_SYNC_RLOCK, FZ_SYNC_CONDITION, FZ_SYNC_EVENT, FZ_SYNC_SEMAPHORE,
    FZ_SYNC_BARRIER, FZ_SYNC_LOCAL, FZ_SYNC_COUNT
} FzSyncKind;

// Special methods of a class; bodies are chosen from a small set.
typedef struct FzClass {
    uint8_t base;               // 0: object, k: class k-1 (an earlier one)
    uint8_t eq;                 // 0 none, else which body
    uint8_t hash;
    uint8_t del;
} FzClass;

typedef enum FzOpcode {
#define FZ_OP(name, a, b, c, flags, python) FZ_OP_##name,
#include "../program/ops.def"
    FZ_OP_COUNT
} FzOpcode;

typedef struct FzOp {
    uint8_t op;                 // FzOpcode
    uint8_t a, b, c;            // operands; meaning in ops.def
} FzOp;

typedef struct FzBlockOps {
    uint8_t nops;
    FzOp ops[FZ_MAX_OPS];       // structured: LOOP/TRY/WITH/IF … END
} FzBlockOps;

typedef struct FzProgram {
    uint8_t nclasses, nshared, nfunctions, nbodies;
    FzClass classes[FZ_MAX_CLASSES];
    FzShared shared[FZ_MAX_SHARED];
    FzBlockOps functions[FZ_MAX_FUNCTIONS];     // f(a, b): two parameters
    FzBlockOps bodies[FZ_MAX_BODIES];           // threads 1…
    FzBlockOps main;                            // between start and join
} FzProgram;

// The input of one execution, as a fuzzer sees it: 8 bytes of schedule seed, 1
// byte of strategy and depth, 2 bytes that say which allocation fails, 2 bytes
// of program length, the program, the rest the override bytes of the schedule.
// Total: any bytes decode.
typedef struct FzInput {
    uint64_t seed;
    uint8_t strategy;           // selector; mostly POS or sticky
    uint16_t fail_allocation;   // the n-th fails; 0: none
    FzProgram program;
    uint8_t overrides[512];
    size_t noverrides;
} FzInput;

void FzProgram_Generate(FzProgram *program, FzRng *rng);
// In place; keeps the program valid. Structural.
void FzProgram_Mutate(FzProgram *program, FzRng *rng);
// One change that brings no operation that the program does not have, but for
// what makes it valid.
void FzProgram_Vary(FzProgram *program, FzRng *rng);
// Other operations on other objects, as many in as many threads.
void FzProgram_Replace(FzProgram *program, FzRng *rng);
void FzProgram_CrossOver(FzProgram *program, const FzProgram *other,
                         FzRng *rng);
void FzProgram_Fixup(FzProgram *program);
FZ_WARN_UNUSED bool FzProgram_Validate(const FzProgram *program, char *why,
                                       size_t why_size);
uint64_t FzProgram_Hash(const FzProgram *program);      // of its binary form
bool FzProgram_Equal(const FzProgram *a, const FzProgram *b);

// reduce.c: smaller programs to try, one change each. A pass is a list of
// candidates, numbered from 0; after a change the numbers mean other things.
typedef enum FzReducePass {
    FZ_REDUCE_BODIES,           // without a thread
    FZ_REDUCE_MAIN,             // a thread's work is done by the main thread
    FZ_REDUCE_JOINED,           // two threads' work is done by one of them
    FZ_REDUCE_NAMED,            // names in the place of a thread
    FZ_REDUCE_SPENT,            // a loop in the place of a thread
    FZ_REDUCE_FUNCTIONS,        // without a function
    FZ_REDUCE_OPS,              // without `chunk` operations in a row
    FZ_REDUCE_CLASSES,          // without a class
    FZ_REDUCE_SHARED,           // without a shared object, or another for it
    FZ_REDUCE_CALLS,            // a call is done in place
    FZ_REDUCE_METHODS,          // a class without a special method, or base
    FZ_REDUCE_INITIAL,          // a shared object that holds less at first
    FZ_REDUCE_OPERANDS,         // a simpler operand
    FZ_REDUCE_COUNT
} FzReducePass;
typedef struct FzReduction {
    FzProgram program;          // valid
    int gone_body;              // of the program before, or -1
    int joined_by;              // thread that does its work now, or -1
    bool joined_before;         // before its own work
    // [block][op] of the program before: it is not executed any more.
    bool gone[FZ_MAX_FUNCTIONS + 1 + FZ_MAX_BODIES][FZ_MAX_OPS];
} FzReduction;
typedef enum FzReduceResult {
    FZ_REDUCED, FZ_REDUCE_NOTHING, FZ_REDUCE_END    // no such number any more
} FzReduceResult;
FzReduceResult FzProgram_Reduce(const FzProgram *program, FzReducePass pass,
                                uint32_t chunk, uint32_t number,
                                FzReduction *out);
// Operations of the longest thread, and threads that do something.
uint32_t FzProgram_LongestBlock(const FzProgram *program);
uint32_t FzProgram_CountActive(const FzProgram *program);

// binary.c. Decode is total; Decode(Encode(p)) equals p for a valid p.
void FzProgram_Encode(const FzProgram *program, FzBuf *out);
void FzProgram_Decode(FzProgram *program, const uint8_t *bytes, size_t n);
void FzInput_Encode(const FzInput *input, FzBuf *out);
void FzInput_Decode(FzInput *input, const uint8_t *bytes, size_t n);
void FzInput_Generate(FzInput *input, FzRng *rng);
// Mostly redraws the schedule's seed; else mutates program or overrides.
void FzInput_Mutate(FzInput *input, FzRng *rng);
void FzInput_CrossOver(FzInput *input, const FzInput *other, FzRng *rng);

// text.c: by the names of operations and operands, for what is kept for years.
// Parse reads up to the line "end", moves *text behind it and counts lines in
// *line; false with a reason.
void FzProgram_PrintText(const FzProgram *program, FzBuf *out);
FZ_WARN_UNUSED bool FzProgram_ParseText(FzProgram *program, const char **text,
                                        unsigned *line, char *why,
                                        size_t why_size);

// lift.c: a stand-alone Python script. lines: if not NULL, receives for each
// body operation the line it stands on (see FzLineMap).
typedef struct FzLineMap {
    uint32_t first;             // after the prelude, which is always the same
    uint32_t main[FZ_MAX_OPS];
    uint32_t bodies[FZ_MAX_BODIES][FZ_MAX_OPS];
    uint32_t functions[FZ_MAX_FUNCTIONS][FZ_MAX_OPS];
    uint32_t starts[FZ_MAX_BODIES];     // where the main thread starts each,
    uint32_t joins[FZ_MAX_BODIES];      // and joins it
    uint32_t started;           // the line after the last start
} FzLineMap;
void FzProgram_Lift(const FzProgram *program, FzBuf *out, FzLineMap *lines);
void FzProgram_Lines(const FzProgram *program, FzLineMap *lines);

// Of an observed program: handlers of exceptions call caught(), and seen(value)
// is called of each value that is assigned to a local. Without the prelude,
// which Prelude() is.
void FzProgram_LiftObserved(const FzProgram *program, FzBuf *out);
const char *FzProgram_Prelude(void);

// lower.c: a code object of the runtime for the whole program (new reference,
// NULL with a runtime exception). Lines are those of the Python face. Needs an
// attached thread state. FzProgram_LowerInit() once for each process, after
// RtRuntime_Initialize(): interns the names.
struct RtObject;
void FzProgram_LowerInit(void);
struct RtObject *FzProgram_Lower(const FzProgram *program);
struct RtObject *FzProgram_LowerObserved(const FzProgram *program);

#endif  // FZ_PROGRAM_H
