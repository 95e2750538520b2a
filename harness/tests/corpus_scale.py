"""How long a large corpus of regressions takes: N cases within SECONDS.

usage: corpus_scale.py FTFUZZ ROOT N SECONDS

A tenth of the cases are generated programs of full size, the rest are these and
the project's own regressions, each with its turns somewhere else.
"""

import json
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time

FTFUZZ, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
COUNT, LIMIT = int(sys.argv[3]), float(sys.argv[4])
SCHEDULE = ("ftfuzz schedule 1\nprogram {}\ntrace 0000000000000001\n"
            "chosen-by pos seed 1 depth 3\ntime-step-ns 1000\nchoices 2\n"
            "30:1 90:1\nend\n")


def ftfuzz(*arguments):
    return subprocess.run([FTFUZZ, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def generate(base, corpus, seed):
    """A regression of a program as campaigns make it."""
    folder = base / f"LEAK-{seed}"
    folder.mkdir()
    ftfuzz("run", "--seed", seed, "--save", folder / "input.ftz")
    (folder / "finding.json").write_text(json.dumps(
        {"rule": "LEAK", "build": "fuzz-ft", "signature": "LEAK|list||end"},
        indent=2))
    schedule = folder / "schedule.txt"
    schedule.write_text(SCHEDULE.format("0" * 16))
    refusal = ftfuzz("replay", folder).stderr
    program = re.search(r"the input is (\w{16})", refusal)[1]
    schedule.write_text(SCHEDULE.format(program))
    added = ftfuzz("corpus", "add", folder, "--dir", corpus, "--quiet")
    assert added.returncode == 0, added


def vary(text, rng):
    return re.sub(r"^(turn \d+ )(\d+)", lambda m: m[1] + str(
        max(1, int(m[2]) + rng.randint(-9, 9))), text, flags=re.M)


with tempfile.TemporaryDirectory() as name:
    base, rng = pathlib.Path(name), random.Random(1)
    corpus = base / "corpus"
    for seed in range(1, COUNT // 10 + 1):
        generate(base, corpus, seed)
    originals = [p.read_text() for folder in
                 (corpus, ROOT / "corpus/regressions")
                 for p in sorted(folder.glob("*.txt"))]
    for number in range(COUNT - COUNT // 10):
        (corpus / f"varied-{number}.txt").write_text(
            vary(originals[number % len(originals)], rng))
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = ftfuzz("corpus", "check", "--dir", corpus)
    seconds = time.monotonic() - started
after = resource.getrusage(resource.RUSAGE_CHILDREN)
spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(f"{seconds:.1f} s ({spent:.1f} s of processor time): {result.stdout}"
      f"{result.stderr}", end="")
whole = f"{COUNT} regressions, 0 failed" in result.stdout
sys.exit(0 if result.returncode == 0 and whole and seconds < LIMIT else 1)
