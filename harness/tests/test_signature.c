// test_signature.c: signatures of violations and of other tools' reports; what
// must not be part of one is not.

#include <string.h>

#include "check.h"
#include "fz_signature.h"

static void
check_subject(const char *message, const char *kind, const char *field)
{
    char k[48], f[32];
    FzSignature_Subject(message, k, sizeof(k), f, sizeof(f));
    if (strcmp(k, kind) != 0 || strcmp(f, field) != 0) {
        fprintf(stderr, "%s: '%s' '%s'\n", message, k, f);
    }
    CHECK(strcmp(k, kind) == 0);
    CHECK(strcmp(f, field) == 0);
}

static void
test_subjects(void)
{
#ifdef RT_GIL_DISABLED
    const char *local = "ob_ref_local", *item = "+0x28";
#else
    const char *local = "", *item = "";
#endif
    check_subject("thread 1 reads list#17+0xc, which thread 0 freed", "list",
                  local);
    check_subject("thread 1 reads list#17+0x28, which", "list", item);
    check_subject("C1.instance#144: an object's count is low", "instance", "");
    check_subject("the counts of startup-type#3 changed", "type", "");
    check_subject("thread 1 writes mem#9+0x40", "mem", "");
    check_subject("collections.deque#7 was", "deque", "");
    check_subject("dict-keys#4 and list#5", "dict-keys", "");
    check_subject("no object here, issue # 5", "", "");
    check_subject("", "", "");
}

static void
check_report(const char *text, const char *expected)
{
    FzSignature signature, parsed;
    char printed[FZ_SIGNATURE_TEXT];
    CHECK(FzSignature_OfReport(text, &signature));
    FzSignature_Print(&signature, printed, sizeof(printed));
    if (strcmp(printed, expected) != 0) {
        fprintf(stderr, "is       %s\nexpected %s\n", printed, expected);
    }
    CHECK(strcmp(printed, expected) == 0);
    CHECK(FzSignature_Parse(printed, &parsed));
    CHECK(FzSignature_Equal(&signature, &parsed));
}

static void
test_asan(void)
{
    check_report(
        "=================================================================\n"
        "==4242==ERROR: AddressSanitizer: heap-use-after-free on address "
        "0x602000000010 at pc 0x55d1 bp 0x7ffd sp 0x7ffc\n"
        "READ of size 8 at 0x602000000010 thread T0\n"
        "    #0 0x55d1c0 in rt_atomic_load_ptr runtime/include/internal/"
        "rtcore_atomic.h:120:12\n"
        "    #1 0x55d1c1 in list_item /src/runtime/objects/list.c:77:9\n"
        "    #2 0x55d1c2 in list_subscript /src/runtime/objects/list.c:99:1\n"
        "\n"
        "0x602000000010 is located 0 bytes inside of 16-byte region\n"
        "freed by thread T0 here:\n"
        "    #0 0x55d0a0 in free (/src/ftfuzz+0xa0)\n"
        "    #1 0x55d0a1 in RtMem_Free /src/runtime/mem/alloc.c:40:5\n"
        "    #2 0x55d0a2 in list_resize /src/runtime/objects/list.c:30:5\n"
        "\n"
        "previously allocated by thread T0 here:\n"
        "    #0 0x55d0b0 in malloc (/src/ftfuzz+0xb0)\n"
        "    #1 0x55d0b1 in list_append /src/runtime/objects/list.c:50:5\n"
        "SUMMARY: AddressSanitizer: heap-use-after-free "
        "runtime/objects/list.c:77:9 in list_item\n",
        "USE_AFTER_FREE||list_item|list_resize");
    check_report(
        "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6\n"
        "WRITE of size 8 at 0x6 thread T0\n"
        "    #0 0x1 in append_locked runtime/objects/list.c:7:9\n",
        "CRASH|heap-buffer-overflow||append_locked");
    check_report(
        "AddressSanitizer:DEADLYSIGNAL\n"
        "==7==ERROR: AddressSanitizer: SEGV on unknown address 0x0 (pc 0x1)\n"
        "    #0 0x1 in dict_next runtime/objects/dict.c:7:9\n",
        "CRASH|SEGV||dict_next");
}

static void
test_others(void)
{
    check_report(
        "runtime/objects/int.c:31:14: runtime error: signed integer overflow: "
        "9223372036854775807 + 1 cannot be represented in type 'long'\n"
        "    #0 0x55 in int_add runtime/objects/int.c:31:14\n",
        "CRASH|signed-integer-overflow||int_add");
    check_report(
        "WARNING: ThreadSanitizer: data race (pid=99)\n"
        "  Write of size 8 at 0x7b08 by thread T2 (mutexes: write M0):\n"
        "    #0 store_slot runtime/objects/dict.c:12 (ftfuzz+0x12)\n"
        "    #1 dict_set runtime/objects/dict.c:80 (ftfuzz+0x80)\n"
        "\n"
        "  Previous read of size 8 at 0x7b08 by main thread:\n"
        "    #0 dict_lookup runtime/objects/dict.c:40 (ftfuzz+0x40)\n"
        "\n"
        "  Thread T2 (tid=4, running) created by main thread at:\n"
        "    #0 pthread_create <null> (ftfuzz+0x3)\n"
        "SUMMARY: ThreadSanitizer: data race dict.c:12 in store_slot\n",
        "DATA_RACE||dict_lookup|store_slot");
    check_report(
        "Program received signal SIGSEGV, Segmentation fault.\n"
        "0x00005555 in list_pop (self=0x0, n=3) at runtime/objects/list.c:9\n"
        "#0  0x00005555 in list_pop (self=0x0, n=3) at "
        "runtime/objects/list.c:9\n"
        "#1  0x00005566 in call_native () at runtime/vm/ceval_ops.c:201\n",
        "CRASH|SIGSEGV||list_pop");
    FzSignature signature;
    CHECK(!FzSignature_OfReport("all is well\n", &signature));
    CHECK(!FzSignature_OfReport("", &signature));
    CHECK(!FzSignature_Parse("", &signature));
    CHECK(!FzSignature_Parse("LEAK|a|b", &signature));
}

// The parties may be seen in either order.
static void
test_order(void)
{
    FzViolation v = {.rule = FZ_RULE_FATAL, .other_thread = UINT32_MAX,
                     .message = "z.c:1: broken"};
    FzSignature signature;
    FzSignature_OfViolation(&v, &signature);
    CHECK(strcmp(signature.functions[0], signature.functions[1]) <= 0);
    CHECK(strcmp(signature.functions[1], "z.c") == 0);
}

static void
check_violation(FzRule rule, const char *message, const char *expected)
{
    char printed[FZ_SIGNATURE_TEXT];
    FzSignature signature;
    FzViolation v = {.rule = rule, .other_thread = UINT32_MAX};
    snprintf(v.message, sizeof(v.message), "%s", message);
    FzSignature_OfViolation(&v, &signature);
    FzSignature_Print(&signature, printed, sizeof(printed));
    if (strcmp(printed, expected) != 0) {
        fprintf(stderr, "is       %s\nexpected %s\n", printed, expected);
    }
    CHECK(strcmp(printed, expected) == 0);
}

// A mechanism fails on whatever object; damage is of this object.
static void
test_incidental(void)
{
    check_violation(FZ_RULE_SECTION_ORDER, "locked list#1 before set#2",
                    "SECTION_ORDER|||");
    check_violation(FZ_RULE_LOST_WAKEUP, "thread 1 waits for list#1, parked",
                    "LOST_WAKEUP|||");
    check_violation(FZ_RULE_LOST_WAKEUP,
                    "no thread can run:\n  thread 0 waits for the lock of "
                    "list#1, held by thread 1\n  thread 1 waits for tstate#3"
                    "+0x20, parked", "LOST_WAKEUP|tstate||");
    check_violation(FZ_RULE_LOST_WAKEUP,
                    "thread 0 waits for tstate#3, parked\n  thread 1 waits for "
                    "the lock of list#1, held by nobody", "LOST_WAKEUP|lock||");
    check_violation(FZ_RULE_LEAK, "list#1 is live", "LEAK|list||");
#ifdef RT_GIL_DISABLED
    check_violation(FZ_RULE_DATA_RACE, "data race on list#1+0x10",
                    "DATA_RACE|.ob_ref_shared||");
    check_violation(FZ_RULE_DATA_RACE, "data race on list#1+0x28",
                    "DATA_RACE|list.+0x28||");
#endif
}

int
main(void)
{
    test_subjects();
    test_asan();
    test_others();
    test_order();
    test_incidental();
    return 0;
}
