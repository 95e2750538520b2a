// fsbench.c: files take free blocks of a small disk; one path forgets to give a
// block's lock back (CS.fsbench; Flanagan and Godefroid).

#include "program.h"

enum { FILES = 13, INODES = 32, BLOCKS = 26 };

static pthread_mutex_t inode_locks[INODES], block_locks[BLOCKS];
static int inodes[INODES];
static bool busy[BLOCKS];

static void
take_block(int i)
{
    int b = (i * 2) % BLOCKS;
    for (;;) {
        lock(&block_locks[b]);
        if (!busy[b]) {
            busy[b] = true;
            inodes[i] = b + 1;
            if (FIXED_TWIN) {
                unlock(&block_locks[b]);
            }
            return;
        }
        unlock(&block_locks[b]);
        b = (b + 1) % BLOCKS;
    }
}

static void *
write_file(void *arg)
{
    int i = (int)(long)arg;
    lock(&inode_locks[i]);
    if (inodes[i] == 0) {
        take_block(i);
    }
    unlock(&inode_locks[i]);
    return NULL;
}

int
main(void)
{
    pthread_t threads[FILES];
    for (int i = 0; i < INODES; i++) {
        pthread_mutex_init(&inode_locks[i], NULL);
    }
    for (int i = 0; i < BLOCKS; i++) {
        pthread_mutex_init(&block_locks[i], NULL);
    }
    // Files 0 and 13 want the same block.
    for (long i = 0; i < FILES; i++) {
        threads[i] = spawn(write_file, (void *)(i == FILES - 1 ? 13 : i));
    }
    for (int i = 0; i < FILES; i++) {
        join(threads[i]);
    }
    return 0;
}
