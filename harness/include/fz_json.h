// fz_json.h: reading JSON (RFC 8259) into a tree. For files that people and
// tools write: whatever is wrong is told with its line.

#ifndef FZ_JSON_H
#define FZ_JSON_H

#include "fz_base.h"

typedef enum FzJsonKind {
    FZ_JSON_NULL, FZ_JSON_BOOL, FZ_JSON_NUMBER, FZ_JSON_STRING, FZ_JSON_ARRAY,
    FZ_JSON_OBJECT
} FzJsonKind;

typedef struct FzJson {
    FzJsonKind kind;
    bool boolean;
    double number;
    char *string;               // UTF-8; of a member also its name's owner
    char *name;                 // as a member of an object; else NULL
    struct FzJson *first;       // of an array's or object's values
    struct FzJson *next;        // the value after this one
} FzJson;

// NULL with a one-line reason. FzJson_Free() frees the tree.
FzJson *FzJson_Parse(const char *text, size_t n, char *why, size_t why_size);
void FzJson_Free(FzJson *json);
// Members of an object; NULL, "" or the fallback if there is none of that kind.
const FzJson *FzJson_Get(const FzJson *object, const char *name);
const char *FzJson_String(const FzJson *object, const char *name);
double FzJson_Number(const FzJson *object, const char *name, double fallback);
bool FzJson_Bool(const FzJson *object, const char *name);

#endif  // FZ_JSON_H
