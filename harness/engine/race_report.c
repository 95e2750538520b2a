// race_report.c: what becomes of a race: left out if it is excepted
// (oracle/race_exceptions.def) or its pair of sites is already known in this
// run, else told to the reporter; without one it is a violation and ends the
// run.

#include <string.h>

#include "fz_engine.h"
#include "fz_image.h"
#include "race_internal.h"

enum { MAX_PAIRS = 512 };

typedef struct SitePair {
    uintptr_t low, high;
} SitePair;

static SitePair pairs[MAX_PAIRS];       // of this run
static uint32_t npairs;
static FzRaceReporter told;
static void *told_arg;

void
FzRace_SetReporter(FzRaceReporter reporter, void *arg)
{
    told = reporter;
    told_arg = arg;
}

void
FzRaceReport_Reset(void)
{
    npairs = 0;
}

// Whether the pair is new in this run; it is known from now on. When the table
// is full nothing is new: hundreds of races of one run say all there is to say.
static bool
first_of_its_sites(uintptr_t a, uintptr_t b)
{
    SitePair pair = {a < b ? a : b, a < b ? b : a};
    for (uint32_t i = 0; i < npairs; i++) {
        if (pairs[i].low == pair.low && pairs[i].high == pair.high) {
            return false;
        }
    }
    if (npairs == MAX_PAIRS) {
        return false;
    }
    pairs[npairs++] = pair;
    return true;
}

static bool
is_excepted(uintptr_t site)
{
    static const struct {
        const char *function, *reason;
    } exceptions[] = {
#define FZ_RACE_EXCEPTION(function, reason) {function, reason},
#include "../oracle/race_exceptions.def"
        {NULL, NULL},
    };
    if (exceptions[0].function == NULL) {
        return false;
    }
    const char *name = FzImage_FunctionAt(site - 1);
    for (size_t i = 0; exceptions[i].function != NULL; i++) {
        if (name != NULL && strcmp(exceptions[i].function, name) == 0) {
            return true;
        }
    }
    return false;
}

static FzRaceAccess
describe_record(const FzRaceRecord *record)
{
    uint32_t class = FzRaceWhat_Class(record->what);
    FzRaceAccess access = {
        .thread = FzRaceWhat_Thread(record->what),
        .size = FzRaceWhat_Size(record->what),
        .write = (class & FZ_RACE_ATOMIC_WRITE) != 0,
        .atomic = (class & FZ_RACE_PLAIN_READ) == 0,
        .allocated = class == FZ_RACE_ALLOC,
        .freed = class == FZ_RACE_FREE,
        .site = record->site,
    };
    access.depth =
        FzRaceStack_Unwind(record->context, access.stack, FZ_RACE_STACK);
    return access;
}

static void
print_place(FzBuf *out, uintptr_t return_address)
{
    uintptr_t pc = return_address - 1;
    const char *name = FzImage_FunctionAt(pc);
    FzBuf_Printf(out, "%s (+0x%jx)", name != NULL ? name : "?",
                 (uintmax_t)FzImage_Offset(pc));
}

static void
print_access(FzBuf *out, const char *when, const FzRaceAccess *access)
{
    FzBuf_Printf(out, "\n  %s thread %u ", when, access->thread);
    if (access->allocated || access->freed) {
        FzBuf_Printf(out, "%s the block in ",
                     access->freed ? "freed" : "allocated");
    }
    else {
        FzBuf_Printf(out, "%s %s %u bytes%s in ",
                     access->atomic ? "atomically" : "plainly",
                     access->write ? "wrote" : "read", access->size,
                     access->size == 255 ? " or more" : "");
    }
    print_place(out, access->site);
    for (uint32_t i = 0; i < access->depth; i++) {
        FzBuf_Printf(out, "\n    called from ");
        print_place(out, access->stack[i]);
    }
}

void
FzRace_Describe(const FzRaceReport *report, FzBuf *out)
{
    char name[128];
    FzBuf_Printf(out, "data race on %s",
                 FzEngine_NameAddress(report->addr, name, sizeof(name)));
    print_access(out, "now", &report->now);
    print_access(out, "before", &report->before);
}

void
FzRace_Record(const FzRaceReport *report)
{
    FzBuf text = {0};
    FzRace_Describe(report, &text);
    FzEngine_Violation(FZ_RULE_DATA_RACE, report->before.thread, "%s",
                       FzBuf_CString(&text));
    FzBuf_Free(&text);
    uintptr_t before[1 + FZ_RACE_STACK] = {report->before.site};
    uint32_t depth = report->before.depth;
    memcpy(before + 1, report->before.stack, depth * sizeof(uintptr_t));
    FzEngine_SetOtherStack(before, 1 + depth);
}

void
FzRaceReport_Found(const void *addr, const FzRaceRecord *now,
                   const FzRaceRecord *before)
{
    if (!first_of_its_sites(now->site, before->site) ||
        is_excepted(now->site) || is_excepted(before->site))
    {
        return;
    }
    FzRaceReport report = {
        .addr = addr,
        .now = describe_record(now),
        .before = describe_record(before),
    };
    if (told != NULL) {
        told(&report, told_arg);
    }
    else if (!FzEngine_Ignores(FZ_RULE_DATA_RACE)) {
        FzRace_Record(&report);
        FzEngine_Stop();
    }
}
