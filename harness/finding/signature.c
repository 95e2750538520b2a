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

// What of a report says nothing about the mistake, because the rule is about a
// mechanism: the object that it was used on, where the thread stood of which
// the rule says only that it is there, or where whoever saw it happened to be.
enum { THE_OBJECT = 1, THE_OTHER = 2, THE_ONE_WHO_SAW = 4 };

static unsigned
incidental(FzRule rule)
{
    switch (rule) {
    case FZ_RULE_DEADLOCK:
    case FZ_RULE_LOST_WAKEUP:
    case FZ_RULE_STEP_BUDGET:
    case FZ_RULE_REF_LOST_QUEUE:
    case FZ_RULE_GIL_NOT_HELD:
        return THE_OBJECT | THE_OTHER | THE_ONE_WHO_SAW;
    case FZ_RULE_SECTION_ORDER:
    case FZ_RULE_SECTION_NOT_SUSPENDED:
    case FZ_RULE_SECTION_NESTING:
    case FZ_RULE_SECTION_RESUMED:
    case FZ_RULE_LOCK_NOT_OWNER:
    case FZ_RULE_LOCK_TWO_OWNERS:
    case FZ_RULE_LOCK_ORDER:
    case FZ_RULE_LOCK_UNFAIR:
    case FZ_RULE_HANDOFF_BROKEN:
    case FZ_RULE_WRITER_OVERTAKEN:
    case FZ_RULE_WAIT_QUEUE:
    case FZ_RULE_PARK_ORDER:
    case FZ_RULE_WORLD_NOT_STOPPED:
    case FZ_RULE_STOPPER_WAITS:
    case FZ_RULE_ATTACH_WHILE_STOPPED:
    case FZ_RULE_ATTACH_STARVED:
    case FZ_RULE_GC_FREED_REACHABLE:
    case FZ_RULE_GC_MISSED_GARBAGE:
    case FZ_RULE_GC_KEPT_GARBAGE:
    case FZ_RULE_GC_ORDER:
    case FZ_RULE_HEAP_WALK:
    case FZ_RULE_QSBR_BACKLOG:
    case FZ_RULE_QSBR_STATE:
    case FZ_RULE_QSBR_FREED_EARLY:
    case FZ_RULE_GIL_TWO_HOLDERS:
    case FZ_RULE_GIL_DROP_IGNORED:
    case FZ_RULE_GIL_RETAKEN:
    case FZ_RULE_REQUEST_LOST:
    case FZ_RULE_REQUEST_IGNORED:
    case FZ_RULE_TWO_DICTS:
    case FZ_RULE_GENERATOR_SHARED:
        return THE_OBJECT | THE_OTHER;
    default:
        return 0;
    }
}

// Every object has a head: a race on it is no matter of this kind of object.
static bool
is_of_head(const char *field)
{
    return strncmp(field, "ob_", 3) == 0;
}

// Which wake-up was lost: of all who wait, a lock that nobody holds is waited
// for in vain (the GIL is one), or who waits to attach; the others wait for
// these.
static const char *
lost_wakeup_of(const char *message)
{
    bool lock = strstr(message, ", held by nobody") != NULL;
    return lock ? "lock"
           : strstr(message, "waits for tstate#") != NULL ? "tstate" : "";
}

static void
forget_incidental(FzRule rule, FzSignature *s)
{
    unsigned what = incidental(rule);
    if ((what & THE_OBJECT) != 0) {
        s->kind[0] = s->field[0] = '\0';
    }
    if (rule == FZ_RULE_DATA_RACE && is_of_head(s->field)) {
        s->kind[0] = '\0';
    }
    if ((what & THE_ONE_WHO_SAW) != 0) {
        s->functions[0][0] = '\0';
    }
    if ((what & THE_OTHER) != 0) {
        s->functions[1][0] = '\0';
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
    forget_incidental(violation->rule, out);
    if (violation->rule == FZ_RULE_LOST_WAKEUP) {
        snprintf(out->kind, sizeof(out->kind), "%s",
                 lost_wakeup_of(violation->message));
    }
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
