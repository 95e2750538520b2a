// mutator_input.c: mutations of the structure of fuzz_program's inputs instead
// of their bytes, as libFuzzer calls them. An encoded input that does not fit
// is cut: first the overrides of the schedule go; what is left decodes to a
// valid input at any length.

#include <string.h>

#include "fuzz_targets.h"
#include "fz_program.h"

static size_t
store(FzInput *input, uint8_t *out, size_t max_size)
{
    FzBuf bytes = { 0 };
    FzInput_Encode(input, &bytes);
    size_t size = bytes.size < max_size ? bytes.size : max_size;
    if (size > 0) {
        memcpy(out, bytes.data, size);
    }
    FzBuf_Free(&bytes);
    return size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                        unsigned int seed)
{
    static FzInput input;
    FzRng rng;
    FzRng_Seed(&rng, seed);
    // The corpus begins with an empty input; a program is drawn for it.
    if (size <= 1) {
        FzInput_Generate(&input, &rng);
    }
    else {
        FzInput_Decode(&input, data, size);
        FzInput_Mutate(&input, &rng);
    }
    return store(&input, data, max_size);
}

size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                          const uint8_t *data2, size_t size2, uint8_t *out,
                          size_t max_out_size, unsigned int seed)
{
    static FzInput first, second;
    FzRng rng;
    FzRng_Seed(&rng, seed);
    FzInput_Decode(&first, data1, size1);
    FzInput_Decode(&second, data2, size2);
    FzInput_CrossOver(&first, &second, &rng);
    return store(&first, out, max_out_size);
}
