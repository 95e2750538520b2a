// test_reads_from.c: pairs of accesses: which are told, and which are new.

#include <stdlib.h>

#include "../schedule/reads_from.h"
#include "check.h"

static FzReadsFrom rf;

static bool
note(uint32_t thread, uint64_t object, bool write, FzPair *pair)
{
    bool is_new;
    FzEvent event = {.object = object, .write = write};
    return FzReadsFrom_Note(&rf, thread, &event, pair, &is_new) && is_new;
}

// The object 7 is written by thread 0, then read by thread 1.
static void
write_then_read(bool again)
{
    FzPair pair;
    FzReadsFrom_Begin(&rf);
    CHECK(FzReadsFrom_Find(&rf, 7) == NULL);
    // In the first execution nobody knows yet that threads share it.
    CHECK(note(0, 7, true, &pair) == again);
    CHECK(note(1, 7, false, &pair) == !again);
    CHECK(pair.writer == 0 && pair.wrote == 1);
    CHECK(pair.reader == 1 && pair.read == 1);
}

static void
test_order(void)
{
    FzPair pair;
    write_then_read(false);
    write_then_read(true);
    // The other order is new, once.
    for (int i = 0; i < 2; i++) {
        FzReadsFrom_Begin(&rf);
        CHECK(note(1, 7, false, &pair) == (i == 0));
        CHECK(pair.wrote == 0);
        CHECK(!note(0, 7, true, &pair));
        CHECK(FzReadsFrom_Find(&rf, 7)->accesses[1] == 1);
    }
}

// What one thread alone touches, and what nobody writes, makes no pairs.
static void
test_not_shared(void)
{
    FzPair pair;
    bool is_new;
    FzEvent write = {.object = 20, .write = true};
    FzEvent read = {.object = 21};
    FzEvent nothing = {.write = true};
    FzReadsFrom_Begin(&rf);
    for (uint32_t thread = 0; thread < 3; thread++) {
        CHECK(!FzReadsFrom_Note(&rf, 0, &write, &pair, &is_new));
        CHECK(!FzReadsFrom_Note(&rf, thread, &read, &pair, &is_new));
        CHECK(!FzReadsFrom_Note(&rf, thread, &nothing, &pair, &is_new));
    }
}

// More objects than there is place for: those that fit go on being tracked.
static void
test_full(void)
{
    FzPair pair;
    FzReadsFrom_Begin(&rf);
    for (uint64_t object = 100; object < 1100; object++) {
        note(0, object, true, &pair);
    }
    CHECK(FzReadsFrom_Find(&rf, 100)->accesses[0] == 1);
    CHECK(FzReadsFrom_Find(&rf, 1099) == NULL);
    note(1, 100, true, &pair);
    CHECK(FzReadsFrom_Find(&rf, 100)->accesses[1] == 1);
}

int
main(void)
{
    test_order();
    test_not_shared();
    test_full();
    return 0;
}
