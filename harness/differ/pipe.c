// pipe.c: a message is its length, 32 bits, little-endian, and its bytes; so is
// a record of a batch. The receiver has a message as a whole before it answers,
// so that two who send to each other never wait for each other.

#include "pipe.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { MAX_MESSAGE = 1 << 28 };

static void
put_length(uint8_t to[static 4], size_t n)
{
    FZ_ASSERT(n <= MAX_MESSAGE);
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(n >> 8 * i);
    }
}

static size_t
get_length(const uint8_t from[static 4])
{
    return (size_t)from[0] | (size_t)from[1] << 8 | (size_t)from[2] << 16 |
           (size_t)from[3] << 24;
}

static bool
write_all(int fd, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

bool
FzPipe_Send(int fd, const void *bytes, size_t n)
{
    uint8_t length[4];
    put_length(length, n);
    return write_all(fd, length, 4) && write_all(fd, bytes, n);
}

static bool
read_all(int fd, uint8_t *to, size_t n, int timeout_ms)
{
    while (n > 0) {
        struct pollfd readable = { .fd = fd, .events = POLLIN };
        int ready = poll(&readable, 1, timeout_ms);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        ssize_t got = ready > 0 ? read(fd, to, n) : 0;
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        to += got;
        n -= (size_t)got;
    }
    return true;
}

bool
FzPipe_Receive(int fd, FzBuf *message, int timeout_ms)
{
    uint8_t length[4];
    FzBuf_Clear(message);
    if (!read_all(fd, length, 4, timeout_ms)) {
        return false;
    }
    size_t left = get_length(length);
    while (left > 0) {
        uint8_t chunk[65536];
        size_t n = left < sizeof(chunk) ? left : sizeof(chunk);
        if (!read_all(fd, chunk, n, timeout_ms)) {
            return false;
        }
        FzBuf_Append(message, chunk, n);
        left -= n;
    }
    return true;
}

void
FzBatch_Add(FzBuf *batch, const void *bytes, size_t n)
{
    uint8_t length[4];
    put_length(length, n);
    FzBuf_Append(batch, length, 4);
    FzBuf_Append(batch, bytes, n);
}

bool
FzBatch_Next(const FzBuf *batch, size_t *at, FzRecord *record)
{
    if (batch->size - *at < 4) {
        return false;
    }
    size_t n = get_length(batch->data + *at);
    if (batch->size - *at - 4 < n) {
        return false;
    }
    *record = (FzRecord){ batch->data + *at + 4, n };
    *at += 4 + n;
    return true;
}
