// models.c: sequential lists, dicts, sets, deques, locks and counters, with
// Python's results.

#include <string.h>

#include "fz_linear.h"

enum { MAX_ITEMS = 64, MAX_KEYS = 16 };

// Whether the operation had this result, as far as anybody knows.
static bool
gave(const FzLinearOp *op, int32_t result)
{
    return op->result == result || op->result == FZ_LINEAR_UNKNOWN;
}

// ---------------------------------------------------------------------------
// Items in a row

typedef struct Items {
    int32_t count;
    int32_t items[MAX_ITEMS];   // zeros behind count: states compare as bytes
} Items;

static bool
put_at(Items *s, int32_t at, int32_t value)
{
    if (s->count == MAX_ITEMS) {
        return false;
    }
    memmove(&s->items[at + 1], &s->items[at],
            (size_t)(s->count - at) * sizeof(int32_t));
    s->items[at] = value;
    s->count++;
    return true;
}

static int32_t
take_at(Items *s, int32_t at)
{
    int32_t value = s->items[at];
    s->count--;
    memmove(&s->items[at], &s->items[at + 1],
            (size_t)(s->count - at) * sizeof(int32_t));
    s->items[s->count] = 0;
    return value;
}

static void
begin_items(void *state)
{
    memset(state, 0, sizeof(Items));
}

int32_t
FzLinear_Hash(const int32_t *items, size_t n)
{
    uint64_t h = FzHash_Mix(n, 0x11);
    for (size_t i = 0; i < n; i++) {
        h = FzHash_Mix(h, (uint32_t)items[i]);
    }
    return (int32_t)(h & 0x7fffffff);
}

// ---------------------------------------------------------------------------
// list

static int32_t
list_index(const Items *s, int32_t i)
{
    return i < 0 ? i + s->count : i;
}

static bool
list_insert(Items *s, const FzLinearOp *op)
{
    int32_t at = list_index(s, op->a);
    at = at < 0 ? 0 : at > s->count ? s->count : at;
    return gave(op, FZ_LINEAR_NONE) && put_at(s, at, op->b);
}

// get, set, delete and pop: of an index.
static bool
list_at(Items *s, const FzLinearOp *op)
{
    int32_t at = list_index(s, op->a);
    if (at < 0 || at >= s->count) {
        return gave(op, FZ_LINEAR_ERROR);
    }
    switch (op->kind) {
    case FZ_LIST_GET:
        return gave(op, s->items[at]);
    case FZ_LIST_SET:
        s->items[at] = op->b;
        return gave(op, FZ_LINEAR_NONE);
    case FZ_LIST_DELETE:
        take_at(s, at);
        return gave(op, FZ_LINEAR_NONE);
    default:
        return gave(op, take_at(s, at));
    }
}

static bool
list_step(void *state, const FzLinearOp *op)
{
    Items *s = state;
    if (op->result == FZ_LINEAR_FAILED) {
        return true;
    }
    switch (op->kind) {
    case FZ_LIST_APPEND:
        return gave(op, FZ_LINEAR_NONE) && put_at(s, s->count, op->a);
    case FZ_LIST_INSERT:
        return list_insert(s, op);
    case FZ_LIST_CLEAR:
        begin_items(s);
        return gave(op, FZ_LINEAR_NONE);
    case FZ_LIST_LENGTH:
        return gave(op, s->count);
    case FZ_LIST_HASH:
        return gave(op, FzLinear_Hash(s->items, (size_t)s->count));
    default:
        return list_at(s, op);
    }
}

static const char *const list_kinds[] = {
    "append", "insert", "pop", "get", "set", "delete", "clear", "len",
    "snapshot",
};
const FzLinearModel fz_linear_list = {
    "list", list_kinds, sizeof(Items), begin_items, list_step,
};

// ---------------------------------------------------------------------------
// dict

typedef struct Dict {
    int32_t count;
    int32_t keys[MAX_KEYS];     // in order of insertion, zeros behind
    int32_t values[MAX_KEYS];
} Dict;

static void
begin_dict(void *state)
{
    memset(state, 0, sizeof(Dict));
}

static int32_t
dict_find(const Dict *s, int32_t key)
{
    for (int32_t i = 0; i < s->count; i++) {
        if (s->keys[i] == key) {
            return i;
        }
    }
    return -1;
}

static bool
dict_put(Dict *s, int32_t key, int32_t value)
{
    int32_t at = dict_find(s, key);
    if (at < 0 && s->count == MAX_KEYS) {
        return false;
    }
    if (at < 0) {
        at = s->count++;
        s->keys[at] = key;
    }
    s->values[at] = value;
    return true;
}

static void
dict_remove(Dict *s, int32_t at)
{
    size_t behind = (size_t)(s->count - at - 1) * sizeof(int32_t);
    memmove(&s->keys[at], &s->keys[at + 1], behind);
    memmove(&s->values[at], &s->values[at + 1], behind);
    s->count--;
    s->keys[s->count] = s->values[s->count] = 0;
}

static bool
dict_popitem(Dict *s, const FzLinearOp *op)
{
    if (s->count == 0) {
        return gave(op, FZ_LINEAR_ERROR);
    }
    bool same = gave(op, s->keys[s->count - 1]);
    dict_remove(s, s->count - 1);
    return same;
}

static bool
dict_setdefault(Dict *s, const FzLinearOp *op)
{
    int32_t at = dict_find(s, op->a);
    if (at >= 0) {
        return gave(op, s->values[at]);
    }
    return gave(op, op->b) && dict_put(s, op->a, op->b);
}

static bool
dict_step(void *state, const FzLinearOp *op)
{
    Dict *s = state;
    if (op->result == FZ_LINEAR_FAILED) {
        return true;
    }
    int32_t at = dict_find(s, op->a);
    switch (op->kind) {
    case FZ_DICT_SET:
        return gave(op, FZ_LINEAR_NONE) && dict_put(s, op->a, op->b);
    case FZ_DICT_GET:
        return gave(op, at < 0 ? FZ_LINEAR_NONE : s->values[at]);
    case FZ_DICT_DELETE:
        if (at < 0) {
            return gave(op, FZ_LINEAR_ERROR);
        }
        dict_remove(s, at);
        return gave(op, FZ_LINEAR_NONE);
    case FZ_DICT_CONTAINS:
        return gave(op, at >= 0);
    case FZ_DICT_CLEAR:
        begin_dict(s);
        return gave(op, FZ_LINEAR_NONE);
    case FZ_DICT_LENGTH:
        return gave(op, s->count);
    case FZ_DICT_POPITEM:
        return dict_popitem(s, op);
    default:
        return dict_setdefault(s, op);
    }
}

static const char *const dict_kinds[] = {
    "set", "get", "delete", "contains", "clear", "len", "popitem",
    "setdefault",
};
const FzLinearModel fz_linear_dict = {
    "dict", dict_kinds, sizeof(Dict), begin_dict, dict_step,
};

// ---------------------------------------------------------------------------
// set

static void
begin_word(void *state)
{
    memset(state, 0, sizeof(uint64_t));
}

static bool
set_pop(uint64_t *s, const FzLinearOp *op)
{
    if (op->result < 0) {
        return *s == 0 && gave(op, FZ_LINEAR_ERROR);
    }
    uint64_t bit = (uint64_t)1 << (op->result & 63);
    bool there = (*s & bit) != 0;       // any item may be popped
    *s &= ~bit;
    return there;
}

static bool
set_step(void *state, const FzLinearOp *op)
{
    uint64_t *s = state, bit = (uint64_t)1 << (op->a & 63);
    bool there = (*s & bit) != 0;
    if (op->result == FZ_LINEAR_FAILED) {
        return true;
    }
    switch (op->kind) {
    case FZ_SET_ADD:
        *s |= bit;
        return gave(op, FZ_LINEAR_NONE);
    case FZ_SET_DISCARD:
        *s &= ~bit;
        return gave(op, there);
    case FZ_SET_CONTAINS:
        return gave(op, there);
    case FZ_SET_CLEAR:
        *s = 0;
        return gave(op, FZ_LINEAR_NONE);
    case FZ_SET_LENGTH:
        return gave(op, __builtin_popcountll(*s));
    default:
        return set_pop(s, op);
    }
}

static const char *const set_kinds[] = {
    "add", "discard", "contains", "clear", "len", "pop",
};
const FzLinearModel fz_linear_set = {
    "set", set_kinds, sizeof(uint64_t), begin_word, set_step,
};

// ---------------------------------------------------------------------------
// deque

static bool
deque_step(void *state, const FzLinearOp *op)
{
    Items *s = state;
    bool left = op->kind == FZ_DEQUE_APPENDLEFT ||
                op->kind == FZ_DEQUE_POPLEFT;
    switch (op->result == FZ_LINEAR_FAILED ? UINT8_MAX : op->kind) {
    case UINT8_MAX:
        return true;
    case FZ_DEQUE_APPEND:
    case FZ_DEQUE_APPENDLEFT:
        return gave(op, FZ_LINEAR_NONE) &&
               put_at(s, left ? 0 : s->count, op->a);
    case FZ_DEQUE_CLEAR:
        begin_items(s);
        return gave(op, FZ_LINEAR_NONE);
    case FZ_DEQUE_LENGTH:
        return gave(op, s->count);
    default:
        if (s->count == 0) {
            return gave(op, FZ_LINEAR_ERROR);
        }
        return gave(op, take_at(s, left ? 0 : s->count - 1));
    }
}

static const char *const deque_kinds[] = {
    "append", "appendleft", "pop", "popleft", "clear", "len",
};
const FzLinearModel fz_linear_deque = {
    "deque", deque_kinds, sizeof(Items), begin_items, deque_step,
};

// ---------------------------------------------------------------------------
// lock and counter

static bool
lock_step(void *state, const FzLinearOp *op)
{
    uint64_t *locked = state;
    bool was = *locked != 0;
    switch (op->kind) {
    case FZ_LOCK_RELEASE:
        *locked = 0;
        return was && gave(op, 1);
    case FZ_LOCK_TRY:
        *locked = 1;
        return gave(op, !was);
    default:
        *locked = 1;
        return !was && gave(op, 1);
    }
}

static const char *const lock_kinds[] = {"acquire", "try", "release"};
const FzLinearModel fz_linear_lock = {
    "lock", lock_kinds, sizeof(uint64_t), begin_word, lock_step,
};

static bool
counter_step(void *state, const FzLinearOp *op)
{
    int64_t *value = state;
    bool right = gave(op, (int32_t)*value);
    *value += op->kind == FZ_COUNTER_ADD ? op->a : 0;
    return right;
}

static const char *const counter_kinds[] = {"add", "get"};
const FzLinearModel fz_linear_counter = {
    "counter", counter_kinds, sizeof(uint64_t), begin_word, counter_step,
};
