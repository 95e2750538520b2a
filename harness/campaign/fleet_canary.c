// fleet_canary.c: before a campaign looks for what nobody knows it looks for
// what is known: runtimes with a seeded bug, built by scripts/bugs. If one of
// them is not found within a minute, silence later would mean nothing.

#include <string.h>
#include <unistd.h>

#include "fleet_internal.h"

// The patched ftfuzz of a bug, or one that is named itself. False: it is not
// there.
static bool
find_program(const Fleet *fleet, const char *bug, char *out, size_t size)
{
    if (strchr(bug, '/') != NULL) {
        snprintf(out, size, "%s", bug);
        return access(out, X_OK) == 0;
    }
    static const char *const presets[] = {"fuzz-ft", "fuzz-gil", "race-ft"};
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        snprintf(out, size, "%s/build/bugs/%s/build/%s/ftfuzz",
                 fleet->options->root, bug, presets[i]);
        if (access(out, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

bool
Fleet_Canary(Fleet *fleet)
{
    const char *at = fleet->options->canary;
    uint64_t wanted = 0, before = fleet->canaries_ok;
    if (strcmp(at, "none") == 0 || before > 0) {
        return true;            // found by an earlier session
    }
    while (*(at += strspn(at, " ,")) != '\0') {
        FleetTask task = {.work = FLEET_CANARY};
        char bug[FLEET_PATH];
        snprintf(bug, sizeof(bug), "%.*s", (int)strcspn(at, " ,"), at);
        at += strlen(bug);
        if (!find_program(fleet, bug, task.subject, sizeof(task.subject))) {
            fprintf(stderr, "ftfuzz: the seeded bug %s is not built; run "
                    "'scripts/bugs build %s', or leave the canary out with "
                    "--canary none\n", bug, fleet->options->canary);
            return false;
        }
        while (Fleet_FreeSlot(fleet) == NULL) {
            Fleet_Watch(fleet);
            usleep(20000);
        }
        wanted += Fleet_Start(fleet, &task);
    }
    while (Fleet_CountRunning(fleet) > 0 && fleet->stopping == NULL) {
        Fleet_Watch(fleet);
        usleep(20000);
    }
    if (fleet->stopping == NULL && fleet->canaries_ok - before < wanted) {
        fprintf(stderr, "ftfuzz: %llu of %llu seeded bugs found within a "
                "minute: what finds nothing there finds nothing here\n",
                (unsigned long long)(fleet->canaries_ok - before),
                (unsigned long long)wanted);
        return false;
    }
    return true;
}
