// format.c: format(value, spec), and the __format__ of the built-in types.
//
// Mirrors PyObject_Format and the __format__ methods (CPython 3.13); departs:
// one function serves int, float, str and object.

#include "rtcore_format.h"

#include "rt_errors.h"
#include "rtcore_type.h"

// By what the value is, whatever its class says.
static RtObject *
format_builtin(RtObject *value, RtObject *text)
{
    bool number = RtLong_Check(value) || RtFloat_Check(value);
    if (Rt_SIZE(text) == 0) {
        return RtObject_Str(value);
    }
    if (!number && !RtStr_Check(value)) {
        RtErr_Format(&RtExc_TypeError,
                     "unsupported format string passed to %s.__format__",
                     Rt_TYPE(value)->tp_name);
        return NULL;
    }
    RtFormatSpec spec;
    if (RtFormatSpec_Parse(&spec, text, value) < 0) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    int status = RtStr_Check(value) ? RtFormat_WriteStr(&w, value, &spec)
        : RtLong_Check(value) ? RtFormat_WriteLong(&w, value, &spec)
        : RtFormat_WriteDouble(&w, RtFloat_VALUE(value), &spec);
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

RtObject *
RtFormat_Method(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (!RtStr_Check(args[0])) {
        RtErr_Format(&RtExc_TypeError,
                     "__format__() argument must be str, not %s",
                     Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    return format_builtin(self, args[0]);
}

static RtObject *
format_by_method(RtObject *value, RtObject *spec)
{
    RtObject *method = RtType_LookupRef(Rt_TYPE(value), rt_name_format);
    if (method == NULL) {
        return format_builtin(value, spec);
    }
    RtObject *result = RtObject_CallAttribute(method, value, &spec, 1);
    Rt_DECREF(method);
    if (result == NULL || RtStr_Check(result)) {
        return result;
    }
    RtErr_Format(&RtExc_TypeError,
                 "__format__ must return a str, not %s",
                 Rt_TYPE(result)->tp_name);
    Rt_DECREF(result);
    return NULL;
}

RtObject *
RtObject_Format(RtObject *value, RtObject *spec)
{
    if (spec != NULL && !RtStr_Check(spec)) {
        RtErr_Format(&RtExc_SystemError, "Format specifier must be a string, "
                     "not %s", Rt_TYPE(spec)->tp_name);
        return NULL;
    }
    if (spec == NULL || Rt_SIZE(spec) == 0) {
        if (!RtType_IsHeap(Rt_TYPE(value))) {
            return RtObject_Str(value);
        }
        spec = RtStr_FromStringAndSize("", 0);
        if (spec == NULL) {
            return NULL;
        }
        RtObject *result = format_by_method(value, spec);
        Rt_DECREF(spec);
        return result;
    }
    return RtType_IsHeap(Rt_TYPE(value)) ? format_by_method(value, spec)
                                         : format_builtin(value, spec);
}
