"""Programs under `ftfuzz sct`: each is found what its first line expects, by
every strategy that can; each finding replays in a new process, with another
layout of the address space; clean programs stay clean."""

import pathlib
import re
import subprocess
import sys
import tempfile

FTFUZZ = sys.argv[1]
HERE = pathlib.Path(__file__).parent / "sct"
EXECUTIONS = "3000"
# Every strategy sees these, some see the rest.
FOR_ALL = {"counter", "lock_order", "workshop"}
SOME = ["random", "pct", "pos", "surw", "rff", "mutation"]
# A fixed order of threads alone does not find what these programs hide.
BASELINES = {"round-robin"}
# Clean programs all of whose interleavings dpor executes, and how many stand
# for them at most.
EXHAUSTED = {"two_locks": 1000}
FINDING, CLEAN = 77, 0


def sct(*arguments):
    done = subprocess.run([FTFUZZ, "sct", *arguments], capture_output=True,
                          text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def compile_program(source, folder):
    flags = subprocess.run([FTFUZZ, "sct", "--flags"], capture_output=True,
                           text=True, check=True).stdout.split()
    program = folder / source.stem
    subprocess.run(["clang-19", "-O1", "-D_GNU_SOURCE", "-Wall", "-Wextra",
                    "-Werror", "-o", program, source, *flags], check=True)
    return str(program)


def header(source, name):
    found = re.search(rf"^// {name}: (.*)$", source.read_text(), re.M)
    return found.group(1).split() if found else []


def fail(source, what, output):
    sys.exit(f"sct.py: {source.name}: {what}\n{output}")


def check_found(source, program, rule, strategy, options, folder):
    findings = folder / f"{source.stem}-{strategy}"
    status, output = sct("--strategy", strategy, "--executions", EXECUTIONS,
                         "--findings", str(findings), *options, program)
    if status != FINDING or f"rule={rule}\n" not in output:
        if strategy in BASELINES:
            return
        fail(source, f"{strategy} does not find {rule}", output)
    schedule, = findings.glob("*/schedule.txt")
    for _ in range(2):
        status, output = sct("--replay", str(schedule), *options, program)
        if status != FINDING or f"trace=same rule={rule}" not in output:
            fail(source, f"the finding of {strategy} does not replay", output)


def check_clean(source, program, strategy, options):
    status, output = sct("--strategy", strategy, "--executions", "300",
                         "--check", *options, program)
    if status != CLEAN:
        fail(source, f"{strategy} finds something", output)


# What only older values show is not there without them.
def check_needs_weak(source, program):
    status, output = sct("--executions", EXECUTIONS, program)
    if status != CLEAN:
        fail(source, "something is found without --weak", output)


def check_exhausted(program, most):
    status, output = sct("--strategy", "dpor", "--quiet", "--executions",
                         str(most), program)
    if status != CLEAN or " exhausted" not in output:
        sys.exit(f"sct.py: {program} is not exhausted\n{output}")


def check_errors(folder):
    for arguments, text in (
            (["--strategy", "none", str(folder / "counter")], "unknown"),
            ([], "needs a program"),
            (["/nonexistent"], "cannot run"),
            (["--replay", "/nonexistent", str(folder / "counter")],
             "/nonexistent")):
        status, output = sct(*arguments)
        if status != 2 or text not in output:
            sys.exit(f"sct.py: {arguments}: status {status}\n{output}")


def main():
    _, listing = sct("--strategies")
    strategies = [line.split()[0] for line in listing.splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for source in sorted(HERE.glob("*.c")):
            program = compile_program(source, folder)
            rule, = header(source, "expect")
            options = header(source, "options")
            if "--weak" in options:
                check_needs_weak(source, program)
            for strategy in strategies if source.stem in FOR_ALL else SOME:
                if rule == "-":
                    check_clean(source, program, strategy, options)
                else:
                    check_found(source, program, rule, strategy, options,
                                folder)
        for name, most in EXHAUSTED.items():
            check_exhausted(str(folder / name), most)
        check_errors(folder)
    print(f"sct.py: {len(strategies)} strategies, all as expected")


main()
