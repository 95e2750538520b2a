// mutator_choices.c: mutations of inputs of which each byte is a choice, as a
// grammar reads them. What follows a changed choice is read otherwise than
// before, so half of the time all is drawn anew behind a place, or from the
// start: mutations of single bytes seldom lengthen an input, short ones are
// short programs, and AFL++ stays with one input for thousands of executions.

#include <string.h>

#include "fuzz_targets.h"

enum { MAX_TAIL = 700, MAX_PART = 16, MAX_CHANGED = 4 };

static uint32_t
below(FzRng *rng, size_t n)
{
    return FzRng_Below(rng, (uint32_t)n);
}

static void
draw(FzRng *rng, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)FzRng_Next(rng);
    }
}

static size_t
draw_tail(FzRng *rng, uint8_t *data, size_t kept, size_t max_size)
{
    size_t drawn = below(rng, MAX_TAIL + 1);
    if (drawn > max_size - kept) {
        drawn = max_size - kept;
    }
    draw(rng, data + kept, drawn);
    return kept + drawn;
}

static size_t
insert_part(FzRng *rng, uint8_t *data, size_t size, size_t max_size)
{
    size_t at = below(rng, size + 1);
    size_t n = 1 + below(rng, MAX_PART);
    if (n > max_size - size) {
        n = max_size - size;
    }
    memmove(data + at + n, data + at, size - at);
    draw(rng, data + at, n);
    return size + n;
}

static size_t
remove_part(FzRng *rng, uint8_t *data, size_t size)
{
    size_t at = below(rng, size);
    size_t n = 1 + below(rng, MAX_PART);
    if (n > size - at) {
        n = size - at;
    }
    memmove(data + at, data + at + n, size - at - n);
    return size - n;
}

static size_t
change_bytes(FzRng *rng, uint8_t *data, size_t size)
{
    for (uint32_t n = 1 + below(rng, MAX_CHANGED); n > 0; n--) {
        data[below(rng, size)] = (uint8_t)FzRng_Next(rng);
    }
    return size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                        unsigned int seed)
{
    FzRng rng;
    FzRng_Seed(&rng, seed);
    uint32_t kind = size == 0 ? 0 : below(&rng, 8);
    switch (kind) {
    case 0:
    case 1:
        return draw_tail(&rng, data, 0, max_size);
    case 2:
    case 3:
        return draw_tail(&rng, data, below(&rng, size), max_size);
    case 4:
        return insert_part(&rng, data, size, max_size);
    case 5:
        return remove_part(&rng, data, size);
    default:
        return change_bytes(&rng, data, size);
    }
}

// The head of one and the tail of the other, from the place where it was or
// another.
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                          const uint8_t *data2, size_t size2, uint8_t *out,
                          size_t max_out_size, unsigned int seed)
{
    FzRng rng;
    FzRng_Seed(&rng, seed);
    size_t head = below(&rng, size1 + 1);
    size_t from = below(&rng, 2) == 0 && head < size2 ? head
                                                      : below(&rng, size2 + 1);
    if (head > max_out_size) {
        head = max_out_size;
    }
    size_t tail = size2 - from;
    if (tail > max_out_size - head) {
        tail = max_out_size - head;
    }
    memmove(out, data1, head);
    memmove(out + head, data2 + from, tail);
    return head + tail;
}
