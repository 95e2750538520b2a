"""How long the triage of N findings takes: within SECONDS, and none is lost.

usage: triage_scale.py FTFUZZ N SECONDS

A signature for each ten findings, as a bug with many faces has them; a fifth of
them are races, of which the stacks are read, a tenth are minimised.
"""

import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

FTFUZZ, COUNT, LIMIT = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
RULES = ("DATA_RACE", "LEAK", "USE_AFTER_FREE", "REF_STATE", "WAIT_QUEUE")
FRAMES = "".join(f"    #{i}  frame{i} (runtime/vm/call.c:{i})\n"
                 for i in range(2, 14))


def write(folder, number, rng, **more):
    face = number % (COUNT // 10)
    rule = RULES[face % 5]
    one, two = f"f{face % 97}", f"g{face % 89}"
    signature = f"{rule}|kind{face}|{one}|{two}"
    values = {"format": 1, "rule": rule, "build": "elsewhere",
              "signature": signature, "message": f"list#{number} " + "x" * 300,
              "threads": 4, "steps": rng.randint(50, 5000), "switches": 30}
    values.update(more)
    (folder / "finding.json").write_text(json.dumps(values, indent=1))
    (folder / "report.txt").write_text("".join(
        f"  thread {t}:\n    #0  {f} (runtime/objects/list.c:7)\n"
        f"    #1  of{f} (runtime/objects/list.c:9)\n{FRAMES}"
        for t, f in ((0, one), (1, two))))
    (folder / "program.py").write_text("# prelude\n\n\n\ns0 = [1]\n" * 40)
    return signature


with tempfile.TemporaryDirectory() as name:
    base, rng = pathlib.Path(name), random.Random(1)
    signatures = set()
    for i in range(COUNT):
        folder = base / f"raw-{i % 40}" / f"F-{i}"
        folder.mkdir(parents=True)
        signature = write(folder, i, rng)
        signatures.add(signature)
        if i % 10 == 0:
            (folder / "minimized").mkdir()
            write(folder / "minimized", i, rng, minimized=True,
                  tight=i % 3 == 0, cause=f"f{i % 90}|list.ob_mutex|g{i % 80}",
                  active_threads=2, operations=3, preemptions=2,
                  aliases=rng.sample(sorted(signatures)[:500],
                                     min(len(signatures), 20)))
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run([FTFUZZ, "triage", base, "--output", base / "out",
                             "--catalogue", base / "known.json", "--json"],
                            stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    numbers = json.loads(result.stdout)
    print(f"{seconds:.1f} s ({spent:.1f} s of processor time): "
          f"{len(signatures)} signatures, {numbers}")
    groups = json.loads((base / "out/triage.json").read_text())["groups"]
whole = numbers["findings"] == COUNT and \
    sum(g["findings"] for g in groups) == COUNT and \
    sum(len(g["signatures"]) for g in groups) == len(signatures)
sys.exit(0 if result.returncode == 77 and whole and seconds < LIMIT else 1)
