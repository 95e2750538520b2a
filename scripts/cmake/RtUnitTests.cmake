# The unit tests of one folder as one program, `PROGRAM NAME`, and a test of
# ctest for each: linked into a program each, they would hold a hundred copies
# of the runtime.

function(rt_add_unit_tests program part timeout)
    set(RT_UNIT_TESTS)
    set(RT_UNIT_PROTOTYPES)
    foreach(source IN LISTS ARGN)
        get_filename_component(name ${source} NAME_WE)
        string(APPEND RT_UNIT_PROTOTYPES "int ${name}_main(void);\n")
        string(APPEND RT_UNIT_TESTS "    {\"${name}\", ${name}_main},\n")
        # A main() needs no prototype; what stands for it is declared below.
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
            "-Dmain=${name}_main;-Wno-missing-prototypes")
        add_test(NAME ${RT_PRESET}.${part}.${name} COMMAND ${program} ${name})
        set_tests_properties(${RT_PRESET}.${part}.${name} PROPERTIES
            TIMEOUT ${timeout})
    endforeach()
    configure_file(${CMAKE_SOURCE_DIR}/scripts/cmake/unit_tests.c.in
        ${program}.c @ONLY)
    add_executable(${program} ${ARGN}
        ${CMAKE_CURRENT_BINARY_DIR}/${program}.c)
endfunction()
