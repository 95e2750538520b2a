// check.h: what the unit tests of the harness share.

#ifndef FZ_TESTS_CHECK_H
#define FZ_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, \
                    #condition); \
            exit(1); \
        } \
    } while (0)

// Two numbers are equal; prints both if not.
#define CHECK_EQUAL(a, b) \
    do { \
        unsigned long long check_a = (unsigned long long)(a); \
        unsigned long long check_b = (unsigned long long)(b); \
        if (check_a != check_b) { \
            fprintf(stderr, "%s:%d: failed: %s == %s (%llu, %llu)\n", \
                    __FILE__, __LINE__, #a, #b, check_a, check_b); \
            exit(1); \
        } \
    } while (0)

#endif  // FZ_TESTS_CHECK_H
