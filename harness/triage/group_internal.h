// group_internal.h: the groups in the making, which group.c and the files that
// fold them share.

#ifndef FZ_GROUP_INTERNAL_H
#define FZ_GROUP_INTERNAL_H

#include "triage_internal.h"

typedef struct Key {
    char *text;
    size_t raw;
} Key;

typedef struct FzGrouper {
    const FzTriaged **sorted;   // what FzRaw.members point into
    FzRaw *raws;
    size_t nraws;
    FzEvidence evidence;
    Key *keys;
    size_t nkeys, capacity;
} FzGrouper;

// The raw that stands for its group.
size_t FzGrouper_Root(FzGrouper *g, size_t raw);
// Makes one group of two, if the catalogue does not keep them apart.
void FzGrouper_Fold(FzGrouper *g, size_t a, size_t b);
// list: ended by NULL.
bool FzTriage_IsOneOf(const char *text, const char *const *list);
// It says who freed what is used.
bool FzTriaged_NamesCulprit(const FzTriaged *f);
// Its cause says before which field, that is no lock, a thread is preempted.
bool FzTriaged_NamesField(const FzTriaged *f);
// And who touches that meanwhile: a pair of accesses.
bool FzTriaged_NamesPair(const FzTriaged *f);

// ---- fold.c
// Below it, chance explains much.
enum { FZ_ENOUGH_FINDINGS = 5 };
void FzGrouper_FoldByEvidence(FzGrouper *g);
// Only raw ties its group to that of `to`: both stand without it and never meet
// but in its programs.
bool FzGrouper_IsBridge(FzGrouper *g, size_t raw, size_t to);
// The group stands for itself: a mechanism that failed often enough, or damage
// of several kinds that has one cause.
bool FzGrouper_IsEstablished(FzGrouper *g, size_t root);
// A small program of raw fails as some of the group.
bool FzGrouper_Shows(FzGrouper *g, size_t raw, size_t root);
// Raw relates so to some of the group.
bool FzGrouper_Relates(FzGrouper *g, FzRelation relation, size_t raw,
                       size_t root);
// Programs that fail by something else than the asker show the group, too.
bool FzGrouper_IsEverywhere(FzGrouper *g, size_t root, size_t asker);
// Programs that do anything show the group, as was seen at programs of another.
bool FzGrouper_IsCommon(FzGrouper *g, size_t root);

// ---- fold_near.c
void FzGrouper_FoldNear(FzGrouper *g);

// ---- fold_mutual.c
void FzGrouper_FoldMutual(FzGrouper *g);

// ---- fold_counts.c
size_t FzGrouper_CountFindings(FzGrouper *g, size_t root);
// Ten times less than the other, or even less.
bool FzGrouper_IsSeldomBeside(FzGrouper *g, size_t root, size_t other);
void FzGrouper_FoldByCounts(FzGrouper *g);

// ---- fold_causes.c
void FzGrouper_FoldByCauses(FzGrouper *g);
void FzGrouper_FoldParts(FzGrouper *g);         // last

#endif  // FZ_GROUP_INTERNAL_H
