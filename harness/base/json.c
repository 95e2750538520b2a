// json.c: a reader of JSON. Recursive, with a limit of depth; duplicate names
// are kept, the first is found.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fz_json.h"

enum { MAX_DEPTH = 64 };

typedef struct Parser {
    const char *start, *at, *end;
    const char *fault;          // NULL: none yet
    unsigned depth;
} Parser;

static FzJson *parse_value(Parser *p);

static FzJson *
fail(Parser *p, const char *fault)
{
    if (p->fault == NULL) {
        p->fault = fault;
    }
    return NULL;
}

static void
skip_space(Parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' ||
                              *p->at == '\n' || *p->at == '\r')) {
        p->at++;
    }
}

static bool
take(Parser *p, const char *text)
{
    size_t n = strlen(text);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, text, n) != 0) {
        return false;
    }
    p->at += n;
    return true;
}

static FzJson *
new_value(FzJsonKind kind)
{
    FzJson *json = calloc(1, sizeof(*json));
    FZ_ASSERT(json != NULL);
    json->kind = kind;
    return json;
}

static int
hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool
parse_hex4(Parser *p, uint32_t *out)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = p->at < p->end ? hex_digit(*p->at) : -1;
        if (digit < 0) {
            return false;
        }
        code = code << 4 | (uint32_t)digit;
        p->at++;
    }
    *out = code;
    return true;
}

static void
append_utf8(FzBuf *out, uint32_t code)
{
    if (code < 0x80) {
        FzBuf_AppendByte(out, (uint8_t)code);
    }
    else if (code < 0x800) {
        FzBuf_AppendByte(out, (uint8_t)(0xc0 | code >> 6));
        FzBuf_AppendByte(out, (uint8_t)(0x80 | (code & 0x3f)));
    }
    else {
        if (code < 0x10000) {
            FzBuf_AppendByte(out, (uint8_t)(0xe0 | code >> 12));
        }
        else {
            FzBuf_AppendByte(out, (uint8_t)(0xf0 | code >> 18));
            FzBuf_AppendByte(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        }
        FzBuf_AppendByte(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        FzBuf_AppendByte(out, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

static bool
parse_escape(Parser *p, FzBuf *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char c = p->at < p->end ? *p->at++ : '\0';
    if (c == 'u') {
        uint32_t code, low;
        if (!parse_hex4(p, &code)) {
            return false;
        }
        if (code >= 0xd800 && code < 0xdc00) {
            if (!take(p, "\\u") || !parse_hex4(p, &low) || low < 0xdc00 ||
                low > 0xdfff) {
                return false;
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(out, code);
        return true;
    }
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    if (letter == NULL) {
        return false;
    }
    FzBuf_AppendByte(out, (uint8_t)meanings[letter - letters]);
    return true;
}

static char *
parse_string(Parser *p)
{
    if (!take(p, "\"")) {
        fail(p, "a string is expected");
        return NULL;
    }
    FzBuf text = {0};
    while (p->at < p->end && *p->at != '"') {
        char c = *p->at++;
        if ((unsigned char)c < 0x20) {
            fail(p, "a control character in a string");
            break;
        }
        if (c != '\\') {
            FzBuf_AppendByte(&text, (uint8_t)c);
        }
        else if (!parse_escape(p, &text)) {
            fail(p, "a wrong escape in a string");
            break;
        }
    }
    if (p->fault == NULL && !take(p, "\"")) {
        fail(p, "a string does not end");
    }
    FzBuf_AppendByte(&text, '\0');
    if (p->fault != NULL) {
        FzBuf_Free(&text);
        return NULL;
    }
    return (char *)text.data;
}

static FzJson *
parse_number(Parser *p)
{
    char text[64];
    size_t n = 0;
    while (p->at < p->end && n + 1 < sizeof(text) &&
           strchr("+-.eE0123456789", *p->at) != NULL && *p->at != '\0') {
        text[n++] = *p->at++;
    }
    text[n] = '\0';
    char *end;
    double number = strtod(text, &end);
    if (n == 0 || *end != '\0' || !isfinite(number)) {
        return fail(p, "a value is expected");
    }
    FzJson *json = new_value(FZ_JSON_NUMBER);
    json->number = number;
    return json;
}

// Values up to the closing bracket; with names in an object.
static FzJson *
parse_members(Parser *p, FzJsonKind kind, const char *close)
{
    FzJson *json = new_value(kind);
    FzJson **last = &json->first;
    skip_space(p);
    if (take(p, close)) {
        return json;
    }
    do {
        char *name = NULL;
        skip_space(p);
        if (kind == FZ_JSON_OBJECT) {
            name = parse_string(p);
            skip_space(p);
            if (name != NULL && !take(p, ":")) {
                fail(p, "':' is expected");
            }
        }
        FzJson *value = p->fault == NULL ? parse_value(p) : NULL;
        if (value == NULL) {
            free(name);
            FzJson_Free(json);
            return NULL;
        }
        value->name = name;
        *last = value;
        last = &value->next;
        skip_space(p);
    } while (take(p, ","));
    if (!take(p, close)) {
        FzJson_Free(json);
        return fail(p, "',' or the closing bracket is expected");
    }
    return json;
}

static FzJson *
parse_value(Parser *p)
{
    skip_space(p);
    if (++p->depth > MAX_DEPTH) {
        return fail(p, "nested too deeply");
    }
    FzJson *json = NULL;
    if (take(p, "{")) {
        json = parse_members(p, FZ_JSON_OBJECT, "}");
    }
    else if (take(p, "[")) {
        json = parse_members(p, FZ_JSON_ARRAY, "]");
    }
    else if (p->at < p->end && *p->at == '"') {
        char *text = parse_string(p);
        if (text != NULL) {
            json = new_value(FZ_JSON_STRING);
            json->string = text;
        }
    }
    else if (take(p, "true") || take(p, "false")) {
        json = new_value(FZ_JSON_BOOL);
        json->boolean = p->at[-2] == 'u';
    }
    else if (take(p, "null")) {
        json = new_value(FZ_JSON_NULL);
    }
    else {
        json = parse_number(p);
    }
    p->depth--;
    return json;
}

FzJson *
FzJson_Parse(const char *text, size_t n, char *why, size_t why_size)
{
    Parser p = {.start = text, .at = text, .end = text + n};
    FzJson *json = parse_value(&p);
    skip_space(&p);
    if (json != NULL && p.at != p.end) {
        FzJson_Free(json);
        json = fail(&p, "something follows the value");
    }
    if (json == NULL && why != NULL) {
        unsigned line = 1;
        for (const char *at = text; at < p.at; at++) {
            line += *at == '\n';
        }
        snprintf(why, why_size, "line %u: %s", line, p.fault);
    }
    return json;
}

void
FzJson_Free(FzJson *json)
{
    while (json != NULL) {
        FzJson *next = json->next;
        FzJson_Free(json->first);
        free(json->string);
        free(json->name);
        free(json);
        json = next;
    }
}

const FzJson *
FzJson_Get(const FzJson *object, const char *name)
{
    if (object == NULL || object->kind != FZ_JSON_OBJECT) {
        return NULL;
    }
    for (const FzJson *m = object->first; m != NULL; m = m->next) {
        if (strcmp(m->name, name) == 0) {
            return m;
        }
    }
    return NULL;
}

const char *
FzJson_String(const FzJson *object, const char *name)
{
    const FzJson *m = FzJson_Get(object, name);
    return m != NULL && m->kind == FZ_JSON_STRING ? m->string : "";
}

double
FzJson_Number(const FzJson *object, const char *name, double fallback)
{
    const FzJson *m = FzJson_Get(object, name);
    return m != NULL && m->kind == FZ_JSON_NUMBER ? m->number : fallback;
}

bool
FzJson_Bool(const FzJson *object, const char *name)
{
    const FzJson *m = FzJson_Get(object, name);
    return m != NULL && m->kind == FZ_JSON_BOOL && m->boolean;
}
