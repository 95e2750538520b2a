"""ftfuzz differ: our builds and CPython agree on generated programs; where they
do not, the difference is found, made small and written.

differ.py FTFUZZ [PROGRAMS]

Without the other variant beside it, the build is compared with CPython alone.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ftfuzz = pathlib.Path(sys.argv[1]).resolve()
PROGRAMS = sys.argv[2] if len(sys.argv) > 2 else "3000"

# A CPython of which no value is seen as it is.
LIAR = """#!{python}
import os
import sys
arguments = [text.replace('"= "', '"~ "') for text in sys.argv]
os.execv({python!r}, [{python!r}] + arguments[1:])
"""


def find_other():
    for end, other in (("-ft", "-gil"), ("-gil", "-ft")):
        folder = ftfuzz.parent
        if folder.name.endswith(end):
            name = folder.name.removesuffix(end) + other
            if (folder.parent / name / ftfuzz.name).exists():
                return []
    return ["--other", "none"]


def run(*arguments):
    return subprocess.run([ftfuzz, "differ", *arguments], capture_output=True,
                          text=True, timeout=600)


def check(condition, result):
    if not condition:
        print("status", result.returncode, result.args)
        print(result.stdout, result.stderr, sep="\n")
        sys.exit(1)


def check_agreement(other):
    r = run("--executions", PROGRAMS, "--python", sys.executable, "--json",
            *other)
    check(r.returncode == 0, r)
    summary = json.loads(r.stdout)
    check(summary["programs"] == int(PROGRAMS), r)
    check(summary["findings"] == summary["unusable"] == 0, r)
    print(f"{PROGRAMS} programs, "
          f"{summary['programs_per_cpu_second']:.0f}/s of one core")


def check_difference(folder, other):
    """Found at once; what is left of the program assigns one value."""
    liar = folder / "liar"
    liar.write_text(LIAR.format(python=sys.executable))
    liar.chmod(0o755)
    findings = folder / "findings"
    r = run("--python", str(liar), "--findings", str(findings),
            "--executions", "100", "--max-findings", "1", *other)
    check(r.returncode == 77 and "difference: " in r.stdout, r)
    finding, = findings.iterdir()
    text = (finding / "difference.txt").read_text()
    check("CPython" in text and ": ~ " in text and ": = " in text, r)
    program = (finding / "program.txt").read_text()
    ops = program.split("main")[-1].strip().split("\n")
    check(len(ops) < 12, r)
    compile((finding / "program.py").read_text(), "program.py", "exec")
    r = run("--python", str(liar), "--executions", "100", "--max-findings",
            "1", "--json", *other)
    check(r.returncode == 77 and json.loads(r.stdout)["findings"] == 1, r)
    check("difference: " in r.stderr, r)
    again = [str(finding / "program.txt"), *other]
    check(run("--python", str(liar), *again).returncode == 77, r)
    check(run("--python", sys.executable, *again).returncode == 0, r)


def check_errors(folder):
    for arguments, said in (
            (["--python", str(folder / "none")], "cannot run"),
            (["--python", "/bin/true"], "does not answer"),
            (["--other", str(folder / "none")], "there is no"),
            (["--jobs", "0"], "--jobs"),
            ([str(folder / "none.txt"), "--other", "none"], "none.txt")):
        r = run(*arguments, "--executions", "1")
        check(r.returncode == 2 and said in r.stderr, r)
    check("--findings" in run("--help").stdout, run("--help"))


def main():
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    other = find_other()
    check_agreement(other)
    with tempfile.TemporaryDirectory() as name:
        check_difference(pathlib.Path(name), other)
        check_errors(pathlib.Path(name))


main()
