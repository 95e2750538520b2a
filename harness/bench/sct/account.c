// account.c: a deposit, a withdrawal and a check of the balance that presumes
// one order of them (CS.account).

#include "program.h"

static pthread_mutex_t mutex = MUTEX;
static int balance = 10;
static bool deposited, withdrawn;

static void *
deposit(void *arg)
{
    lock(&mutex);
    balance += 5;
    deposited = true;
    unlock(&mutex);
    return arg;
}

static void *
withdraw(void *arg)
{
    lock(&mutex);
    balance -= 3;
    withdrawn = true;
    unlock(&mutex);
    return arg;
}

static void *
check(void *arg)
{
    lock(&mutex);
    if (deposited && withdrawn) {
        // The withdrawal is forgotten.
        assert(balance == 10 + 5 - (FIXED_TWIN ? 3 : 0));
    }
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(check, NULL);
    pthread_t b = spawn(deposit, NULL);
    pthread_t c = spawn(withdraw, NULL);
    join(a);
    join(b);
    join(c);
    return 0;
}
