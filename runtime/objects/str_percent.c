// str_percent.c: format % values.
//
// Mirrors PyUnicode_Format in Objects/unicodeobject.c (CPython 3.13); departs:
// none.

#include "rtcore_format.h"

#include "rt_errors.h"

#include <string.h>

typedef struct Values {
    RtObject *args;             // a tuple, or the only value
    RtObject *mapping;          // what %(name)s asks, or NULL
    ssize_t next;
    ssize_t n;                  // -1: args is the only value
} Values;

// Borrowed; NULL: TypeError.
static RtObject *
next_value(Values *v)
{
    if (v->n < 0) {
        if (v->next++ == 0) {
            return v->args;
        }
    }
    else if (v->next < v->n) {
        return RtTuple_GetItem(v->args, v->next++);
    }
    RtErr_SetString(&RtExc_TypeError,
                    "not enough arguments for format string");
    return NULL;
}

// One conversion.
typedef struct Item {
    RtFormatSpec spec;
    RtObject *value;            // owned
    char code;
} Item;

// ---------------------------------------------------------------------------
// Parsing.

static int
incomplete(void)
{
    RtErr_SetString(&RtExc_ValueError, "incomplete format");
    return -1;
}

// (name)
static int
parse_key(const char **p, const char *end, Values *v, Item *item)
{
    if (v->mapping == NULL) {
        RtErr_SetString(&RtExc_TypeError, "format requires a mapping");
        return -1;
    }
    const char *start = ++*p;
    int depth = 1;
    for (; *p < end; (*p)++) {
        depth += (**p == '(') - (**p == ')');
        if (depth == 0) {
            break;
        }
    }
    if (*p == end) {
        RtErr_SetString(&RtExc_ValueError, "incomplete format key");
        return -1;
    }
    RtObject *key = RtStr_FromStringAndSize(start, *p - start);
    (*p)++;
    if (key == NULL) {
        return -1;
    }
    item->value = RtObject_GetItem(v->mapping, key);
    Rt_DECREF(key);
    // As CPython: afterwards no value may be left.
    v->next = v->n;
    return item->value == NULL ? -1 : 0;
}

static const char *
parse_flags(const char *p, const char *end, RtFormatSpec *spec)
{
    for (; p < end; p++) {
        switch (*p) {
        case '-': spec->align = '<'; break;
        case '+': spec->sign = '+'; break;
        case ' ': spec->sign = spec->sign == '+' ? '+' : ' '; break;
        case '#': spec->alternate = true; break;
        case '0': spec->fill[0] = '0'; break;
        default: return p;
        }
    }
    return p;
}

// A number, or '*': the next value. 0, or -1.
static int
parse_count(const char **p, const char *end, Values *v, ssize_t *count)
{
    if (*p < end && **p == '*') {
        (*p)++;
        RtObject *value = next_value(v);
        if (value == NULL) {
            return -1;
        }
        if (!RtLong_Check(value)) {
            RtErr_SetString(&RtExc_TypeError, "* wants int");
            return -1;
        }
        *count = (ssize_t)RtLong_VALUE(value);
        return 0;
    }
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        *count = (*count < 0 ? 0 : *count) * 10 + (**p - '0');
        if (*count > INT32_MAX) {
            RtErr_SetString(&RtExc_ValueError, "width too big");
            return -1;
        }
    }
    return 0;
}

// What stands behind a '%'. The value is not taken yet, unless it has a name.
static int
parse_item(const char **p, const char *end, Values *v, Item *item)
{
    RtFormatSpec_Init(&item->spec);
    item->value = NULL;
    if (*p < end && **p == '(' && parse_key(p, end, v, item) < 0) {
        return -1;
    }
    *p = parse_flags(*p, end, &item->spec);
    if (parse_count(p, end, v, &item->spec.width) < 0) {
        return -1;
    }
    if (item->spec.width < -1) {
        item->spec.align = '<';
        item->spec.width = -item->spec.width;
    }
    if (*p < end && **p == '.') {
        (*p)++;
        item->spec.precision = 0;
        if (parse_count(p, end, v, &item->spec.precision) < 0) {
            return -1;
        }
        if (item->spec.precision < 0) {
            item->spec.precision = 0;
        }
    }
    while (*p < end && (**p == 'h' || **p == 'l' || **p == 'L')) {
        (*p)++;
    }
    if (*p == end) {
        return incomplete();
    }
    item->code = *(*p)++;
    return 0;
}

// ---------------------------------------------------------------------------
// Conversions.

static int
write_text(RtStrWriter *w, Item *item, RtObject *text)
{
    if (text == NULL) {
        return -1;
    }
    RtFormatSpec spec = item->spec;
    spec.sign = '\0';
    spec.alternate = false;
    spec.fill[0] = ' ';
    spec.align = spec.align == '\0' ? '>' : spec.align;
    int status = RtFormat_WriteStr(w, text, &spec);
    Rt_DECREF(text);
    return status;
}

// The int that %d, %x… write: a new reference.
static RtObject *
integer_value(const Item *item)
{
    RtObject *value = item->value;
    bool decimal = strchr("diu", item->code) != NULL;
    if (RtLong_Check(value)) {
        return Rt_NewRef(value);
    }
    if (decimal && RtFloat_Check(value)) {
        return RtNumber_Long(value);
    }
    if (RtIndex_Check(value)) {
        return RtNumber_Index(value);
    }
    RtErr_Format(&RtExc_TypeError, decimal
                 ? "%%%c format: a real number is required, not %s"
                 : "%%%c format: an integer is required, not %s",
                 item->code, Rt_TYPE(value)->tp_name);
    return NULL;
}

// A zero in front of the width: between sign and digits.
static void
number_layout(RtFormatSpec *spec)
{
    if (spec->align == '<') {
        spec->fill[0] = ' ';
    }
    else {
        spec->align = spec->fill[0] == '0' ? '=' : '>';
    }
}

static int
write_integer(RtStrWriter *w, Item *item)
{
    RtObject *value = integer_value(item);
    if (value == NULL) {
        return -1;
    }
    RtFormatSpec spec = item->spec;
    number_layout(&spec);
    spec.type = strchr("diu", item->code) != NULL ? 'd'
                : (uint32_t)item->code;
    spec.all_digits = true;
    int status = RtFormat_WriteLong(w, value, &spec);
    Rt_DECREF(value);
    return status;
}

static int
write_float(RtStrWriter *w, Item *item)
{
    double value = RtFloat_AsDouble(item->value);
    if (value == -1.0 && RtErr_Occurred() != NULL) {
        return -1;
    }
    RtFormatSpec spec = item->spec;
    number_layout(&spec);
    spec.type = (uint32_t)item->code;
    return RtFormat_WriteDouble(w, value, &spec);
}

static RtObject *
char_value(RtObject *value)
{
    if (RtStr_Check(value)) {
        if (RtStr_LENGTH(value) == 1) {
            return Rt_NewRef(value);
        }
        RtErr_SetString(&RtExc_TypeError, "%c requires int or char");
        return NULL;
    }
    if (!RtLong_Check(value)) {
        RtErr_SetString(&RtExc_TypeError, "%c requires int or char");
        return NULL;
    }
    int64_t c = RtLong_VALUE(value);
    if (c < 0 || c > 0x10ffff) {
        RtErr_SetString(&RtExc_OverflowError,
                        "%c arg not in range(0x110000)");
        return NULL;
    }
    return RtStr_FromChar((uint32_t)c);
}

static int
write_item(RtStrWriter *w, Item *item, ssize_t at)
{
    switch (item->code) {
    case 's': return write_text(w, item, RtObject_Str(item->value));
    case 'r': return write_text(w, item, RtObject_Repr(item->value));
    case 'a': return write_text(w, item, RtObject_ASCII(item->value));
    case 'c':
        item->spec.precision = -1;
        return write_text(w, item, char_value(item->value));
    case 'd': case 'i': case 'u': case 'o': case 'x': case 'X':
        return write_integer(w, item);
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
        return write_float(w, item);
    default:
        RtErr_Format(&RtExc_ValueError, "unsupported format character '%c' "
                     "(0x%x) at index %zd", item->code,
                     (unsigned char)item->code, at);
        return -1;
    }
}

static int
write_all(RtStrWriter *w, RtObject *format, Values *v)
{
    const char *start = RtStr_DATA(format);
    const char *end = start + Rt_SIZE(format);
    const char *p = start;
    while (p < end) {
        const char *mark = memchr(p, '%', (size_t)(end - p));
        if (mark == NULL) {
            mark = end;
        }
        RtStrWriter_Write(w, p, mark - p);
        if (mark == end) {
            break;
        }
        p = mark + 1;
        Item item;
        int status = parse_item(&p, end, v, &item);
        if (status == 0 && item.code == '%') {
            RtStrWriter_Write(w, "%", 1);
        }
        else if (status == 0) {
            if (item.value == NULL) {
                item.value = Rt_XNewRef(next_value(v));
            }
            status = item.value == NULL ? -1
                : write_item(w, &item, RtStr_CharIndex(format, p - start) - 1);
        }
        Rt_XDECREF(item.value);
        if (status < 0) {
            return -1;
        }
    }
    return 0;
}

static bool
is_mapping(RtObject *op)
{
    return Rt_TYPE(op)->mp_subscript != NULL && !RtTuple_Check(op) &&
           !RtStr_Check(op);
}

RtObject *
RtStr_Percent(RtObject *format, RtObject *args)
{
    Values v = { .args = args, .n = -1 };
    if (RtTuple_Check(args)) {
        v.n = RtTuple_Size(args);
    }
    else if (is_mapping(args)) {
        v.mapping = args;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    int status = write_all(&w, format, &v);
    if (status == 0 && v.mapping == NULL && v.next < (v.n < 0 ? 1 : v.n)) {
        RtErr_SetString(&RtExc_TypeError, "not all arguments converted "
                        "during string formatting");
        status = -1;
    }
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}
