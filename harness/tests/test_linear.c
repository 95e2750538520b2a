// test_linear.c: the checker against histories whose answer is known, against
// one that tries every order, and on long ones.

#include <stdlib.h>
#include <time.h>

#include "every_order.h"

static const FzLinearModel *const models[] = {
    &fz_linear_list, &fz_linear_dict,  &fz_linear_set,
    &fz_linear_deque, &fz_linear_lock, &fz_linear_counter,
};
enum { NMODELS = sizeof(models) / sizeof(models[0]) };

// How many operations a model has.
static const int nkinds[NMODELS] = {8, 8, 6, 6, 3, 2};

// ---------------------------------------------------------------------------
// Histories of an object that is really there

// What the operation gives; it takes effect.
static int32_t
take_effect(const FzLinearModel *model, uint8_t *state, FzLinearOp *op)
{
    uint8_t copy[STATE];
    int32_t first;              // of the state: all that a counter is
    memcpy(&first, state, sizeof(first));
    for (int32_t candidate = -3; candidate < 128; candidate++) {
        op->result = candidate == -3   ? FZ_LINEAR_NONE
                     : candidate == -2 ? FZ_LINEAR_ERROR
                     : candidate == -1 ? first
                                       : candidate;
        memcpy(copy, state, model->state_size);
        if (model->step(copy, op)) {
            memcpy(state, copy, model->state_size);
            return op->result;
        }
    }
    return FZ_LINEAR_FAILED;    // it would wait: it is not made
}

typedef struct Maker {
    int model;
    FzRng rng;
    uint8_t state[STATE];
    uint64_t clock;
    FzLinearOp *ops;
    size_t n;
    size_t open[FZ_LINEAR_THREADS];     // index + 1
    bool done[FZ_LINEAR_THREADS];       // it has taken effect
    bool holds[FZ_LINEAR_THREADS];      // the lock
} Maker;

static void
draw_op(Maker *m, uint32_t thread)
{
    FzLinearOp op = {
        .call = ++m->clock,
        .thread = (uint8_t)thread,
        .kind = (uint8_t)FzRng_Below(&m->rng, (uint32_t)nkinds[m->model]),
        .a = (int32_t)FzRng_Below(&m->rng, 6),
        .b = (int32_t)FzRng_Below(&m->rng, 100),
    };
    if (models[m->model] == &fz_linear_lock) {
        op.kind = m->holds[thread] ? FZ_LOCK_RELEASE : op.kind % 2;
    }
    // Lists and deques stay short.
    bool items = models[m->model] == &fz_linear_list ||
                 models[m->model] == &fz_linear_deque;
    int32_t count;
    memcpy(&count, m->state, sizeof(count));
    if (items && count > 40) {
        op.kind = (uint8_t)(models[m->model] == &fz_linear_list
                                ? FZ_LIST_CLEAR
                                : FZ_DEQUE_CLEAR);
    }
    m->ops[m->n++] = op;
    m->open[thread] = m->n;
    m->done[thread] = false;
}

// One step of a thread: it calls, its operation takes effect, or it returns.
static void
advance(Maker *m, uint32_t thread, size_t limit)
{
    if (m->open[thread] == 0) {
        if (m->n < limit) {
            draw_op(m, thread);
        }
        return;
    }
    FzLinearOp *op = &m->ops[m->open[thread] - 1];
    if (!m->done[thread]) {
        m->done[thread] =
            take_effect(models[m->model], m->state, op) != FZ_LINEAR_FAILED;
        return;
    }
    op->ret = ++m->clock;
    m->open[thread] = 0;
    m->holds[thread] = op->kind != FZ_LOCK_RELEASE && op->result == 1;
}

static void
make_history(Maker *m, uint32_t nthreads, size_t limit)
{
    m->n = 0;
    m->clock = 0;
    memset(m->open, 0, sizeof(m->open));
    memset(m->holds, 0, sizeof(m->holds));
    memset(m->state, 0, sizeof(m->state));
    models[m->model]->begin(m->state);
    size_t steps = 5 * limit;
    while (steps-- > 0) {
        advance(m, FzRng_Below(&m->rng, nthreads), limit);
    }
}

static void
test_against_every_order(int n)
{
    FzLinearOp ops[12];
    Maker m = {.ops = ops};
    unsigned right = 0, wrong = 0;
    FzRng_Seed(&m.rng, 5);
    for (int i = 0; i < n; i++) {
        m.model = i % NMODELS;
        make_history(&m, 2 + (uint32_t)i / NMODELS % 2, 12);
        bool spoiled = FzRng_Below(&m.rng, 2) == 0;
        if (spoiled) {          // a result of another operation, or none
            FzLinearOp *op = &ops[FzRng_Below(&m.rng, (uint32_t)m.n)];
            op->result = FzRng_Below(&m.rng, 3) == 0
                             ? FZ_LINEAR_NONE
                             : ops[FzRng_Below(&m.rng, (uint32_t)m.n)].result;
        }
        bool expected = check_every_order(models[m.model], ops, m.n);
        FzLinearVerdict v = FzLinear_Check(models[m.model], ops, m.n);
        CHECK(v.linearizable == expected);
        CHECK(expected || spoiled);
        CHECK(v.linearizable == (v.culprit == m.n));
        right += expected;
        wrong += !expected;
    }
    CHECK(right > (unsigned)n / 4 && wrong > (unsigned)n / 8);
}

// ---------------------------------------------------------------------------

static void
test_known(void)
{
    // Two appends overlap; a snapshot between them has one, the other is lost.
    FzLinearOp lost[] = {
        {1, 4, 0, FZ_LIST_APPEND, 7, 0, FZ_LINEAR_NONE},
        {2, 3, 1, FZ_LIST_APPEND, 8, 0, FZ_LINEAR_NONE},
        {5, 6, 0, FZ_LIST_LENGTH, 0, 0, 1},
    };
    FzLinearVerdict v = FzLinear_Check(&fz_linear_list, lost, 3);
    CHECK(!v.linearizable && v.culprit == 2);
    FzBuf text = {0};
    FzLinear_Describe(&fz_linear_list, lost, 3, v.culprit, &text);
    CHECK(strstr(FzBuf_CString(&text), "thread 0: len(0, 0) gave 1") != NULL);
    CHECK(strstr(FzBuf_CString(&text), "append(8, 0) gave nothing") != NULL);
    FzBuf_Free(&text);
    lost[2].result = 2;
    CHECK(FzLinear_Check(&fz_linear_list, lost, 3).linearizable);
    // A read that began after the write ended sees it; one that overlaps may.
    FzLinearOp stale[] = {
        {1, 2, 0, FZ_DICT_SET, 3, 5, FZ_LINEAR_NONE},
        {3, 4, 1, FZ_DICT_GET, 3, 0, FZ_LINEAR_NONE},
    };
    CHECK(!FzLinear_Check(&fz_linear_dict, stale, 2).linearizable);
    stale[0].ret = 5;
    CHECK(FzLinear_Check(&fz_linear_dict, stale, 2).linearizable);
    // Who never returned may have acted, or not.
    FzLinearOp open[] = {
        {1, 0, 0, FZ_SET_ADD, 3, 0, FZ_LINEAR_NONE},
        {2, 3, 1, FZ_SET_CONTAINS, 3, 0, 1},
        {4, 5, 2, FZ_SET_CONTAINS, 4, 0, 0},
    };
    CHECK(FzLinear_Check(&fz_linear_set, open, 3).linearizable);
    open[1].result = 0;
    CHECK(FzLinear_Check(&fz_linear_set, open, 3).linearizable);
    // Whatever it would have given.
    FzHistory history = {0};
    FzHistory_Call(&history, 0, FZ_LIST_APPEND, 5, 0);
    FzHistory_Return(&history, FzHistory_Call(&history, 1, FZ_LIST_POP, 0, 0),
                     5);
    FzHistory_Call(&history, 2, FZ_LIST_LENGTH, 0, 0);
    CHECK(FzLinear_Check(&fz_linear_list, history.ops, 3).linearizable);
    CHECK(check_every_order(&fz_linear_list, history.ops, 3));
    history.ops[1].result = 6;
    CHECK(!FzLinear_Check(&fz_linear_list, history.ops, 3).linearizable);
    FzHistory_Free(&history);
    // Two hold one lock.
    FzLinearOp both[] = {
        {1, 2, 0, FZ_LOCK_ACQUIRE, 0, 0, 1},
        {3, 4, 1, FZ_LOCK_ACQUIRE, 0, 0, 1},
        {5, 6, 0, FZ_LOCK_RELEASE, 0, 0, 1},
    };
    CHECK(!FzLinear_Check(&fz_linear_lock, both, 3).linearizable);
    both[1].ret = 7;
    CHECK(FzLinear_Check(&fz_linear_lock, both, 3).linearizable);
}

static double
seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// A wrong result in the middle is named; what follows is not looked at.
static void
test_long(size_t n)
{
    FzLinearOp *ops = calloc(n, sizeof(FzLinearOp));
    CHECK(ops != NULL);
    Maker m = {.ops = ops};
    FzRng_Seed(&m.rng, 11);
    for (m.model = 0; m.model < NMODELS; m.model++) {
        make_history(&m, 4, n);
        double start = seconds_now();
        FzLinearVerdict v = FzLinear_Check(models[m.model], ops, m.n);
        double spent = seconds_now() - start;
        CHECK(v.linearizable && !v.undecided);
        CHECK(n > 1000000 || spent < 10);
        printf("%-8s %8zu operations in %.2f s of processor time, at most %zu "
               "states\n",
               models[m.model]->name, m.n, spent, v.widest);
        CHECK(m.n > n / 2);
        size_t bad = m.n / 2;
        ops[bad].result = INT32_MAX;
        bool returned = ops[bad].ret != 0;
        v = FzLinear_Check(models[m.model], ops, m.n);
        CHECK(v.linearizable == !returned);
        // One that overlaps it may need its effect, and be met first.
        const FzLinearOp *culprit = &ops[v.culprit];
        CHECK(!returned || v.culprit == bad ||
              (culprit->ret < ops[bad].ret && culprit->ret > ops[bad].call));
    }
    free(ops);
}

// Four threads append different values at once, again and again, and nobody
// looks: every order is another state.
static void
test_too_many_states(void)
{
    enum { ROUNDS = 12, THREADS = 4 };
    FzLinearOp ops[ROUNDS * THREADS];
    for (int i = 0; i < ROUNDS * THREADS; i++) {
        int round = i / THREADS, thread = i % THREADS;
        uint64_t begun = 2 * THREADS * (uint64_t)round + 1;
        ops[i] = (FzLinearOp){
            .call = begun + (uint64_t)thread,
            .ret = begun + THREADS + (uint64_t)thread,
            .thread = (uint8_t)thread, .kind = FZ_LIST_APPEND, .a = i,
            .result = FZ_LINEAR_NONE,
        };
    }
    FzLinearVerdict v = FzLinear_Check(&fz_linear_list, ops, ROUNDS * THREADS);
    CHECK(v.linearizable && v.undecided);
    CHECK(v.widest < 50 * (size_t)FZ_LINEAR_STATES);
    v = FzLinear_Check(&fz_linear_list, ops, THREADS);
    CHECK(v.linearizable && !v.undecided);
}

static int
read_number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? atoi(text) : otherwise;
}

// More of both, where somebody asks for it.
int
main(void)
{
    test_known();
    test_too_many_states();
    test_against_every_order(read_number("FZ_LINEAR_HISTORIES", 12000));
    test_long((size_t)read_number("FZ_LINEAR_OPERATIONS", 20000));
    return 0;
}
