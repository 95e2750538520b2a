// stringbuffer.c: append() asks another buffer for its length and then for its
// characters; in between it is cut (CB.stringbuffer-jdk1.4).

#include "program.h"

enum { SIZE = 16 };

typedef struct Buffer {
    pthread_mutex_t mutex;
    char text[SIZE];
    int length;
} Buffer;

static Buffer a = {MUTEX, "abc", 3}, b = {MUTEX, "", 0};

static int
get_length(Buffer *buffer)
{
    lock(&buffer->mutex);
    int length = buffer->length;
    unlock(&buffer->mutex);
    return length;
}

static void
get_chars(Buffer *buffer, char *out, int n)
{
    lock(&buffer->mutex);
    assert(n <= buffer->length);
    memcpy(out, buffer->text, (size_t)n);
    unlock(&buffer->mutex);
}

static void
append(Buffer *to, Buffer *from)
{
    lock(&to->mutex);
    if (FIXED_TWIN) {
        lock(&from->mutex);
        memcpy(to->text + to->length, from->text, (size_t)from->length);
        to->length += from->length;
        unlock(&from->mutex);
    }
    else {
        int n = get_length(from);
        get_chars(from, to->text + to->length, n);
        to->length += n;
    }
    unlock(&to->mutex);
}

static void *
cut(void *arg)
{
    lock(&a.mutex);
    a.length = 0;
    unlock(&a.mutex);
    return arg;
}

int
main(void)
{
    pthread_t thread = spawn(cut, NULL);
    append(&b, &a);
    join(thread);
    return 0;
}
