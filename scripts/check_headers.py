#!/usr/bin/env python3
"""Each header compiles alone, with the flags that the build uses.

  scripts/check_headers.py COMPILE_COMMANDS.json
"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = [*sorted((ROOT / "runtime" / "include").glob("*.h")),
           *sorted((ROOT / "runtime" / "include" / "internal").glob("*.h")),
           *sorted((ROOT / "harness" / "include").glob("*.h"))]


def flags_of(path):
    """Compiler and flags of a file that may include all of the headers."""
    for entry in json.loads(pathlib.Path(path).read_text()):
        if entry["file"].endswith("harness/engine/exec.c"):
            words = shlex.split(entry["command"])
            if os.path.basename(words[0]) == "ccache":
                words = words[1:]
            return [words[0]] + [w for w in words[1:] if w.startswith(
                ("-D", "-I", "-W", "-std=", "-isystem"))]
    raise SystemExit(f"check_headers.py: {path} does not compile "
                     "harness/engine/exec.c")


def check(flags, header):
    return header, subprocess.run(
        [*flags, "-Wno-unused-function", "-fsyntax-only", "-x", "c", "-"],
        input=f'#include "{header}"\n', text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


def main():
    if len(sys.argv) != 2:
        sys.stderr.write(__doc__)
        return 2
    flags = flags_of(sys.argv[1])
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, result in pool.map(lambda h: check(flags, h), HEADERS):
            if result.returncode != 0:
                print(f"{header.relative_to(ROOT)} does not compile alone:\n"
                      f"{result.stdout}")
                failed += 1
    print(f"{len(HEADERS) - failed} of {len(HEADERS)} headers compile alone")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
