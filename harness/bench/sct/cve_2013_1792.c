// cve_2013_1792.c: two keyrings are made one after the other; who sees that the
// first exists uses the second (ConVul.CVE-2013-1792,
// security/keys/process_keys.c).

#include "program.h"

typedef struct Keyring {
    int usage;
} Keyring;

typedef struct User {
    Keyring *_Atomic own;
    Keyring *_Atomic session;
} User;

static pthread_mutex_t mutex = MUTEX;

static Keyring *
new_keyring(void)
{
    Keyring *keyring = malloc(sizeof(Keyring));
    keyring->usage = 1;
    return keyring;
}

static void
install_keyrings(User *user)
{
    if (user->own != NULL && (!FIXED_TWIN || user->session != NULL)) {
        return;
    }
    lock(&mutex);
    if (user->own == NULL) {
        user->own = new_keyring();
        user->session = new_keyring();
    }
    unlock(&mutex);
}

static void *
look_up_session(void *arg)
{
    User *user = arg;
    install_keyrings(user);
    Keyring *session = user->session;
    lock(&mutex);
    session->usage++;
    unlock(&mutex);
    return NULL;
}

int
main(void)
{
    static User user;
    pthread_t a = spawn(look_up_session, &user);
    pthread_t b = spawn(look_up_session, &user);
    join(a);
    join(b);
    assert(user.session->usage == 3);
    return 0;
}
