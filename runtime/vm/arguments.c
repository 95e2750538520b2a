// arguments.c: which argument of a call becomes which parameter.
//
// The parameters are the first locals of the code (RtCodeSpec). What is put
// there is counted: the frame that will show it does not exist yet. The code
// stays the one that the call began with, the defaults are taken once.
// Mirrors initialize_locals() in Python/ceval.c (CPython 3.13); departs: names
// are always compared by content, suggestions are not made.

#include "ceval_ops.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"
#include "rtcore_types.h"       // RtStrWriter

#include <stdio.h>

typedef struct Binding {
    const RtFunctionObject *func;
    const RtCodeObject *code;
    RtStackRef *slots;
    RtObject *kwargs;           // the dict of **kwargs, or NULL; borrowed
} Binding;

static const char *
function_name(const Binding *b)
{
    return RtStr_AsUTF8(b->func->func_qualname);
}

static RtObject *
parameter_name(const Binding *b, ssize_t i)
{
    return RtTuple_GetItem(b->code->co_varnames, i);
}

static RtStackRef
new_counted(RtObject *op)
{
    return RtStackRef_FromObjectSteal(Rt_NewRef(op));
}

// ---------------------------------------------------------------------------
// Errors.

static void
too_many(const Binding *b, ssize_t nargs, ssize_t ndefaults)
{
    const RtCodeObject *code = b->code;
    int argcount = code->co_argcount;
    ssize_t nkwonly = 0;
    for (int i = 0; i < code->co_kwonlyargcount; i++) {
        nkwonly += !RtStackRef_IsNull(b->slots[argcount + i]);
    }
    char takes[64], extra[80] = "";
    bool plural = argcount != 1;
    if (ndefaults > 0) {
        plural = true;
        snprintf(takes, sizeof(takes), "from %zd to %d", argcount - ndefaults,
                 argcount);
    }
    else {
        snprintf(takes, sizeof(takes), "%d", argcount);
    }
    if (nkwonly > 0) {
        snprintf(extra, sizeof(extra),
                 " positional argument%s (and %zd keyword-only argument%s)",
                 nargs != 1 ? "s" : "", nkwonly, nkwonly != 1 ? "s" : "");
    }
    RtErr_Format(&RtExc_TypeError,
                 "%s() takes %s positional argument%s but %zd%s %s given",
                 function_name(b), takes, plural ? "s" : "", nargs, extra,
                 nargs == 1 && nkwonly == 0 ? "was" : "were");
}

// "'a'", "'a' and 'b'", "'a', 'b', and 'c'": names of the empty slots.
static int
missing(const Binding *b, ssize_t from, ssize_t to, const char *kind)
{
    ssize_t count = 0;
    for (ssize_t i = from; i < to; i++) {
        count += RtStackRef_IsNull(b->slots[i]);
    }
    if (count == 0) {
        return 0;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    ssize_t n = 0;
    for (ssize_t i = from; i < to; i++) {
        if (!RtStackRef_IsNull(b->slots[i])) {
            continue;
        }
        if (n > 0) {
            RtStrWriter_WriteString(&w, n < count - 1 ? ", "
                                        : count == 2 ? " and " : ", and ");
        }
        RtStrWriter_WriteString(&w, "'");
        RtStrWriter_WriteString(&w, RtStr_AsUTF8(parameter_name(b, i)));
        RtStrWriter_WriteString(&w, "'");
        n++;
    }
    RtObject *names = RtStrWriter_Finish(&w);
    if (names != NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "%s() missing %zd required %s argument%s: %s",
                     function_name(b), count, kind, count == 1 ? "" : "s",
                     RtStr_AsUTF8(names));
        Rt_DECREF(names);
    }
    return -1;
}

// ---------------------------------------------------------------------------
// Keywords.

// The parameter that the keyword names, or -1.
static ssize_t
find_parameter(const Binding *b, RtObject *name, ssize_t from, ssize_t to)
{
    for (ssize_t i = from; i < to; i++) {
        if (parameter_name(b, i) == name) {
            return i;
        }
    }
    for (ssize_t i = from; i < to; i++) {
        if (RtStr_Equal(parameter_name(b, i), name)) {
            return i;
        }
    }
    return -1;
}

static int
unexpected(const Binding *b, RtObject *name)
{
    if (find_parameter(b, name, 0, b->code->co_posonlyargcount) >= 0) {
        RtErr_Format(&RtExc_TypeError,
                     "%s() got some positional-only arguments passed as "
                     "keyword arguments: '%s'", function_name(b),
                     RtStr_AsUTF8(name));
    }
    else {
        RtErr_Format(&RtExc_TypeError,
                     "%s() got an unexpected keyword argument '%s'",
                     function_name(b), RtStr_AsUTF8(name));
    }
    return -1;
}

static int
bind_keyword(const Binding *b, RtObject *name, RtStackRef value)
{
    const RtCodeObject *code = b->code;
    ssize_t i = find_parameter(b, name, code->co_posonlyargcount,
                               code->co_argcount + code->co_kwonlyargcount);
    if (i < 0) {
        return b->kwargs == NULL
            ? unexpected(b, name)
            : RtDict_SetItem(b->kwargs, name,
                             RtStackRef_AsObjectBorrow(value));
    }
    if (!RtStackRef_IsNull(b->slots[i])) {
        RtErr_Format(&RtExc_TypeError,
                     "%s() got multiple values for argument '%s'",
                     function_name(b), RtStr_AsUTF8(name));
        return -1;
    }
    b->slots[i] = new_counted(RtStackRef_AsObjectBorrow(value));
    return 0;
}

// ---------------------------------------------------------------------------
// All of it.

// *args and **kwargs, empty or with what is left over.
static int
make_collections(Binding *b, const RtStackRef *args, ssize_t nargs)
{
    const RtCodeObject *code = b->code;
    ssize_t at = code->co_argcount + code->co_kwonlyargcount;
    if ((code->co_flags & RT_CO_VARARGS) != 0) {
        ssize_t extra = nargs > code->co_argcount
            ? nargs - code->co_argcount : 0;
        RtObject *rest = RtTuple_New(extra);
        if (rest == NULL) {
            return -1;
        }
        for (ssize_t i = 0; i < extra; i++) {
            RtObject *item =
                RtStackRef_AsObjectBorrow(args[code->co_argcount + i]);
            RtTuple_SetItem(rest, i, Rt_NewRef(item));
        }
        b->slots[at++] = RtStackRef_FromObjectSteal(rest);
    }
    if ((code->co_flags & RT_CO_VARKEYWORDS) != 0) {
        b->kwargs = RtDict_New();
        if (b->kwargs == NULL) {
            return -1;
        }
        b->slots[at] = RtStackRef_FromObjectSteal(b->kwargs);
    }
    return 0;
}

static int
fill_defaults(const Binding *b, RtObject *defaults)
{
    ssize_t argcount = b->code->co_argcount;
    ssize_t n = defaults == NULL ? 0 : RtTuple_Size(defaults);
    ssize_t first = argcount - n;       // with a default; may be negative
    if (missing(b, 0, first < 0 ? 0 : first, "positional") < 0) {
        return -1;
    }
    for (ssize_t i = first < 0 ? 0 : first; i < argcount; i++) {
        if (RtStackRef_IsNull(b->slots[i])) {
            b->slots[i] = new_counted(RtTuple_GetItem(defaults, i - first));
        }
    }
    return 0;
}

static int
fill_kwdefaults(const Binding *b)
{
    const RtCodeObject *code = b->code;
    ssize_t from = code->co_argcount;
    ssize_t to = from + code->co_kwonlyargcount;
    if (from == to) {
        return 0;
    }
    int status = 0;
    RtObject *defaults = RtFunction_GetKwDefaults((RtFunctionObject *)b->func);
    for (ssize_t i = from; i < to && defaults != NULL && status >= 0; i++) {
        RtObject *value;
        if (!RtStackRef_IsNull(b->slots[i])) {
            continue;
        }
        status = RtDict_GetItemRef(defaults, parameter_name(b, i), &value);
        if (status > 0) {
            b->slots[i] = RtStackRef_FromObjectSteal(value);
        }
    }
    Rt_XDECREF(defaults);
    return status < 0 ? -1 : missing(b, from, to, "keyword-only");
}

int
RtEvalOp_BindArguments(RtFunctionObject *func, const RtCodeObject *code,
                       const RtStackRef *args, ssize_t nargs,
                       RtObject *kwnames, RtStackRef *slots)
{
    Binding b = { .func = func, .code = code, .slots = slots };
    for (int i = 0; i < code->co_nparams; i++) {
        slots[i] = RT_STACKREF_NULL;
    }
    for (ssize_t i = 0; i < nargs && i < code->co_argcount; i++) {
        slots[i] = new_counted(RtStackRef_AsObjectBorrow(args[i]));
    }
    if (make_collections(&b, args, nargs) < 0) {
        return -1;
    }
    ssize_t nkw = kwnames == NULL ? 0 : RtTuple_Size(kwnames);
    for (ssize_t i = 0; i < nkw; i++) {
        if (bind_keyword(&b, RtTuple_GetItem(kwnames, i), args[nargs + i]) < 0)
        {
            return -1;
        }
    }
    RtObject *defaults = RtFunction_GetDefaults(func);
    int status = -1;
    if (nargs > code->co_argcount && (code->co_flags & RT_CO_VARARGS) == 0) {
        too_many(&b, nargs, defaults == NULL ? 0 : RtTuple_Size(defaults));
    }
    else if (fill_defaults(&b, defaults) == 0) {
        status = fill_kwdefaults(&b);
    }
    Rt_XDECREF(defaults);
    return status;
}
