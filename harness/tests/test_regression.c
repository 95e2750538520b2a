// test_regression.c: programs and regressions as text: what is printed is read
// back as it was; what is damaged is refused with its line.

#include <string.h>

#include "check.h"
#include "fz_exec.h"
#include "fz_regression.h"

static void
test_round_trip(void)
{
    FzRng rng;
    FzBuf text = {0};
    char why[256];
    FzRng_Seed(&rng, 11);
    for (int i = 0; i < 500; i++) {
        FzProgram program, parsed;
        FzProgram_Generate(&program, &rng);
        FzBuf_Clear(&text);
        FzProgram_PrintText(&program, &text);
        FzBuf_Printf(&text, "behind");
        const char *at = FzBuf_CString(&text);
        unsigned line = 0;
        if (!FzProgram_ParseText(&parsed, &at, &line, why, sizeof(why))) {
            fprintf(stderr, "%s\n%s\n", why, FzBuf_CString(&text));
            CHECK(!"it is read back");
        }
        CHECK(FzProgram_Equal(&program, &parsed));
        CHECK(strcmp(at, "behind") == 0);
    }
    FzBuf_Free(&text);
}

static void
make(FzRegression *r)
{
    FzRng rng;
    FzRng_Seed(&rng, 2);
    *r = (FzRegression){.rule = "LEAK", .signature = "LEAK|list||f g",
                        .build = "fuzz-ft", .gil = -1, .time_step_ns = 1000,
                        .fail_allocation = 7};
    FzProgram_Generate(&r->program, &rng);
    FzGuide_Add(&r->turns, (FzTurn){17, 1, 0, true});
    FzGuide_Add(&r->turns, (FzTurn){123456789012, 0, 2, false});
}

static void
test_regressions(void)
{
    FzRegression r, parsed;
    FzBuf text = {0};
    char why[256];
    make(&r);
    FzRegression_Print(&r, &text);
    CHECK(FzRegression_Parse(FzBuf_CString(&text), &parsed, why,
                             sizeof(why)));
    CHECK(strcmp(parsed.rule, r.rule) == 0);
    CHECK(strcmp(parsed.signature, r.signature) == 0);
    CHECK(parsed.gil == -1 && parsed.fail_allocation == 7);
    CHECK(FzProgram_Equal(&parsed.program, &r.program));
    CHECK_EQUAL(parsed.turns.count, 2);
    CHECK_EQUAL(parsed.turns.turns[1].at, 123456789012);
    CHECK(parsed.turns.turns[0].preempts && !parsed.turns.turns[1].preempts);
    FzRegression_Free(&parsed);
    // Cut anywhere, it is refused.
    char *copy = (char *)text.data;
    for (size_t n = text.size - 2; n > 0; n -= n > 9 ? 9 : n) {
        copy[n] = '\0';
        CHECK(!FzRegression_Parse(copy, &parsed, why, sizeof(why)));
        CHECK(strncmp(why, "line ", 5) == 0);
        FzRegression_Free(&parsed);
    }
    FzBuf_Free(&text);
    FzRegression_Free(&r);
}

static void
check_refused(const char *text, const char *reason)
{
    FzRegression parsed;
    char why[256];
    CHECK(!FzRegression_Parse(text, &parsed, why, sizeof(why)));
    if (strstr(why, reason) == NULL) {
        fprintf(stderr, "'%s' has no '%s'\n", why, reason);
    }
    CHECK(strstr(why, reason) != NULL);
    FzRegression_Free(&parsed);
}

static void
test_refused(void)
{
#define HEAD "ftfuzz regression 1\nrule LEAK\n"
#define PROGRAM HEAD "program\nshared list initial 1\nmain\n"
    check_refused("", "no program");
    check_refused("something\n", "line 1");
    check_refused(HEAD "frobs 7\n", "line 3: not understood");
    check_refused(HEAD "turn 1 2\n", "line 3");
    check_refused(HEAD "turn 99 2 1\n", "line 3");
    check_refused(HEAD "gil 7\n", "line 3");
    check_refused(PROGRAM "  FROBNICATE s0\nend\n", "'FROBNICATE'");
    check_refused(PROGRAM "  LIST_APPEND s0; 17\nend\n", "'17'");
    check_refused(PROGRAM "  LIST_APPEND s0\nend\n", "LIST_APPEND");
    check_refused(PROGRAM "  LIST_CLEAR s0; 1\nend\n", "line 6");
    check_refused(PROGRAM "  LIST_CLEAR s4\nend\n", "no valid program");
    check_refused(PROGRAM "  LOOP 2\nend\n", "no valid program");
    check_refused(PROGRAM "  PASS\nend\nmore\n", "something follows");
    check_refused(HEAD "program\n  PASS\nend\n", "outside");
    check_refused(HEAD "program\nshared rope initial 1\n", "'rope'");
}

static void
test_check(void)
{
    FzRegression r;
    FzRun run = {0};
    char why[256];
    if (!FzExec_IsDeterministic()) {
        return;
    }
    CHECK(FzExec_Init(why, sizeof(why)));
    make(&r);
    CHECK(FzRegression_Check(&r, 10, &run));
    FzRun_Free(&run);
    FzRegression_Free(&r);
}

int
main(void)
{
    test_round_trip();
    test_regressions();
    test_refused();
    test_check();
    return 0;
}
