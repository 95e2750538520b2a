// fleet_corpus.c: corpora as plain folders: one for each target, which all
// builds and fuzzers share. Inputs appear whole (they are renamed into place),
// and a corpus is replaced by renaming two folders; whoever dies between the
// two is repaired by the next session.

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet_internal.h"
#include "fz_finding.h"
#include "worker_internal.h"

enum { CONTAINER = 20, SYNC_MOST = 300 };

size_t
Fleet_CountFiles(const char *folder)
{
    size_t n = 0;
    struct dirent *entry;
    DIR *dir = opendir(folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        n += entry->d_name[0] != '.';
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n;
}

static int
remove_one(const char *path, const struct stat *status, int kind,
           struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

void
Fleet_RemoveFolder(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static uint64_t disk_bytes;

static int
count_one(const char *path, const struct stat *status, int kind,
          struct FTW *at)
{
    (void)path;
    (void)at;
    disk_bytes += kind == FTW_F ? (uint64_t)status->st_blocks * 512 : 0;
    return 0;
}

uint64_t
Fleet_DiskUsed(const char *folder)
{
    disk_bytes = 0;
    nftw(folder, count_one, 16, FTW_PHYS);
    return disk_bytes;
}

void
Fleet_Swap(const char *corpus)
{
    char fresh[FLEET_LONG_PATH + 8], old[FLEET_LONG_PATH + 8];
    snprintf(fresh, sizeof(fresh), "%s.new", corpus);
    snprintf(old, sizeof(old), "%s.old", corpus);
    if (Fleet_CountFiles(fresh) == 0) {
        return;
    }
    Fleet_RemoveFolder(old);
    if (rename(corpus, old) == 0 && rename(fresh, corpus) != 0) {
        (void)!rename(old, corpus);
    }
    Fleet_RemoveFolder(old);
}

// The target writes its seeds.
static bool
write_seeds(Fleet *fleet, const FleetJob *job, const char *folder)
{
    char program[FLEET_LONG_PATH];
    int status = -1;
    FleetJob_Program(job, "_standalone", program, sizeof(program));
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        execl(program, program, "--seeds", folder, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid < 0 || status != 0) {
        Fleet_Say(fleet, "%s does not write its seeds", program);
        return false;
    }
    return true;
}

bool
Fleet_PrepareCorpus(Fleet *fleet, FleetJob *job)
{
    char corpus[FLEET_LONG_PATH], other[FLEET_LONG_PATH + 8];
    FleetJob_Corpus(fleet, job, corpus, sizeof(corpus));
    if (access(corpus, F_OK) == 0) {
        return true;
    }
    snprintf(other, sizeof(other), "%s.old", corpus);
    if (access(other, F_OK) == 0 && rename(other, corpus) == 0) {
        return true;            // died between two renames
    }
    if (job->engine == FLEET_OWN) {
        return mkdir(corpus, 0777) == 0 || errno == EEXIST;
    }
    snprintf(other, sizeof(other), "%s.seeds", corpus);
    Fleet_RemoveFolder(other);
    return write_seeds(fleet, job, other) && rename(other, corpus) == 0;
}

// ---------------------------------------------------------------------------
// Programs: our own fuzzer keeps them in containers, others as bare bytes.

static void
take_container(const char *path, const char *to)
{
    FzBuf bytes = {0};
    char target[2 * FLEET_LONG_PATH];
    if (FzFile_Read(path, &bytes, NULL, 0) && bytes.size > CONTAINER) {
        const uint8_t *payload = bytes.data + CONTAINER;
        size_t n = bytes.size - CONTAINER;
        snprintf(target, sizeof(target), "%s/%016llx", to,
                 (unsigned long long)FzHash_Bytes(payload, n));
        if (access(target, F_OK) != 0) {
            (void)!FzFile_Write(target, payload, n, NULL, 0);
        }
    }
    FzBuf_Free(&bytes);
}

static void
take_bare(const char *path, const char *to)
{
    static FzInput input;
    char why[512];
    if (FzInputFile_Read(path, true, &input, why, sizeof(why))) {
        FzCorpus_Add(to, &input);
    }
}

void
Fleet_SyncPrograms(Fleet *fleet, const FleetJob *job)
{
    bool own = job->engine == FLEET_OWN;
    char from[FLEET_LONG_PATH], to[FLEET_LONG_PATH], path[2 * FLEET_LONG_PATH];
    char stamp[FLEET_LONG_PATH];
    struct stat status, last = {0};
    struct dirent *entry;
    snprintf(from, sizeof(from), "%s/corpus/%s", fleet->folder,
             own ? "fuzz_program" : "programs");
    FleetJob_Corpus(fleet, job, to, sizeof(to));
    // The time of the last time.
    snprintf(stamp, sizeof(stamp), "%s/corpus/.synced-%s", fleet->folder,
             job->target);
    (void)!stat(stamp, &last);
    (void)!FzFile_Write(stamp, "", 0, NULL, 0);
    DIR *dir = opendir(from);
    size_t taken = 0;
    while (dir != NULL && taken < SYNC_MOST &&
           (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", from, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &status) != 0 ||
            status.st_mtime < last.st_mtime)
        {
            continue;
        }
        taken++;
        if (own) {
            take_bare(path, to);
        }
        else {
            take_container(path, to);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

// ---------------------------------------------------------------------------
// Samples, for a fuzzer that runs every input of its corpus several times.

void
Fleet_Sample(Fleet *fleet, const char *from, const char *to, size_t n)
{
    struct dirent **entries;
    char source[2 * FLEET_LONG_PATH], link_path[2 * FLEET_LONG_PATH];
    Fleet_RemoveFolder(to);
    mkdir(to, 0777);
    int count = scandir(from, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        // Each of those left with the same chance.
        uint32_t left = (uint32_t)(count - i);
        bool take = entries[i]->d_name[0] != '.' && n > 0 &&
                    FzRng_Below(&fleet->rng, left) < n;
        if (take) {
            snprintf(source, sizeof(source), "%s/%s", from,
                     entries[i]->d_name);
            snprintf(link_path, sizeof(link_path), "%s/%s", to,
                     entries[i]->d_name);
            n -= link(source, link_path) == 0;
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}
