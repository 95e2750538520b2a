// cve_2016_7911.c: the I/O priority of another task is read without its lock
// while the task ends and frees what has it (ConVul.CVE-2016-7911,
// block/ioprio.c).

#include "program.h"

enum { DEFAULT_PRIORITY = 4 };

typedef struct Context {
    atomic_int references;
    int priority;
} Context;

static struct {
    pthread_mutex_t mutex;
    Context *_Atomic context;
} task = {.mutex = MUTEX};

static int
get_priority(void)
{
    int priority = DEFAULT_PRIORITY;
    lock_if_fixed(&task.mutex);
    if (task.context != NULL) {
        priority = task.context->priority;
    }
    unlock_if_fixed(&task.mutex);
    return priority;
}

static void
put(Context *context)
{
    if (atomic_fetch_sub(&context->references, 1) == 1) {
        free(context);
    }
}

static void *
end_task(void *arg)
{
    lock(&task.mutex);
    Context *context = task.context;
    task.context = NULL;
    unlock(&task.mutex);
    put(context);
    return arg;
}

static void *
ask(void *arg)
{
    int priority = get_priority();
    assert(priority == DEFAULT_PRIORITY || priority == 6);
    return arg;
}

int
main(void)
{
    Context *context = malloc(sizeof(Context));
    context->references = 1;
    context->priority = 6;
    task.context = context;
    pthread_t ended = spawn(end_task, NULL);
    pthread_t asker = spawn(ask, NULL);
    join(ended);
    join(asker);
    return 0;
}
