// input.c: what a fuzzer holds: a program and the schedule to run it under, in
// one string of bytes. Decoding is total.
//
//   0   schedule seed, 8 bytes, least significant first
//   8   strategy selector
//   9   which allocation fails, 2 bytes; 0: none
//   11  length of the program, 2 bytes
//   13  the program, then the schedule's override bytes to the end

#include <string.h>

#include "program_internal.h"

enum { HEADER = 13 };

void
FzInput_Encode(const FzInput *input, FzBuf *out)
{
    FzBuf program = { 0 };
    FzProgram_Encode(&input->program, &program);
    FZ_ASSERT(program.size <= UINT16_MAX);
    uint8_t header[HEADER];
    for (int i = 0; i < 8; i++) {
        header[i] = (uint8_t)(input->seed >> 8 * i);
    }
    header[8] = input->strategy;
    header[9] = (uint8_t)input->fail_allocation;
    header[10] = (uint8_t)(input->fail_allocation >> 8);
    header[11] = (uint8_t)program.size;
    header[12] = (uint8_t)(program.size >> 8);
    FzBuf_Append(out, header, sizeof(header));
    FzBuf_Append(out, program.data, program.size);
    FzBuf_Append(out, input->overrides, input->noverrides);
    FzBuf_Free(&program);
}

void
FzInput_Decode(FzInput *input, const uint8_t *bytes, size_t n)
{
    uint8_t header[HEADER] = { 0 };
    size_t have = n < HEADER ? n : HEADER;
    if (n == 0) {
        bytes = header;
    }
    memmove(header, bytes, have);
    input->seed = 0;
    for (int i = 0; i < 8; i++) {
        input->seed |= (uint64_t)header[i] << 8 * i;
    }
    input->strategy = header[8];
    input->fail_allocation = (uint16_t)(header[9] | header[10] << 8);
    size_t length = header[11] | (size_t)header[12] << 8;
    size_t rest = n - have;
    if (length > rest) {
        length = rest;
    }
    FzProgram_Decode(&input->program, bytes + have, length);
    rest -= length;
    input->noverrides = rest < sizeof(input->overrides)
                            ? rest : sizeof(input->overrides);
    if (input->noverrides > 0) {
        memcpy(input->overrides, bytes + have + length, input->noverrides);
    }
}

// Mostly none. Early allocations are the rarer ones: starts of the runtime, of
// threads, of containers.
static uint16_t
draw_failure(FzRng *rng)
{
    if (FzRng_Below(rng, 32) != 0) {
        return 0;
    }
    return (uint16_t)(1 + FzRng_Below(rng, 1u << FzRng_Below(rng, 12)));
}

void
FzInput_Generate(FzInput *input, FzRng *rng)
{
    input->seed = FzRng_Next(rng);
    input->strategy = (uint8_t)FzRng_Next(rng);
    input->fail_allocation = draw_failure(rng);
    input->noverrides = 0;
    FzProgram_Generate(&input->program, rng);
}

static void
mutate_overrides(FzInput *input, FzRng *rng)
{
    if (input->noverrides == 0 || FzRng_Below(rng, 4) == 0) {
        // A longer tape reaches later choices.
        size_t more = 1 + FzRng_Below(rng, 32);
        size_t room = sizeof(input->overrides) - input->noverrides;
        more = more < room ? more : room;
        for (size_t i = 0; i < more; i++) {
            input->overrides[input->noverrides++] =
                FzRng_Below(rng, 8) == 0
                    ? (uint8_t)(0x80 | FzRng_Below(rng, 8)) : 0;
        }
        return;
    }
    uint32_t at = FzRng_Below(rng, (uint32_t)input->noverrides);
    switch (FzRng_Below(rng, 4)) {
    case 0:
        input->noverrides = at;
        break;
    case 1:
        input->overrides[at] = 0;
        break;
    case 2:
        memmove(&input->overrides[at], &input->overrides[at + 1],
                input->noverrides - at - 1);
        input->noverrides--;
        break;
    default:
        input->overrides[at] = (uint8_t)(0x80 | FzRng_Below(rng, 8));
        break;
    }
}

void
FzInput_Mutate(FzInput *input, FzRng *rng)
{
    uint32_t which = FzRng_Below(rng, 16);
    if (which < 10) {
        input->seed = FzRng_Next(rng);
    }
    else if (which < 14) {
        FzProgram_Mutate(&input->program, rng);
    }
    else if (which == 14) {
        mutate_overrides(input, rng);
    }
    else {
        input->strategy = (uint8_t)FzRng_Next(rng);
        input->fail_allocation = draw_failure(rng);
    }
}

void
FzInput_CrossOver(FzInput *input, const FzInput *other, FzRng *rng)
{
    if (FzRng_Below(rng, 2) == 0) {
        input->seed = other->seed;
        input->strategy = other->strategy;
        input->fail_allocation = other->fail_allocation;
        input->noverrides = other->noverrides;
        memcpy(input->overrides, other->overrides, other->noverrides);
    }
    FzProgram_CrossOver(&input->program, &other->program, rng);
}
