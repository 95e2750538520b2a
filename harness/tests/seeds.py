"""The Python programs of corpus/seeds/ print what CPython prints.

seeds.py FTFUZZ ROOT [NAME...]: runs each program with the system's python3 and
with `ftfuzz run`, and compares standard output and exit status. Each begins
with a comment that says its idea.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ftfuzz = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(sys.argv[2]).resolve()
SEEDS = root / "corpus" / "seeds"
# What CPython said of a text, and the compiled code: shared by all builds.
CACHE = root / "build" / "seeds"
TIMEOUT = 120


def run(command, environment):
    result = subprocess.run(command, capture_output=True, text=True, cwd=SEEDS,
                            env=environment, timeout=TIMEOUT)
    return result.stdout, result.returncode, result.stderr


def run_cpython(path, environment):
    key = hashlib.sha256(sys.version.encode() + path.read_bytes())
    kept = CACHE / f"{key.hexdigest()}.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    result = run([sys.executable, path.name], environment)
    temporary = kept.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(result), encoding="utf-8")
    temporary.replace(kept)
    return result


def check(path, environment):
    """What is wrong with the program, or an empty string."""
    text = path.read_text(encoding="utf-8")
    if not text.startswith("# ") or len(text.split("\n")[0]) < 20:
        return "the first line does not say what it is about"
    expected = run_cpython(path, environment)
    got = run([ftfuzz, "run", path.name], environment)
    if list(got[:2]) == list(expected[:2]):
        return ""
    return (f"CPython: status {expected[1]}\n{expected[0]}\n"
            f"ftfuzz: status {got[1]}\n{got[0]}\n{got[2]}")


def main():
    names = sys.argv[3:]
    paths = sorted(path for path in SEEDS.glob("*.py")
                   if not names or path.stem in names)
    assert len(paths) >= (len(names) or 20), paths
    failed = 0
    CACHE.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, XDG_CACHE_HOME=str(CACHE))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda path: check(path, environment), paths)
        for path, wrong in zip(paths, results):
            if wrong:
                failed += 1
                print(f"{path.name}: {wrong}")
    print(f"{len(paths) - failed} of {len(paths)} programs agree")
    return 1 if failed else 0


sys.exit(main())
