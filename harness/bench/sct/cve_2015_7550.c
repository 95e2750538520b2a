// cve_2015_7550.c: a key is found to be valid, then locked and read; in between
// it is revoked and has no payload (ConVul.CVE-2015-7550,
// security/keys/keyctl.c).

#include "program.h"

typedef struct Payload {
    int length;
    char text[8];
} Payload;

static struct {
    pthread_rwlock_t lock;
    atomic_bool revoked;
    Payload *payload;
} key = {.lock = PTHREAD_RWLOCK_INITIALIZER};

static int
read_payload(void)
{
    int sum = 0;
    for (int i = 0; i < key.payload->length; i++) {
        sum += key.payload->text[i];
    }
    return sum;
}

static void *
read_key(void *arg)
{
    if (!FIXED_TWIN && atomic_load(&key.revoked)) {
        return arg;
    }
    pthread_rwlock_rdlock(&key.lock);
    if (!FIXED_TWIN || !atomic_load(&key.revoked)) {
        assert(read_payload() == 3);
    }
    pthread_rwlock_unlock(&key.lock);
    return arg;
}

static void *
revoke(void *arg)
{
    pthread_rwlock_wrlock(&key.lock);
    if (!atomic_exchange(&key.revoked, true)) {
        free(key.payload);
        key.payload = NULL;
    }
    pthread_rwlock_unlock(&key.lock);
    return arg;
}

int
main(void)
{
    key.payload = calloc(1, sizeof(Payload));
    *key.payload = (Payload){2, {1, 2}};
    pthread_t reader = spawn(read_key, NULL);
    pthread_t another = spawn(read_key, NULL);
    pthread_t revoker = spawn(revoke, NULL);
    join(reader);
    join(another);
    join(revoker);
    return 0;
}
