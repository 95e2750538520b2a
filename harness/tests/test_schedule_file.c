// test_schedule_file.c: a printed schedule parses to what was printed; anything
// else is refused in one line that says where.

#include <string.h>

#include "check.h"
#include "fz_schedule.h"

static void
make_tape(FzTape *tape, int pairs)
{
    FzRng rng;
    FzRng_Seed(&rng, (uint64_t)pairs);
    for (int i = 0; i < pairs; i++) {
        for (uint32_t zeros = FzRng_Below(&rng, 300); zeros > 0; zeros--) {
            FzTape_Record(tape, 0);
        }
        FzTape_Record(tape, 1 + FzRng_Below(&rng, FZ_MAX_THREADS - 1));
    }
}

static void
print_file(const FzScheduleFile *file, FzBuf *out)
{
    FzTape tape = {.bytes = file->bytes};
    FzBuf_Clear(out);
    FzSchedule_Print(&file->schedule, &tape, file->program_hash,
                     file->trace_hash, out);
}

static void
test_round_trip(int pairs, const FzStrategy *strategy)
{
    FzSchedule schedule = {
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = strategy,
        .seed = UINT64_MAX - (uint64_t)pairs,
        .depth = 3,
        .time_step_ns = 50000,
        .fail_allocation = pairs % 2 == 0 ? 17 : 0,
        .weak_seed = pairs % 3 == 0 ? UINT32_MAX : 0,
    };
    FzTape tape = {0};
    make_tape(&tape, pairs);
    FzBuf text = {0}, again = {0};
    FzSchedule_Print(&schedule, &tape, 0xc0ffee, 0x0123456789abcdef, &text);
    char why[200] = "";
    FzScheduleFile file;
    CHECK(FzScheduleFile_Parse((char *)text.data, text.size, &file, why,
                               sizeof(why)));
    CHECK(file.schedule.kind == FZ_SCHEDULE_REPLAY);
    CHECK(file.schedule.strategy == strategy);
    CHECK_EQUAL(file.schedule.seed, schedule.seed);
    CHECK_EQUAL(file.schedule.depth, 3);
    CHECK_EQUAL(file.schedule.time_step_ns, 50000);
    CHECK_EQUAL(file.schedule.fail_allocation, schedule.fail_allocation);
    CHECK_EQUAL(file.schedule.weak_seed, schedule.weak_seed);
    CHECK_EQUAL(file.program_hash, 0xc0ffee);
    CHECK_EQUAL(file.trace_hash, 0x0123456789abcdef);
    CHECK_EQUAL(file.schedule.ntape, tape.bytes.size);
    if (tape.bytes.size != 0) {
        CHECK(memcmp(file.schedule.tape, tape.bytes.data, tape.bytes.size) ==
              0);
    }
    print_file(&file, &again);
    CHECK_EQUAL(again.size, text.size);
    CHECK(memcmp(again.data, text.data, text.size) == 0);
    FzScheduleFile_Free(&file);
    FzTape_Free(&tape);
    FzBuf_Free(&text);
    FzBuf_Free(&again);
}

static void
check_reason(const char *why)
{
    CHECK(strncmp(why, "line ", 5) == 0);
    CHECK(strlen(why) > 10);
    CHECK(strchr(why, '\n') == NULL);
    for (const char *at = why; *at != 0; at++) {
        CHECK(*at >= ' ' && *at < 127);
    }
}

static void
sample(FzBuf *text)
{
    FzSchedule schedule = {
        .strategy = &fz_strategy_pct, .seed = 42, .depth = 2};
    FzTape tape = {0};
    make_tape(&tape, 12);
    FzSchedule_Print(&schedule, &tape, 1, 2, text);
    FzTape_Free(&tape);
}

static void
test_truncated(void)
{
    FzBuf text = {0};
    sample(&text);
    for (size_t n = 0; n < text.size; n++) {
        char why[200] = "";
        FzScheduleFile file;
        CHECK(!FzScheduleFile_Parse((char *)text.data, n, &file, why,
                                    sizeof(why)));
        check_reason(why);
        CHECK(file.bytes.data == NULL);
    }
    FzBuf_Free(&text);
}

// A damaged file is refused, or it is the one text of another schedule.
static void
test_damaged(void)
{
    FzBuf text = {0}, again = {0};
    sample(&text);
    unsigned refused = 0;
    for (size_t at = 0; at < text.size; at++) {
        for (unsigned value = 0; value < 256; value += at % 7 + 1) {
            uint8_t good = text.data[at];
            text.data[at] = (uint8_t)value;
            char why[200] = "";
            FzScheduleFile file;
            if (FzScheduleFile_Parse((char *)text.data, text.size, &file, why,
                                     sizeof(why))) {
                print_file(&file, &again);
                CHECK_EQUAL(again.size, text.size);
                CHECK(memcmp(again.data, text.data, text.size) == 0);
                FzScheduleFile_Free(&file);
            }
            else {
                refused++;
                check_reason(why);
            }
            text.data[at] = good;
        }
    }
    CHECK(refused > 1000);
    FzBuf_Free(&text);
    FzBuf_Free(&again);
}

static void
test_reason(const char *text, const char *expected)
{
    char why[200] = "";
    FzScheduleFile file;
    CHECK(!FzScheduleFile_Parse(text, strlen(text), &file, why, sizeof(why)));
    if (strcmp(why, expected) != 0) {
        fprintf(stderr, "got '%s', expected '%s'\n", why, expected);
        exit(1);
    }
    // No room, or no place at all, for the reason.
    CHECK(!FzScheduleFile_Parse(text, strlen(text), &file, NULL, 0));
    CHECK(!FzScheduleFile_Parse(text, strlen(text), &file, why, 3));
}

#define HEAD \
    "ftfuzz schedule 1\nprogram 0000000000000001\n" \
    "trace 0000000000000002\nchosen-by pos seed 1 depth 2\n" \
    "time-step-ns 1000\n"

static void
test_reasons(void)
{
    test_reason("", "line 1: expected 'ftfuzz schedule ', found the end of "
                    "the file");
    test_reason("hello", "line 1: expected 'ftfuzz schedule ', found hello");
    test_reason("ftfuzz schedule 2\n",
                "line 1: version 2 is not known, only 1");
    test_reason("ftfuzz schedule 1\nprogram 12\n",
                "line 2: program: expected 16 hexadecimal digits");
    test_reason(HEAD "choices 1\n5:16\nend\n",
                "line 7: rank is greater than 15");
    test_reason(HEAD "choices 1\n5:0\nend\n",
                "line 7: rank 0 cannot end a run of go-ons");
    test_reason(HEAD "choices 1\n5:1 6:1\nend\n",
                "line 7: expected the end of the line, found a space");
    test_reason(HEAD "choices 2\n5:1 x:1\nend\n",
                "line 7: go-ons: expected a number, found x:1");
    test_reason(HEAD "choices 0\nend\nmore",
                "line 8: expected nothing after 'end', found more");
    test_reason("ftfuzz schedule 1\nprogram 0000000000000001\n"
                "trace 0000000000000002\nchosen-by fate seed 1 depth 2\n",
                "line 4: unknown strategy 'fate'");
    test_reason(HEAD "choices 99999999999999999999\n",
                "line 6: choices is greater than 18446744073709551615");
    test_reason(HEAD "choices 01\n", "line 6: choices: leading zero");
}

int
main(void)
{
    test_round_trip(0, &fz_strategy_pos);
    test_round_trip(1, &fz_strategy_random);
    test_round_trip(10, NULL);
    test_round_trip(1234, &fz_strategy_pct);
    test_truncated();
    test_damaged();
    test_reasons();
    return 0;
}
