"""scripts/fuzz_calls: programs agree with CPython, and a difference is found
and made small.

calls.py FTFUZZ PROGRAMS
"""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ftfuzz, programs = sys.argv[1:]

# A CPython that takes one attribute of a class for another.
LIAR = '''#!/usr/bin/env python3
import sys
source = open(sys.argv[-1]).read()
assert "    x = 1\\n" in source
exec(compile(source.replace("    x = 1\\n", "    x = 2\\n", 1), "liar", "exec"))
'''


def run(*arguments):
    return subprocess.run(
        [ROOT / "scripts/fuzz_calls", "--ftfuzz", ftfuzz, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


with tempfile.TemporaryDirectory() as folder:
    result = run("--programs", programs, "--findings", folder)
    print(result.stdout + result.stderr)
    assert result.returncode == 0, result.returncode
    assert f"{programs} programs, 0 differ" in result.stdout

    liar = pathlib.Path(folder) / "liar"
    liar.write_text(LIAR)
    liar.chmod(0o755)
    result = run("--programs", "40", "--max-findings", "1", "--python", liar,
                 "--findings", folder, "--seed", "20")
    print(result.stdout + result.stderr)
    assert result.returncode == 77, result.returncode
    assert "CPython: " in result.stdout and "ours: " in result.stdout
    kept = list(pathlib.Path(folder).glob("calls-*.py"))
    assert len(kept) == 1
    statements = [line for line in kept[0].read_text().splitlines()
                  if line.startswith("do(")]
    assert len(statements) <= 4, statements

missing = subprocess.run([ROOT / "scripts/fuzz_calls", "--ftfuzz", "/none"],
                         stderr=subprocess.PIPE, text=True)
assert missing.returncode == 2 and "there is no /none" in missing.stderr
