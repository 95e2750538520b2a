// test_tape.c: a tape gives back what was recorded, zeros past its end, and
// reads any bytes without harm.

#include "check.h"
#include "fz_schedule.h"

enum { CHOICES = 3000 };

static void
test_round_trip(uint64_t seed, uint32_t one_in)
{
    static uint32_t ranks[CHOICES];
    FzRng rng;
    FzRng_Seed(&rng, seed);
    FzTape tape = {0};
    for (int i = 0; i < CHOICES; i++) {
        bool go_on = FzRng_Below(&rng, one_in) != 0;
        ranks[i] = go_on ? 0 : 1 + FzRng_Below(&rng, FZ_MAX_THREADS - 1);
        FzTape_Record(&tape, ranks[i]);
    }
    CHECK_EQUAL(tape.choices, CHOICES);
    FzTapeReader reader;
    FzTapeReader_Init(&reader, tape.bytes.data, tape.bytes.size);
    for (int i = 0; i < CHOICES; i++) {
        CHECK_EQUAL(FzTapeReader_Next(&reader), ranks[i]);
    }
    CHECK(FzTapeReader_AtEnd(&reader));
    for (int i = 0; i < 10; i++) {
        CHECK_EQUAL(FzTapeReader_Next(&reader), 0);
    }
    FzTape_Clear(&tape);
    CHECK_EQUAL(tape.bytes.size, 0);
    CHECK_EQUAL(tape.choices, 0);
    FzTape_Free(&tape);
}

// Long runs of go-ons take few bytes.
static void
test_small(void)
{
    FzTape tape = {0};
    for (int i = 0; i < 100000; i++) {
        FzTape_Record(&tape, 0);
    }
    CHECK_EQUAL(tape.bytes.size, 0);
    FzTape_Record(&tape, 2);
    CHECK_EQUAL(tape.bytes.size, 4);
    FzTapeReader reader;
    FzTapeReader_Init(&reader, tape.bytes.data, tape.bytes.size);
    for (int i = 0; i < 100000; i++) {
        CHECK_EQUAL(FzTapeReader_Next(&reader), 0);
    }
    CHECK_EQUAL(FzTapeReader_Next(&reader), 2);
    CHECK(FzTapeReader_AtEnd(&reader));
    FzTape_Free(&tape);
}

static void
test_any_bytes(void)
{
    FzRng rng;
    FzRng_Seed(&rng, 7);
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[24];
        size_t n = FzRng_Below(&rng, sizeof(bytes) + 1);
        for (size_t k = 0; k < n; k++) {
            bytes[k] = (uint8_t)FzRng_Next(&rng);
        }
        FzTapeReader reader;
        FzTapeReader_Init(&reader, bytes, n);
        size_t pairs = 0;
        while (!FzTapeReader_AtEnd(&reader)) {
            reader.zeros = 0;
            CHECK(FzTapeReader_Next(&reader) != 0);
            pairs++;
        }
        CHECK(pairs <= n / 2);
        CHECK_EQUAL(FzTapeReader_Next(&reader), 0);
    }
    FzTapeReader reader;
    FzTapeReader_Init(&reader, NULL, 0);
    CHECK(FzTapeReader_AtEnd(&reader));
    CHECK_EQUAL(FzTapeReader_Next(&reader), 0);
}

static void
test_strategies(void)
{
    CHECK(FzStrategy_Find("pos") == &fz_strategy_pos);
    CHECK(FzStrategy_Find("pct") == &fz_strategy_pct);
    CHECK(FzStrategy_Find("random") == &fz_strategy_random);
    CHECK(FzStrategy_Find("none") == NULL);
    CHECK(FzStrategy_Find("") == NULL);
}

int
main(void)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        test_round_trip(seed, 1 + (uint32_t)seed * seed);
    }
    test_small();
    test_any_bytes();
    test_strategies();
    return 0;
}
