// rtcore_format.h: what format(), str.format() and the operator % share.
//
// Nothing here has state; text is collected in an RtStrWriter.

#ifndef RT_INTERNAL_FORMAT_H
#define RT_INTERNAL_FORMAT_H

#include "rtcore_types.h"

// [[fill]align][sign][z][#][0][width][grouping][.precision][type]
typedef struct RtFormatSpec {
    char fill[4];               // one character
    int fill_size;
    char align;                 // '<', '>', '=', '^', or '\0': by the type
    char sign;                  // '+', '-', ' ', or '\0'
    bool no_negative_zero;      // 'z'
    bool alternate;
    char grouping;              // ',', '_' or '\0'
    ssize_t width;              // -1: none
    ssize_t precision;          // -1: none
    uint32_t type;              // '\0': none
    bool all_digits;            // of %: precision is a number of digits
} RtFormatSpec;

// format_spec.c
void RtFormatSpec_Init(RtFormatSpec *spec);
// 0, or -1 with ValueError. `op` is what is to be formatted.
int RtFormatSpec_Parse(RtFormatSpec *spec, RtObject *text, RtObject *op);
// Write what is formatted. 0, or -1 with an exception.
int RtFormat_WriteStr(RtStrWriter *w, RtObject *op, const RtFormatSpec *spec);
int RtFormat_WriteLong(RtStrWriter *w, RtObject *op, const RtFormatSpec *spec);
int RtFormat_WriteDouble(RtStrWriter *w, double value,
                         const RtFormatSpec *spec);
int RtFormat_UnknownCode(const RtFormatSpec *spec, const char *type_name);

// format.c
RtObject *RtFormat_Method(RtObject *self, RtObject *const *args,
                          ssize_t nargs);       // __format__ of all

// str_format.c, str_percent.c
RtObject *RtStr_FormatMethod(RtObject *self, RtObject *const *args,
                             ssize_t nargs, RtObject *kwnames);
RtObject *RtStr_FormatMap(RtObject *self, RtObject *const *args,
                          ssize_t nargs);
RtObject *RtStr_Percent(RtObject *format, RtObject *args);

#endif  // RT_INTERNAL_FORMAT_H
