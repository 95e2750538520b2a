"""Failures fail again: findings are saved, each is replayed in a new process,
whose address space the kernel lays out anew, and must fail in the same way.

replays.py FTFUZZ [--count N] [--print]
    of the programs of `ftfuzz bench sct`, by every strategy, in turn without
    and with the race detector: same trace, same rule, same report
replays.py FTFUZZ --bugs NNNN[+NNNN] --presets P[,P] [--count N]
    of generated programs on builds with seeded bugs (scripts/bugs): N of each
"""

import argparse
import collections
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOUND = 77
MAX_ROUNDS = 40
RANDOMISE = pathlib.Path("/proc/sys/kernel/randomize_va_space")


def run_program(program, settings):
    """With no PATH no symbolizer: addresses are named by their offsets."""
    text = ";".join(f"{key}={value}" for key, value in settings.items())
    done = subprocess.run([program], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120,
                          env={"PATH": "", "FZ_SCT": text})
    return done.returncode, done.stdout, done.stderr


def collect(program, strategy, races, seed, trials, folder):
    """Folders of findings, one or none of each trial."""
    status, out, error = run_program(program, {
        "quiet": 1, "strategy": strategy, "races": races, "seed": seed,
        "trials": trials, "executions": 2000, "seconds": 1,
        "findings": folder})
    if status not in (0, FOUND):
        sys.exit(f"replays.py: {program}: exit status {status}\n{out}{error}")
    return sorted(folder.iterdir()) if folder.exists() else []


def differs(program, finding, races):
    """Why the replay is not the failure that was saved, or None."""
    rule = finding.name.rpartition("-")[0]
    status, out, error = run_program(program, {
        "replay": finding / "schedule.txt", "races": races})
    report, _, last = out.rpartition("replay trace=")
    if status != FOUND or last != f"same rule={rule}\n":
        return f"{rule}, then status {status}: {last}{error}"
    if report != (finding / "report.txt").read_text():
        return f"another report:\n{report}"
    return None


def check_the_check(program, finding, races):
    """The fixed twin does not fail so, and that is seen."""
    twin = program.with_name(program.name + ".fixed")
    if differs(twin, finding, races) is None:
        sys.exit(f"replays.py: {twin} fails as {program}")


def replay_pair(program, pair, seed, trials, folder, seen, tally):
    strategy, races = pair
    for finding in collect(program, strategy, races, seed, trials, folder):
        key = (program.name, strategy, races, finding.name)
        if key in seen:
            continue
        if not seen:
            check_the_check(program, finding, races)
        seen.add(key)
        why = differs(program, finding, races)
        tally["same" if why is None else "different"] += 1
        tally[finding.name.rpartition("-")[0]] += 1
        if why is not None:
            print(f"replays.py: {program.name}, {strategy}, races={races}: "
                  f"{why}")
    shutil.rmtree(folder, ignore_errors=True)


def programs_and_strategies(ftfuzz):
    folder = pathlib.Path(ftfuzz).resolve().parent / "sct"
    rows = (folder / "programs.txt").read_text().splitlines()
    programs = [folder / row.split()[0] for row in rows
                if row and not row.startswith("#")]
    listing = subprocess.run([ftfuzz, "sct", "--strategies"], check=True,
                             capture_output=True, text=True).stdout
    return programs, [line.split()[0] for line in listing.splitlines()]


def replay_programs(options, scratch):
    programs, strategies = programs_and_strategies(options.ftfuzz)
    pairs = [(program, (strategy, races)) for program in programs
             for strategy in strategies for races in (0, 1)]
    random.Random(1).shuffle(pairs)
    trials = -(-options.count // len(pairs))
    seen, tally, hit = set(), collections.Counter(), set()
    barren = collections.Counter()
    for round_ in range(MAX_ROUNDS):
        for program, pair in pairs:
            done = tally["same"] + tally["different"]
            if done >= options.count:
                break
            if barren[program, pair] < 2:
                replay_pair(program, pair, 1 + round_ * trials, trials,
                            scratch / "found", seen, tally)
                more = tally["same"] + tally["different"] > done
                barren[program, pair] = 0 if more else \
                    barren[program, pair] + 1
                hit |= {(program, pair)} if more else set()
    rules = ", ".join(f"{n} {rule}" for rule, n in tally.most_common()
                      if rule not in ("same", "different"))
    print(f"replays.py: {tally['same']} of "
          f"{tally['same'] + tally['different']} failures fail identically "
          f"in a new process: {len({p for p, _ in hit})} of {len(programs)} "
          f"programs, {len({s for _, (s, _) in hit})} of {len(strategies)} "
          f"strategies, of them {sum(1 for key in seen if key[2])} with the "
          f"race detector; {rules}")
    return tally["different"] == 0 and \
        tally["same"] >= min(options.count, 100)


def replay_generated(options, preset, scratch):
    build = subprocess.run(
        [ROOT / "scripts" / "bugs", "build", options.bugs, "--preset", preset],
        check=True, stdout=subprocess.PIPE, text=True)
    ftfuzz = build.stdout.split()[-1]
    folder = scratch / preset
    subprocess.run([ftfuzz, "fuzz", "--quiet", "--jobs", "1", "--every",
                    str(options.count), "--seconds", str(options.seconds),
                    "--findings", folder], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    codes, rules = collections.Counter(), collections.Counter()
    for finding in sorted(folder.iterdir()):
        if not (finding / "schedule.txt").exists():
            continue
        done = subprocess.run([ftfuzz, "replay", "--quiet", finding],
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        codes[done.returncode] += 1
        rules[re.sub(r"-[0-9a-f]+$", "", finding.name)] += 1
        if done.returncode != FOUND and options.print:
            print(f"replays.py: {preset}: {finding.name}: exit status "
                  f"{done.returncode}")
    total = sum(codes.values())
    listed = ", ".join(f"{n} {rule}" for rule, n in rules.most_common())
    print(f"replays.py: {preset}, {options.bugs}: {codes[FOUND]} of {total} "
          f"failures fail identically in a new process; {listed}")
    shutil.rmtree(folder)
    return total > 0 and codes[FOUND] == total


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ftfuzz")
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--bugs")
    parser.add_argument("--presets", default="fuzz-ft,asan-ft,race-ft")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--print", action="store_true")
    options = parser.parse_args()
    if RANDOMISE.read_text().strip() == "0":
        print("replays.py: note: this system does not randomise addresses")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        if options.bugs is None:
            good = replay_programs(options, scratch)
        else:
            good = all([replay_generated(options, preset, scratch)
                        for preset in options.presets.split(",")])
    sys.exit(not good)


main()
