"""What a person meets when something is wrong: one line that says what and what
to do, the documented exit code, nothing lost.

usage: cli_errors.py FTFUZZ ROOT
"""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FTFUZZ, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
failures = []


def ftfuzz(*arguments, **options):
    return subprocess.run([FTFUZZ, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=50, **options)


def expect(name, result, code, *words):
    lines = result.stderr.strip().splitlines()
    if result.returncode != code:
        failures.append(f"{name}: exit code {result.returncode}, not {code}: "
                        f"{result.stderr!r}")
    elif code == 2 and len(lines) != 1:
        failures.append(f"{name}: not one line: {result.stderr!r}")
    else:
        for word in words:
            if word not in result.stderr:
                failures.append(f"{name}: no '{word}' in {result.stderr!r}")


def check_weak_loads(folder):
    """Only builds that see every atomic access have them."""
    result = ftfuzz("fuzz", "--weak", "--executions", 50, "--jobs", 1,
                    "--quiet", "--findings", folder / "weak")
    if result.returncode == 0:
        return
    expect("fuzz --weak", result, 2, "race-ft")


def check_inputs(folder):
    good = folder / "good.ftz"
    expect("save", ftfuzz("run", "--seed", 3, "--save", good), 0)
    data = good.read_bytes()
    expect("good", ftfuzz("run", good), 0)
    bad = folder / "bad.ftz"
    for size in (0, 3, 7, 19, 20, len(data) - 1):
        bad.write_bytes(data[:size])
        word = "empty" if size == 0 else \
            "no ftfuzz input" if size < 4 else "truncated"
        expect(f"truncated to {size}", ftfuzz("run", bad), 2, word)
    bad.write_bytes(data + b"x")
    expect("one byte more", ftfuzz("run", bad), 2, "oversized")
    bad.write_bytes(data[:20] + bytes(100000))
    expect("100,000 bytes", ftfuzz("run", bad), 2, "oversized")
    damaged = bytearray(data)
    damaged[-1] ^= 1
    bad.write_bytes(damaged)
    expect("damaged", ftfuzz("run", bad), 2, "damaged")
    rng = random.Random(1)
    for _ in range(20):
        noise = rng.randbytes(rng.randrange(1, 400))
        bad.write_bytes(noise)
        expect("random", ftfuzz("run", bad), 2, "no ftfuzz input", "--raw")
        expect("random raw", ftfuzz("run", "--raw", bad), 0)
    expect("missing", ftfuzz("run", folder / "none.ftz"), 2, "no such file")
    expect("folder", ftfuzz("run", folder), 2, "not a regular file")
    if good.read_bytes() != data:
        failures.append("the good input was changed")


def check_scripts_help():
    commands = [p for folder in ("scripts", "ci")
                for p in (ROOT / folder).iterdir()
                if p.is_file() and p.suffix == "" and os.access(p, os.X_OK)]
    if len(commands) < 10:
        failures.append(f"only {len(commands)} commands beside the sources")
    for command in commands:
        result = subprocess.run([command, "--help"], text=True, timeout=50,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode != 0 or len(result.stdout.splitlines()) < 2:
            failures.append(f"{command.name} --help: exit code "
                            f"{result.returncode}: {result.stdout!r} "
                            f"{result.stderr!r}")


def check_usage(folder):
    expect("unknown command", ftfuzz("frobnicate"), 2, "unknown command")
    expect("unknown option", ftfuzz("run", "--frob"), 2, "unknown option")
    expect("number", ftfuzz("run", "--seed", "x"), 2, "whole number")
    expect("value", ftfuzz("run", "--seed"), 2, "needs a value")
    expect("strategy", ftfuzz("fuzz", "--strategy", "x"), 2, "pos, urw")
    if DETERMINISTIC:
        expect("no finding", ftfuzz("replay", folder / "none"), 2,
               "no finding")
    for command in ("run", "fuzz", "replay", "show", "bench", "rules",
                    "minimize", "triage", "corpus",
                    "explain"):
        expect(f"{command} --help", ftfuzz(command, "--help"), 0)
    in_file = folder / "file"
    in_file.write_text("")
    expect("unwritable findings",
           ftfuzz("fuzz", "--executions", 10, "--findings", in_file / "x"), 2,
           "findings", "--findings")
    expect("unwritable corpus",
           ftfuzz("fuzz", "--executions", 10, "--findings", folder / "f",
                  "--corpus", in_file / "x"), 2, "corpus")
    expect("unwritable save",
           ftfuzz("run", "--seed", 1, "--save", in_file / "x"), 2,
           "cannot write")


def check_schedules(folder):
    """A finding made by hand: its schedule belongs to it and to no other."""
    if not DETERMINISTIC:
        for command in ("replay", "show", "minimize", "explain"):
            expect(command, ftfuzz(command, folder), 2, "deterministic engine")
        return
    finding = folder / "finding"
    finding.mkdir()
    expect("input", ftfuzz("run", "--seed", 5, "--save",
                           finding / "input.ftz"), 0)
    (finding / "finding.json").write_text('{\n  "rule": "LEAK"\n}\n')
    schedule = finding / "schedule.txt"
    expect("no schedule", ftfuzz("replay", finding), 2, "cannot open")
    expect("minimize without schedule", ftfuzz("minimize", finding), 2,
           "cannot open")
    expect("minimize what does not fail",
           ftfuzz("minimize", "--quiet", finding / "input.ftz"), 78,
           "does not fail")
    schedule.write_text("not a schedule\n")
    expect("damaged schedule", ftfuzz("replay", finding), 2, "schedule.txt")
    other = folder / "other-schedule"
    text = sample_schedule()
    other.write_text(text)
    shutil.copy(other, schedule)
    expect("other program", ftfuzz("replay", finding), 2, "another program")
    for size in range(0, len(text) - 1, 7):
        schedule.write_text(text[:size])
        result = ftfuzz("replay", finding)
        expect(f"schedule cut at {size}", result, 2, "schedule.txt")


def sample_schedule():
    return pathlib.Path(ROOT / "harness/tests/sample_schedule.txt").read_text()


def check_missing_compiler(folder):
    tools = folder / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "mktemp", "rm", "tail", "env", "cat"):
        os.symlink(shutil.which(name), tools / name)
    result = subprocess.run([ROOT / "scripts/build", "fuzz-ft"], text=True,
                            env={"PATH": str(tools)}, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    expect("missing compiler", result, 2, "clang-19 is missing",
           "scripts/bootstrap")


def children(process):
    path = pathlib.Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()]


def check_stopped_worker(folder):
    """Who stops a process has found nothing; another takes its place."""
    found = folder / "stopped"
    process = subprocess.Popen([FTFUZZ, "fuzz", "--quiet", "--jobs", "1",
                                "--seconds", "4", "--findings", found])
    stopped = []
    for _ in range(2):
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and \
                not set(children(process.pid)) - set(stopped):
            time.sleep(0.05)
        time.sleep(0.5)
        stopped += set(children(process.pid)) - set(stopped)
        os.kill(stopped[-1], signal.SIGTERM)
    code = process.wait(timeout=60)
    if code != 0 or len(stopped) != 2 or list(found.glob("*/finding.json")):
        failures.append(f"stopped worker: exit code {code}, workers {stopped}")


DETERMINISTIC = not any(build in ftfuzz("--version").stdout
                        for build in ("tsan", "release"))
with tempfile.TemporaryDirectory() as name:
    check_inputs(pathlib.Path(name))
    check_weak_loads(pathlib.Path(name))
    check_usage(pathlib.Path(name))
    check_scripts_help()
    check_schedules(pathlib.Path(name))
    check_missing_compiler(pathlib.Path(name))
    check_stopped_worker(pathlib.Path(name))
for failure in failures:
    print(failure)
sys.exit(1 if failures else 0)
