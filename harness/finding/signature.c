// signature.c: the signature of a violation, and its text form.

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fz_finding.h"
#include "fz_signature.h"
#include "rt_object.h"

// ---------------------------------------------------------------------------
// Objects in messages

// A name of FzEngine_NameAddress(): letters and dashes, '#', digits.
static const char *
find_subject(const char *message, const char **end)
{
    for (const char *hash = strchr(message, '#'); hash != NULL;
         hash = strchr(hash + 1, '#')) {
        const char *start = hash;
        while (start > message &&
               (isalnum((unsigned char)start[-1]) || start[-1] == '-' ||
                start[-1] == '_' || start[-1] == '.')) {
            start--;
        }
        if (start < hash && isdigit((unsigned char)hash[1])) {
            *end = hash;
            return start;
        }
    }
    return NULL;
}

// The fields of every object's head have names; what follows is an offset.
// Blocks of items have no fields: their offsets are indices.
static void
name_field(const char *kind, size_t offset, char *out, size_t size)
{
    out[0] = '\0';
    if (offset == 0 || strcmp(kind, "mem") == 0) {
        return;
    }
#ifdef RT_GIL_DISABLED
    static const struct {
        size_t end;
        const char *name;
    } head[] = {
        {offsetof(RtObject, ob_mutex), "ob_tid"},
        {offsetof(RtObject, ob_gc_bits), "ob_mutex"},
        {offsetof(RtObject, ob_ref_local), "ob_gc_bits"},
        {offsetof(RtObject, ob_ref_shared), "ob_ref_local"},
        {offsetof(RtObject, ob_type), "ob_ref_shared"},
        {sizeof(RtObject), "ob_type"},
    };
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
        if (offset < head[i].end) {
            snprintf(out, size, "%s", head[i].name);
            return;
        }
    }
    snprintf(out, size, "+0x%zx", offset);
#else
    (void)size;                 // heads of two sizes: no offset is certain
#endif
}

void
FzSignature_Subject(const char *message, char *kind, size_t kind_size,
                    char *field, size_t field_size)
{
    kind[0] = field[0] = '\0';
    const char *hash;
    const char *start = find_subject(message, &hash);
    if (start == NULL) {
        return;
    }
    if (strncmp(start, "startup-", 8) == 0) {
        start += 8;
    }
    for (const char *at = start; at < hash; at++) {
        start = *at == '.' ? at + 1 : start;    // without its module
    }
    snprintf(kind, kind_size, "%.*s", (int)(hash - start), start);
    // A program's classes are numbered as it happens to have them.
    if (kind[0] == 'C' && isdigit((unsigned char)kind[1]) && kind[2] == 0) {
        snprintf(kind, kind_size, "instance");
    }
    char *end;
    strtoul(hash + 1, &end, 10);
    if (strncmp(end, "+0x", 3) == 0) {
        name_field(kind, strtoul(end + 3, NULL, 16), field, field_size);
    }
}

// ---------------------------------------------------------------------------
// Violations

static void
innermost(void *const *stack, char *out, size_t size)
{
    out[0] = '\0';
    for (int i = 0; i < FZ_MAX_STACK && stack[i] != NULL; i++) {
        FzSymbol_Function(stack[i], out, size);
        if (out[0] != '\0') {
            return;
        }
    }
}

static void
order_functions(FzSignature *s)
{
    if (strcmp(s->functions[0], s->functions[1]) > 0) {
        char saved[sizeof(s->functions[0])];
        memcpy(saved, s->functions[0], sizeof(saved));
        memcpy(s->functions[0], s->functions[1], sizeof(saved));
        memcpy(s->functions[1], saved, sizeof(saved));
    }
}

// A fatal error says where it is: "function: what".
static void
function_of_fatal(const char *message, char *out, size_t size)
{
    size_t n = strcspn(message, ": ");
    snprintf(out, size, "%.*s", (int)n, message);
}

// Where a thread happens to be, of which the rule says only that it is there:
// the reader that a free did not wait for, whoever ran as the budget ended.
static void
forget_bystander(FzRule rule, FzSignature *s)
{
    if (rule == FZ_RULE_QSBR_FREED_EARLY || rule == FZ_RULE_STEP_BUDGET) {
        s->functions[1][0] = '\0';
    }
    if (rule == FZ_RULE_STEP_BUDGET) {
        s->functions[0][0] = '\0';
    }
}

void
FzSignature_OfViolation(const FzViolation *violation, FzSignature *out)
{
    *out = (FzSignature){0};
    snprintf(out->rule, sizeof(out->rule), "%s", FzRule_Name(violation->rule));
    FzSignature_Subject(violation->message, out->kind, sizeof(out->kind),
                        out->field, sizeof(out->field));
    innermost(violation->stack, out->functions[0], sizeof(out->functions[0]));
    innermost(violation->other_stack, out->functions[1],
              sizeof(out->functions[1]));
    if (violation->rule == FZ_RULE_FATAL) {
        function_of_fatal(violation->message, out->functions[1],
                          sizeof(out->functions[1]));
    }
    forget_bystander(violation->rule, out);
    order_functions(out);
}

// ---------------------------------------------------------------------------
// Text

void
FzSignature_Print(const FzSignature *s, char *out, size_t size)
{
    snprintf(out, size, "%s|%s%s%s|%s|%s", s->rule, s->kind,
             s->field[0] != '\0' ? "." : "", s->field, s->functions[0],
             s->functions[1]);
}

static bool
take_part(const char **at, char *out, size_t size, bool last)
{
    size_t n = strcspn(*at, last ? "\n" : "|");
    if (n >= size || (!last && (*at)[n] != '|')) {
        return false;
    }
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n + !last;
    return true;
}

bool
FzSignature_Parse(const char *text, FzSignature *out)
{
    *out = (FzSignature){0};
    char subject[sizeof(out->kind)];
    if (!take_part(&text, out->rule, sizeof(out->rule), false) ||
        !take_part(&text, subject, sizeof(subject), false) ||
        !take_part(&text, out->functions[0], sizeof(out->functions[0]),
                   false) ||
        !take_part(&text, out->functions[1], sizeof(out->functions[1]),
                   true)) {
        return false;
    }
    char *dot = strchr(subject, '.');
    if (dot != NULL) {
        *dot = '\0';
        snprintf(out->field, sizeof(out->field), "%.31s", dot + 1);
    }
    snprintf(out->kind, sizeof(out->kind), "%s", subject);
    return out->rule[0] != '\0';
}

bool
FzSignature_Equal(const FzSignature *a, const FzSignature *b)
{
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->kind, b->kind) == 0 &&
           strcmp(a->field, b->field) == 0 &&
           strcmp(a->functions[0], b->functions[0]) == 0 &&
           strcmp(a->functions[1], b->functions[1]) == 0;
}
