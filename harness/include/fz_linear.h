// fz_linear.h: whether a history of operations on one object has a sequential
// order that explains every result and keeps the order of operations of which
// one ended before the other began (Herlihy and Wing, "Linearizability: a
// correctness condition for concurrent objects", 1990).
//
// The checker linearises just in time (Lowe, "Testing for linearizability",
// 2017): it walks over calls and returns, and keeps every state in which the
// object may be, with the pending operations that have taken effect in it.

#ifndef FZ_LINEAR_H
#define FZ_LINEAR_H

#include "fz_base.h"

enum {
    FZ_LINEAR_THREADS = 32,
    // States that are kept at once. Histories of operations that overlap and
    // whose results tell nothing have more and more of them.
    FZ_LINEAR_STATES = 65536
};

// What an operation gave beside values: they are never values.
enum {
    FZ_LINEAR_NONE = INT32_MIN,         // nothing was found, or returned
    FZ_LINEAR_ERROR,                    // IndexError, KeyError, …
    FZ_LINEAR_FAILED,                   // no memory: it had no effect
    FZ_LINEAR_UNKNOWN,                  // it never returned: any result
};

typedef struct FzLinearOp {
    uint64_t call, ret;         // times, all different; ret 0: never returned
    uint8_t thread;             // whose operations do not overlap
    uint8_t kind;               // of the model
    int32_t a, b;               // arguments
    int32_t result;
} FzLinearOp;

// A sequential object. States are plain bytes: equal bytes, equal futures.
typedef struct FzLinearModel {
    const char *name;
    const char *const *kinds;   // names of operations, for messages
    size_t state_size;
    void (*begin)(void *state);
    // Takes effect. False: with this state it can't have had this result, and
    // the state is not looked at any more.
    bool (*step)(void *state, const FzLinearOp *op);
} FzLinearModel;

// A list of int32_t, 64 at most: no history makes it longer.
enum {
    FZ_LIST_APPEND, FZ_LIST_INSERT, FZ_LIST_POP, FZ_LIST_GET, FZ_LIST_SET,
    FZ_LIST_DELETE, FZ_LIST_CLEAR, FZ_LIST_LENGTH, FZ_LIST_HASH
};
extern const FzLinearModel fz_linear_list;
// A dict from 0…15 to int32_t, in order of insertion.
enum {
    FZ_DICT_SET, FZ_DICT_GET, FZ_DICT_DELETE, FZ_DICT_CONTAINS, FZ_DICT_CLEAR,
    FZ_DICT_LENGTH, FZ_DICT_POPITEM, FZ_DICT_SETDEFAULT
};
extern const FzLinearModel fz_linear_dict;
// A set of 0…63. Which item a pop takes is its result: one that never returned
// is taken to have found the set empty.
enum {
    FZ_SET_ADD, FZ_SET_DISCARD, FZ_SET_CONTAINS, FZ_SET_CLEAR, FZ_SET_LENGTH,
    FZ_SET_POP
};
extern const FzLinearModel fz_linear_set;
// A deque of int32_t, 64 at most; also a queue.
enum {
    FZ_DEQUE_APPEND, FZ_DEQUE_APPENDLEFT, FZ_DEQUE_POP, FZ_DEQUE_POPLEFT,
    FZ_DEQUE_CLEAR, FZ_DEQUE_LENGTH
};
extern const FzLinearModel fz_linear_deque;
// A lock: acquire gives 1, or 0 if it only tried; release gives 1.
enum { FZ_LOCK_ACQUIRE, FZ_LOCK_TRY, FZ_LOCK_RELEASE };
extern const FzLinearModel fz_linear_lock;
// A counter: add gives the value before.
enum { FZ_COUNTER_ADD, FZ_COUNTER_GET };
extern const FzLinearModel fz_linear_counter;

// Of the items of a list, in order, for FZ_LIST_HASH.
int32_t FzLinear_Hash(const int32_t *items, size_t n);

typedef struct FzLinearVerdict {
    bool linearizable;
    bool undecided;             // too many states: called linearizable
    size_t culprit;             // of `ops`: the first whose result no order of
                                // those before explains
    size_t widest;              // states kept at once, at most
} FzLinearVerdict;

// ops: any order; is sorted by call.
FzLinearVerdict FzLinear_Check(const FzLinearModel *model, FzLinearOp *ops,
                               size_t n);
// "thread 2: pop(0) gave 7", and what overlapped, for a report.
void FzLinear_Describe(const FzLinearModel *model, const FzLinearOp *ops,
                       size_t n, size_t culprit, FzBuf *out);

// A history that is being made. One OS thread at a time.
typedef struct FzHistory {
    FzLinearOp *ops;
    size_t count, capacity;
    uint64_t clock;
} FzHistory;
// The operation begins, with an unknown result; its index, for
// FzHistory_Return().
size_t FzHistory_Call(FzHistory *history, uint32_t thread, uint8_t kind,
                      int32_t a, int32_t b);
void FzHistory_Return(FzHistory *history, size_t op, int32_t result);
void FzHistory_Clear(FzHistory *history);
void FzHistory_Free(FzHistory *history);

#endif  // FZ_LINEAR_H
