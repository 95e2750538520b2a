// afl_main.c: runs a fuzz target under AFL++: in one process (persistent mode),
// inputs in shared memory, the fork server started when the runtime is.
//
// The runtime is compiled as for libFuzzer, with a counter for each edge; these
// and the counters of interleavings are copied into AFL++'s map after each
// input. So one build serves both fuzzers, and nothing but the code under test
// is in the map: the same input gives the same map, always.
//
// Linked with AFL++'s afl-compiler-rt.o, whose functions are declared here.

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "fuzz_targets.h"
#include "fz_coverage.h"

// By these strings afl-fuzz knows what the program does.
__attribute__((used)) static const char persistent[] =
    "##SIG_AFL_PERSISTENT##";
__attribute__((used)) static const char deferred[] =
    "##SIG_AFL_DEFER_FORKSRV##";

extern uint8_t *__afl_area_ptr;
extern uint8_t *__afl_fuzz_ptr;
extern uint32_t *__afl_fuzz_len;
extern int __afl_sharedmem_fuzzing;
int __afl_sharedmem_fuzzing = 1;
void __afl_manual_init(void);
int __afl_persistent_loop(unsigned int max);
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);

// Of the section's array; the linker makes these.
extern uint8_t __start___libfuzzer_extra_counters[];
extern uint8_t __stop___libfuzzer_extra_counters[];

static uint32_t *guards;        // places in the map, one for each counter
static uint8_t *edges;
static size_t nedges, nextra;

// AFL++ numbers its places by these calls, and makes the map as large as the
// last number: before main, when the counters are known.
__attribute__((constructor)) static void
reserve_places(void)
{
    edges = FzCoverage_Edges(&nedges);
    nextra = (size_t)(__stop___libfuzzer_extra_counters -
                      __start___libfuzzer_extra_counters);
    guards = calloc(nedges + nextra, sizeof(*guards));
    if (guards == NULL) {
        abort();
    }
    __sanitizer_cov_trace_pc_guard_init(guards, guards + nedges + nextra);
}

// The places are consecutive: AFL++ thins them out only if told to.
static void
clear_counters(void)
{
    memset(edges, 0, nedges);
    memset(__start___libfuzzer_extra_counters, 0, nextra);
}

static void
publish_counters(void)
{
    memcpy(__afl_area_ptr + guards[0], edges, nedges);
    memcpy(__afl_area_ptr + guards[0] + nedges,
           __start___libfuzzer_extra_counters, nextra);
}

// AFL++ tells crashes apart by their maps, too.
static void
on_abort(int signal_number)
{
    publish_counters();
    signal(signal_number, SIG_DFL);
}

#if defined(RT_ASAN)
#include <sanitizer/common_interface_defs.h>

// AFL++ takes a death by signal for a crash, and insists on raw addresses.
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "abort_on_error=1:symbolize=0";
}
#endif

int
main(int argc, char **argv)
{
    if (getenv("__AFL_SHM_ID") == NULL) {
        fprintf(stderr,
                "usage: afl-fuzz -i SEEDS -o FOLDER -- %s\n"
                "       (%.*s_standalone runs files)\n",
                argv[0], (int)(strlen(argv[0]) - strlen("_afl")), argv[0]);
        return 2;
    }
    LLVMFuzzerInitialize(&argc, &argv);
    signal(SIGABRT, on_abort);
    // Neither the fork server nor what it forks outlives who started it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    __afl_manual_init();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (__afl_persistent_loop(100000)) {
        clear_counters();
        LLVMFuzzerTestOneInput(__afl_fuzz_ptr, *__afl_fuzz_len);
        publish_counters();
    }
    return 0;
}
