// catalogue.c: findings.json: what was seen before, and what people said of it.
// A row has every signature that is known for its cause; people may move a
// signature from one row to another, and groups fold accordingly.

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fz_triage.h"

static const char *const state_names[FZ_STATE_COUNT] = {
    "new", "known", "fixed", "regressed", "won't fix",
};

const char *
FzState_Name(FzState state)
{
    return state_names[state];
}

bool
FzState_Parse(const char *name, FzState *out)
{
    for (int i = 0; i < FZ_STATE_COUNT; i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *out = (FzState)i;
            return true;
        }
    }
    return false;
}

static char *
copy(const char *text)
{
    char *result = strdup(text);
    FZ_ASSERT(result != NULL);
    return result;
}

void
FzKnown_AddSignature(FzKnown *known, const char *signature)
{
    for (size_t i = 0; i < known->nsignatures; i++) {
        if (strcmp(known->signatures[i], signature) == 0) {
            return;
        }
    }
    known->signatures = realloc(known->signatures, (known->nsignatures + 1) *
                                                       sizeof(char *));
    FZ_ASSERT(known->signatures != NULL);
    known->signatures[known->nsignatures++] = copy(signature);
}

static FzKnown *
add_row(FzCatalogue *catalogue)
{
    if (catalogue->count == catalogue->capacity) {
        catalogue->capacity = catalogue->capacity * 2 + 16;
        catalogue->rows = realloc(catalogue->rows,
                                  catalogue->capacity * sizeof(FzKnown));
        FZ_ASSERT(catalogue->rows != NULL);
    }
    FzKnown *row = &catalogue->rows[catalogue->count++];
    *row = (FzKnown){0};
    return row;
}

FzKnown *
FzCatalogue_Add(FzCatalogue *catalogue, const char *signature)
{
    FzKnown *row = add_row(catalogue);
    uint64_t id = FzHash_Bytes(signature, strlen(signature));
    do {
        snprintf(row->id, sizeof(row->id), "%08x", (unsigned)(id++ >> 32));
        id += UINT64_C(1) << 32;
    } while (FzCatalogue_FindId(catalogue, row->id) != row);
    row->title = copy("");
    row->link = copy("");
    FzKnown_AddSignature(row, signature);
    return row;
}

FzKnown *
FzCatalogue_FindId(const FzCatalogue *catalogue, const char *id)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        if (strcmp(catalogue->rows[i].id, id) == 0) {
            return &catalogue->rows[i];
        }
    }
    return NULL;
}

FzKnown *
FzCatalogue_Find(const FzCatalogue *catalogue, const char *signature)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        FzKnown *row = &catalogue->rows[i];
        for (size_t k = 0; k < row->nsignatures; k++) {
            if (strcmp(row->signatures[k], signature) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static bool
read_row(FzCatalogue *catalogue, const FzJson *json, char *why,
         size_t why_size)
{
    const char *id = FzJson_String(json, "id");
    FzState state;
    if (id[0] == '\0' || strlen(id) > 16) {
        snprintf(why, why_size, "a finding has no id");
        return false;
    }
    if (!FzState_Parse(FzJson_String(json, "state"), &state)) {
        snprintf(why, why_size,
                 "the state of %s is '%s': new, known, fixed, regressed or "
                 "won't fix",
                 id, FzJson_String(json, "state"));
        return false;
    }
    FzKnown *row = add_row(catalogue);
    snprintf(row->id, sizeof(row->id), "%s", id);
    row->state = state;
    row->title = copy(FzJson_String(json, "title"));
    row->link = copy(FzJson_String(json, "link"));
    row->count = (uint64_t)FzJson_Number(json, "count", 0);
    const FzJson *signatures = FzJson_Get(json, "signatures");
    for (const FzJson *s = signatures != NULL ? signatures->first : NULL;
         s != NULL; s = s->next) {
        if (s->kind == FZ_JSON_STRING) {
            FzKnown_AddSignature(row, s->string);
        }
    }
    return true;
}

bool
FzCatalogue_Read(const char *path, FzCatalogue *out, char *why,
                 size_t why_size)
{
    *out = (FzCatalogue){0};
    if (access(path, F_OK) != 0) {
        return true;
    }
    FzBuf bytes = {0};
    char reason[256];
    FzJson *json = NULL;
    bool ok = FzFile_Read(path, &bytes, why, why_size);
    if (ok) {
        json = FzJson_Parse(FzBuf_CString(&bytes), bytes.size, reason,
                            sizeof(reason));
        const FzJson *rows = FzJson_Get(json, "findings");
        if (json != NULL && rows == NULL) {
            snprintf(reason, sizeof(reason), "no member 'findings'");
        }
        ok = rows != NULL;
        for (const FzJson *row = ok ? rows->first : NULL; row != NULL && ok;
             row = row->next) {
            ok = read_row(out, row, reason, sizeof(reason));
        }
        if (!ok) {
            snprintf(why, why_size, "%s is no catalogue: %s", path, reason);
        }
    }
    FzJson_Free(json);
    FzBuf_Free(&bytes);
    if (!ok) {
        FzCatalogue_Free(out);
    }
    return ok;
}

static void
put_member(FzBuf *out, const char *name, const char *text)
{
    FzBuf_Printf(out, "      \"%s\": ", name);
    FzBuf_JsonString(out, text);
    FzBuf_Printf(out, ",\n");
}

bool
FzCatalogue_Write(const char *path, const FzCatalogue *catalogue, char *why,
                  size_t why_size)
{
    FzBuf out = {0};
    FzBuf_Printf(&out, "{\n  \"format\": 1,\n  \"findings\": [");
    for (size_t i = 0; i < catalogue->count; i++) {
        const FzKnown *row = &catalogue->rows[i];
        FzBuf_Printf(&out, "%s\n    {\n", i > 0 ? "," : "");
        put_member(&out, "id", row->id);
        put_member(&out, "state", state_names[row->state]);
        put_member(&out, "title", row->title);
        put_member(&out, "link", row->link);
        FzBuf_Printf(&out, "      \"count\": %llu,\n      \"signatures\": [",
                     (unsigned long long)row->count);
        for (size_t k = 0; k < row->nsignatures; k++) {
            FzBuf_Printf(&out, "%s\n        ", k > 0 ? "," : "");
            FzBuf_JsonString(&out, row->signatures[k]);
        }
        FzBuf_Printf(&out, "\n      ]\n    }");
    }
    FzBuf_Printf(&out, "\n  ]\n}\n");
    bool ok = FzFile_Write(path, out.data, out.size, why, why_size);
    FzBuf_Free(&out);
    return ok;
}

void
FzCatalogue_Free(FzCatalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        FzKnown *row = &catalogue->rows[i];
        for (size_t k = 0; k < row->nsignatures; k++) {
            free(row->signatures[k]);
        }
        free(row->signatures);
        free(row->title);
        free(row->link);
    }
    free(catalogue->rows);
    *catalogue = (FzCatalogue){0};
}
