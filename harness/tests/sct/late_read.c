// late_read.c: a block freed while another thread may still read it.
//
// expect: USE_AFTER_FREE
#include <pthread.h>
#include <stdlib.h>

static int *shared;

static void *
read_it(void *arg)
{
    *(int *)arg = *shared;
    return NULL;
}

int
main(void)
{
    pthread_t reader;
    int value = 0;
    shared = malloc(sizeof(int));
    *shared = 7;
    pthread_create(&reader, NULL, read_it, &value);
    free(shared);
    pthread_join(reader, NULL);
    return 0;
}
