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
} FzStack;
typedef struct FzStacks {
    FzStack stacks[FZ_REPORT_STACKS];
    size_t count;
} FzStacks;
// Of the finding in a folder.
void FzStacks_Read(const char *folder, FzStacks *out);
// The innermost frame in the runtime that is no plumbing, or NULL.
const FzFrame *FzStacks_Place(const FzStacks *stacks);

// ---- cover.c: races that one function explains.
typedef struct FzCover FzCover;
typedef void (*FzFolder)(void *arg, size_t a, size_t b);
FzCover *FzCover_New(void);
void FzCover_Add(FzCover *cover, size_t raw, const FzStacks *stacks);
// Calls fold(arg, a, b) for raws that belong together.
void FzCover_Fold(FzCover *cover, FzFolder fold, void *arg);
void FzCover_Free(FzCover *cover);

// The folder to replay: minimised if it is.
const char *FzGroup_Folder(const FzGroup *group);
// Its program without the prelude, which is the same everywhere; "" if none.
void FzGroup_Program(const FzGroup *group, FzBuf *out);
// The rule's sentence, or "" for one that this build does not know.
const char *FzGroup_Sentence(const FzGroup *group);
// "list_append and list_resize on list.+0x28", in words.
void FzGroup_Title(const FzGroup *group, char *out, size_t size);

#endif  // FZ_TRIAGE_INTERNAL_H
