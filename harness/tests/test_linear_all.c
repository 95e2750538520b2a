// test_linear_all.c: all histories of three threads on small objects.
//
// A history is a path of calls and returns. Where it stands is what is pending,
// the object's possible states by the definition (a pending operation takes
// effect at any moment, or not yet), and what the checker keeps: two histories
// that stand at the same place have the same verdict whatever follows, by the
// checker as by the definition. So every place is visited once, by one of its
// shortest histories, and left by every call and every return; at each return
// the checker, the definition, and the trial of every order of that history
// agree. A history without a sequential order has none however it goes on, and
// is not followed; a call with a result that no state explains never returns.
// Thus the histories are of any length; small are the object, by a bound, and
// what is called on it. Memory that the checker uses again is taken to be empty
// when it does: long histories (test_linear.c) would show what is left in it.

#include "../linear/linear_internal.h"
#include "every_order.h"

enum {
    THREADS = 3, MASKS = 1 << THREADS,
    MAX_STATES = 64, MAX_CHOICES = 96, MAX_EVENTS = 62, MAX_RESULTS = 96,
    WORDS = MAX_STATES * MASKS / 64,
    RETURN = MAX_CHOICES,               // instead of a choice
    IMPOSSIBLE = -1, BEYOND = -2,       // instead of a state
};

// What is called on an object that stays small.
typedef struct Domain {
    const FzLinearModel *model;
    unsigned kinds;             // a bit for each
    int32_t a[2], b[2];         // from, to
    int32_t results;            // 0 to results, and what is no value
    int32_t limit;              // of the count in front of the state; 0: none
    unsigned places;            // that there are: none is missed
} Domain;

// All that may be called, with all results that some state explains. Of those
// that do the same to every state one: nobody sees more of an operation.
typedef struct Alphabet {
    const Domain *domain;
    uint8_t states[MAX_STATES][STATE];
    int nstates, nchoices;
    FzLinearOp choices[MAX_CHOICES];
    int step[MAX_CHOICES][MAX_STATES];  // a state
} Alphabet;

// A set of pairs of a state and a mask of threads.
typedef struct Pairs {
    uint64_t words[WORDS];
} Pairs;

typedef struct Place {
    int pending[THREADS];       // choice + 1; 0: none
    Pairs possible;             // by the definition
    Pairs kept;                 // by the checker
} Place;

// A place that was met, and how: one event after another place.
typedef struct Way {
    uint64_t key[2];            // of the place: 128 bits, taken for different
    uint32_t parent;
    uint8_t thread, choice;
} Way;

typedef struct Walk {
    Alphabet *alphabet;
    Way *ways;
    uint32_t count, capacity;
    uint32_t *table;            // index + 1; twice the capacity, power of two
    unsigned long long explained, refuted;
    size_t longest;
} Walk;

// A history, and the checker after it.
typedef struct History {
    FzLinearOp ops[MAX_EVENTS];
    size_t n, events;
    int pending[THREADS];       // index + 1 of ops; 0: none
    FzLinearChecker checker;
} History;

// ---------------------------------------------------------------------------
// The small object

static int
find_state(const Alphabet *alphabet, const uint8_t *state)
{
    size_t size = alphabet->domain->model->state_size;
    for (int i = 0; i < alphabet->nstates; i++) {
        if (memcmp(alphabet->states[i], state, size) == 0) {
            return i;
        }
    }
    return BEYOND;
}

static int
step_from(const Alphabet *alphabet, int from, const FzLinearOp *op,
          uint8_t *to)
{
    memcpy(to, alphabet->states[from], STATE);
    return alphabet->domain->model->step(to, op) ? find_state(alphabet, to)
                                                 : IMPOSSIBLE;
}

static void
add_state(Alphabet *alphabet, const uint8_t *state)
{
    int32_t count;
    memcpy(&count, state, sizeof(count));
    if (alphabet->domain->limit == 0 || count <= alphabet->domain->limit) {
        CHECK(alphabet->nstates < MAX_STATES);
        memcpy(alphabet->states[alphabet->nstates++], state, STATE);
    }
}

static void
add_choice(Alphabet *alphabet, const FzLinearOp *op)
{
    int row[MAX_STATES];
    uint8_t to[STATE];
    bool possible = false;
    for (int i = 0; i < alphabet->nstates; i++) {
        row[i] = step_from(alphabet, i, op, to);
        possible = possible || row[i] >= 0;
    }
    size_t size = (size_t)alphabet->nstates * sizeof(row[0]);
    for (int i = 0; i < alphabet->nchoices && possible; i++) {
        possible = memcmp(alphabet->step[i], row, size) != 0;
    }
    if (possible) {
        CHECK(alphabet->nchoices < MAX_CHOICES);
        memcpy(alphabet->step[alphabet->nchoices], row, size);
        alphabet->choices[alphabet->nchoices++] = *op;
    }
}

static int
list_results(const Alphabet *alphabet, int32_t *results)
{
    int n = 0;
    results[n++] = FZ_LINEAR_NONE;
    results[n++] = FZ_LINEAR_ERROR;
    results[n++] = FZ_LINEAR_FAILED;
    for (int32_t i = 0; i <= alphabet->domain->results; i++) {
        results[n++] = i;
    }
    const Domain *d = alphabet->domain;
    bool hashes = d->model == &fz_linear_list && (d->kinds >> FZ_LIST_HASH & 1);
    for (int i = 0; i < alphabet->nstates && hashes; i++) {
        int32_t items[STATE / sizeof(int32_t)];     // the first: how many
        memcpy(items, alphabet->states[i], STATE);
        CHECK(n < MAX_RESULTS);
        results[n++] = FzLinear_Hash(items + 1, (size_t)items[0]);
    }
    return n;
}

// Everything that can be called, with every result.
static void
visit_calls(Alphabet *alphabet,
            void (*visit)(Alphabet *alphabet, const FzLinearOp *op))
{
    const Domain *d = alphabet->domain;
    int32_t results[MAX_RESULTS];
    int nresults = list_results(alphabet, results);
    for (uint8_t kind = 0; d->kinds >> kind != 0; kind++) {
        for (int32_t a = d->a[0]; a <= d->a[1]; a++) {
            for (int32_t b = d->b[0]; b <= d->b[1]; b++) {
                for (int i = 0; i < nresults && d->kinds >> kind & 1; i++) {
                    FzLinearOp op = {.kind = kind, .a = a, .b = b,
                                     .result = results[i]};
                    visit(alphabet, &op);
                }
            }
        }
    }
}

static void
find_states_by(Alphabet *alphabet, const FzLinearOp *op)
{
    uint8_t to[STATE];
    for (int i = 0; i < alphabet->nstates; i++) {
        if (step_from(alphabet, i, op, to) == BEYOND) {
            add_state(alphabet, to);
        }
    }
}

static void
make_alphabet(Alphabet *alphabet, const Domain *domain)
{
    uint8_t state[STATE] = {0};
    *alphabet = (Alphabet){.domain = domain};
    domain->model->begin(state);
    add_state(alphabet, state);
    for (int before = 0; before < alphabet->nstates;) {
        before = alphabet->nstates;
        visit_calls(alphabet, find_states_by);
    }
    visit_calls(alphabet, add_choice);
}

// ---------------------------------------------------------------------------
// The definition

static bool
has_pair(const Pairs *pairs, int state, unsigned mask)
{
    unsigned bit = (unsigned)state * MASKS + mask;
    return (pairs->words[bit / 64] >> bit % 64 & 1) != 0;
}

// Whether it is new.
static bool
add_pair(Pairs *pairs, int state, unsigned mask)
{
    bool there = has_pair(pairs, state, mask);
    unsigned bit = (unsigned)state * MASKS + mask;
    pairs->words[bit / 64] |= (uint64_t)1 << bit % 64;
    return !there;
}

// What is pending may take effect, in every order. False: the object may become
// larger than what is looked at.
static bool
take_effects(const Alphabet *alphabet, Place *place)
{
    bool more = true;
    while (more) {
        more = false;
        for (int i = 0; i < alphabet->nstates * MASKS * THREADS; i++) {
            int state = i / THREADS / MASKS, t = i % THREADS;
            unsigned mask = (unsigned)i / THREADS % MASKS;
            if (place->pending[t] == 0 || (mask >> t & 1) != 0 ||
                !has_pair(&place->possible, state, mask)) {
                continue;
            }
            int to = alphabet->step[place->pending[t] - 1][state];
            if (to == BEYOND) {
                return false;
            }
            more |= to != IMPOSSIBLE &&
                    add_pair(&place->possible, to, mask | 1u << t);
        }
    }
    return true;
}

// The operation of thread `t` ends: it has taken effect. False: it can't have.
static bool
end_operation(const Alphabet *alphabet, Place *place, int t)
{
    Pairs before = place->possible;
    bool some = false;
    memset(&place->possible, 0, sizeof(place->possible));
    place->pending[t] = 0;
    for (int state = 0; state < alphabet->nstates; state++) {
        for (unsigned mask = 0; mask < MASKS; mask++) {
            if ((mask >> t & 1) != 0 && has_pair(&before, state, mask)) {
                add_pair(&place->possible, state, mask & ~(1u << t));
                some = true;
            }
        }
    }
    return some;
}

// ---------------------------------------------------------------------------
// The checker

static void
call(History *h, const Alphabet *alphabet, int t, int choice)
{
    CHECK(h->n < MAX_EVENTS);
    FzLinearOp *op = &h->ops[h->n++];
    *op = alphabet->choices[choice];
    op->call = ++h->events;
    op->thread = (uint8_t)t;
    h->pending[t] = (int)h->n;
    FzLinearChecker_Call(&h->checker, op);
}

static bool
end_call(History *h, int t)
{
    h->ops[h->pending[t] - 1].ret = ++h->events;
    h->pending[t] = 0;
    return FzLinearChecker_Return(&h->checker, (unsigned)t);
}

static void
look_at_checker(const Alphabet *alphabet, const History *h, Place *place)
{
    const FzLinearConfigurations *now = &h->checker.now;
    memset(&place->kept, 0, sizeof(place->kept));
    for (size_t i = 0; i < now->count; i++) {
        uint64_t mask;
        memcpy(&mask, now->items + i * now->size, sizeof(mask));
        int state = find_state(alphabet,
                               now->items + i * now->size + sizeof(mask));
        CHECK(state >= 0 && mask < MASKS);
        CHECK(has_pair(&place->possible, state, (unsigned)mask));
        add_pair(&place->kept, state, (unsigned)mask);
    }
}

// The history that led to it, again. FzLinearChecker_End() is the caller's.
static void
go_to(const Walk *walk, uint32_t way, History *h, Place *place)
{
    const Alphabet *alphabet = walk->alphabet;
    const Way *path[MAX_EVENTS];
    size_t n = 0;
    for (; way != 0; way = walk->ways[way].parent) {
        CHECK(n < MAX_EVENTS);
        path[n++] = &walk->ways[way];
    }
    h->n = h->events = 0;
    memset(h->pending, 0, sizeof(h->pending));
    FzLinearChecker_Begin(&h->checker, alphabet->domain->model);
    *place = (Place){0};
    add_pair(&place->possible, 0, 0);
    while (n-- > 0) {
        if (path[n]->choice == RETURN) {
            CHECK(end_call(h, path[n]->thread));
            CHECK(end_operation(alphabet, place, path[n]->thread));
            continue;
        }
        call(h, alphabet, path[n]->thread, path[n]->choice);
        place->pending[path[n]->thread] = path[n]->choice + 1;
        CHECK(take_effects(alphabet, place));
    }
    look_at_checker(alphabet, h, place);
}

// ---------------------------------------------------------------------------
// All places

static uint32_t *
slot_of(const Walk *walk, const uint64_t *key)
{
    size_t mask = 2 * (size_t)walk->capacity - 1, i = key[0] & mask;
    while (walk->table[i] != 0 &&
           memcmp(walk->ways[walk->table[i] - 1].key, key,
                  sizeof(walk->ways[0].key)) != 0) {
        i = (i + 1) & mask;
    }
    return &walk->table[i];
}

static void
grow(Walk *walk)
{
    walk->capacity = walk->capacity > 0 ? 2 * walk->capacity : 1024;
    walk->ways = realloc(walk->ways, walk->capacity * sizeof(Way));
    free(walk->table);
    walk->table = calloc(2 * (size_t)walk->capacity, sizeof(uint32_t));
    CHECK(walk->ways != NULL && walk->table != NULL);
    for (uint32_t i = 0; i < walk->count; i++) {
        *slot_of(walk, walk->ways[i].key) = i + 1;
    }
}

static void
add_place(Walk *walk, const Place *place, uint32_t parent, int t, int choice)
{
    Way way = {.key = {1, 2}, .parent = parent, .thread = (uint8_t)t,
               .choice = (uint8_t)choice};
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < THREADS; i++) {
            way.key[k] = FzHash_Mix(way.key[k], (uint64_t)place->pending[i]);
        }
        for (int i = 0; i < WORDS; i++) {
            way.key[k] = FzHash_Mix(way.key[k], place->possible.words[i]);
            way.key[k] = FzHash_Mix(way.key[k], place->kept.words[i]);
        }
    }
    if (walk->count == walk->capacity) {
        grow(walk);
    }
    uint32_t *slot = slot_of(walk, way.key);
    if (*slot == 0) {
        walk->ways[walk->count] = way;
        *slot = ++walk->count;
    }
}

static void
leave_by_calls(Walk *walk, uint32_t way, const Place *place, int t)
{
    for (int choice = 0; choice < walk->alphabet->nchoices; choice++) {
        Place to = *place;
        to.pending[t] = choice + 1;
        if (take_effects(walk->alphabet, &to)) {
            add_place(walk, &to, way, t, choice);
        }
    }
}

static void
leave_by_return(Walk *walk, uint32_t way, int t)
{
    History h;
    Place place;
    go_to(walk, way, &h, &place);
    bool expected = end_operation(walk->alphabet, &place, t);
    CHECK(end_call(&h, t) == expected);
    const FzLinearModel *model = walk->alphabet->domain->model;
    CHECK(check_every_order(model, h.ops, h.n) == expected);
    if (expected) {
        look_at_checker(walk->alphabet, &h, &place);
        add_place(walk, &place, way, t, RETURN);
    }
    FzLinearChecker_End(&h.checker);
    FzLinearVerdict v = FzLinear_Check(model, h.ops, h.n);
    CHECK(v.linearizable == expected && !v.undecided);
    CHECK(expected || h.ops[v.culprit].ret == h.events);
    walk->explained += expected;
    walk->refuted += !expected;
    walk->longest = h.n > walk->longest ? h.n : walk->longest;
}

static void
walk_all(const Domain *domain)
{
    Alphabet *alphabet = malloc(sizeof(Alphabet));
    CHECK(alphabet != NULL);
    make_alphabet(alphabet, domain);
    Walk walk = {.alphabet = alphabet};
    History h;
    Place place;
    go_to(&walk, 0, &h, &place);
    FzLinearChecker_End(&h.checker);
    add_place(&walk, &place, 0, 0, RETURN);
    for (uint32_t way = 0; way < walk.count; way++) {
        go_to(&walk, way, &h, &place);
        FzLinearChecker_End(&h.checker);
        for (int t = 0; t < THREADS; t++) {
            if (place.pending[t] == 0) {
                leave_by_calls(&walk, way, &place, t);
            }
            else {
                leave_by_return(&walk, way, t);
            }
        }
    }
    printf("%-8s %2d states, %2d calls with results: %8u places, %9llu returns "
           "explained, %9llu refuted, all as by every order of histories of up "
           "to %zu operations\n", domain->model->name, alphabet->nstates,
           alphabet->nchoices, walk.count, walk.explained, walk.refuted,
           walk.longest);
    CHECK(walk.explained > 0 && walk.refuted > 0);
    CHECK_EQUAL(walk.count, domain->places);
    free(walk.ways);
    free(walk.table);
    free(alphabet);
}

// With FZ_LINEAR_ALL=1 larger objects, too: for a counter all that 12
// operations can make of it. Some minutes of processor time.
int
main(void)
{
    static const Domain small[] = {
        {&fz_linear_lock, 0x7, {0, 0}, {0, 0}, 1, 0, 1052},
        {&fz_linear_counter, 0x3, {1, 1}, {0, 0}, 3, 3, 7136},
        {&fz_linear_set, 0x3f, {0, 0}, {0, 0}, 1, 0, 37800},
    };
    // Items of two values, for their order.
    enum {
        QUEUE = 1 << FZ_DEQUE_APPEND | 1 << FZ_DEQUE_POP |
                1 << FZ_DEQUE_POPLEFT,
        STACK = 1 << FZ_LIST_APPEND | 1 << FZ_LIST_POP,
    };
    static const Domain large[] = {
        {&fz_linear_counter, 0x3, {1, 1}, {0, 0}, 12, 12, 799370},
        {&fz_linear_dict, 0xff, {0, 0}, {1, 2}, 2, 0, 1470744},
        {&fz_linear_list, 0x1ff, {0, 0}, {0, 0}, 3, 3, 1541908},
        {&fz_linear_deque, QUEUE, {1, 2}, {0, 0}, 2, 2, 54455},
        {&fz_linear_list, STACK, {0, 1}, {0, 0}, 1, 2, 80038},
    };
    const char *asked = getenv("FZ_LINEAR_ALL");
    bool all = asked != NULL && strcmp(asked, "0") != 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        walk_all(&small[i]);
    }
    for (size_t i = 0; all && i < sizeof(large) / sizeof(large[0]); i++) {
        walk_all(&large[i]);
    }
    return 0;
}
