"""Every command that the README shows is run, as it stands there, line by line.

Left out is what a test cannot be part of, each with who runs it.

usage: readme.py ROOT
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(sys.argv[1]).resolve()
ELSEWHERE = {
    "scripts/test": "this test is part of it",
    "scripts/fuzz --seconds 60": "as with --bug; ci/nightly runs longer ones",
    "scripts/cpython ft-engine": "ci/nightly; it builds an interpreter",
    "build/fuzz-ft/ftfuzz cpython fuzz --seconds 600 --findings found":
        "harness/tests/cpython_engine.py, in ci/nightly",
    "build/fuzz-ft/ftfuzz cpython replay found/DATA_RACE-0123abcd --times 100":
        "harness/tests/cpython_engine.py, in ci/nightly",
}
# A finding is what these are about.
FINDS = ("scripts/fuzz --bug", "$ftfuzz replay", "build/fuzz-ft/ftfuzz sct")
PROGRAM_PY = "import sys\nprint('argument:', sys.argv[1:])\n"
PROGRAM_C = """#include <assert.h>
#include <pthread.h>
static int value;
static void *add(void *arg)
{
    value = value + 1;
    return arg;
}
int main(void)
{
    pthread_t a, b;
    pthread_create(&a, 0, add, 0);
    pthread_create(&b, 0, add, 0);
    pthread_join(a, 0);
    pthread_join(b, 0);
    assert(value == 2);
    return 0;
}
"""
# What must be said by then.
SAYS = {
    "$ftfuzz show $finding": "Thread",
    "$ftfuzz replay": "100",
    "$ftfuzz explain": "What conflicts",
}


def blocks():
    text = (ROOT / "README.md").read_text()
    return [b.strip().replace("\\\n", "").splitlines()
            for b in re.findall(r"^```\n(.*?)^```", text, re.S | re.M)]


def script_of(lines):
    """The block as a script that says after each line how that ended."""
    text = ["set -u"]
    for number, line in enumerate(lines):
        if line not in ELSEWHERE:
            text += [f"echo '@@@ {number}'", line, "echo \"@@@= $?\""]
    return "\n".join(text)


def check_block(lines, folder):
    result = subprocess.run(["bash", "-c", script_of(lines)], cwd=folder,
                            text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=500)
    ends = re.findall(r"^@@@ (\d+)\n(.*?)^@@@= (\d+)$", result.stdout,
                      re.S | re.M)
    wrong = []
    if len(ends) != sum(line not in ELSEWHERE for line in lines):
        wrong.append(f"not all lines were run:\n{result.stdout[-2000:]}")
    for number, output, code in ends:
        line = lines[int(number)]
        wanted = 77 if line.startswith(FINDS) else 0
        says = [text for start, text in SAYS.items() if line.startswith(start)]
        if int(code) != wanted or not all(text in output for text in says):
            wrong.append(f"{line}: exit code {code}\n{output[-1000:]}")
    return wrong


def main():
    wrong = []
    # What an older build found is not what this one fails of.
    for found in ROOT.glob("build/bugs/findings-*"):
        shutil.rmtree(found)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path in ROOT.iterdir():
            if path.name[0] != ".":
                (folder / path.name).symlink_to(path)
        (folder / "program.py").write_text(PROGRAM_PY)
        (folder / "program.c").write_text(PROGRAM_C)
        for lines in blocks():
            wrong += check_block(lines, folder)
    if wrong:
        print("\n".join(wrong))
        return 1
    print(f"readme: {sum(map(len, blocks()))} lines of {len(blocks())} blocks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
