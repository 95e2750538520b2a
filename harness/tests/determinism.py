"""One input and one schedule give one trace: in every execution of a process
and in every process, whatever the addresses are, and in every build.

usage: determinism.py FTFUZZ REPEAT [OTHER]

OTHER is the ftfuzz of another build, with which traces are compared if it is
there.
"""

import json
import pathlib
import subprocess
import sys

FTFUZZ, REPEAT = sys.argv[1], int(sys.argv[2])
SEEDS = ((1, 11), (2, 12), (3, 13))     # of the program, of the schedule


def traces(seed, schedule_seed, program=FTFUZZ, repeat=REPEAT):
    """(executions that agree, their trace hash), of one process."""
    result = subprocess.run(
        [program, "run", "--seed", str(seed), "--schedule-seed",
         str(schedule_seed), "--repeat", str(repeat), "--json"],
        stdout=subprocess.PIPE, text=True, check=False)
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        sys.exit(f"seed {seed}: exit code {result.returncode}, "
                 f"{result.stdout!r}")
    return answer["equal"], answer["trace"]


def compare_builds(other):
    """A finding of one build is replayed by another: step by step alike."""
    if not pathlib.Path(other).exists():
        print(f"not compared: there is no {other}")
        return True
    same = True
    for seed in range(1, 21):
        first, second = (traces(seed, seed, program, 2)
                         for program in (FTFUZZ, other))
        if first[1] != second[1]:
            print(f"seed {seed}: trace {first[1]}, by {other} {second[1]}")
            same = False
    return same


def main():
    failed = not all(map(compare_builds, sys.argv[3:]))
    different = set()
    for seed, schedule_seed in SEEDS:
        first, second = (traces(seed, schedule_seed) for _ in range(2))
        different.add(first[1])
        if first != second or first[0] != REPEAT:
            print(f"seed {seed}, schedule {schedule_seed}: of {REPEAT} "
                  f"executions {first[0]} gave {first[1]}; in another process "
                  f"{second[0]} gave {second[1]}")
            failed = True
    if len(different) != len(SEEDS):
        print("different programs gave the same trace: the hash says nothing")
        failed = True
    print(f"{2 * REPEAT * len(SEEDS)} executions in {2 * len(SEEDS)} processes")
    return 1 if failed else 0


sys.exit(main())
