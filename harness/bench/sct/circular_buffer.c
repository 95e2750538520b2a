// circular_buffer.c: the receiver is told that there is something before the
// sender has put all of it in (CS.circular_buffer).

#include "program.h"

enum { SIZE = 10, ITEMS = 7 };

static pthread_mutex_t mutex = MUTEX;
static int buffer[SIZE];
static unsigned first, next, length;
static bool sent;

static void
insert(int value)
{
    if (length < SIZE) {
        buffer[next] = value;
        next = (next + 1) % SIZE;
        length++;
    }
}

static int
take(void)
{
    if (length == 0) {
        return -1;
    }
    int value = buffer[first];
    first = (first + 1) % SIZE;
    length--;
    return value;
}

static void *
send_all(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        lock(&mutex);
        insert(i);
        if (!FIXED_TWIN || i == ITEMS - 1) {
            sent = true;
        }
        unlock(&mutex);
    }
    return arg;
}

static void *
receive_all(void *arg)
{
    lock(&mutex);
    if (sent) {
        for (int i = 0; i < ITEMS; i++) {
            assert(take() == i);
        }
    }
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(send_all, NULL);
    pthread_t b = spawn(receive_all, NULL);
    join(a);
    join(b);
    return 0;
}
