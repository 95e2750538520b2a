// random_module.c: the generator of random: MT19937, the Mersenne Twister.
//
// The state of a generator changes under its object's lock: threads that share
// one draw different numbers.
// Mirrors Modules/_randommodule.c (CPython 3.13), so that seeds agree; departs:
// seeding and numbers of more than 32 bits are in runtime/lib/random.py.

#include "module.h"

#include <string.h>

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"
#include "rtcore_types.h"

enum { N = 624, M = 397 };      // words of state; distance of the feedback

typedef struct RtTwisterObject {
    RtObject ob_base;
    uint32_t words[N];          // the object's lock
    int next;                   // likewise; N: all are used up
} RtTwisterObject;

static inline RtTwisterObject *
as_twister(RtObject *op)
{
    return (RtTwisterObject *)op;
}

// ---------------------------------------------------------------------------
// The algorithm. The object is locked.

static void
init_by_number(RtTwisterObject *self, uint32_t seed)
{
    self->words[0] = seed;
    for (uint32_t i = 1; i < N; i++) {
        uint32_t before = self->words[i - 1];
        self->words[i] = 1812433253U * (before ^ before >> 30) + i;
    }
    self->next = N;
}

static void
init_by_array(RtTwisterObject *self, const uint32_t *key, uint32_t length)
{
    uint32_t *w = self->words;
    init_by_number(self, 19650218U);
    uint32_t i = 1, j = 0;
    for (uint32_t k = N > length ? N : length; k > 0; k--) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1664525U) + key[j] + j;
        if (++i == N) {
            w[0] = w[N - 1];
            i = 1;
        }
        j = j + 1 < length ? j + 1 : 0;
    }
    for (uint32_t k = N - 1; k > 0; k--) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1566083941U) - i;
        if (++i == N) {
            w[0] = w[N - 1];
            i = 1;
        }
    }
    w[0] = 0x80000000U;
}

static void
refill(RtTwisterObject *self)
{
    uint32_t *w = self->words;
    for (int i = 0; i < N; i++) {
        uint32_t mixed =
            (w[i] & 0x80000000U) | (w[(i + 1) % N] & 0x7fffffffU);
        w[i] = w[(i + M) % N] ^ mixed >> 1 ^
               ((mixed & 1) != 0 ? 0x9908b0dfU : 0);
    }
    self->next = 0;
}

static uint32_t
draw(RtTwisterObject *self)
{
    if (self->next >= N) {
        refill(self);
    }
    uint32_t y = self->words[self->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680U;
    y ^= y << 15 & 0xefc60000U;
    return y ^ y >> 18;
}

// ---------------------------------------------------------------------------
// The type.

// seed(words): a tuple of ints below 2**32, at least one, at most 624.
static RtObject *
twister_seed(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    uint32_t key[N];
    if (!Rt_IS_TYPE(args[0], &RtTuple_Type) ||
        RtTuple_Size(args[0]) < 1 || RtTuple_Size(args[0]) > N)
    {
        RtErr_SetString(&RtExc_TypeError, "seed() needs a tuple of words");
        return NULL;
    }
    ssize_t n = RtTuple_Size(args[0]);
    for (ssize_t i = 0; i < n; i++) {
        int64_t word = RtLong_AsInt64(RtTuple_GetItem(args[0], i));
        if (word == -1 && RtErr_Occurred() != NULL) {
            return NULL;
        }
        key[i] = (uint32_t)word;
    }
    RT_BEGIN_CRITICAL_SECTION(self);
    init_by_array(as_twister(self), key, (uint32_t)n);
    RT_END_CRITICAL_SECTION();
    return Rt_NewRef(Rt_None);
}

// A float in [0, 1) of 53 bits.
static RtObject *
twister_random(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    uint32_t high, low;
    RT_BEGIN_CRITICAL_SECTION(self);
    high = draw(as_twister(self)) >> 5;
    low = draw(as_twister(self)) >> 6;
    RT_END_CRITICAL_SECTION();
    return RtFloat_FromDouble((high * 67108864.0 + low) *
                              (1.0 / 9007199254740992.0));
}

// getrandbits(k), 0 < k <= 32
static RtObject *
twister_getrandbits(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int64_t bits = RtLong_AsInt64(args[0]);
    if (bits < 1 || bits > 32) {
        if (RtErr_Occurred() == NULL) {
            RtErr_SetString(&RtExc_ValueError, "1 to 32 bits");
        }
        return NULL;
    }
    uint32_t word;
    RT_BEGIN_CRITICAL_SECTION(self);
    word = draw(as_twister(self)) >> (32 - bits);
    RT_END_CRITICAL_SECTION();
    return RtLong_FromInt64(word);
}

// The words and the place of the next one.
static RtObject *
twister_getstate(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    uint32_t words[N];
    int next;
    RT_BEGIN_CRITICAL_SECTION(self);
    memcpy(words, as_twister(self)->words, sizeof(words));
    next = as_twister(self)->next;
    RT_END_CRITICAL_SECTION();
    RtObject *state = RtTuple_New(N + 1);
    for (int i = 0; state != NULL && i <= N; i++) {
        RtObject *word = RtLong_FromInt64(i < N ? words[i] : next);
        if (word == NULL) {
            Rt_CLEAR(state);
            break;
        }
        RtTuple_SetItem(state, i, word);
    }
    return state;
}

static RtObject *
twister_setstate(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int64_t values[N + 1];
    if (!Rt_IS_TYPE(args[0], &RtTuple_Type) || RtTuple_Size(args[0]) != N + 1) {
        RtErr_SetString(&RtExc_ValueError, "state vector is the wrong size");
        return NULL;
    }
    for (int i = 0; i <= N; i++) {
        values[i] = RtLong_AsInt64(RtTuple_GetItem(args[0], i));
        if (values[i] == -1 && RtErr_Occurred() != NULL) {
            return NULL;
        }
    }
    if (values[N] < 0 || values[N] > N) {
        RtErr_SetString(&RtExc_ValueError, "invalid state");
        return NULL;
    }
    RT_BEGIN_CRITICAL_SECTION(self);
    for (int i = 0; i < N; i++) {
        as_twister(self)->words[i] = (uint32_t)values[i];
    }
    as_twister(self)->next = (int)values[N];
    RT_END_CRITICAL_SECTION();
    return Rt_NewRef(Rt_None);
}

static RtObject *
twister_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs != 0) {
        RtErr_SetString(&RtExc_TypeError, "Twister() takes no arguments");
        return NULL;
    }
    RtObject *self = RtObject_New(type, 0);
    if (self != NULL) {
        init_by_number(as_twister(self), 5489U);
    }
    return self;
}

static void
twister_dealloc(RtObject *self)
{
    RtObject_Free(self);
}

static RtMethodDef twister_methods[] = {
    { "seed", twister_seed, 1, 1 },
    { "random", twister_random, 0, 0 },
    { "getrandbits", twister_getrandbits, 1, 1 },
    { "getstate", twister_getstate, 0, 0 },
    { "setstate", twister_setstate, 1, 1 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtTwister_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "_random.Twister",
    .tp_basicsize = sizeof(RtTwisterObject),
    .tp_dealloc = twister_dealloc,
    .tp_new = twister_new,
    .tp_methods = twister_methods,
};
