// fz_triage.h: from thousands of failures to a few groups, one for each cause.
//
// Findings with one signature are one group. Groups fold together where
// something says that one mistake is behind them: the catalogue (a person said
// so), what freed a block that was used, the preemption that causes them, or
// that the smallest programs of each fail as the other does, too.

#ifndef FZ_TRIAGE_H
#define FZ_TRIAGE_H

#include "fz_json.h"
#include "fz_signature.h"

enum { FZ_TRIAGED_OPS = 256 / 64 };

// One finding folder, as its finding.json describes it.
typedef struct FzTriaged {
    char *path;                 // of the finding
    char *small;                // FINDING/minimized, or NULL
    char *signature;
    char *rule, *build, *message;
    char *cause;                // "" if unknown
    char *freed_by;             // function, or ""
    char **aliases;             // signatures that the small program shows too
    size_t naliases;
    char **kin;                 // those of them with the same cause
    size_t nkin;
    char **beside;              // that are in the same runs of it, or in none
    size_t nbeside;
    char **always;              // that are in each of its runs, as it is
    size_t nalways;
    char **met;                 // that are in more than a few runs of it
    size_t nmet;
    char **mostly;              // that are in most that fail as it does
    size_t nmostly;
    char **near;                // that neighbours show, and hardly a stranger
    size_t nnear;
    char **common;              // that strangers show about as often
    size_t ncommon;
    char **behind;              // that its run showed later, and none first
    size_t nbehind;
    bool profiled;              // enough runs of it were looked at
    bool tight;                 // the cause is at that point and no other
    uint32_t threads, operations, preemptions;
    uint64_t steps;
    // Of a small program that fails without a preemption, as a set of
    // operations by their numbers; else empty.
    uint64_t ops[FZ_TRIAGED_OPS];
} FzTriaged;

typedef enum FzState {
    FZ_STATE_NEW, FZ_STATE_KNOWN, FZ_STATE_FIXED, FZ_STATE_REGRESSED,
    FZ_STATE_WONT_FIX, FZ_STATE_COUNT
} FzState;
const char *FzState_Name(FzState state);        // "won't fix"
FZ_WARN_UNUSED bool FzState_Parse(const char *name, FzState *out);

// One cause that was seen before: a row of findings.json.
typedef struct FzKnown {
    char id[17];
    FzState state;
    char *title, *link;         // people's; may be ""
    char **signatures;
    size_t nsignatures;
    uint64_t count;             // findings seen so far
} FzKnown;
typedef struct FzCatalogue {
    FzKnown *rows;
    size_t count, capacity;
} FzCatalogue;
// A file that is not there is an empty catalogue.
FZ_WARN_UNUSED bool FzCatalogue_Read(const char *path, FzCatalogue *out,
                                     char *why, size_t why_size);
FZ_WARN_UNUSED bool FzCatalogue_Write(const char *path,
                                      const FzCatalogue *catalogue, char *why,
                                      size_t why_size);
void FzCatalogue_Free(FzCatalogue *catalogue);
FzKnown *FzCatalogue_Find(const FzCatalogue *catalogue, const char *signature);
FzKnown *FzCatalogue_FindId(const FzCatalogue *catalogue, const char *id);
FzKnown *FzCatalogue_Add(FzCatalogue *catalogue, const char *signature);
void FzKnown_AddSignature(FzKnown *known, const char *signature);

typedef struct FzReplays {
    bool done;                  // else: recorded by another build
    uint64_t times, same, other, clean;
} FzReplays;

typedef struct FzGroup {
    char id[17];                // of its row in the catalogue
    FzState state;
    const char *link;
    const char *title;
    size_t count;               // findings
    const FzTriaged *smallest;
    const char **signatures;    // of all members, most frequent first
    size_t *counts;             // findings of each
    size_t nsignatures;
    // Of no group: seen only where a run goes on behind what its findings fail
    // by. Consequences, or what they hide.
    const char **behind;
    size_t nbehind;
    FzReplays replays;
    bool is_new;                // not in the report that this is compared with
    bool has_page;              // pages/ID.html, beside the reports
} FzGroup;

typedef struct FzTriage {
    FzTriaged *findings;
    size_t nfindings, capacity;
    FzGroup *groups;            // those that stand first
    size_t ngroups;
    char **skipped;             // folders that are damaged, with the reason
    size_t nskipped;
    const char **gone;          // ids in the old report that are not here
    size_t ngone;
    bool compared;
} FzTriage;

// Reads all findings below a folder.
FZ_WARN_UNUSED bool FzTriage_Load(FzTriage *triage, const char *folder,
                                  char *why, size_t why_size);
// Makes the groups and gives each its state; the catalogue learns new ones.
void FzTriage_Group(FzTriage *triage, FzCatalogue *catalogue);
// Against the JSON report of an earlier triage.
void FzTriage_Compare(FzTriage *triage, const FzJson *old);
// Groups that are new or regressed (compared: that the old one had not).
size_t FzTriage_CountStanding(const FzTriage *triage);
void FzTriage_Free(FzTriage *triage);

// ---- Reports.
void FzTriage_Json(const FzTriage *triage, FzBuf *out);
void FzTriage_Markdown(const FzTriage *triage, FzBuf *out);
void FzTriage_Sarif(const FzTriage *triage, FzBuf *out);
void FzTriage_Junit(const FzTriage *triage, FzBuf *out);
void FzTriage_Html(const FzTriage *triage, FzBuf *out);

#endif  // FZ_TRIAGE_H
