# The options of the build and the compiler flags that follow from them. Each
# supported combination is a preset (CMakePresets.json).

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(RT_GIL_DISABLED "Build the free-threaded runtime" OFF)
option(RT_WITH_HOOKS "Compile scheduling points and notes into the runtime" OFF)
option(RT_TINY_LIMITS "Small tables: growth and collisions are common" OFF)
option(RT_WERROR "Treat warnings as errors" ON)
set(RT_DEBUG_LEVEL 1 CACHE STRING
    "0 none, 1 assertions, 2 whole-structure checks")
set(RT_SANITIZE "" CACHE STRING
    "none, address, thread (stock), race (our own run-time)")
set(RT_INSTRUMENT "" CACHE STRING
    "Flags of a fleet for the code under test, in the place of our own")
separate_arguments(RT_INSTRUMENT)
option(RT_FUZZ_COVERAGE "Instrument the runtime for guided fuzzing" OFF)

set_property(CACHE RT_SANITIZE PROPERTY STRINGS "" address thread race)

set(RT_PRESET "custom" CACHE STRING
    "Name of the preset; the first part of test names")

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(mimalloc REQUIRED)
find_package(Threads REQUIRED)

# What everything is compiled with.
add_library(ftfuzz_flags INTERFACE)
target_compile_options(ftfuzz_flags INTERFACE
    -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
    -fno-strict-aliasing -fno-omit-frame-pointer -g
    $<$<BOOL:${RT_WERROR}>:-Werror>)
target_compile_definitions(ftfuzz_flags INTERFACE
    _GNU_SOURCE
    RT_BUILD_CORE
    RT_DEBUG_LEVEL=${RT_DEBUG_LEVEL}
    $<$<BOOL:${RT_GIL_DISABLED}>:RT_GIL_DISABLED>
    $<$<BOOL:${RT_WITH_HOOKS}>:RT_WITH_HOOKS>
    $<$<BOOL:${RT_TINY_LIMITS}>:RT_TINY_LIMITS>)

# What the code under test is compiled with in addition. The harness never is:
# an instrumented scheduler would report and schedule itself.
add_library(ftfuzz_instrument INTERFACE)
if(RT_SANITIZE STREQUAL "address")
    set(RT_COVERAGE_ACCESSES
        inline-8bit-counters,pc-table,trace-loads,trace-stores)
    set(RT_ADDRESS -fsanitize=address,undefined)
    set(RT_RECOVER -fno-sanitize-recover=undefined)
    if(RT_INSTRUMENT)
        set(RT_ADDRESS -fsanitize=address)
        set(RT_RECOVER)
    endif()
    target_compile_options(ftfuzz_instrument INTERFACE
        ${RT_ADDRESS} ${RT_RECOVER}
        $<$<BOOL:${RT_WITH_HOOKS}>:-fsanitize-coverage=${RT_COVERAGE_ACCESSES}>)
    target_compile_definitions(ftfuzz_flags INTERFACE
        RT_ASAN $<$<BOOL:${RT_WITH_HOOKS}>:RT_TRACE_ACCESSES>)
    target_link_options(ftfuzz_flags INTERFACE ${RT_ADDRESS})
elseif(RT_SANITIZE STREQUAL "thread")
    target_compile_options(ftfuzz_instrument INTERFACE -fsanitize=thread)
    target_compile_definitions(ftfuzz_flags INTERFACE RT_TSAN)
    target_link_options(ftfuzz_flags INTERFACE -fsanitize=thread)
elseif(RT_SANITIZE STREQUAL "race")
    # Instrumented as for ThreadSanitizer, linked with our own run-time.
    target_compile_options(ftfuzz_instrument INTERFACE -fsanitize=thread)
    target_compile_definitions(ftfuzz_flags INTERFACE RT_COMPILER_POINTS)
elseif(NOT RT_SANITIZE STREQUAL "")
    message(FATAL_ERROR
        "RT_SANITIZE=${RT_SANITIZE}: address, thread, race or nothing")
endif()
if(RT_FUZZ_COVERAGE)
    target_compile_options(ftfuzz_instrument INTERFACE
        -fsanitize-coverage=inline-8bit-counters,pc-table)
endif()
target_compile_options(ftfuzz_instrument INTERFACE ${RT_INSTRUMENT})
