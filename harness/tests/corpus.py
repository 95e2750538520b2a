"""Findings and inputs kept as text; what is damaged is refused. The few inputs
that reach what all of a folder reach.

usage: corpus.py FTFUZZ ROOT
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FTFUZZ, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
failures = []
SCHEDULE = """ftfuzz schedule 1
program {program}
trace 0000000000000001
chosen-by pos seed 1 depth 3
time-step-ns 1000
choices 2
3:1 9:1
end
"""


def check(condition, what):
    if not condition:
        failures.append(what)


def ftfuzz(*arguments):
    return subprocess.run([FTFUZZ, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=50)


def make_finding(folder, seed):
    """A finding of a failure that is fixed by now."""
    folder.mkdir()
    ftfuzz("run", "--seed", seed, "--save", folder / "input.ftz")
    (folder / "finding.json").write_text(
        '{\n  "rule": "LEAK",\n  "build": "fuzz-ft",\n'
        '  "signature": "LEAK|list||end"\n}\n')
    schedule = folder / "schedule.txt"
    schedule.write_text(SCHEDULE.format(program="0" * 16))
    refusal = ftfuzz("replay", folder).stderr
    program = re.search(r"the input is (\w{16})", refusal)[1]
    schedule.write_text(SCHEDULE.format(program=program))


def check_corpus(base):
    corpus = base / "corpus"
    for seed in range(1, 21):
        make_finding(base / f"finding-{seed}", seed)
        added = ftfuzz("corpus", "add", base / f"finding-{seed}", "--dir",
                       corpus)
        check(added.returncode == 0, f"add: {added}")
    files = sorted(corpus.iterdir())
    check(len(files) == 20, f"{len(files)} files")
    text = files[0].read_text()
    check("signature LEAK|list||end\n" in text, "the signature is kept")
    turns = [f for f in files
             if re.search(r"^turn \d+ \d+ \d+", f.read_text(), re.M)]
    check(len(turns) > 10, f"turns are kept in {len(turns)} only")
    listed = ftfuzz("corpus", "list", "--dir", corpus)
    check(len(listed.stdout.splitlines()) == 20, f"list: {listed}")
    again = ftfuzz("corpus", "add", base / "finding-1", "--dir", corpus)
    check(again.returncode == 0 and len(list(corpus.iterdir())) == 20,
          "adding it again changes nothing")
    named = ftfuzz("corpus", "add", base / "finding-2", "--dir", corpus,
                   "--name", "gh-1")
    check((corpus / "gh-1.txt").exists(), f"name: {named}")
    result = ftfuzz("corpus", "check", "--dir", corpus)
    check(result.returncode == 0, f"check: {result}")
    check("21 regressions, 0 failed" in result.stdout, result.stdout)
    return corpus


def check_refused(base, corpus):
    text = (corpus / "gh-1.txt").read_text()
    (corpus / "gh-1.txt").write_text(text.replace("main\n", "main\n  GONE\n"))
    for what in ("check", "list"):
        result = ftfuzz("corpus", what, "--dir", corpus)
        check(result.returncode == 2 and "gh-1.txt: line" in result.stderr and
              "GONE" in result.stderr, f"a damaged file: {result}")
    result = ftfuzz("corpus", "check", "--dir", base / "none")
    check(result.returncode == 2 and "--dir" in result.stderr, result)
    for words in ((), ("frob",), ("add",), ("list", "x")):
        result = ftfuzz("corpus", *words)
        check(result.returncode == 2, f"{words}: {result}")
    result = ftfuzz("corpus", "add", base / "none", "--dir", corpus)
    check(result.returncode == 2 and "is no finding" in result.stderr, result)


def check_exports(base):
    """What `show` writes compiles, and the script runs its program."""
    script = ftfuzz("show", "--python", base / "finding-3").stdout
    compile(script, "script", "exec")
    program = re.search(r'PROGRAM = """\\\n(.*?)"""\n', script, re.S)[1]
    lifted = ftfuzz("run", "--python", base / "finding-3/input.ftz").stdout
    check(program == lifted, "the script holds the program")
    test = base / "test_leak.c"
    test.write_text(ftfuzz("show", "--c", base / "finding-3").stdout)
    check("turn " in test.read_text(), "the test holds the turns")
    if shutil.which("clang-19"):
        result = subprocess.run(
            ["clang-19", "-fsyntax-only", "-std=gnu17", "-Wall", "-Wextra",
             "-Werror", f"-I{ROOT}/harness/include", f"-I{ROOT}/harness/tests",
             test], stderr=subprocess.PIPE, text=True)
        check(result.returncode == 0, f"the test in C: {result.stderr}")
    result = ftfuzz("explain", base / "finding-3")
    check(result.returncode == 78 and "does not fail" in result.stderr,
          f"nothing to explain: {result}")


def trace(path):
    result = ftfuzz("run", "--json", path)
    return re.search(r'"trace": "(\w+)"', result.stdout)[1]


def count(result, pattern):
    found = re.search(pattern, result.stdout)
    check(found, f"{pattern}: {result}")
    return [int(n) for n in found.groups()] if found else [0] * 9


def check_inputs(base):
    """Both forms of an input run alike; minimize keeps what is reached."""
    many, few = base / "many", base / "few"
    many.mkdir()
    for seed in range(40):
        ftfuzz("run", "--seed", seed, "--save",
               many / (f"{seed:02}.txt" if seed % 2 else f"{seed:02}.ftz"))
    ftfuzz("run", many / "00.ftz", "--save", base / "as-text.txt")
    check(trace(many / "00.ftz") == trace(base / "as-text.txt"),
          "text and binary form run alike")
    for seed in range(40):      # each once more
        name = many / (f"{seed:02}.txt" if seed % 2 else f"{seed:02}.ftz")
        shutil.copy(name, many / f"again-{name.name}")
    stats = ftfuzz("corpus", "stats", many)
    inputs, reached, pairs, needed = count(
        stats, r": (\d+) inputs, 0 fail\n(\d+) edges and (\d+) "
        r"interleavings, [^;]*; (\d+) of")
    for _ in range(4):
        check(ftfuzz("corpus", "stats", many).stdout == stats.stdout,
              "the same inputs reach the same, in every process")
    check(inputs == 80 and 1 < needed <= 40 and pairs > 0, f"stats: {stats}")
    result = ftfuzz("corpus", "minimize", many, "--to", few, "--text")
    kept, of, *figures = count(
        result, r"(\d+) of (\d+) inputs written .*; (\d+) of (\d+) edges and "
        r"(\d+) of (\d+) interleavings")
    check(kept == needed and of == 80 and
          len(list(few.iterdir())) == min(needed, 40), result)
    check(figures == [reached, reached, pairs, pairs], f"{figures} {stats}")
    result = ftfuzz("corpus", "minimize", many, "--to", few)
    check(result.returncode == 2 and "merge" in result.stderr, result)
    result = ftfuzz("corpus", "merge", many, "--to", few)
    check(result.returncode == 0 and result.stdout.startswith("0 of 80 "),
          f"nothing new to merge: {result}")
    next(few.iterdir()).unlink()
    result = ftfuzz("corpus", "merge", many, "--to", few)
    check(0 < count(result, r"^(\d+) of 80 ")[0] < needed,
          f"what was lost is merged: {result}")
    result = ftfuzz("corpus", "minimize", many, "--to", base / "three",
                    "--limit", 3)
    check(len(list((base / "three").iterdir())) == 3, f"limit: {result}")


def check_bad_inputs(base):
    text = (base / "as-text.txt").read_text()
    lines = text.count("\n")
    for bad, why in ((text.replace("program\n", "prgram\n"),
                      "not understood"),
                     (text.replace("\nend\n", "\n"), f"line {lines - 1}:"),
                     (text + "more\n", "something follows"),
                     (text.replace("strategy ", "strategy 9999"),
                      "line 3: not understood"),
                     ("ftfuzz input 1\nseed 3\n", "no program"),
                     ("ftfuzz input 1\noverrides 0\n", "not understood"),
                     ("ftfuzz input 2\n", "no ftfuzz input")):
        (base / "bad.txt").write_text(bad)
        for command in (("run",), ("corpus", "stats"), ("failalloc",)):
            result = ftfuzz(*command, base / "bad.txt")
            check(result.returncode == 2 and why in result.stderr and
                  "bad.txt" in result.stderr, f"{bad!r}: {result}")
    (base / "empty").mkdir()
    result = ftfuzz("corpus", "stats", base / "empty")
    check(result.returncode == 2 and "no inputs" in result.stderr, result)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    check_refused(folder, check_corpus(folder))
    check_exports(folder)
    check_inputs(folder)
    check_bad_inputs(folder)
for failure in failures:
    print(failure)
sys.exit(1 if failures else 0)
