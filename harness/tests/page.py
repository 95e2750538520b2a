"""The page of a finding, and the overview of a triage that links to such pages:
complete, well-formed, alone; and in a browser.

A seeded bug gives the finding. Without a browser or its driver that part is
left out and said so; scripts/bootstrap installs both.

usage: page.py ROOT SCREENSHOTS
"""

import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, SHOTS = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
BUG = "0003"
VOID = {"meta", "input", "br", "line", "path", "rect"}
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)


def run(*command, **options):
    return subprocess.run([str(c) for c in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **options)


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.urls = [], [], [], []

    def handle_startendtag(self, tag, attributes):
        self.note(attributes)

    def handle_starttag(self, tag, attributes):
        self.note(attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            failures.append(f"</{tag}> at line {self.getpos()[0]}")

    def note(self, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            elif name == "href" and value.startswith("#"):
                self.links.append(value[1:])
            elif name in ("href", "src"):
                self.urls.append(value)


def make_page(folder):
    built = run(ROOT / "scripts/bugs", "build", BUG)
    check(built.returncode == 0, built.stderr)
    ftfuzz = built.stdout.split("\n")[-2]
    findings = folder / "findings"
    for seed in range(1, 9):
        run(ftfuzz, "fuzz", "--seconds", 30, "--seed", seed, "--quiet",
            "--stop-on-finding", "--findings", findings)
        if findings.exists() and list(findings.iterdir()):
            break
    finding = sorted(findings.iterdir())[0]
    run(ftfuzz, "minimize", finding)
    more = run(ftfuzz, "fuzz", "--seconds", 5, "--every", 40, "--quiet",
               "--findings", findings)
    check(more.returncode == 77, more)
    page = folder / "page.html"
    result = run(ftfuzz, "show", "--html", page, finding / "minimized")
    check(result.returncode == 0 and page.exists(), result)
    none = run(ftfuzz, "show", "--html", folder / "no" / "page.html",
               finding / "minimized")
    check(none.returncode == 2 and "no/page.html" in none.stderr, none)
    return page, make_overview(ftfuzz, folder, findings)


def make_overview(ftfuzz, folder, findings):
    result = run(ftfuzz, "triage", findings, cwd=folder)
    check(result.returncode == 77, result)
    groups = json.loads((folder / "triage/triage.json").read_text())["groups"]
    check(len(groups) > 0, "no groups")
    # Of a state that is not new, too; and one group is gone.
    run(ftfuzz, "triage", "--mark",
        f"{groups[0]['id']}=known,https://bugs.example/1", cwd=folder)
    shutil.move(folder / "triage", folder / "old")
    run(ftfuzz, "triage", findings, "--diff", "old/triage.json", cwd=folder)
    return folder / "triage/triage.html"


def parse(path):
    """What any page of ours is."""
    page = Page()
    page.feed(path.read_text())
    page.close()
    check(page.open == [], f"left open: {page.open}")
    check(len(page.ids) == len(set(page.ids)), "an id stands twice")
    missing = set(page.links) - set(page.ids)
    check(not missing, f"links to nothing: {sorted(missing)[:5]}")
    return page


def check_overview(path):
    text = path.read_text()
    page = parse(path)
    groups = json.loads(path.with_name("triage.json").read_text())["groups"]
    for group in groups:
        check(f"g-{group['id']}" in page.ids, f"{group['id']} is missing")
        check(f"pages/{group['id']}.html" in page.urls,
              f"no link to the page of {group['id']}")
    others = {url for url in page.urls if not (path.parent / url).exists()}
    check(others == {"https://bugs.example/1"}, f"not alone: {others}")
    for word in ("10 of 10", "stand", "known", " thread", "s0 = ",
                 "ftfuzz replay"):
        check(word in text, f"the overview says nothing of '{word}'")
    check(text.count("class=\"program\"") == len(groups),
          "a program for each group")


def check_text(path):
    text = path.read_text()
    page = parse(path)
    check(page.urls == [], f"not alone: {page.urls}")
    for word in ("What conflicts", "The moment of no return", "thread 1",
                 "ftfuzz replay"):
        check(word in text, f"the page says nothing of '{word}'")
    check(re.search(r"runtime/\w+/\w+\.c:\d+", text), "lines of the runtime")


def check_in_browser(path, overview):
    driver = ROOT / "build/node/node_modules/playwright-core"
    lacks = [name for name, there in (
        ("chromium", shutil.which("chromium")), ("node", shutil.which("node")),
        ("playwright-core", driver.exists())) if not there]
    if lacks:
        print(f"not tried in a browser: no {', '.join(lacks)}")
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    result = run("node", pathlib.Path(__file__).with_suffix(".mjs"), driver,
                 path, overview, SHOTS, timeout=200)
    check(result.returncode == 0, result.stdout + result.stderr)
    for name in ("screen.png", "phone.png", "overview.png",
                 "overview-phone.png"):
        shot = SHOTS / name
        check(shot.exists() and shot.stat().st_size > 5000, f"no {name}")


with tempfile.TemporaryDirectory() as name:
    path, overview = make_page(pathlib.Path(name))
    check_text(path)
    check_overview(overview)
    check_in_browser(path, overview)
for failure in failures:
    print(failure)
sys.exit(1 if failures else 0)
