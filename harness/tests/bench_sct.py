"""The benchmark of schedule search, one trial: the portfolio finds what it is
known to find, and nothing in a fixed twin."""

import json
import subprocess
import sys

# Not within 10,000 executions of one trial: the one needs three threads and
# five preemptions; the other has 101 threads.
HARD = {"misc.safestack", "CS.twostage_100"}

done = subprocess.run([sys.argv[1], "bench", "sct", "--strategy", "portfolio",
                       "--trials", "1", "--seconds", "2", "--json"],
                      capture_output=True, text=True)
if done.returncode != 0:
    sys.exit(f"bench_sct.py: exit status {done.returncode}\n{done.stdout}"
             f"\n{done.stderr}")
report = json.loads(done.stdout)
missed = {row["program"] for row in report["programs"]
          if row["portfolio"]["found"] == 0}
if len(report["programs"]) != 49 + 10 or not missed <= HARD:
    sys.exit(f"bench_sct.py: not found: {', '.join(sorted(missed - HARD))}")
found = (report["totals"]["portfolio"]["programs"],
         report["convul_totals"]["portfolio"]["programs"])
if found != (49 - len(missed), 10):
    sys.exit(f"bench_sct.py: the totals say {found}")
print(f"bench_sct.py: {found[0]} of 49 found, {found[1]} of 10 of ConVul")
