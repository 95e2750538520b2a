"""Campaigns: killed at any moment they lose nothing and count nothing twice;
processes that hang are stopped; the page is whole.

usage: campaign.py FTFUZZ KILLS SCREENSHOTS

KILLS campaigns die. Their fuzzer is a script that says what it finds in a
ledger, so that what is kept can be held against what was found.
"""

import collections
import contextlib
import html.parser
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FTFUZZ, KILLS, SHOTS = pathlib.Path(sys.argv[1]).resolve(), \
    int(sys.argv[2]), pathlib.Path(sys.argv[3]).resolve()
TESTS = pathlib.Path(__file__).resolve().parent
DRIVER = TESTS.parents[1] / "build" / "node" / "node_modules" / \
    "playwright-core"
VOID = {"meta", "input", "br", "line", "path", "rect"}
rng = random.Random(1)
failures = []

# As libFuzzer is called; each crash file is one of 17 kinds.
FUZZER = """#!/bin/sh
for a; do
    case $a in
    -artifact_prefix=*) p=${a#*=} ;;
    -max_total_time=*) t=${a#*=} ;;
    -minimize_crash=1) exit 0 ;;
    esac
done
n=0
end=$(($(date +%s) + t))
while [ $(date +%s) -lt $end ]; do
    n=$((n + 1))
    k=$((($$ * 7 + n * 5) % 17))
    echo "bug $k" >${p}x.tmp
    mv ${p}x.tmp ${p}crash-$$-$n
    echo "FAKE|bug $k" >>LEDGER
    echo "#$n NEW cov: 1 ft: $n corp: 1/1b"
    sleep 0.1
done
echo "stat::number_of_executed_units: $n"
"""
STANDALONE = """#!/bin/sh
if [ "$1" = --seeds ]; then
    mkdir -p "$2"
    echo seed >"$2/seed"
    exit 0
fi
echo "running"
echo "signature: FAKE|$(cat "$1")"
kill -ABRT $$
"""


def check(condition, what):
    if not condition:
        failures.append(what)


def run(*arguments, **options):
    return subprocess.run([FTFUZZ, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=200, **options)


def make_build(folder):
    (folder / "fuzz").mkdir(parents=True)
    for name, text in (("fuzz_fake", FUZZER),
                       ("fuzz_fake_standalone", STANDALONE)):
        path = folder / "fuzz" / name
        path.write_text(text.replace("LEDGER", str(folder / "ledger")))
        path.chmod(0o755)


def events_of(state):
    """Every line of a journal must be whole."""
    return [json.loads(line)
            for line in (state / "journal.jsonl").read_text().splitlines()]


def check_kills(folder):
    build, state = folder / "fake", folder / "state"
    make_build(build)
    command = [FTFUZZ, "campaign", "--build", build, "--state", state,
               "--canary", "none", "--turn", "1", "--jobs", "2", "--quiet"]
    for _ in range(KILLS):
        process = subprocess.Popen([*command, "--time", "1h"],
                                   stdout=subprocess.DEVNULL)
        time.sleep(rng.random() * 1.2)
        process.kill()
        process.wait()
    elapsed = max((e["elapsed"] for e in events_of(state)), default=0)
    last = run(*command[1:], "--time", f"{elapsed + 4:.0f}")
    check(last.returncode == 77, f"exit code {last.returncode}: {last.stderr}")
    found = set((build / "ledger").read_text().splitlines())
    kept = collections.Counter(
        json.loads((p / "finding.json").read_text())["signature"]
        for p in (state / "findings").iterdir())
    check(set(kept) == found, f"lost: {found - set(kept)}")
    check(all(n == 1 for n in kept.values()), f"twice on disk: {kept}")
    events = events_of(state)
    noted = collections.Counter(e["id"] for e in events
                                if e["event"] == "finding")
    check(len(noted) == len(kept) and set(noted.values()) <= {1},
          f"noted: {noted}")
    starts = [e for e in events if e["event"] == "start"]
    check(len(starts) >= 2, f"{len(starts)} sessions")
    times = [e["elapsed"] for e in events]
    check(times == sorted(times), "the clock goes back")
    check(events[-1]["event"] == "stop", "no end")
    crashes = [p for p in state.glob("jobs/*/new/*")
               if p.name.startswith("crash")]
    check(not crashes, f"left: {crashes[:3]}")
    again = run(*command[1:], "--time", f"{elapsed:.0f}")
    check(again.returncode == 2 and "--time" in again.stderr,
          "one that is over says so")
    return state, len(found)


def check_one_at_a_time(folder, state):
    command = [FTFUZZ, "campaign", "--build", folder / "fake", "--state",
               state, "--canary", "none", "--time", "9h", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    second = run(*command[1:])
    check(second.returncode == 2 and "another campaign" in second.stderr,
          "two at once")
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    lines = [json.loads(line) for line in output.splitlines()]
    check(process.returncode == 77, f"interrupted: {process.returncode}")
    check(lines[-1] == {**lines[-1], "event": "stop", "why": "interrupted"},
          f"the last line: {lines[-1]}")


def check_real(folder):
    """Our own fuzzer and libFuzzer, for seconds: nothing, and a page."""
    state = folder / "real"
    result = run("campaign", "--build", FTFUZZ.parent, "--state", state,
                 "--targets", "programs,fuzz_program,fuzz_list", "--engines",
                 "own,libfuzzer", "--time", "6s", "--turn", "2", "--canary",
                 "none")
    check(result.returncode == 0, f"clean tree: {result.stdout[-2000:]}")
    turns = [e for e in events_of(state) if e["event"] == "turn"]
    # The last turns may have had no time.
    ran = {t["job"].split("/")[2] for t in turns if t["executions"] > 0}
    check(ran == {"own", "libfuzzer"}, f"turns: {turns}")
    check(len(list((state / "corpus" / "fuzz_list").iterdir())) > 24,
          "the corpus does not grow")
    return state


def check_canary(folder):
    """Found: the campaign begins. Not there, or not found: it does not."""
    result = run("campaign", "--canary", "9999", "--time", "5s", "--state",
                 folder / "canary")
    check(result.returncode == 2 and "scripts/bugs build" in result.stderr,
          f"a canary that is not there: {result.stderr}")
    birds = {}
    for name, code in (("sings", 77), ("silent", 0)):
        birds[name] = folder / name
        birds[name].write_text(f"#!/bin/sh\nexit {code}\n")
        birds[name].chmod(0o755)
    command = ["campaign", "--build", folder / "fake", "--time", "2s", "--turn",
               "1", "--quiet"]
    state = folder / "canary-sings"
    result = run(*command, "--state", state, "--canary",
                 f"{birds['sings']} {birds['sings']}")
    events = events_of(state)
    names = [e["event"] for e in events]
    check(result.returncode == 77 and names.count("canary") == 2 and
          names.index("turn") > max(i for i, e in enumerate(names)
                                    if e == "canary"),
          f"a canary that sings: {result.returncode}, {names[:9]}")
    result = run(*command, "--state", folder / "canary-silent", "--canary",
                 f"{birds['sings']} {birds['silent']}")
    names = [e["event"] for e in events_of(folder / "canary-silent")]
    check(result.returncode == 2 and
          "1 of 2 seeded bugs found within a minute" in result.stderr and
          "turn" not in names, f"a silent canary: {result.stderr}, {names}")


def check_real_canary(folder):
    """A runtime with a bug is found, and then fuzzed: its findings have
    pages."""
    built = subprocess.run([TESTS.parents[1] / "scripts" / "bugs", "build",
                            "0003"], text=True, stdout=subprocess.PIPE,
                           check=True)
    buggy = pathlib.Path(built.stdout.split()[-1])
    state = folder / "buggy"
    result = run("campaign", "--build", buggy.parent, "--state", state,
                 "--targets", "programs", "--engines", "own", "--time", "8s",
                 "--turn", "2", "--canary", buggy, "--quiet")
    check(result.returncode == 77, f"buggy: {result.stderr}")
    check(sum(e["event"] == "canary" for e in events_of(state)) == 1,
          "buggy: the canary")
    pages = list(state.glob("findings/*/page.html"))
    check(pages and all(p.read_text().rstrip().endswith("</html>")
                        for p in pages), f"buggy: pages {pages}")
    text = (state / "index.html").read_text()
    for page in pages:
        check(f"findings/{page.parent.name}/page.html" in text,
              f"buggy: no link to {page}")
    return state


def start_worker(findings, *options):
    """A campaign that stops what hangs for 2 s, and its worker's number."""
    process = subprocess.Popen(
        [FTFUZZ, "fuzz", "--jobs", "1", "--hang", "2", *options,
         "--findings", findings, "--quiet"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 20
    while not children.read_text().split() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    return process, int(children.read_text().split()[0])


def check_hung_worker(folder):
    """A worker that does not end an execution is stopped, its input kept."""
    process, worker = start_worker(folder / "hung", "--seconds", "60",
                                   "--stop-on-finding")
    os.kill(worker, signal.SIGSTOP)
    check(process.wait(60) == 77, f"hung: exit code {process.returncode}")
    names = [p.name for p in (folder / "hung").iterdir()]
    check(any("HANG" in n.upper() for n in names), f"hung: {names}")


def check_all_stopped(folder):
    """If nothing ran for a while, a machine asleep, nobody has hung."""
    process, worker = start_worker(folder / "asleep", "--seconds", "6")
    for pid in (worker, process.pid):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.5)
    time.sleep(3)
    for pid in (process.pid, worker):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.5)
    check(process.wait(60) == 0, f"asleep: exit code {process.returncode}")


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.urls = [], [], []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.ids += [v for n, v in attributes if n == "id"]
        self.urls += [v for n, v in attributes if n in ("href", "src")]

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            failures.append(f"</{tag}> at line {self.getpos()[0]}")


def check_page(state, findings):
    text = (state / "index.html").read_text()
    page = Page()
    page.feed(text)
    check(not page.open, f"open: {page.open}")
    check({"findings", "curves", "left", "jobs", "pct"} <= set(page.ids),
          f"sections: {page.ids}")
    for url in page.urls:
        check(url[0] == "#" and url[1:] in page.ids or
              (state / url).exists(), f"link to {url}")
    check(not re.search(r"nan|-inf|\binf\b", text.split("</style>")[1]),
          "no number")
    check(f">{findings} finding" in text, "the number of findings")
    check(text.count("<svg") == 4, "the curves")


def check_browser(state):
    node, browser = shutil.which("node"), shutil.which("chromium")
    if node is None or browser is None or not DRIVER.exists():
        print("campaign: no browser or no driver for one (scripts/bootstrap): "
              "the page was not opened")
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        [node, TESTS / "campaign.mjs", DRIVER, state / "index.html", SHOTS],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120)
    check(result.returncode == 0, f"browser: {result.stdout[-2000:]}")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ftfuzz-campaign-"))
    state, found = check_kills(folder)
    check_page(state, found)
    check_one_at_a_time(folder, state)
    check_canary(folder)
    check_hung_worker(folder)
    check_all_stopped(folder)
    real = check_real(folder)
    check_page(real, 0)
    buggy = check_real_canary(folder)
    check_page(buggy, len(list((buggy / "findings").iterdir())))
    check_browser(state)
    if failures:
        print("\n".join(failures[:20]))
        return 1
    shutil.rmtree(folder)
    print(f"campaign: {KILLS} killed, {found} findings, none lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
