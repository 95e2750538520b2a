// mutator_afl.c: AFL++'s custom mutator: a shared library for a target, linked
// with the functions that libFuzzer calls, of mutator_input.c (fuzz_program) or
// mutator_choices.c (fuzz_source). Part of the inputs that AFL++ offers for
// splicing are crossed with the one in hand.
//
//   AFL_CUSTOM_MUTATOR_LIBRARY=…/fuzz_program_mutator.so afl-fuzz …

#include <stdlib.h>
#include <string.h>

#include "fuzz_targets.h"

typedef struct Mutator {
    FzRng rng;
    uint8_t *out;
    size_t capacity;
} Mutator;

// AFL++'s interface.
void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out,
                       uint8_t *other, size_t other_size, size_t max_size);
void afl_custom_deinit(void *data);

void *
afl_custom_init(void *afl, unsigned int seed)
{
    (void)afl;
    Mutator *m = calloc(1, sizeof(*m));
    if (m != NULL) {
        FzRng_Seed(&m->rng, seed);
    }
    return m;
}

size_t
afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out,
                uint8_t *other, size_t other_size, size_t max_size)
{
    Mutator *m = data;
    unsigned int seed = (unsigned int)FzRng_Next(&m->rng);
    if (m->capacity < max_size || m->out == NULL) {
        uint8_t *bigger = realloc(m->out, max_size);
        if (bigger == NULL) {
            *out = buf;
            return size;
        }
        m->out = bigger;
        m->capacity = max_size;
    }
    *out = m->out;
    if (other != NULL && FzRng_Below(&m->rng, 8) == 0) {
        return LLVMFuzzerCustomCrossOver(buf, size, other, other_size, m->out,
                                         max_size, seed);
    }
    size_t n = size < max_size ? size : max_size;
    memcpy(m->out, buf, n);
    return LLVMFuzzerCustomMutator(m->out, n, max_size, seed);
}

void
afl_custom_deinit(void *data)
{
    Mutator *m = data;
    free(m->out);
    free(m);
}
