// cve_2009_3547.c: an open of a pipe that begins while the last end of it is
// closed finds no buffer behind the inode (ConVul.CVE-2009-3547, fs/pipe.c).

#include "program.h"

typedef struct Pipe {
    int readers, writers;
} Pipe;

static struct {
    pthread_mutex_t mutex;
    Pipe *pipe;
} inode = {MUTEX, NULL};

static bool
open_reader(void)
{
    lock(&inode.mutex);
    if (FIXED_TWIN && inode.pipe == NULL) {
        unlock(&inode.mutex);
        return false;
    }
    inode.pipe->readers++;
    unlock(&inode.mutex);
    return true;
}

static void
release(int readers, int writers)
{
    lock(&inode.mutex);
    Pipe *pipe = inode.pipe;
    pipe->readers -= readers;
    pipe->writers -= writers;
    if (pipe->readers == 0 && pipe->writers == 0) {
        inode.pipe = NULL;
        free(pipe);
    }
    unlock(&inode.mutex);
}

// By its name in /proc: the inode is there, whoever has closed it.
static void *
open_again(void *arg)
{
    if (open_reader()) {
        release(1, 0);
    }
    return arg;
}

static void *
close_writer(void *arg)
{
    release(0, 1);
    return arg;
}

int
main(void)
{
    inode.pipe = calloc(1, sizeof(Pipe));
    inode.pipe->readers = inode.pipe->writers = 1;
    pthread_t opener = spawn(open_again, NULL);
    pthread_t closer = spawn(close_writer, NULL);
    release(1, 0);
    join(opener);
    join(closer);
    return 0;
}
