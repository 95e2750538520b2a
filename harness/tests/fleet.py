"""The build of a fleet: ci/oss-fuzz/build.sh with what it is called with there,
and what check_build looks at: every target runs alone, its seed corpus unpacks,
its options are there; and with a seeded bug one of them crashes.

usage: fleet.py ROOT WORK
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

ROOT, WORK = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
BUG, TARGET = "0013-list-resize-frees-array-at-once", "fuzz_list"
COPIED = ("CMakeLists.txt", "CMakePresets.json", "runtime", "harness", "fuzz",
          "scripts", "ci")
CFLAGS = ("-O1 -fno-omit-frame-pointer -gline-tables-only "
          "-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION -fsanitize=address "
          "-fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link")
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)


def copy_tree(to):
    """As a checkout; files that are equal stay, so that little is built."""
    for name in COPIED:
        path = ROOT / name
        for file in [path] if path.is_file() else path.rglob("*"):
            target = to / file.relative_to(ROOT)
            if file.is_file() and (not target.exists() or
                                   target.read_bytes() != file.read_bytes()):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)


def build(out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    environment = dict(
        os.environ, SRC=str(WORK / "src"), OUT=str(out),
        WORK=str(WORK / "work"), CC="clang-19", CXX="clang++-19",
        CFLAGS=CFLAGS, CXXFLAGS=CFLAGS, SANITIZER="address",
        LIB_FUZZING_ENGINE="-fsanitize=fuzzer",
        CMAKE_C_COMPILER_LAUNCHER="ccache", CCACHE_NOHASHDIR="1",
        CCACHE_BASEDIR=str(WORK / "src" / "ftfuzz"))
    (WORK / "work").mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        ["bash", "-eu", WORK / "src" / "ftfuzz/ci/oss-fuzz/build.sh"],
        env=environment, cwd=WORK, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    if result.returncode != 0:
        print(result.stdout[-4000:])
        sys.exit("the build script fails")


def run_alone(program, *arguments, seconds=120):
    """Where nothing of the build is: no environment, another folder."""
    return subprocess.run(
        [program, *map(str, arguments)], cwd="/", text=True, errors="replace",
        env={"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)


def check_target(program):
    name = program.name
    corpus = WORK / "seeds" / name
    shutil.rmtree(corpus, ignore_errors=True)
    with zipfile.ZipFile(f"{program}_seed_corpus.zip") as archive:
        check(archive.testzip() is None, f"{name}: the zip is damaged")
        archive.extractall(corpus)
    seeds = [p for p in corpus.iterdir() if p.is_file()]
    check(len(seeds) >= 20, f"{name}: {len(seeds)} seeds")
    check("max_len" in pathlib.Path(f"{program}.options").read_text(),
          f"{name}: options")
    result = run_alone(program, "-runs=50", "-seed=1", corpus)
    check(result.returncode == 0, f"{name}: {result.stdout[-1500:]}")
    check("INFO: Loaded 1 modules" in result.stdout, f"{name}: no coverage")
    libraries = subprocess.run(["ldd", program], text=True,
                               stdout=subprocess.PIPE).stdout
    check("not found" not in libraries, f"{name}: {libraries}")
    for line in libraries.splitlines():
        check("mimalloc" not in line or str(program.parent) in line,
              f"{name}: {line}")


def main():
    source, out = WORK / "src" / "ftfuzz", WORK / "out"
    copy_tree(source)
    build(out)
    targets = sorted(p.with_suffix("") for p in out.glob("fuzz_*.options"))
    check(len(targets) >= 15, f"targets: {[t.name for t in targets]}")
    for program in targets:
        check_target(program)
    patch = ROOT / "corpus" / "bugs" / f"{BUG}.patch"
    subprocess.run(["patch", "-p1", "-s", "-f", "-i", patch], cwd=source,
                   check=True)
    build(WORK / "out-buggy")
    result = run_alone(WORK / "out-buggy" / TARGET, "-max_total_time=120",
                       "-seed=1", "-artifact_prefix=/tmp/",
                       WORK / "seeds" / TARGET, seconds=200)
    # The free under a reader is seen as that, or as the race that it is with a
    # read that came first.
    check(result.returncode != 0 and re.search(
        "USE_AFTER_FREE|heap-use-after-free|freed the block", result.stdout),
        f"the seeded bug: {result.stdout[-1500:]}")
    if failures:
        print("\n".join(failures[:20]))
        return 1
    print(f"fleet: {len(targets)} targets run alone, {TARGET} finds {BUG}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
