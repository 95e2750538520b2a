// codecs.c: between str and bytes: UTF-8, ASCII and Latin-1.
//
// Errors are strict, ignored or replaced.
// Mirrors the codecs of Objects/unicodeobject.c (CPython 3.13); departs: three
// encodings; exceptions have a message and no fields; no other error handlers.

#include "rtcore_bytes.h"

#include "rt_errors.h"

#include <stdio.h>
#include <string.h>

typedef enum Encoding { UTF_8, ASCII, LATIN_1 } Encoding;
typedef enum Handler { STRICT, IGNORE, REPLACE, ESCAPE } Handler;

static const char *const names[] = { "utf-8", "ascii", "latin-1" };

// -1: LookupError.
static int
find_encoding(const char *name)
{
    static const struct {
        const char *name;
        Encoding encoding;
    } rows[] = {
        { "utf8", UTF_8 }, { "u8", UTF_8 }, { "ascii", ASCII },
        { "usascii", ASCII }, { "latin1", LATIN_1 }, { "iso88591", LATIN_1 },
        { "l1", LATIN_1 },
    };
    char plain[32];
    size_t n = 0;
    for (const char *p = name; *p != '\0' && n < sizeof(plain) - 1; p++) {
        if (*p != '-' && *p != '_' && *p != ' ') {
            plain[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        }
    }
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(plain, rows[i].name) == 0) {
            return (int)rows[i].encoding;
        }
    }
    RtErr_Format(&RtExc_LookupError, "unknown encoding: %s", name);
    return -1;
}

static int
find_handler(const char *name)
{
    static const char *const handlers[] = {
        "strict", "ignore", "replace", "backslashreplace",
    };
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, handlers[i]) == 0) {
            return i;
        }
    }
    RtErr_Format(&RtExc_LookupError, "unknown error handler name '%s'", name);
    return -1;
}

// ---------------------------------------------------------------------------
// To bytes.

static bool
fits(uint32_t c, Encoding encoding)
{
    return encoding == ASCII ? c < 0x80 : encoding == LATIN_1 ? c < 0x100
           : c < 0xd800 || c > 0xdfff;
}

// 0, or -1 with UnicodeEncodeError.
static int
handle_char(RtStrWriter *w, uint32_t c, ssize_t at, Encoding encoding,
            Handler handler)
{
    if (handler == REPLACE) {
        RtStrWriter_Write(w, "?", 1);
    }
    else if (handler == ESCAPE) {
        RtStrWriter_WriteEscape(w, c);
    }
    else if (handler == STRICT) {
        RtStrWriter escape;
        RtStrWriter_Init(&escape);
        RtStrWriter_WriteEscape(&escape, c);
        RtStrWriter_Write(&escape, "", 1);
        RtErr_Format(&RtExc_UnicodeEncodeError, "'%s' codec can't encode "
                     "character '%s' in position %zd: %s", names[encoding],
                     escape.data, at,
                     encoding == UTF_8 ? "surrogates not allowed"
                     : encoding == ASCII ? "ordinal not in range(128)"
                     : "ordinal not in range(256)");
        RtStrWriter_Discard(&escape);
        return -1;
    }
    return 0;
}

RtObject *
RtStr_Encode(RtObject *text, const char *encoding_name, const char *errors)
{
    int encoding = find_encoding(encoding_name);
    int handler = encoding < 0 ? -1 : find_handler(errors);
    if (handler < 0) {
        return NULL;
    }
    if (RtStr_IsASCII(text)) {
        return RtBytes_FromStringAndSize(RtStr_DATA(text), Rt_SIZE(text));
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const char *p = RtStr_DATA(text);
    const char *end = p + Rt_SIZE(text);
    int status = 0;
    for (ssize_t i = 0; p < end && status == 0; i++) {
        int width = RtUtf8_Width((unsigned char)*p);
        uint32_t c = RtUtf8_Decode(p);
        if (!fits(c, (Encoding)encoding)) {
            status = handle_char(&w, c, i, (Encoding)encoding,
                                 (Handler)handler);
        }
        else if (encoding == UTF_8) {
            RtStrWriter_Write(&w, p, width);
        }
        else {
            char byte = (char)c;
            RtStrWriter_Write(&w, &byte, 1);
        }
        p += width;
    }
    RtObject *result = NULL;
    if (status == 0) {
        result = w.failed ? RtErr_NoMemory()
                          : RtBytes_FromStringAndSize(w.data, w.size);
    }
    RtStrWriter_Discard(&w);
    return result;
}

// ---------------------------------------------------------------------------
// From bytes.

// The width of the well-formed character at p, or 0: then *bad bytes are no
// character, for the reason *why.
static int
check_utf8(const unsigned char *p, ssize_t left, int *bad, const char **why)
{
    *bad = 1;
    *why = "invalid start byte";
    if (*p < 0x80) {
        return 1;
    }
    if (*p < 0xc2 || *p > 0xf4) {
        return 0;
    }
    int width = RtUtf8_Width(*p);
    unsigned char low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
    unsigned char high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;
    for (int i = 1; i < width; i++) {
        *bad = i;
        if (i >= left) {
            *why = "unexpected end of data";
            return 0;
        }
        if (p[i] < low || p[i] > high) {
            *why = "invalid continuation byte";
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return width;
}

static int
handle_bytes(RtStrWriter *w, const unsigned char *p, int n, ssize_t at,
             const char *why, Encoding encoding, Handler handler)
{
    if (handler == REPLACE) {
        RtStrWriter_WriteString(w, "\xef\xbf\xbd");
    }
    else if (handler == ESCAPE) {
        for (int i = 0; i < n; i++) {
            RtStrWriter_WriteEscape(w, p[i]);
        }
    }
    else if (handler == STRICT && n > 1) {
        RtErr_Format(&RtExc_UnicodeDecodeError, "'%s' codec can't decode "
                     "bytes in position %zd-%zd: %s", names[encoding], at,
                     at + n - 1, why);
    }
    else if (handler == STRICT) {
        RtErr_Format(&RtExc_UnicodeDecodeError, "'%s' codec can't decode byte "
                     "0x%02x in position %zd: %s", names[encoding], *p, at,
                     why);
    }
    return handler == STRICT ? -1 : 0;
}

RtObject *
RtBytes_Decode(RtObject *bytes, const char *encoding_name, const char *errors)
{
    int encoding = find_encoding(encoding_name);
    int handler = encoding < 0 ? -1 : find_handler(errors);
    if (handler < 0) {
        return NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    const unsigned char *data = (const unsigned char *)RtBytes_DATA(bytes);
    ssize_t size = Rt_SIZE(bytes);
    int status = 0;
    for (ssize_t i = 0; i < size && status == 0;) {
        int bad = 1;
        const char *why = "ordinal not in range(128)";
        int width = encoding == UTF_8
            ? check_utf8(data + i, size - i, &bad, &why)
            : encoding == LATIN_1 || data[i] < 0x80;
        if (width == 0) {
            status = handle_bytes(&w, data + i, bad, i, why,
                                  (Encoding)encoding, (Handler)handler);
            i += bad;
            continue;
        }
        if (encoding == UTF_8) {
            RtStrWriter_Write(&w, (const char *)data + i, width);
        }
        else {
            char text[4];
            RtStrWriter_Write(&w, text, RtUtf8_Encode(data[i], text));
        }
        i += width;
    }
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

// ---------------------------------------------------------------------------
// Methods: (encoding='utf-8', errors='strict')

int
RtCodec_Names(const char *fname, RtObject *const *values, const char **texts)
{
    static const char *const parameters[] = { "encoding", "errors" };
    for (int i = 0; i < 2; i++) {
        texts[i] = i == 0 ? "utf-8" : "strict";
        if (values[i] != NULL && !RtStr_Check(values[i])) {
            bool is_none = values[i] == Rt_None && strcmp(fname, "str") != 0;
            RtErr_Format(&RtExc_TypeError,
                         "%s() argument '%s' must be str, not %s", fname,
                         parameters[i],
                         is_none ? "None" : Rt_TYPE(values[i])->tp_name);
            return -1;
        }
        if (values[i] != NULL) {
            texts[i] = RtStr_AsUTF8(values[i]);
        }
    }
    return 0;
}

static int
parse_arguments(const char *fname, RtObject *const *args, ssize_t nargs,
                RtObject *kwnames, const char **texts)
{
    static const char *const parameters[] = { "encoding", "errors", NULL };
    RtObject *values[2];
    return RtArg_Unpack(fname, parameters, 2, 0, args, nargs, kwnames,
                        values) < 0
               ? -1
               : RtCodec_Names(fname, values, texts);
}

RtObject *
RtStr_EncodeMethod(RtObject *self, RtObject *const *args, ssize_t nargs,
                   RtObject *kwnames)
{
    const char *texts[2];
    return parse_arguments("encode", args, nargs, kwnames, texts) < 0
        ? NULL : RtStr_Encode(self, texts[0], texts[1]);
}

RtObject *
RtBytes_DecodeMethod(RtObject *self, RtObject *const *args, ssize_t nargs,
                     RtObject *kwnames)
{
    const char *texts[2];
    RtObject *bytes = NULL;
    if (parse_arguments("decode", args, nargs, kwnames, texts) == 0) {
        bytes = RtBytes_FromLike(self);
    }
    if (bytes == NULL) {
        return NULL;
    }
    RtObject *result = RtBytes_Decode(bytes, texts[0], texts[1]);
    Rt_DECREF(bytes);
    return result;
}
