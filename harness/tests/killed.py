"""What is on disk stays whole, whatever moment a command is killed at.

usage: killed.py FTFUZZ TIMES [BUGGY]

Each command is killed TIMES times. BUGGY is an ftfuzz with a seeded bug that is
found at once; without it those commands that need a failure are left out.
"""

import hashlib
import json
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FTFUZZ, TIMES = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
BUGGY = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
MEMBERS = {"input.ftz", "schedule.txt", "program.py", "report.txt",
           "finding.json"}
rng = random.Random(1)
failures = []
killed = {}


def check(condition, what):
    if not condition:
        failures.append(what)


def run(*arguments, program=FTFUZZ):
    return subprocess.run([program, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=100)


def kill_at_random(longest, *arguments, program=FTFUZZ, begun=None):
    """What it printed until then, in whole lines. begun: waited for first, and
    then it is not asked to end."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([program, *map(str, arguments)],
                                   stdout=output, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while begun is not None and not begun() and \
                process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            process.wait(rng.random() * longest)
        except subprocess.TimeoutExpired:
            how = signal.SIGTERM if rng.random() < 1 / 3 else signal.SIGKILL
            process.send_signal(how if begun is None else signal.SIGKILL)
            process.wait(100)
            name = arguments[0]
            killed[name] = killed.get(name, 0) + 1
        output.seek(0)
        return output.read().rpartition("\n")[0].splitlines()


def duration(*arguments, program=FTFUZZ):
    started = time.monotonic()
    run(*arguments, program=program)
    return time.monotonic() - started


def check_finding(folder):
    names = {p.name for p in folder.iterdir() if p.name[0] != "."}
    check(MEMBERS <= names, f"{folder}: only {sorted(names)}")
    for name in MEMBERS & names:
        data = (folder / name).read_bytes()
        check(data and (name != "schedule.txt" or data.endswith(b"end\n")),
              f"{folder}/{name}: half of it")
    try:
        values = json.loads((folder / "finding.json").read_text())
        check(values["signature"], f"{folder}: no signature")
    except (OSError, ValueError) as error:
        check(False, f"{folder}: {error}")


def visible(folder):
    return [p for p in folder.iterdir() if p.name[0] != "."] \
        if folder.exists() else []


def test_fuzz(base):
    program = BUGGY or FTFUZZ
    findings, corpus = base / "findings", base / "corpus"
    longest = 0.6
    if BUGGY:                   # long enough to find, on a busy machine, too
        longest = max(longest, 2 * duration(
            "fuzz", "--jobs", 2, "--seed", 0, "--findings", base / "first",
            "--quiet", "--stop-on-finding", program=program))
    found = False
    for i in range(TIMES):
        lines = kill_at_random(longest, "fuzz", "--jobs", 2, "--seed", i,
                               "--every", 1000, "--findings", findings,
                               "--corpus", corpus, "--json", "--quiet",
                               program=program)
        for line in lines:
            event = json.loads(line)
            if event["event"] == "finding":
                check(pathlib.Path(event["path"]).exists(),
                      f"{event['path']} was announced and is not there")
        for folder in visible(findings):
            check_finding(folder)
            found = True
        inputs = [p for p in visible(corpus) if p.suffix == ".ftz"]
        for path in rng.sample(inputs, min(2, len(inputs))):
            result = run("run", path)
            check(result.returncode != 2, f"{path}: {result.stderr}")
        if len(visible(findings)) > 100:
            shutil.rmtree(findings)
    check(not BUGGY or found, "nothing was found at all")


def digest(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.iterdir() if p.is_file()}


def test_minimize(base):
    found = base / "to-minimize"
    run("fuzz", "--jobs", 1, "--every", 4, "--findings", found, "--quiet",
        program=BUGGY)
    findings = visible(found)
    check(findings, "nothing was found")
    before = {f: digest(f) for f in findings}
    small = set()
    options = ("--jobs", 1, "--quiet", "--seconds", 1)
    shutil.copytree(findings[0], base / "copy")
    seconds = {"minimize": duration("minimize", base / "copy", *options,
                                    program=BUGGY),
               "explain": duration("explain", base / "copy", program=BUGGY)}
    # Some end before they are killed.
    for i in range(4 * TIMES):
        finding = findings[i // 2 % len(findings)]
        command = "explain" if i % 2 == 1 else "minimize"
        if killed.get(command, 0) >= TIMES:
            continue
        kill_at_random(seconds[command], command, finding,
                       *(options if command == "minimize" else ()),
                       program=BUGGY)
        check(digest(finding) == before[finding], f"{finding} was changed")
        if (finding / "minimized").exists():
            check_finding(finding / "minimized")
            small.add(finding)
        check(finding not in small or (finding / "minimized").exists(),
              f"{finding}: its small form is lost")
    check(small, "none was ever minimised")
    result = run("replay", "--quiet", findings[0], program=BUGGY)
    check(result.returncode == 77, f"it fails no more: {result}")


def fake_findings(base, count):
    """Enough for triage and corpus: of failures that are fixed by now."""
    folders = []
    for i in range(count):
        folder = base / "fixed" / f"LEAK-{i}"
        folder.mkdir(parents=True)
        run("run", "--seed", i + 1, "--save", folder / "input.ftz")
        (folder / "finding.json").write_text(json.dumps(
            {"rule": "LEAK", "build": "elsewhere",
             "signature": f"LEAK|kind{i}||end"}, indent=2))
        schedule = ("ftfuzz schedule 1\nprogram {}\ntrace 0000000000000001\n"
                    "chosen-by pos seed 1 depth 3\ntime-step-ns 1000\n"
                    "choices 2\n3:1 9:1\nend\n")
        (folder / "schedule.txt").write_text(schedule.format("0" * 16))
        refusal = run("replay", folder).stderr
        name = re.search(r"the input is (\w{16})", refusal)[1]
        (folder / "schedule.txt").write_text(schedule.format(name))
        folders.append(folder)
    return folders


def test_triage(base, findings):
    catalogue, output = base / "known.json", base / "triage"
    known = set()
    arguments = ("triage", base / "fixed", "--output", output, "--catalogue",
                 catalogue, "--quiet", "--replays", 0)
    seconds = duration(*arguments)
    for path in (*output.iterdir(), catalogue):
        path.unlink()
    for i in range(TIMES):
        kill_at_random(seconds, *arguments)
        for path in (output / "triage.json", output / "triage.sarif",
                     catalogue):
            if path.exists():
                json.loads(path.read_text())
        page = output / "triage.html"
        check(not page.exists() or page.read_text().endswith("</html>\n"),
              "half of a page")
        if catalogue.exists():
            rows = json.loads(catalogue.read_text())["findings"]
            now = {row["id"] for row in rows}
            check(known <= now, "the catalogue lost a row")
            known = now
    run(*arguments)
    rows = json.loads(catalogue.read_text())["findings"]
    check(len(rows) == len(findings), f"{len(rows)} rows")


def test_pages(base):
    """A triage that replays and writes pages."""
    output = base / "with-pages"
    arguments = ("triage", base / "to-minimize", "--output", output, "--quiet",
                 "--catalogue", base / "pages.json", "--replays", 1)
    seconds = duration(*arguments, program=BUGGY)
    pages = output / "pages"
    check(visible(pages), "no page was written")
    shutil.rmtree(output)
    for _ in range(TIMES):
        kill_at_random(seconds, *arguments, program=BUGGY)
        # What it had started may still be at work.
        for path in [p for p in visible(pages) + visible(output)
                     if p.suffix == ".html"]:
            check(path.read_text().endswith("</html>\n"), f"half of {path}")


def signatures(folders):
    """Of what is whole."""
    return {json.loads((f / "finding.json").read_text())["signature"]
            for f in folders if (f / "finding.json").exists()}


def whole_lines(journal):
    if not journal.exists():
        return []
    try:
        return [json.loads(line) for line in journal.read_text().splitlines()]
    except ValueError as error:
        check(False, f"{journal}: {error}")
        return []


def kill_campaign(state, times):
    """What its fuzzer had put down is kept, under one name, noted once."""
    command = ("campaign", "--build", BUGGY.parent, "--state", state,
               "--targets", "programs", "--engines", "own", "--turn", 1,
               "--jobs", 2, "--canary", "none", "--quiet", "--time")
    journal = state / "journal.jsonl"
    known, seen, elapsed = set(), set(), 0
    for i in range(times):
        if i == 0:              # one dies while it has what is not noted yet
            kill_at_random(0.1, *command, "9h", program=BUGGY,
                           begun=lambda: any(state.glob("jobs/*/new/[!.]*")))
        else:
            kill_at_random(1.5, *command, "9h", program=BUGGY)
        names = {p.name for p in visible(state / "findings")}
        check(known <= names, f"findings are lost: {known - names}")
        known = names
        seen |= signatures(state.glob("jobs/*/new/[!.]*"))
        for folder in visible(state / "findings"):
            check_finding(folder)
            if (folder / "minimized").exists():
                check_finding(folder / "minimized")
            page = folder / "page.html"
            check(not page.exists() or page.read_text().endswith("</html>\n"),
                  f"half of {page}")
        elapsed = max([elapsed, *(e["elapsed"] for e in whole_lines(journal))])
    result = run(*command, f"{elapsed + 2:.0f}s", program=BUGGY)
    check(result.returncode == 77, f"campaign: {result}")
    noted = [e["id"] for e in whole_lines(journal) if e["event"] == "finding"]
    kept = visible(state / "findings")
    check(sorted(noted) == sorted(p.name for p in kept),
          f"noted {noted}, kept {kept}")
    missing = seen - signatures(kept)
    check(not missing, f"of {len(seen)} findings lost: {missing}")
    return len(seen)


def test_campaign(base):
    seen = 0
    for first in range(0, TIMES, 20):
        seen += kill_campaign(base / f"campaign-{first}",
                              min(20, TIMES - first))
    check(seen, "none died while it had findings")


def test_corpus(base, findings):
    folder = base / "regressions"
    complete = set()
    seconds = duration("corpus", "add", "--dir", base / "other", *findings)
    for i in range(TIMES):
        kill_at_random(seconds, "corpus", "add", "--dir", folder,
                       *findings)
        if not folder.exists():
            continue
        names = {p.name for p in folder.glob("*.txt")}
        check(complete <= names, "a regression is lost")
        complete = names
        if i % 10 == 9 or i == TIMES - 1:
            result = run("corpus", "list", "--dir", folder)
            check(result.returncode == 0, f"half of one: {result.stderr}")
    check(complete, "none was ever added")


with tempfile.TemporaryDirectory() as name:
    base = pathlib.Path(name)
    test_fuzz(base)
    if BUGGY:
        test_minimize(base)
        test_pages(base)
        test_campaign(base)
    fakes = fake_findings(base, 20)
    test_triage(base, fakes)
    test_corpus(base, fakes)
print(", ".join(f"{name} killed {n} times" for name, n in killed.items()))
for failure in failures[:20]:
    print(failure)
sys.exit(1 if failures else 0)
