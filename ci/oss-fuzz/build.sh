#!/bin/bash -eu
# Builds the targets for a fleet (OSS-Fuzz, ClusterFuzzLite): called with $SRC,
# $OUT, $WORK, $CC, $CXX, $CFLAGS, $CXXFLAGS, $LIB_FUZZING_ENGINE, $SANITIZER.
#
# Only the code under test is instrumented: of $CFLAGS, what begins with
# -fsanitize or -fprofile goes to the runtime, the rest to everything. Data
# races are looked for by our own detector: an ordinary target finds them, with
# AddressSanitizer too. fuzz_source is left out: it needs python3 where it runs.

source_folder=${FTFUZZ_SOURCE:-$SRC/ftfuzz}
build=$WORK/ftfuzz-build
sanitizer=
if [ "${SANITIZER:-address}" = address ]; then
    sanitizer=address
fi
instrument=
common=
for flag in $CFLAGS; do
    case $flag in
    -fsanitize* | -fno-sanitize* | -fprofile* | -fcoverage*)
        instrument="$instrument $flag"
        ;;
    *) common="$common $flag" ;;
    esac
done

cmake -S "$source_folder" -B "$build" -G Ninja \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_C_FLAGS="$common" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH='$ORIGIN/lib' \
    -DRT_PRESET=fleet -DRT_GIL_DISABLED=ON -DRT_WITH_HOOKS=ON \
    -DRT_TINY_LIMITS=ON -DRT_DEBUG_LEVEL=1 -DRT_WERROR=OFF \
    -DRT_SANITIZE="$sanitizer" -DRT_FUZZ_COVERAGE=ON \
    -DRT_INSTRUMENT="$instrument" -DFUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
    -DFUZZ_LINK_CXX=ON

programs="fuzz_program fuzz_schedule fuzz_bytecode fuzz_mechanism"
targets=
for name in $programs; do
    targets="$targets $name ${name}_standalone"
done
# shellcheck disable=SC2086 # a list
cmake --build "$build" --target $targets

# The libraries that a runner does not have.
mkdir -p "$OUT/lib"
ldd "$build/fuzz/fuzz_program" | awk '$3 ~ /^\// { print $3 }' |
    while read -r library; do
        case $library in
        *mimalloc* | *gmp*) cp "$library" "$OUT/lib/" ;;
        esac
    done

cd "$build/fuzz"
for options in fuzz_*.options; do
    name=${options%.options}
    if [ ! -e "$name" ] || [ "$name" = fuzz_source ]; then
        continue
    fi
    cp -L "$name" "$OUT/$name"
    cp "$options" "$OUT/"
    if [ -e "$name.dict" ]; then
        cp "$name.dict" "$OUT/"
    fi
    rm -rf "$WORK/seeds"
    "./${name}_standalone" --seeds "$WORK/seeds"
    (cd "$WORK/seeds" && python3 -m zipfile -c \
        "$OUT/${name}_seed_corpus.zip" ./*)
done
