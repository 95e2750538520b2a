// pbzip2.c: the main thread frees the queue when the last block is written,
// while consumers still look into it (CB.pbzip2-0.9.4).

#include "program.h"

enum { BLOCKS = 3, CONSUMERS = 2 };

typedef struct Queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    int items[BLOCKS];
    int head, tail;
    bool all_in;
} Queue;

static pthread_mutex_t done_mutex = MUTEX;
static pthread_cond_t done_cond = COND;
static int written;
static Queue *fifo;

static void
write_block(int block)
{
    lock(&done_mutex);
    written += block;
    pthread_cond_signal(&done_cond);
    unlock(&done_mutex);
}

static void *
consume(void *arg)
{
    Queue *queue = arg;
    for (;;) {
        lock(&queue->mutex);
        while (queue->head == queue->tail) {
            if (queue->all_in) {
                unlock(&queue->mutex);
                return NULL;
            }
            pthread_cond_wait(&queue->not_empty, &queue->mutex);
        }
        int block = queue->items[queue->head++];
        unlock(&queue->mutex);
        write_block(block);
    }
}

static void
produce(Queue *queue)
{
    for (int i = 0; i < BLOCKS; i++) {
        lock(&queue->mutex);
        queue->items[queue->tail++] = 1;
        pthread_cond_signal(&queue->not_empty);
        unlock(&queue->mutex);
    }
    lock(&queue->mutex);
    queue->all_in = true;
    pthread_cond_broadcast(&queue->not_empty);
    unlock(&queue->mutex);
}

int
main(void)
{
    pthread_t threads[CONSUMERS];
    fifo = calloc(1, sizeof(Queue));
    pthread_mutex_init(&fifo->mutex, NULL);
    pthread_cond_init(&fifo->not_empty, NULL);
    for (int i = 0; i < CONSUMERS; i++) {
        threads[i] = spawn(consume, fifo);
    }
    produce(fifo);
    lock(&done_mutex);
    while (written < BLOCKS) {
        pthread_cond_wait(&done_cond, &done_mutex);
    }
    unlock(&done_mutex);
    for (int i = 0; FIXED_TWIN && i < CONSUMERS; i++) {
        join(threads[i]);
    }
    free(fifo);
    for (int i = 0; !FIXED_TWIN && i < CONSUMERS; i++) {
        join(threads[i]);
    }
    return 0;
}
