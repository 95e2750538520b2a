"""The interpreter under control: runs of one program and schedule are the same
in every process, with addresses randomised; the planted races of the example
extension are found and come back each time; its safe twin stays clean; scripts
of corpus/cpython fail as they say. Skipped where there is no such interpreter:
scripts/cpython ft-engine makes it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "harness" / "cpython"))
import engine  # noqa: E402

FTFUZZ = sys.argv[1]
SCALE = float(sys.argv[2]) if len(sys.argv) > 2 else 0.1
SKIPPED, FOUND, CLEAN = 77, 77, 0
OPTIONS = re.compile(r"^# Options: (.*)$", re.MULTILINE)
RUNS = re.compile(r" runs (\d+) ")
EXAMPLE = ROOT / "harness" / "cpython" / "example"


def run(*arguments, expect):
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == expect, (arguments, done.returncode,
                                       done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def cpython(*arguments, expect):
    return run(FTFUZZ, "cpython", *arguments, expect=expect)


def check_library(folder):
    """The build that is asked brings its library: another build, or none any
    more, may have made the interpreter."""
    build = pathlib.Path(FTFUZZ).resolve().parent
    copy = folder / "elsewhere"
    copy.mkdir()
    shutil.copy(build / engine.LIBRARY, copy)
    interpreter = run(ROOT / "scripts" / "cpython", "--path", "ft-engine",
                      expect=CLEAN).strip()
    os.environ["FTFUZZ"] = str(copy / "ftfuzz")
    with engine.Engine(interpreter) as started:
        started.run("", engine.Schedule())
        maps = pathlib.Path("/proc/%d/maps" % started.child.pid).read_text()
    del os.environ["FTFUZZ"]
    assert str(copy / engine.LIBRARY) in maps, maps


def check_determinism():
    out = cpython("check", "--programs", str(max(5, int(50 * SCALE))),
                  "--processes", str(max(2, int(10 * SCALE))),
                  "--repeat", str(max(2, int(100 * SCALE))), expect=CLEAN)
    print(out.strip())


def build_example(folder):
    for name, flags in (("racy", ["-DRACY"]), ("safe", [])):
        subprocess.run([ROOT / "scripts" / "cpython", "--extension",
                        "cachebox_" + name, EXAMPLE / "cachebox.c", *flags],
                       cwd=folder, check=True)
        text = (EXAMPLE / "use_box.py").read_text()
        (folder / ("use_%s.py" % name)).write_text(
            text.replace("MODULE", "cachebox_" + name))


def fuzz(folder, name, expect):
    findings = folder / name
    cpython("fuzz", "--script", str(folder / ("use_%s.py" % name)), "--path",
            str(folder), "--module", "cachebox_" + name, "--findings",
            str(findings), "--seconds", "20", expect=expect)
    return sorted(findings.iterdir())


def check_example(folder):
    build_example(folder)
    found = fuzz(folder, "racy", FOUND)
    races = [path for path in found if "box_" in
             (path / "finding.json").read_text()]
    assert races, found
    times = max(3, int(100 * SCALE))
    # Nor does it matter what else lies beside the extension.
    for n in range(40):
        (folder / ("other%d.py" % n)).write_text("")
    out = cpython("replay", str(races[0]), "--times", str(times), expect=FOUND)
    assert "the same failure %d of %d times, the same trace %d" % (
        times, times, times) in out, out
    assert fuzz(folder, "safe", CLEAN) == []
    print("example: %d findings, %d of %d replays" % (len(found), times,
                                                      times))


def check_corpus(folder):
    """Findings of the past fail as ever: this is CPython 3.13 as released. Each
    script says how, and does so within a number of runs, not of seconds."""
    scripts = sorted((ROOT / "corpus" / "cpython").glob("*.py"))
    assert len(scripts) >= 18, scripts
    for script in scripts:
        options = OPTIONS.search(script.read_text())[1].split()
        rule = options[options.index("--until") + 1]
        out = cpython("fuzz", "--script", str(script), *options, "--runs",
                      "10000", "--seconds", "1000", "--findings",
                      str(folder / script.stem), expect=FOUND)
        assert "NEW %s|" % rule in out, (script, out)
        print("%s: %s, %s runs" % (script.name, rule, RUNS.findall(out)[-1]))


def main():
    program = run(ROOT / "scripts" / "cpython", "--path", "ft-engine",
                  expect=0).strip()
    if "FTFUZZ_TEST_CPYTHON" not in os.environ or not os.path.exists(program):
        print("skipped: needs scripts/cpython ft-engine and, to be asked for, "
              "FTFUZZ_TEST_CPYTHON in the environment (ci/nightly does both)")
        return SKIPPED
    check_determinism()
    with tempfile.TemporaryDirectory() as folder:
        check_library(pathlib.Path(folder))
        check_example(pathlib.Path(folder))
        check_corpus(pathlib.Path(folder))
    return 0


sys.exit(main())
