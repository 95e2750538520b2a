# Each program of programs.txt three times: with its bug, its fixed twin, and
# the bug without instrumentation, for free OS threads.

set(FZ_SCT_FOLDER ${CMAKE_CURRENT_SOURCE_DIR}/bench/sct)
set(FZ_SCT_PROGRAMS ${CMAKE_BINARY_DIR}/sct)
configure_file(${FZ_SCT_FOLDER}/programs.txt ${FZ_SCT_PROGRAMS}/programs.txt
    COPYONLY)

function(fz_sct_program file source)
    add_executable(sct.${file} ${FZ_SCT_FOLDER}/${source})
    set_target_properties(sct.${file} PROPERTIES
        OUTPUT_NAME ${file} RUNTIME_OUTPUT_DIRECTORY ${FZ_SCT_PROGRAMS}
        LINK_DEPENDS_NO_SHARED ON)
    target_compile_definitions(sct.${file} PRIVATE _GNU_SOURCE ${ARGN})
    target_compile_options(sct.${file} PRIVATE -O1 -Wall -Wextra
        $<$<BOOL:${RT_WERROR}>:-Werror> -UNDEBUG)
endfunction()

file(STRINGS ${FZ_SCT_FOLDER}/programs.txt lines REGEX "^[^#]")
foreach(line IN LISTS lines)
    separate_arguments(words UNIX_COMMAND "${line}")
    list(POP_FRONT words name source)
    fz_sct_program(${name} ${source} ${words})
    fz_sct_program(${name}.fixed ${source} FIXED ${words})
    fz_sct_program(${name}.free ${source} ${words})
    target_link_libraries(sct.${name}.free PRIVATE Threads::Threads)
    foreach(file ${name} ${name}.fixed)
        target_compile_options(sct.${file} PRIVATE -fsanitize=thread)
        target_link_libraries(sct.${file} PRIVATE fzsct)
    endforeach()
endforeach()

# One search each: deterministic, so that a strategy that gets worse is seen.
add_test(NAME ${RT_PRESET}.harness.bench_sct
    COMMAND python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/tests/bench_sct.py
        $<TARGET_FILE_DIR:fzsct>/ftfuzz)
set_tests_properties(${RT_PRESET}.harness.bench_sct PROPERTIES TIMEOUT 200)
