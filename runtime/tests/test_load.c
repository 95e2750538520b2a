// test_load.c: code files: the library loads, and no damaged file does harm.
//
// Damage: bytes changed, cut off, put in, parts of one file in another. What
// the loader accepts the verifier has seen; all else is a ValueError.

#include "check.h"
#include "objects.h"

#include "../modules/module.h"
#include "rtcore_code.h"
#include "rtcore_object.h"

#include <stdlib.h>

enum { MAX_FILE = 1 << 16, ROUNDS = 800 };

static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t
draw(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % limit;
}

static size_t
damage(uint8_t *bytes, size_t size)
{
    uint32_t at = draw((uint32_t)size);
    uint32_t n = 1 + draw(8);
    switch (draw(5)) {
    case 0:
        return at;
    case 1:
        bytes[at] ^= (uint8_t)(1 << draw(8));
        return size;
    case 2:
        bytes[at] = (uint8_t)draw(256);
        return size;
    case 3:
        n = at + n > size ? (uint32_t)size - at : n;
        memmove(bytes + at, bytes + at + n, size - at - n);
        return size - n;
    default:
        memmove(bytes + at + n, bytes + at, size - at);
        return size + n;
    }
}

static size_t loaded, refused;

static void
check_damaged(const RtSourceModule *module, uint8_t *bytes)
{
    memcpy(bytes, module->data, module->size);
    size_t size = module->size;
    for (uint32_t n = 1 + draw(3); n > 0 && size > 0; n--) {
        size = damage(bytes, size);
    }
    // Of its own size, so that AddressSanitizer sees what is read behind it.
    uint8_t *file = malloc(size + (size == 0));
    memcpy(file, bytes, size);
    RtObject *code = RtCode_Load(file, size);
    free(file);
    if (code != NULL) {
        loaded++;
        Rt_DECREF(code);
        return;
    }
    refused++;
    CHECK(RtErr_ExceptionMatches(&RtExc_ValueError));
    RtErr_Clear();
}

static void
test_library(void)
{
    uint8_t *bytes = malloc(MAX_FILE + 64);
    for (const RtSourceModule *m = rt_library; m->name != NULL; m++) {
        CHECK(m->size < MAX_FILE);
        RtObject *code = RtCode_Load(m->data, m->size);
        CHECK(code != NULL);
        Rt_DECREF(code);
        for (int i = 0; i < ROUNDS; i++) {
            check_damaged(m, bytes);
        }
    }
    free(bytes);
    CHECK(loaded > 0 && refused > 10 * loaded / 100);
}

static void
test_headers(void)
{
    const char *const bad[] = { "", "RTBC", "RTBX\1\0\0\0\0\0\0\0\0\0\0" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(RtCode_Load(bad[i], strlen(bad[i])) == NULL);
        CHECK(RtErr_ExceptionMatches(&RtExc_ValueError));
        RtErr_Clear();
    }
}

// `def f(): return CONSTANT`, of which only the constant is told.
static RtObject *
load_constant(const char *constant, size_t size)
{
    static const uint8_t head[] = { 1, 1, 'f', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
                                    'N', 1 };
    static const uint8_t tail[] = { 0, 2, RT_OP_LOAD_CONST, 0,
                                    RT_OP_RETURN_VALUE, 0, 1, 2, 0, 0 };
    uint8_t file[128];
    memcpy(file, rt_library[0].data, 12);
    memcpy(file + 12, head, sizeof(head));
    memcpy(file + 12 + sizeof(head), constant, size);
    memcpy(file + 12 + sizeof(head) + size, tail, sizeof(tail));
    return RtCode_Load(file, 12 + sizeof(head) + size + sizeof(tail));
}

static void
test_ints(void)
{
    RtObject *code = load_constant("l\x02-f", 4);
    CHECK(code != NULL);
    RtObject *value = RtTuple_GetItem(((RtCodeObject *)code)->co_consts, 0);
    CHECK(RtLong_AsInt64(value) == -15);
    Rt_DECREF(code);
    // The message of what parses ints would show a text that is not UTF-8.
    const char *const bad[] = { "l\x01\xe2", "l\x01-", "l\x01g", "l\x02 1" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(load_constant(bad[i], strlen(bad[i])) == NULL);
        CHECK(RtErr_ExceptionMatches(&RtExc_ValueError));
        RtErr_Clear();
    }
}

int
main(void)
{
    void (*const tests[])(void) = { test_headers, test_ints, test_library };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}
