// call_keywords.c: calls with keyword arguments, and taking them apart in C.
//
// Arguments are an array: the positional ones, then the values of the keywords,
// whose names stand in a tuple that never changes. Nothing here has state.
// Mirrors Objects/call.c and Python/getargs.c (CPython 3.13); departs: no
// dict of keywords is made for functions in C.

#include "rtcore_object.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_heap.h"
#include "rtcore_type.h"
#include "rtcore_types.h"

enum { SMALL_CALL = 8 };        // arguments of a call that needs no block

// ---------------------------------------------------------------------------
// Calls.

static RtObject *
takes_no_keywords(RtObject *callable)
{
    if (Rt_TYPE(callable)->tp_call == NULL) {
        RtErr_Format(&RtExc_TypeError, "'%s' object is not callable",
                     Rt_TYPE(callable)->tp_name);
    }
    else {
        RtErr_Format(&RtExc_TypeError, "%s() takes no keyword arguments",
                     Rt_TYPE(callable)->tp_name);
    }
    return NULL;
}

// An instance of a class of a program, by its __call__.
static RtObject *
call_instance(RtObject *callable, RtObject *const *args, ssize_t nargs,
              RtObject *kwnames)
{
    RtObject *func = RtType_LookupRef(Rt_TYPE(callable), rt_name_call);
    if (func == NULL) {
        return takes_no_keywords(callable);
    }
    RtObject *result =
        RtObject_CallAttributeKw(func, callable, args, nargs, kwnames);
    Rt_DECREF(func);
    return result;
}

RtObject *
RtObject_VectorcallKw(RtObject *callable, RtObject *const *args, ssize_t nargs,
                      RtObject *kwnames)
{
    if (kwnames == NULL || RtTuple_Size(kwnames) == 0) {
        return RtObject_Vectorcall(callable, args, nargs);
    }
    rt_assert(RtErr_Occurred() == NULL);
    vectorcallkwfunc call = Rt_TYPE(callable)->tp_call_kw;
    if (call != NULL) {
        return call(callable, args, nargs, kwnames);
    }
    return RtType_IsHeap(Rt_TYPE(callable))
        ? call_instance(callable, args, nargs, kwnames)
        : takes_no_keywords(callable);
}

RtObject *
RtObject_CallCounted(RtObject *callable, RtObject *const *args, ssize_t nargs,
                     RtObject *kwnames)
{
    if (RtRecursion_Enter(rt_while_calling) < 0) {
        return NULL;
    }
    RtObject *result = RtObject_VectorcallKw(callable, args, nargs, kwnames);
    RtRecursion_Leave();
    return result;
}

RtObject *
RtObject_CallPrependKw(RtObject *callable, RtObject *self,
                       RtObject *const *args, ssize_t nargs, RtObject *kwnames)
{
    ssize_t n = nargs + (kwnames == NULL ? 0 : RtTuple_Size(kwnames));
    RtObject *small[SMALL_CALL + 1];
    RtObject **all = small;
    if (n > SMALL_CALL) {
        all = RtMem_Malloc((size_t)(n + 1) * sizeof(RtObject *));
        if (all == NULL) {
            return RtErr_NoMemory();
        }
    }
    all[0] = self;
    if (n > 0) {
        memcpy(all + 1, args, (size_t)n * sizeof(RtObject *));
    }
    RtObject *result = RtObject_VectorcallKw(callable, all, nargs + 1, kwnames);
    if (all != small) {
        RtMem_Free(all);
    }
    return result;
}

static RtObject *
call_attribute_kw(RtObject *func, RtObject *self, RtObject *const *args,
                  ssize_t nargs, RtObject *kwnames)
{
    if (RtType_IsMethod(func)) {
        return RtObject_CallPrependKw(func, self, args, nargs, kwnames);
    }
    RtTypeObject *type = Rt_TYPE(self);
    Rt_INCREF(type);
    RtObject *bound = RtDescr_Bind(Rt_NewRef(func), self, type);
    Rt_DECREF(type);
    if (bound == NULL) {
        return NULL;
    }
    RtObject *result = RtObject_VectorcallKw(bound, args, nargs, kwnames);
    Rt_DECREF(bound);
    return result;
}

RtObject *
RtObject_CallAttributeKw(RtObject *func, RtObject *self, RtObject *const *args,
                         ssize_t nargs, RtObject *kwnames)
{
    if (kwnames == NULL) {
        return RtObject_CallAttribute(func, self, args, nargs);
    }
    if (RtRecursion_Enter(rt_while_calling) < 0) {
        return NULL;
    }
    RtObject *result = call_attribute_kw(func, self, args, nargs, kwnames);
    RtRecursion_Leave();
    return result;
}

// ---------------------------------------------------------------------------
// Arguments of functions in C.

static int
too_many(const char *fname, int npositional, int nrequired, ssize_t nargs)
{
    RtErr_Format(&RtExc_TypeError,
                 "%s() takes %s %d positional argument%s (%zd given)", fname,
                 nrequired >= npositional ? "exactly" : "at most", npositional,
                 npositional == 1 ? "" : "s", nargs);
    return -1;
}

// The place of the parameter, or -1. One without a name has none.
static int
find_parameter(const char *const *names, RtObject *name)
{
    const char *text = RtStr_AsUTF8(name);
    for (int i = 0; names[i] != NULL; i++) {
        if (text[0] != '\0' && strcmp(names[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static int
take_keyword(const char *fname, const char *const *names, RtObject *name,
             RtObject *value, RtObject **out)
{
    int at = find_parameter(names, name);
    if (at < 0) {
        RtErr_Format(&RtExc_TypeError,
                     "%s() got an unexpected keyword argument '%s'", fname,
                     RtStr_AsUTF8(name));
        return -1;
    }
    if (out[at] != NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "argument for %s() given by name ('%s') and position "
                     "(%d)", fname, names[at], at + 1);
        return -1;
    }
    out[at] = value;
    return 0;
}

int
RtArg_Unpack(const char *fname, const char *const *names, int npositional,
             int nrequired, RtObject *const *args, ssize_t nargs,
             RtObject *kwnames, RtObject **out)
{
    for (int i = 0; names[i] != NULL; i++) {
        out[i] = i < nargs && i < npositional ? args[i] : NULL;
    }
    if (nargs > npositional) {
        return too_many(fname, npositional, nrequired, nargs);
    }
    ssize_t nkw = kwnames == NULL ? 0 : RtTuple_Size(kwnames);
    for (ssize_t i = 0; i < nkw; i++) {
        if (take_keyword(fname, names, RtTuple_GetItem(kwnames, i),
                         args[nargs + i], out) < 0) {
            return -1;
        }
    }
    for (int i = 0; i < nrequired; i++) {
        if (out[i] == NULL) {
            RtErr_Format(&RtExc_TypeError,
                         "%s() missing required argument '%s' (pos %d)",
                         fname, names[i], i + 1);
            return -1;
        }
    }
    return 0;
}
