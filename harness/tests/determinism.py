"""One input and one schedule give one trace: in every execution of a process
and in every process, whatever the addresses are.

usage: determinism.py FTFUZZ REPEAT
"""

import json
import subprocess
import sys

FTFUZZ, REPEAT = sys.argv[1], int(sys.argv[2])
SEEDS = ((1, 11), (2, 12), (3, 13))     # of the program, of the schedule


def traces(seed, schedule_seed):
    """(executions that agree, their trace hash), of one process."""
    result = subprocess.run(
        [FTFUZZ, "run", "--seed", str(seed), "--schedule-seed",
         str(schedule_seed), "--repeat", str(REPEAT), "--json"],
        stdout=subprocess.PIPE, text=True, check=False)
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        sys.exit(f"seed {seed}: exit code {result.returncode}, "
                 f"{result.stdout!r}")
    return answer["equal"], answer["trace"]


def main():
    failed = False
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
