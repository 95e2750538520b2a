// triage_internal.h: what the reports of a triage share.

#ifndef FZ_TRIAGE_INTERNAL_H
#define FZ_TRIAGE_INTERNAL_H

#include "fz_triage.h"

enum { FZ_REPORT_FRAMES = 24, FZ_REPORT_STACKS = 3 };

// One frame of a stack in report.txt.
typedef struct FzFrame {
    char function[96];
    char file[96];              // "runtime/objects/list.c"; "": unknown
    unsigned line;              // 0: unknown
} FzFrame;
typedef struct FzStack {
    char title[64];             // "thread 1"
    FzFrame frames[FZ_REPORT_FRAMES];
    size_t depth;
    bool plain;                 // a race's access by no atomic operation
} FzStack;
typedef struct FzStacks {
    FzStack stacks[FZ_REPORT_STACKS];
    size_t count;
} FzStacks;
// Of the finding in a folder.
void FzStacks_Read(const char *folder, FzStacks *out);
// The innermost frame in the runtime that is no plumbing, or NULL.
const FzFrame *FzStacks_Place(const FzStacks *stacks);

// All findings of one signature.
typedef struct FzRaw {
    const char *signature;
    const FzTriaged *smallest;
    const FzTriaged *const *members;    // the minimised ones first, by size
    size_t count;
    size_t parent;              // union-find
    long row;                   // of the catalogue; of a root: of all
    bool damage;
} FzRaw;

// ---- evidence.c: what minimised programs say of signatures: raws, which stand
// in the order of these, are named by their indices.
typedef struct FzEvidence {
    size_t n;
    uint64_t *shows, *kin, *beside, *always, *met, *mostly;   // n * n bits
    uint64_t *near, *common;
    bool *profiled;             // n
    size_t *shown;              // how many others each shows
    // What only small programs showed, never a finding: n * nunseen bits.
    const char **unseen;        // sorted
    size_t nunseen;
    uint64_t *shows_unseen;
} FzEvidence;
// One of the questions below.
typedef bool (*FzRelation)(const FzEvidence *evidence, size_t a, size_t b);
void FzEvidence_Read(FzEvidence *evidence, const FzRaw *raws, size_t n);
void FzEvidence_Free(FzEvidence *evidence);
// In all of these b may be only the same failure of another object than the one
// that was seen and that no finding has; and in the runs of a (beside, always,
// met) a mechanism that fails at another place.
//
// A minimised program of a fails as b, too, under another schedule.
bool FzEvidence_Shows(const FzEvidence *evidence, size_t a, size_t b);
// This one does, as raws[a] of n.
bool FzTriaged_Shows(const FzTriaged *f, const FzRaw *raws, size_t n,
                     size_t a);
// Most of these that need a preemption at one place do so by just that.
bool FzEvidence_IsKin(const FzEvidence *evidence, size_t a, size_t b);
// In runs of a minimised program of a, b is there where a is, and not else.
bool FzEvidence_IsBeside(const FzEvidence *evidence, size_t a, size_t b);
// All runs of a minimised program of a fail as a and as b.
bool FzEvidence_IsAlways(const FzEvidence *evidence, size_t a, size_t b);
// b is in more than hardly any run of a minimised program of a that fails so.
bool FzEvidence_Meets(const FzEvidence *evidence, size_t a, size_t b);
// Many runs that fail as a were looked at, and b was in hardly one of them.
bool FzEvidence_NeverMeets(const FzEvidence *evidence, size_t a, size_t b);
// Many runs that fail as a were looked at, and b was not in most of them.
bool FzEvidence_ComesWithout(const FzEvidence *evidence, size_t a, size_t b);
// Programs that are nearly a minimised one of a fail as b, others do not.
bool FzEvidence_IsNear(const FzEvidence *evidence, size_t a, size_t b);
// Strangers fail as b more than a third as often as neighbours of a's program.
bool FzEvidence_IsCommon(const FzEvidence *evidence, size_t a, size_t b);
// So it was at the programs of some signature: small programs show it whatever
// they do.
bool FzEvidence_IsCommonSomewhere(const FzEvidence *evidence, size_t b);
// A minimised program of a shows b, and strangers do not show b, or a as well.
bool FzEvidence_ShowsMore(const FzEvidence *evidence, size_t a, size_t b);
// A minimised program of a fails as unseen[i], too.
bool FzEvidence_ShowsUnseen(const FzEvidence *evidence, size_t a, size_t i);
// A program that fails as b under any schedule is a part of one of a.
bool FzRaw_ConsistsOf(const FzRaw *a, const FzRaw *b);
// The same rule, seen by the same functions, on whatever object.
bool FzRaw_AreSiblings(const FzRaw *a, const FzRaw *b);

// ---- cover.c: races that one function explains.
typedef struct FzCover FzCover;
typedef void (*FzFolder)(void *arg, size_t a, size_t b);
FzCover *FzCover_New(void);
// field: what is raced for.
void FzCover_Add(FzCover *cover, size_t raw, const FzStacks *stacks,
                 const char *field);
// Calls fold(arg, a, b) for raws that belong together.
void FzCover_Fold(FzCover *cover, FzFolder fold, void *arg);
void FzCover_Free(FzCover *cover);

// ---- behind.c: gives the groups what is behind them.
void FzTriage_LookBehind(FzTriage *triage);

// New, or regressed.
bool FzState_Stands(FzState state);
// The folder to replay: minimised if it is.
const char *FzGroup_Folder(const FzGroup *group);
// Its program without the prelude, which is the same everywhere; "" if none.
void FzGroup_Program(const FzGroup *group, FzBuf *out);
// The rule's sentence, or "" for one that this build does not know.
const char *FzGroup_Sentence(const FzGroup *group);
// "list_append and list_resize on list.+0x28", in words.
void FzGroup_Title(const FzGroup *group, char *out, size_t size);

#endif  // FZ_TRIAGE_INTERNAL_H
