// radbench1.c: a script engine destroys a context while another thread, which
// has looked the runtime's list up, is about to use it (radbench.bug1).

#include "program.h"

typedef struct Context {
    int uses;
    struct Context *next;
} Context;

static pthread_mutex_t mutex = MUTEX;
static Context *contexts;

static Context *
new_context(void)
{
    Context *context = calloc(1, sizeof(Context));
    lock(&mutex);
    context->next = contexts;
    contexts = context;
    unlock(&mutex);
    return context;
}

static void
destroy_context(Context *context)
{
    lock(&mutex);
    Context **link = &contexts;
    while (*link != context) {
        link = &(*link)->next;
    }
    *link = context->next;
    unlock(&mutex);
    free(context);
}

static void *
trace_all(void *arg)
{
    lock(&mutex);
    Context *context = contexts;
    while (context != NULL) {
        if (!FIXED_TWIN) {
            // The lock is dropped while the context is marked.
            unlock(&mutex);
            context->uses++;
            lock(&mutex);
        }
        context = context->next;
    }
    unlock(&mutex);
    return arg;
}

static void *
run_script(void *arg)
{
    for (int i = 0; i < 2; i++) {
        destroy_context(new_context());
    }
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(run_script, NULL);
    pthread_t b = spawn(run_script, NULL);
    pthread_t collector = spawn(trace_all, NULL);
    join(a);
    join(b);
    join(collector);
    return 0;
}
