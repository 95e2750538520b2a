// threads.c: start, end, join, detached threads, stacks and thread-local data.

#include "races.h"

static void *
write_data(void *arg)
{
    data = 1;
    return arg;
}

static void *
read_data(void *arg)
{
    use(data);
    return arg;
}

RACE_BODY(start_orders)
{
    data = 2;
    join(spawn(read_data, NULL));
}

RACE_BODY(start_then_write)
{
    pthread_t thread = spawn(read_data, NULL);
    data = 2;
    join(thread);
}

RACE_BODY(join_orders)
{
    join(spawn(write_data, NULL));
    use(data);
}

RACE_BODY(join_too_late)
{
    pthread_t thread = spawn(write_data, NULL);
    use(data);
    join(thread);
}

RACE_BODY(join_of_other)
{
    pthread_t a = spawn(write_data, NULL);
    pthread_t b = spawn(read_data, NULL);
    join(b);
    use(data);
    join(a);
}

RACE_BODY(one_after_another)
{
    join(spawn(write_data, NULL));
    join(spawn(write_data, NULL));
}

static void *
write_by_child(void *arg)
{
    join(spawn(write_data, NULL));
    return arg;
}

static void *
start_and_leave(void *arg)
{
    *(pthread_t *)arg = spawn(write_data, NULL);
    return NULL;
}

RACE_BODY(grandchild)
{
    join(spawn(write_by_child, NULL));
    use(data);
}

RACE_BODY(grandchild_not_joined)
{
    static pthread_t child;
    join(spawn(start_and_leave, &child));
    use(data);
    join(child);
}

static void *
exit_with_result(void *arg)
{
    int *result = malloc(sizeof(int));
    *result = 1;
    (void)arg;
    pthread_exit(result);
}

RACE_BODY(result_of_exit)
{
    void *result;
    pthread_t thread = spawn(exit_with_result, NULL);
    pthread_join(thread, &result);
    use(*(int *)result);
    free(result);
}

// ---- Detached.

static sem_t done;

static void *
write_and_post(void *arg)
{
    data = 1;
    sem_post(&done);
    return arg;
}

static void *
write_and_set(void *arg)
{
    data = 1;
    SET(1, release);
    return arg;
}

RACE_BODY(detached_sem)
{
    sem_init(&done, 0, 0);
    pthread_detach(spawn(write_and_post, NULL));
    sem_wait(&done);
    use(data);
}

RACE_BODY(detached_flag)
{
    pthread_detach(spawn(write_and_set, NULL));
    while (!GET(acquire)) {
        nap();
    }
    use(data);
}

RACE_BODY(detached_sleep)
{
    pthread_detach(spawn(write_data, NULL));
    nap();
    nap();
    use(data);
}

// ---- Stacks.

static void *
write_there(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

RACE_BODY(stack_joined)
{
    int there = 0;
    join(spawn(write_there, &there));
    use(there);
}

RACE_BODY(stack_not_joined)
{
    int there = 0;
    pthread_t thread = spawn(write_there, &there);
    use(there);
    join(thread);
    use(there);
}

static void *
read_there(void *arg)
{
    use(*(int *)arg);
    return NULL;
}

// The argument is the variable of the loop.
RACE_BODY(stack_loop_variable)
{
    pthread_t threads[2];
    int i;
    for (i = 0; i < 2; i++) {
        threads[i] = spawn(read_there, &i);
    }
    for (int k = 0; k < 2; k++) {
        join(threads[k]);
    }
}

RACE_BODY(stack_own_argument)
{
    pthread_t threads[2];
    int arguments[2];
    for (int i = 0; i < 2; i++) {
        arguments[i] = i;
        threads[i] = spawn(write_there, &arguments[i]);
    }
    for (int k = 0; k < 2; k++) {
        join(threads[k]);
        use(arguments[k]);
    }
}

// ---- Thread-local data and keys.

static _Thread_local int local;
static int *_Atomic local_of_other;

RACE2(local_own, { local = 1; use(local); }, { local = 2; use(local); })
RACE2(local_of_another,
      { atomic_store(&local_of_other, &local); nap(); nap(); local = 1; },
      { int *there = atomic_load(&local_of_other);
        if (there != NULL) { use(*there); } })

static pthread_key_t key;

static void
free_value(void *value)
{
    data += *(int *)value;
    free(value);
}

static void *
set_value(void *arg)
{
    int *value = malloc(sizeof(int));
    *value = 1;
    pthread_setspecific(key, value);
    return arg;
}

RACE_BODY(key_destructor)
{
    pthread_key_create(&key, free_value);
    join(spawn(set_value, NULL));
    use(data);
}

RACE_BODY(key_destructors_both)
{
    pthread_key_create(&key, free_value);
    pthread_t a = spawn(set_value, NULL);
    pthread_t b = spawn(set_value, NULL);
    join(a);
    join(b);
}

static void
clean_up(void *arg)
{
    *(int *)arg = 1;
}

static void *
exit_with_handler(void *arg)
{
    pthread_cleanup_push(clean_up, &data);
    pthread_exit(arg);
    pthread_cleanup_pop(0);
    return NULL;
}

RACE_BODY(cleanup_handler)
{
    join(spawn(exit_with_handler, NULL));
    use(data);
}
