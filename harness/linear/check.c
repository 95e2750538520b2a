// check.c: just-in-time linearization. A configuration is a state and the set
// of pending operations that have taken effect in it; each thread has at most
// one pending operation. At a return every configuration in which that
// operation has not taken effect yet is extended in all ways that end with it.
// Equal configurations are kept once, which is what makes it fast; a history
// that has too many all the same is given up.

#include <stdlib.h>
#include <string.h>

#include "linear_internal.h"

static void
free_configurations(FzLinearConfigurations *c)
{
    free(c->items);
    free(c->table);
}

static uint8_t *
item(const FzLinearConfigurations *c, size_t i)
{
    return c->items + i * c->size;
}

// Sizes are multiples of 8.
static uint64_t
hash_of(const uint8_t *configuration, size_t size)
{
    uint64_t h = size, word;
    for (size_t i = 0; i < size; i += sizeof(word)) {
        memcpy(&word, configuration + i, sizeof(word));
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h ^ h >> 32;
}

// The table stays as large as it ever was: a few are taken out one by one, each
// where it was put, for items never change.
static void
forget(FzLinearConfigurations *c)
{
    size_t slots = 2 * c->capacity;
    if (c->count > c->capacity / 16) {
        memset(c->table, 0, slots * sizeof(*c->table));
        c->count = 0;
    }
    for (size_t k = 0; k < c->count; k++) {
        size_t i = hash_of(item(c, k), c->size) & (slots - 1);
        while (c->table[i] != k + 1) {
            i = (i + 1) & (slots - 1);
        }
        c->table[i] = 0;
    }
    c->count = 0;
}

static size_t
slot_of(const FzLinearConfigurations *c, const uint8_t *configuration)
{
    size_t slots = 2 * c->capacity;
    size_t i = hash_of(configuration, c->size) & (slots - 1);
    while (c->table[i] != 0 &&
           memcmp(item(c, c->table[i] - 1), configuration, c->size) != 0) {
        i = (i + 1) & (slots - 1);
    }
    return i;
}

static void
grow(FzLinearConfigurations *c)
{
    c->capacity = c->capacity > 0 ? 2 * c->capacity : 16;
    c->items = realloc(c->items, c->capacity * c->size);
    free(c->table);
    c->table = calloc(2 * c->capacity, sizeof(*c->table));
    FZ_ASSERT(c->items != NULL && c->table != NULL);
    for (size_t i = 0; i < c->count; i++) {
        c->table[slot_of(c, item(c, i))] = (uint32_t)i + 1;
    }
}

// False: it was there.
static bool
add(FzLinearConfigurations *c, const uint8_t *configuration)
{
    if (c->count == c->capacity) {
        grow(c);
    }
    size_t slot = slot_of(c, configuration);
    if (c->table[slot] != 0) {
        return false;
    }
    memcpy(item(c, c->count), configuration, c->size);
    c->table[slot] = (uint32_t)++c->count;
    return true;
}

static uint64_t
mask_of(const uint8_t *configuration)
{
    uint64_t mask;
    memcpy(&mask, configuration, sizeof(mask));
    return mask;
}

static void
set_mask(uint8_t *configuration, uint64_t mask)
{
    memcpy(configuration, &mask, sizeof(mask));
}

// All ways in which the operation of `thread` takes effect, and others before.
static void
extend(FzLinearChecker *c, const uint8_t *from, unsigned thread, unsigned depth)
{
    uint64_t mask = mask_of(from);
    uint8_t *to = c->scratch + depth * c->now.size;
    for (unsigned t = 0; t < FZ_LINEAR_THREADS; t++) {
        if (c->pending[t] == NULL || (mask >> t & 1) != 0) {
            continue;
        }
        memcpy(to, from, c->now.size);
        if (!c->model->step(to + sizeof(mask), c->pending[t])) {
            continue;
        }
        if (t == thread) {
            set_mask(to, mask);
            add(&c->next, to);
            continue;
        }
        set_mask(to, mask | (uint64_t)1 << t);
        if (add(&c->seen, to)) {
            extend(c, to, thread, depth + 1);
        }
    }
}

void
FzLinearChecker_Begin(FzLinearChecker *c, const FzLinearModel *model)
{
    size_t size = sizeof(uint64_t) + ((model->state_size + 7) & ~(size_t)7);
    *c = (FzLinearChecker){
        .model = model, .now.size = size, .next.size = size, .seen.size = size,
        .scratch = calloc(FZ_LINEAR_THREADS + 1, size),
    };
    FZ_ASSERT(c->scratch != NULL);
    model->begin(c->scratch + sizeof(uint64_t));
    add(&c->now, c->scratch);
}

void
FzLinearChecker_End(FzLinearChecker *c)
{
    free(c->scratch);
    free_configurations(&c->now);
    free_configurations(&c->next);
    free_configurations(&c->seen);
}

void
FzLinearChecker_Call(FzLinearChecker *c, const FzLinearOp *op)
{
    FZ_ASSERT(op->thread < FZ_LINEAR_THREADS);
    c->pending[op->thread] = op;
}

bool
FzLinearChecker_Return(FzLinearChecker *c, unsigned thread)
{
    forget(&c->next);
    forget(&c->seen);
    for (size_t i = 0; i < c->now.count; i++) {
        const uint8_t *configuration = item(&c->now, i);
        uint64_t mask = mask_of(configuration);
        if ((mask >> thread & 1) != 0) {
            memcpy(c->scratch, configuration, c->now.size);
            set_mask(c->scratch, mask & ~((uint64_t)1 << thread));
            add(&c->next, c->scratch);
        }
        else {
            extend(c, configuration, thread, 0);
        }
    }
    c->pending[thread] = NULL;
    FzLinearConfigurations old = c->now;
    c->now = c->next;
    c->next = old;
    return c->now.count > 0;
}

typedef struct Moment {
    uint64_t time;
    uint32_t op;
    bool is_return;
} Moment;

static int
by_time(const void *a, const void *b)
{
    uint64_t left = ((const Moment *)a)->time;
    uint64_t right = ((const Moment *)b)->time;
    return left < right ? -1 : left > right;
}

static int
by_call(const void *a, const void *b)
{
    uint64_t left = ((const FzLinearOp *)a)->call;
    uint64_t right = ((const FzLinearOp *)b)->call;
    return left < right ? -1 : left > right;
}

static Moment *
make_moments(const FzLinearOp *ops, size_t n, size_t *count)
{
    Moment *moments = malloc((2 * n + 1) * sizeof(Moment));
    FZ_ASSERT(moments != NULL);
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        moments[(*count)++] = (Moment){ops[i].call, (uint32_t)i, false};
        if (ops[i].ret != 0) {
            moments[(*count)++] = (Moment){ops[i].ret, (uint32_t)i, true};
        }
    }
    qsort(moments, *count, sizeof(Moment), by_time);
    return moments;
}

FzLinearVerdict
FzLinear_Check(const FzLinearModel *model, FzLinearOp *ops, size_t n)
{
    FzLinearVerdict verdict = {.linearizable = true, .culprit = n};
    FzLinearChecker c;
    FzLinearChecker_Begin(&c, model);
    qsort(ops, n, sizeof(*ops), by_call);
    size_t count;
    Moment *moments = make_moments(ops, n, &count);
    for (size_t i = 0; i < count && verdict.linearizable; i++) {
        const FzLinearOp *op = &ops[moments[i].op];
        if (!moments[i].is_return) {
            FzLinearChecker_Call(&c, op);
        }
        else if (!FzLinearChecker_Return(&c, op->thread)) {
            verdict.linearizable = false;
            verdict.culprit = moments[i].op;
        }
        verdict.widest = c.now.count > verdict.widest ? c.now.count
                                                      : verdict.widest;
        if (c.now.count > FZ_LINEAR_STATES) {
            verdict.undecided = true;
            break;
        }
    }
    free(moments);
    FzLinearChecker_End(&c);
    return verdict;
}
