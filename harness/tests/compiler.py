"""What the compiler refuses, and how `ftfuzz run` treats programs and files.

compiler.py FTFUZZ
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ftfuzz = os.path.abspath(sys.argv[1])

REFUSED = [
    ("async def f():\n    yield 1", 2, 5, "an asynchronous generator"),
    ("x = 1\ny = 3j", 2, 5, "a complex number"),
    ("f(..., 1)", 1, 3, "the value ..."),
    ("from os import *", 1, 1, "import *"),
    ("from . import a", 1, 1, "a relative import"),
    ("def f():\n    class C(*[]): pass", 2, 5, "a starred base class"),
]


def run(arguments, environment, **options):
    return subprocess.run([ftfuzz, "run", *arguments], capture_output=True,
                          text=True, env=environment, timeout=60, **options)


def check(condition, result):
    if not condition:
        print("status", result.returncode, result.args)
        print(result.stdout, result.stderr, sep="\n")
        sys.exit(1)


def check_refused(environment):
    for source, line, column, what in REFUSED:
        r = run(["-c", source], environment)
        message = f"<string>:{line}:{column}: {what} is not supported\n"
        check(r.returncode == 65 and r.stderr == message, r)
    r = run(["-c", "x = = 1"], environment)
    check(r.returncode == 1 and "SyntaxError: invalid syntax" in r.stderr, r)
    r = run(["-c", "return 1"], environment)
    check(r.returncode == 1 and "'return' outside function" in r.stderr, r)


def check_ways_in(environment, folder):
    r = run(["-c", "print(1 + 1)"], environment)
    check(r.returncode == 0 and r.stdout == "2\n", r)
    r = run(["-"], environment, input="print(__name__)")
    check(r.returncode == 0 and r.stdout == "__main__\n", r)
    program = pathlib.Path(folder, "program.py")
    program.write_text("raise SystemExit(7)")
    r = run([str(program), "argument", "--option"], environment)
    check(r.returncode == 7, r)
    program.write_text("raise ValueError('uncaught')")
    r = run([str(program)], environment)
    check(r.returncode == 1 and r.stdout == "" and
          r.stderr.endswith("ValueError: uncaught\n"), r)
    r = run([str(program) + "missing.py"], environment)
    check(r.returncode == 2, r)


def check_cache(environment, folder):
    """One entry for each source, which is used and not made again."""
    cache = pathlib.Path(folder, "cache")
    program = pathlib.Path(folder, "cached.py")
    environment = dict(environment, XDG_CACHE_HOME=str(cache))
    for text, entries in (("print(1)", 1), ("print(2)", 2), ("print(1)", 2)):
        program.write_text(text)
        r = run([str(program)], environment)
        check(r.stdout == text[6] + "\n", r)
        check(len(list((cache / "ftfuzz").iterdir())) == entries, r)
    without_python = dict(environment, FTFUZZ_PYTHON="/nowhere/python")
    r = run([str(program)], without_python)
    check(r.returncode == 0 and r.stdout == "1\n", r)
    r = run(["--no-cache", str(program)], without_python)
    check(r.returncode == 2 and "/nowhere/python" in r.stderr, r)


def check_modules(environment, folder):
    """Those that lie beside the program, and those that they import."""
    package = pathlib.Path(folder, "pack", "inner")
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("name = 'pack'\n"
                                                "import pack.inner\n")
    (package / "__init__.py").write_text("from beside import double\n"
                                         "four = double(2)\n")
    (package / "leaf.py").write_text("import pack\nname = pack.name\n")
    pathlib.Path(folder, "beside.py").write_text(
        "def double(x):\n    return 2 * x\n")
    program = pathlib.Path(folder, "with_modules.py")
    program.write_text("import beside as b, pack.inner\n"
                       "from pack.inner import leaf, four\n"
                       "print(b.double(4), pack.inner.four, four, leaf.name)\n")
    r = run([str(program)], environment)
    check(r.returncode == 0 and r.stdout == "8 4 4 pack\n", r)
    r = run([program.name], environment, cwd=folder)
    check(r.returncode == 0 and r.stdout == "8 4 4 pack\n", r)
    r = run(["-c", "import beside; print(beside.double(1))"], environment,
            cwd=folder)
    check(r.returncode == 0 and r.stdout == "2\n", r)
    pathlib.Path(folder, "broken.py").write_text("x = 1j\n")
    r = run(["-c", "import broken"], environment, cwd=folder)
    check(r.returncode == 65 and "broken.py:1:5: a complex" in r.stderr, r)
    r = run(["-c", "import nowhere"], environment, cwd=folder)
    check(r.returncode == 1 and "No module named 'nowhere'" in r.stderr, r)


DEADLOCK = """
import threading
a, b = threading.Lock(), threading.Lock()
both = threading.Barrier(2)
def take(first, second):
    both.wait()
    for _ in range(5):
        with first:
            len("here the GIL may change threads")
            with second:
                pass
pairs = (a, b), (b, a)
threads = [threading.Thread(target=take, args=pair) for pair in pairs]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("fine")
"""


def check_engine(environment):
    """Some schedule makes two locks in opposite orders a deadlock; the same
    one does it every time. A program without fault is run to its end."""
    if "fuzz-" not in subprocess.run([ftfuzz, "--version"], text=True,
                                     capture_output=True).stdout:
        return
    r = run(["--executions", "400", "-c", DEADLOCK], environment)
    check(r.returncode == 77 and "DEADLOCK" in r.stderr, r)
    seed = r.stderr.split("schedule seed ")[1].split(",")[0]
    again = run(["--schedule-seed", seed, "-c", DEADLOCK], environment)
    check(again.returncode == 77 and again.stderr == r.stderr, again)
    r = run(["--deterministic", "-c", "import time; time.sleep(3600)\n"
             "print(time.monotonic() > 3600)"], environment)
    check(r.returncode == 0 and r.stdout == "True\n", r)


TRACEBACK = """import sys

def inner(x):
    return 1 // x

def outer(x):
    try:
        inner(x)
    except ZeroDivisionError as error:
        raise ValueError("outer failed") from error

class Thing:
    def method(self):
        try:
            outer(0)
        except ValueError:
            {}["missing"]

print(list(sys.argv[1:]))
Thing().method()
"""


def check_traceback(environment, folder):
    """As CPython's, but for the lines that underline columns."""
    program = pathlib.Path(folder, "traceback.py")
    program.write_text(TRACEBACK)
    r = run([str(program), "a", "--b"], environment)
    expected = subprocess.run([sys.executable, str(program), "a", "--b"],
                              capture_output=True, text=True)
    lines = [line for line in expected.stderr.split("\n")
             if line.strip("^~ ") or not line]
    check(r.returncode == 1 and r.stdout == expected.stdout, r)
    check(r.stderr == "\n".join(lines), r)


def main():
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, XDG_CACHE_HOME=folder + "/all")
        check_refused(environment)
        check_ways_in(environment, folder)
        check_cache(environment, folder)
        check_modules(environment, folder)
        check_traceback(environment, folder)
        check_engine(environment)


main()
