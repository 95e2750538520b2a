// buf.c: growing byte buffers, and what happens when the harness itself is
// broken or out of memory: it says so and aborts.

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fz_base.h"

_Noreturn void
fz_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "ftfuzz: internal error: %s (%s:%d)\n", condition, file,
            line);
    abort();
}

static void
reserve(FzBuf *buf, size_t extra)
{
    if (buf->size + extra <= buf->capacity) {
        return;
    }
    size_t capacity = buf->capacity ? buf->capacity * 2 : 256;
    while (capacity < buf->size + extra) {
        capacity *= 2;
    }
    uint8_t *data = realloc(buf->data, capacity);
    if (data == NULL) {
        fprintf(stderr, "ftfuzz: out of memory (%zu bytes)\n", capacity);
        exit(71);
    }
    buf->data = data;
    buf->capacity = capacity;
}

void
FzBuf_Free(FzBuf *buf)
{
    free(buf->data);
    *buf = (FzBuf){0};
}

void
FzBuf_Clear(FzBuf *buf)
{
    buf->size = 0;
}

void
FzBuf_Append(FzBuf *buf, const void *bytes, size_t n)
{
    if (n == 0) {
        return;
    }
    reserve(buf, n);
    memcpy(buf->data + buf->size, bytes, n);
    buf->size += n;
}

void
FzBuf_AppendByte(FzBuf *buf, uint8_t byte)
{
    reserve(buf, 1);
    buf->data[buf->size++] = byte;
}

void
FzBuf_AppendMarkup(FzBuf *buf, char c)
{
    switch (c) {
    case '<':
        FzBuf_Printf(buf, "&lt;");
        break;
    case '>':
        FzBuf_Printf(buf, "&gt;");
        break;
    case '&':
        FzBuf_Printf(buf, "&amp;");
        break;
    case '"':
        FzBuf_Printf(buf, "&quot;");
        break;
    default:
        FzBuf_AppendByte(buf, (uint8_t)c);
        break;
    }
}

void
FzBuf_Printf(FzBuf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    FZ_ASSERT(n >= 0);
    reserve(buf, (size_t)n + 1);
    vsnprintf((char *)buf->data + buf->size, (size_t)n + 1, format, again);
    va_end(again);
    buf->size += (size_t)n;
}

const char *
FzBuf_CString(FzBuf *buf)
{
    reserve(buf, 1);
    buf->data[buf->size] = '\0';
    return (const char *)buf->data;
}

void
FzBuf_JsonString(FzBuf *out, const char *text)
{
    FzBuf_AppendByte(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            FzBuf_Printf(out, "\\%c", c);
        }
        else if (c < 0x20) {
            FzBuf_Printf(out, "\\u%04x", c);
        }
        else {
            FzBuf_AppendByte(out, c);
        }
    }
    FzBuf_AppendByte(out, '"');
}

uint64_t
FzHash_Bytes(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ p[i]) * 0x100000001b3u;
    }
    return FzHash_Mix(h, n);
}
