// every_order.h: whether a history has a sequential order, by trying every one.

#ifndef FZ_TESTS_EVERY_ORDER_H
#define FZ_TESTS_EVERY_ORDER_H

#include <string.h>

#include "check.h"
#include "fz_linear.h"

enum { STATE = 512 };           // bytes of the largest state

typedef struct Every {
    const FzLinearModel *model;
    const FzLinearOp *ops;
    size_t n;
} Every;

// Whether the operations that are not in `done` can follow in some order.
static inline bool
try_orders(const Every *e, const uint8_t *state, uint32_t done)
{
    bool all = true;
    for (size_t i = 0; i < e->n; i++) {
        all = all && ((done >> i & 1) != 0 || e->ops[i].ret == 0);
    }
    if (all) {
        return true;
    }
    for (size_t i = 0; i < e->n; i++) {
        bool may = (done >> i & 1) == 0;
        for (size_t k = 0; k < e->n && may; k++) {
            may = (done >> k & 1) != 0 || k == i || e->ops[k].ret == 0 ||
                  e->ops[k].ret > e->ops[i].call;
        }
        if (!may) {
            continue;
        }
        uint8_t next[STATE];
        memcpy(next, state, sizeof(next));
        if (e->model->step(next, &e->ops[i]) &&
            try_orders(e, next, done | 1u << i)) {
            return true;
        }
    }
    return false;
}

// 32 operations at most.
static inline bool
check_every_order(const FzLinearModel *model, const FzLinearOp *ops, size_t n)
{
    uint8_t state[STATE] = {0};
    Every e = {model, ops, n};
    CHECK(model->state_size <= STATE && n <= 32);
    model->begin(state);
    return try_orders(&e, state, 0);
}

#endif  // FZ_TESTS_EVERY_ORDER_H
