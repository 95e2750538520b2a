// test_finding.c: a finding that is read back is the one that was written, also
// which GIL it was found with.

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fz_exec.h"
#include "fz_finding.h"

#ifdef RT_WITH_HOOKS

static FzInput input;
static FzRun run;

static void
remove_finding(const char *path)
{
    static const char *const members[] = {
        "input.ftz", "schedule.txt", "program.py", "report.txt",
        "finding.json",
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char member[4200];
        snprintf(member, sizeof(member), "%s/%s", path, members[i]);
        CHECK(unlink(member) == 0);
    }
    CHECK(rmdir(path) == 0);
}

static void
round_trip(const char *dir, const FzSchedule *schedule, int gil)
{
    char path[4200], why[512] = "";
    CHECK(FzExec_SetGil(gil));
    CHECK(FzFinding_Save(dir, &input, schedule, &run, NULL, path, sizeof(path),
                         why, sizeof(why)));
    FzFinding finding;
    CHECK(FzFinding_Load(path, &finding, why, sizeof(why)));
    CHECK(finding.gil == gil);
    CHECK(strcmp(finding.rule, "LEAK") == 0);
    CHECK(strcmp(finding.build, FzExec_BuildName()) == 0);
    CHECK(finding.schedule.trace_hash == run.trace_hash);
    CHECK(FzProgram_Hash(&finding.input.program) ==
          FzProgram_Hash(&input.program));
    FzFinding_Free(&finding);
    // Found again it is kept, and is the newest one.
    const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
    CHECK(utimensat(AT_FDCWD, path, long_ago, 0) == 0);
    CHECK(FzFinding_Save(dir, &input, schedule, &run, NULL, path, sizeof(path),
                         why, sizeof(why)));
    struct stat status;
    CHECK(stat(path, &status) == 0);
    CHECK(status.st_mtime > 1);
    remove_finding(path);
}

int
main(void)
{
    char why[512];
    CHECK(FzExec_Init(why, sizeof(why)));
    FzRng rng;
    FzRng_Seed(&rng, 7);
    FzInput_Generate(&input, &rng);
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = FzExec_ScheduleOf(&input);
    FzExec_RunProgram(&input.program, &config, &run);
    // What the run did is real; what is wrong with it is made up.
    run.nviolations = 1;
    run.violations[0] = (FzViolation){
        .rule = FZ_RULE_LEAK, .other_thread = UINT32_MAX, .message = "made up",
    };
    char dir[] = "/tmp/fz-finding-XXXXXX";
    CHECK(mkdtemp(dir) != NULL);
    round_trip(dir, &config.schedule, -1);
    round_trip(dir, &config.schedule, 1);
#ifdef RT_GIL_DISABLED
    round_trip(dir, &config.schedule, 0);
#else
    CHECK(!FzExec_SetGil(0));
#endif
    CHECK(rmdir(dir) == 0);
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    return 0;
}

#endif
