// str_format.c: str.format() and str.format_map().
//
// The template is immutable; what has been written stays on the caller's stack
// while fields run code of the program.
// Mirrors Objects/stringlib/unicode_format.h (CPython 3.13); departs: none.

#include "rtcore_format.h"

#include "rt_errors.h"

#include <string.h>

enum { MAX_NESTING = 2 };

typedef struct Arguments {
    RtObject *const *args;
    ssize_t nargs;
    RtObject *kwnames;          // tuple or NULL
    RtObject *mapping;          // of format_map(), or NULL
    ssize_t next;               // of fields without a number
    bool numbered;              // a field had a number
    bool automatic;             // a field had none
} Arguments;

static RtObject *
value_error(const char *message)
{
    RtErr_SetString(&RtExc_ValueError, message);
    return NULL;
}

// ---------------------------------------------------------------------------
// The value of a field.

static RtObject *
positional(Arguments *a, ssize_t i)
{
    if (a->mapping != NULL) {
        return value_error("Format string contains positional fields");
    }
    if (i >= a->nargs) {
        RtErr_Format(&RtExc_IndexError, "Replacement index %zd out of range "
                     "for positional args tuple", i);
        return NULL;
    }
    return Rt_NewRef(a->args[i]);
}

static RtObject *
named(Arguments *a, const char *name, ssize_t size)
{
    RtObject *key = RtStr_FromStringAndSize(name, size);
    if (key == NULL) {
        return NULL;
    }
    RtObject *value = NULL;
    if (a->mapping != NULL) {
        value = RtObject_GetItem(a->mapping, key);
        Rt_DECREF(key);
        return value;
    }
    ssize_t n = a->kwnames == NULL ? 0 : RtTuple_Size(a->kwnames);
    for (ssize_t i = 0; i < n && value == NULL; i++) {
        if (RtStr_Equal(RtTuple_GetItem(a->kwnames, i), key)) {
            value = Rt_NewRef(a->args[a->nargs + i]);
        }
    }
    if (value == NULL) {
        RtErr_SetObject(&RtExc_KeyError, key);
    }
    Rt_DECREF(key);
    return value;
}

// A number of digits only; -1 if it is none.
static ssize_t
as_number(const char *p, const char *end)
{
    ssize_t value = p < end ? 0 : -1;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9' || value > INT32_MAX) {
            return -1;
        }
        value = value * 10 + (*p - '0');
    }
    return value;
}

static RtObject *
first_value(Arguments *a, const char *p, const char *end)
{
    ssize_t number = as_number(p, end);
    if (number < 0 && p < end) {
        return named(a, p, end - p);
    }
    bool automatic = p == end;
    if (automatic ? a->numbered : a->automatic) {
        return value_error(automatic
            ? "cannot switch from manual field specification to automatic "
              "field numbering"
            : "cannot switch from automatic field numbering to manual field "
              "specification");
    }
    if (automatic) {
        a->automatic = true;
        return positional(a, a->next++);
    }
    a->numbered = true;
    return positional(a, number);
}

// x.name or x[key]: the step at *p. Takes x.
static RtObject *
one_step(RtObject *x, const char **p, const char *end)
{
    bool attribute = *(*p)++ == '.';
    const char *start = *p;
    while (*p < end && (attribute ? **p != '.' && **p != '[' : **p != ']')) {
        (*p)++;
    }
    const char *stop = *p;
    RtObject *result = NULL;
    RtObject *key = NULL;
    if (!attribute && *p == end) {
        (void)value_error("Missing ']' in format string");
    }
    else if (start == stop) {
        (void)value_error("Empty attribute in format string");
    }
    else {
        ssize_t number = attribute ? -1 : as_number(start, stop);
        key = number >= 0 ? RtLong_FromInt64(number)
                          : RtStr_FromStringAndSize(start, stop - start);
    }
    if (key != NULL) {
        result = attribute ? RtObject_GetAttr(x, key)
                           : RtObject_GetItem(x, key);
        Rt_DECREF(key);
    }
    if (!attribute && *p < end) {
        (*p)++;
    }
    Rt_DECREF(x);
    return result;
}

static RtObject *
field_value(Arguments *a, const char *p, const char *end)
{
    const char *stop = p;
    while (stop < end && *stop != '.' && *stop != '[') {
        stop++;
    }
    RtObject *x = first_value(a, p, stop);
    p = stop;
    while (x != NULL && p < end) {
        if (*p != '.' && *p != '[') {
            Rt_DECREF(x);
            return value_error("Only '.' or '[' may follow ']' in format "
                               "field specifier");
        }
        x = one_step(x, &p, end);
    }
    return x;
}

// ---------------------------------------------------------------------------
// Fields.

static int write_template(RtStrWriter *w, Arguments *a, const char *p,
                          const char *end, int nesting);

// Takes x.
static RtObject *
convert(RtObject *x, char conversion)
{
    RtObject *result;
    switch (conversion) {
    case '\0': return x;
    case 'r': result = RtObject_Repr(x); break;
    case 's': result = RtObject_Str(x); break;
    case 'a': result = RtObject_ASCII(x); break;
    default:
        RtErr_Format(&RtExc_ValueError, "Unknown conversion specifier %c",
                     conversion);
        result = NULL;
        break;
    }
    Rt_DECREF(x);
    return result;
}

// The specification, in which fields may stand.
static RtObject *
expand_spec(Arguments *a, const char *p, const char *end, int nesting)
{
    if (memchr(p, '{', (size_t)(end - p)) == NULL) {
        return RtStr_FromStringAndSize(p, end - p);
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    if (write_template(&w, a, p, end, nesting + 1) < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

// name!conversion:spec
static int
write_field(RtStrWriter *w, Arguments *a, const char *p, const char *end,
            int nesting)
{
    const char *stop = p;
    bool bracket = false;
    while (stop < end && (bracket || (*stop != '!' && *stop != ':'))) {
        bracket = *stop == '[' ? true : *stop == ']' ? false : bracket;
        stop++;
    }
    char conversion = '\0';
    const char *spec = stop;
    if (spec < end && *spec == '!') {
        if (end - spec < 2) {
            (void)value_error("unmatched '{' in format spec");
            return -1;
        }
        conversion = spec[1];
        spec += 2;
        if (spec < end && *spec != ':') {
            (void)value_error("expected ':' after conversion specifier");
            return -1;
        }
    }
    if (spec < end) {
        spec++;
    }
    RtObject *x = field_value(a, p, stop);
    x = x == NULL ? NULL : convert(x, conversion);
    RtObject *text = x == NULL ? NULL : expand_spec(a, spec, end, nesting);
    RtObject *result = text == NULL ? NULL : RtObject_Format(x, text);
    Rt_XDECREF(text);
    Rt_XDECREF(x);
    if (result == NULL) {
        return -1;
    }
    RtStrWriter_Write(w, RtStr_DATA(result), Rt_SIZE(result));
    Rt_DECREF(result);
    return 0;
}

// Whether the name of the field, in which brackets may stand, has an end.
static bool
field_has_spec(const char *p, const char *end)
{
    bool bracket = false;
    for (; p < end && (bracket || (*p != ':' && *p != '!')); p++) {
        bracket = *p == '[' ? true : *p == ']' ? false : bracket;
    }
    return p < end;
}

// The brace that closes the field which begins at p, or NULL.
static const char *
end_of_field(const char *p, const char *end)
{
    int depth = 1;
    bool bracket = false;       // in the name of the field
    bool in_name = true;
    for (; p < end; p++) {
        if (in_name) {
            bracket = *p == '[' ? true : *p == ']' ? false : bracket;
            in_name = bracket || (*p != ':' && *p != '!');
            if (bracket) {
                continue;
            }
        }
        depth += (*p == '{') - (*p == '}');
        if (depth == 0) {
            return p;
        }
    }
    return NULL;
}

static int
write_template(RtStrWriter *w, Arguments *a, const char *p, const char *end,
               int nesting)
{
    if (nesting >= MAX_NESTING) {
        (void)value_error("Max string recursion exceeded");
        return -1;
    }
    while (p < end) {
        const char *literal = p;
        while (p < end && *p != '{' && *p != '}') {
            p++;
        }
        RtStrWriter_Write(w, literal, p - literal);
        if (p == end) {
            break;
        }
        if (p + 1 < end && p[1] == *p) {
            RtStrWriter_Write(w, p, 1);
            p += 2;
            continue;
        }
        if (*p == '}' || p + 1 == end) {
            (void)value_error(*p == '}'
                ? "Single '}' encountered in format string"
                : "Single '{' encountered in format string");
            return -1;
        }
        const char *close = end_of_field(++p, end);
        if (close == NULL) {
            (void)value_error(field_has_spec(p, end)
                              ? "unmatched '{' in format spec"
                              : "expected '}' before end of string");
            return -1;
        }
        if (write_field(w, a, p, close, nesting) < 0) {
            return -1;
        }
        p = close + 1;
    }
    return 0;
}

static RtObject *
format_template(RtObject *self, Arguments *a)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const char *p = RtStr_DATA(self);
    if (write_template(&w, a, p, p + Rt_SIZE(self), 0) < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

RtObject *
RtStr_FormatMethod(RtObject *self, RtObject *const *args, ssize_t nargs,
                   RtObject *kwnames)
{
    Arguments a = { .args = args, .nargs = nargs, .kwnames = kwnames };
    return format_template(self, &a);
}

RtObject *
RtStr_FormatMap(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    Arguments a = { .mapping = args[0] };
    return format_template(self, &a);
}
