"""Findings by the hundred: groups, states, comparison, report formats.

usage: triage.py FTFUZZ ROOT
"""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

from triage_folds import FOLDS, finding, together

FTFUZZ, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
SCHEMAS = ROOT / "harness/tests/schemas"
failures = []

def check(condition, what):
    if not condition:
        failures.append(what)


def triage(*arguments, cwd):
    return subprocess.run([FTFUZZ, "triage", *map(str, arguments)], text=True,
                          cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)


def groups_of(base, name="triage"):
    return json.loads((base / name / "triage.json").read_text())["groups"]


def make_findings(raw):
    for i in range(5):
        finding(raw / f"LEAK-{i}", "LEAK", "list", "", "end")
    small = finding(raw / "LEAK-small", "LEAK", "list", "", "end")
    finding(small / "minimized", "LEAK", "list", "", "end", minimized=True,
            active_threads=2, operations=3, preemptions=1, cause="",
            steps=90, aliases=["LEAK|list||end", "FATAL|||gc.c"])
    # One mistake: what is freed too early, whoever reads it.
    for reader in ("list_get", "list_iter", "list_len"):
        finding(raw / f"UAF-{reader}", "USE_AFTER_FREE", "mem", reader,
                "list_resize", freed_by="list_resize")
    finding(raw / "UAF-dict", "USE_AFTER_FREE", "mem", "dict_get",
            "dict_resize", freed_by="dict_resize")
    # The same preemption, other damage.
    for rule in ("REF_NEGATIVE", "REF_STATE"):
        finding(raw / rule, rule, "dict", "a", "b", tight=True,
                cause="Rt_INCREF|dict.ob_ref_shared|Rt_DECREF")
    # All of these races have list_append on one side.
    for i, other in enumerate(("list_get", "list_len", "list_append")):
        finding(raw / f"RACE-{other}", "DATA_RACE", "list", *sorted(
            ("list_append", other)), inner=f"store{i}")
    finding(raw / "RACE-x", "DATA_RACE", "list", "list_get", "list_len",
            inner="load")
    # Its smallest program fails as the mechanism does, by the same preemption.
    finding(raw / "QUEUE", "WAIT_QUEUE", "", "", "wait")
    finding(raw / "PARK", "PARK_ORDER", "", "", "park", tight=True,
            cause="park|lock|unpark", kin=["WAIT_QUEUE|||nowhere"],
            aliases=["WAIT_QUEUE|||wait"])
    finding(raw / "UNFAIR", "LOCK_UNFAIR", "", "", "unlock", tight=True,
            cause="park|lock|unpark", kin=["WAIT_QUEUE|||wait"],
            aliases=["WAIT_QUEUE|||wait"])
    # Damage in a program that shows nothing else but a mechanism's failure.
    finding(raw / "HOLDERS", "GIL_TWO_HOLDERS", "", "", "take")
    finding(raw / "FATAL-gil", "FATAL", "", "drop", "gil.c",
            aliases=["GIL_TWO_HOLDERS|||take"])
    # The other mechanism's program shows it, too: it shows everywhere.
    finding(raw / "ANY", "HEAP_WALK", "", "", "walk")
    finding(raw / "WALK-damage", "LEAK", "tuple", "", "walk",
            aliases=["HEAP_WALK|||walk"])
    for i in range(5):
        finding(raw / f"STOP-{i}", "WORLD_NOT_STOPPED", "", "", "stop",
                aliases=["HEAP_WALK|||walk"])
    # Their own destructors freed them: that says nothing.
    for reader in ("x_get", "y_get"):
        finding(raw / f"UAF-{reader}", "USE_AFTER_FREE", "mem", reader,
                "list_dealloc", freed_by="list_dealloc")
    # One failure beside a hundred, in a program that shows these.
    for i in range(101):
        finding(raw / f"ORDER-{i}", "LOCK_ORDER", "", "", "lock")
    finding(raw / "HARDLY", "QSBR_STATE", "", "", "stop",
            aliases=["LOCK_ORDER|||lock"])
    # Another one, but these are not in its runs.
    finding(raw / "APART", "GC_COUNT", "", "", "count",
            aliases=["LOCK_ORDER|||lock"],
            beside=together("GC_COUNT|||count", 1000, 90, 90, 90))
    # Damage by the same operations, whatever the schedule.
    for kind in ("deque", "set"):
        folder = finding(raw / f"BELOW-{kind}", "REF_BELOW_REFERENCES", kind,
                         "", "audit")
        finding(folder / "minimized", "REF_BELOW_REFERENCES", kind, "",
                "audit", minimized=True, active_threads=1, operations=2,
                preemptions=0)
        subprocess.run([FTFUZZ, "run", "--seed", "3", "--save",
                        folder / "minimized/input.ftz"], check=True,
                       stdout=subprocess.DEVNULL)
    make_pairs(raw)
    # Each one's smallest program shows the other, too.
    finding(raw / "FATAL", "FATAL", "", "", "gc.c",
            aliases=["LEAK|list||end"])
    (raw / "damaged").mkdir()
    (raw / "damaged" / "finding.json").write_text('{"rule": ')


def make_pairs(raw):
    """What has to fold in twos, beside what must not."""
    # In the same runs and in no others; as often as chance has it; always.
    for name, numbers in (("a", (1000, 210, 200, 198)),
                          ("b", (1000, 500, 200, 100)),
                          ("c", (900, 900, 900, 900))):
        finding(raw / f"ONE-{name}", "SECTION_ORDER", "", "", f"one_{name}",
                beside=together(f"SECTION_RESUMED|||two_{name}", *numbers))
        finding(raw / f"TWO-{name}", "SECTION_RESUMED", "", "", f"two_{name}")
    # One place, whoever else is there, and who touched the same meanwhile; a
    # lock is touched by everybody.
    for kind, field in (("tstate", "flags"), ("set", "ob_mutex")):
        for rule in ("REF_STATE", "GC_ORDER"):
            finding(raw / f"{rule}-{kind}", rule, kind, f"{kind}_x", "seen",
                    cause=f"set_flag|{kind}.{field}|clear_flag")
    # One rule at two places: rarely at the one, whose program shows the other.
    for i in range(5):
        finding(raw / f"LIFE-{i}", "SEMAPHORE_LIFE", "", "", "park")
    finding(raw / "LIFE-post", "SEMAPHORE_LIFE", "", "", "post",
            aliases=["SEMAPHORE_LIFE|||park"])
    make_bridges(raw)
    make_places(raw)
    make_kinds(raw)
    make_hangs(raw)
    make_rare(raw)
    make_ends(raw)
    make_always(raw)
    # Small programs that show two more failures, which no finding is.
    for rule in ("LEAK", "CRASH"):
        finding(raw / f"{rule}-end", rule, "interpreter", "", "end_it",
                aliases=["FATAL||a|b.c", "FATAL||c|d.c"])
    # What is preempted at a race, and does damage.
    finding(raw / "RACE-v", "DATA_RACE", "type", "set_version", "set_version",
            inner="load_version")
    finding(raw / "BELOW-v", "HEAP_INVALID", "type", "", "stop", tight=True,
            cause="set_version|type.+0x8|modified")
    # The same of a mechanism says nothing: any thread looks there.
    for rule, other in (("GIL_RETAKEN", "hold"), ("FATAL", "gil.c")):
        finding(raw / f"{rule}-look", rule, "", "", other, tight=True,
                cause="look_at_breaker|tstate|")
    # A count that is no atomic, in a header: whoever uses it.
    for one, other in (("iter_next", "tuple_new"), ("dict_get", "set_add")):
        folder = finding(raw / f"PLAIN-{one}", "DATA_RACE", ".ob_ref_shared",
                         one, other)
        text = (folder / "report.txt").read_text()
        (folder / "report.txt").write_text(text.replace(
            "  oracle", "  now thread 0 plainly wrote 8 bytes in x\n"
            "  before thread 1 atomically read 8 bytes in y\n  oracle"))


def make_bridges(raw):
    """One preemption that causes the failures of two mechanisms, each frequent:
    if the programs of these never fail as the other, they are two."""
    for apart in (True, False):
        park = f"PARK_ORDER|||park_{apart}"
        lock = f"HANDOFF_BROKEN|||take_{apart}"
        fatal = f"FATAL|||assert_{apart}"
        for i in range(5):
            finding(raw / f"PARK-{apart}-{i}", "PARK_ORDER", "", "",
                    f"park_{apart}", beside=together(park, 1000, 90, 90, 90),
                    aliases=[park] if apart else [park, lock])
            finding(raw / f"TAKE-{apart}-{i}", "HANDOFF_BROKEN", "", "",
                    f"take_{apart}", beside=together(lock, 1000, 90, 90, 90))
        finding(raw / f"ASSERT-{apart}", "FATAL", "", "", f"assert_{apart}",
                tight=True, kin=[lock], aliases=[lock],
                beside=together(fatal, 1000, 90, 90, 90))
        finding(raw / f"UNFAIR-{apart}", "LOCK_UNFAIR", "", "",
                f"open_{apart}", tight=True, kin=[fatal, park],
                aliases=[fatal, park, lock],
                beside=together(fatal, 1000, 90, 90, 90))


def make_places(raw):
    """A place where a rule is rarely broken, of a group that is not rare; and
    two places where it is often broken: more than one in twenty of all that
    make_findings() makes."""
    for i in range(60):
        finding(raw / f"STATE-p-{i}", "REF_STATE", "x", "", "seen_p",
                tight=True, cause="take|x.held|give")
        finding(raw / f"OWNER-p-{i}", "LOCK_NOT_OWNER", "", "", "often")
        finding(raw / f"STOP-a-{i}", "STOPPER_WAITS", "", "", "stop_a",
                aliases=["STOPPER_WAITS|||stop_b"])
    finding(raw / "OWNER-p", "LOCK_NOT_OWNER", "", "", "rarely", tight=True,
            cause="take|x.held|give", aliases=["LOCK_NOT_OWNER|||often"])
    for i in range(61):
        finding(raw / f"STOP-b-{i}", "STOPPER_WAITS", "", "", "stop_b")


def make_kinds(raw):
    """What differs by the object only, or by the place."""
    # What no finding is stands for the same failure of other objects, where
    # functions tell it from others. No signature says nothing.
    for rule, function, bad in (("HEAP_INVALID", "shape", []),
                                ("LEAK", "", ["", "nothing"])):
        finding(raw / f"KIN-of-{function}", "FOREIGN_OBJECT", "", "",
                f"of_{rule}", aliases=bad, beside=together(
                    f"{rule}|set||{function}", 1000, 210, 200, 198))
        finding(raw / f"KIN-{function}", rule, "dict", "", function)
    # And for a mechanism that fails at another place; damage is elsewhere.
    for rule, other in (("QSBR_BACKLOG", "QSBR_FREED_EARLY"),
                        ("FINALIZED_TWICE", "DOUBLE_FREE")):
        finding(raw / f"PLACE-{rule}", rule, "", "", "defer",
                beside=together(f"{other}|||there", 1000, 210, 200, 198))
        finding(raw / f"PLACE-{other}", other, "", "", "here")
    # A dead object is used, whichever of its fields, by one function.
    for field, user in (("+0x20", "get"), ("+0x28", "get"), ("+0x28", "len")):
        finding(raw / f"USED-{user}-{field}", "USE_AFTER_FREE",
                f"tuple.{field}", user, "free_memory",
                freed_by="free_memory")
    for kind in ("function", "deque"):
        finding(raw / f"WEAK-{kind}", "WEAKREF_STATE", kind, "", "stop")


def make_hangs(raw):
    """A deadlock is where somebody waits for the world to stop; who else waits
    says which wake-up was lost. Each is more than one in twenty of all: else
    it would fold as a consequence."""
    for i in range(60):
        for what in ("tstate", "lock"):
            finding(raw / f"LOST-{what}-{i}", "LOST_WAKEUP", what, "", "")
        finding(raw / f"CYCLE-{i}", "DEADLOCK", "", "", "", message=""
                "thread 0 waits for tstate#1, thread 1 for the world to stop",
                aliases=["LOST_WAKEUP|tstate||", "LOST_WAKEUP|lock||"])


def make_rare(raw):
    """Damage seen once, which a small program that fails often shows; where
    those of two show it; and where its own runs are without the other."""
    for i in range(101):
        finding(raw / f"OFTEN-{i}", "ACTIVITY_WHILE_STOPPED", "", "", "act",
                aliases=[f"FATAL||{f}|a.c" for f in ("once", "seen", "apart")])
    for i in range(20):
        finding(raw / f"OTHER-{i}", "INTERP_QUEUE_ORDER", "", "", "send",
                aliases=["FATAL||seen|a.c"])
    for function in ("once", "seen", "apart"):
        alone = together(f"FATAL||{function}|a.c", 1000, 90, 90, 90)
        finding(raw / f"FATAL-{function}", "FATAL", "", function, "a.c",
                tight=True, cause=f"{function}|x.y|z",
                beside=alone if function == "apart" else [])


def make_ends(raw):
    """Many runs without the other, which would not have been seen in them."""
    for i in range(101):
        finding(raw / f"STUCK-{i}", "STEP_BUDGET", "", "", "spin")
    for rule in ("CRASH", "GC_COUNT"):
        finding(raw / f"{rule}-ends", rule, "", "", "ends", tight=True,
                cause=f"{rule}|x.z|y", aliases=["STEP_BUDGET|||spin"],
                beside=together(f"{rule}|||ends", 1000, 90, 90, 90))


def make_always(raw):
    """Always there: that says nothing of what is met in other programs, too."""
    for name, runs, both in (("here", 900, 1), ("all", 900, 85)):
        met = together(f"TWO_DICTS|||{name}", 1000, runs, 90, both)
        for i in range(20):
            finding(raw / f"MET-{name}-{i}", "TWO_DICTS", "", "", name)
            finding(raw / f"BASE-{name}-{i}", "GENERATOR_SHARED", "", "", name,
                    aliases=[f"TWO_DICTS|||{name}"], beside=met)
        finding(raw / f"SURE-{name}", "PENDING_ORDER", "", "", name,
                beside=together(f"TWO_DICTS|||{name}", 900, 900, 900, 900))


PAIRS = [
    {"FOREIGN_OBJECT|||of_HEAP_INVALID", "HEAP_INVALID|dict||shape"},
    {"FOREIGN_OBJECT|||of_LEAK"}, {"LEAK|dict||"},
    {"QSBR_BACKLOG|||defer", "QSBR_FREED_EARLY|||here"},
    {"FINALIZED_TWICE|||defer"}, {"DOUBLE_FREE|||here"},
    {"USE_AFTER_FREE|tuple.+0x20|get|free_memory",
     "USE_AFTER_FREE|tuple.+0x28|get|free_memory"},
    {"USE_AFTER_FREE|tuple.+0x28|len|free_memory"},
    {"WEAKREF_STATE|function||stop", "WEAKREF_STATE|deque||stop"},
    {"LOST_WAKEUP|tstate||", "DEADLOCK|||"}, {"LOST_WAKEUP|lock||"},
    {"ACTIVITY_WHILE_STOPPED|||act", "FATAL||once|a.c"},
    {"INTERP_QUEUE_ORDER|||send"}, {"FATAL||seen|a.c"}, {"FATAL||apart|a.c"},
    {"STEP_BUDGET|||spin", "CRASH|||ends"}, {"GC_COUNT|||ends"},
    {"TWO_DICTS|||here", "PENDING_ORDER|||here"}, {"GENERATOR_SHARED|||here"},
    {"TWO_DICTS|||all"}, {"PENDING_ORDER|||all"}, {"GENERATOR_SHARED|||all"},
    {"REF_STATE|x||seen_p", "LOCK_NOT_OWNER|||rarely",
     "LOCK_NOT_OWNER|||often"},
    {"STOPPER_WAITS|||stop_a"}, {"STOPPER_WAITS|||stop_b"},
    {"HANDOFF_BROKEN|||take_True", "FATAL|||assert_True"},
    {"PARK_ORDER|||park_True", "LOCK_UNFAIR|||open_True"},
    {"HANDOFF_BROKEN|||take_False", "FATAL|||assert_False",
     "PARK_ORDER|||park_False", "LOCK_UNFAIR|||open_False"},
    {"SECTION_ORDER|||one_a", "SECTION_RESUMED|||two_a"},
    {"SECTION_ORDER|||one_b"}, {"SECTION_RESUMED|||two_b"},
    {"SECTION_ORDER|||one_c", "SECTION_RESUMED|||two_c"},
    {"REF_STATE|tstate|tstate_x|seen", "GC_ORDER|tstate|tstate_x|seen"},
    {"SEMAPHORE_LIFE|||park", "SEMAPHORE_LIFE|||post"},
    {"GIL_RETAKEN|||hold"}, {"FATAL|||gil.c"},
    {"REF_STATE|set|set_x|seen"}, {"GC_ORDER|set|set_x|seen"},
    {"LEAK|interpreter||end_it", "CRASH|interpreter||end_it"},
    {"DATA_RACE|type|set_version|set_version", "HEAP_INVALID|type||stop"},
    {"DATA_RACE|.ob_ref_shared|iter_next|tuple_new",
     "DATA_RACE|.ob_ref_shared|dict_get|set_add"},
]


def check_pairs(groups, pairs):
    found = [{s["signature"] for s in g["signatures"]} for g in groups]
    for pair in pairs:
        check(pair in found, f"no group is {pair}: "
              f"{[f for f in found if f & pair]}")


def check_groups(base):
    make_findings(base / "raw")
    result = triage("raw", cwd=base)
    check(result.returncode == 77, f"new findings stand: {result}")
    groups = groups_of(base)
    found = sorted((g["findings"], len(g["signatures"])) for g in groups)
    check(found == [(1, 1)] * 23 + [(2, 2)] * 14 + [(3, 3)] * 2 + [(5, 1)] +
          [(6, 2)] * 3 + [(7, 2), (12, 4)] + [(20, 1)] * 4 +
          [(21, 2), (60, 1), (60, 1), (61, 1)] + [(102, 2)] * 3 +
          [(120, 2), (121, 3)], f"groups: {found}")
    of_rule = {s["signature"].split("|")[0]: [t["signature"].split("|")[0]
                                              for t in g["signatures"]]
               for g in groups for s in g["signatures"]}
    check(sorted(of_rule["WAIT_QUEUE"]) == ["LOCK_UNFAIR", "WAIT_QUEUE"],
          f"the same preemption: {of_rule['WAIT_QUEUE']}")
    check(sorted(of_rule["GIL_TWO_HOLDERS"]) == ["FATAL", "GIL_TWO_HOLDERS"],
          f"a consequence: {of_rule['GIL_TWO_HOLDERS']}")
    check(sorted(of_rule["QSBR_STATE"]) == ["LOCK_ORDER", "QSBR_STATE"],
          f"one of many: {of_rule['QSBR_STATE']}")
    check(of_rule["HEAP_WALK"] == ["HEAP_WALK"],
          f"what shows everywhere says nothing: {of_rule['HEAP_WALK']}")
    races = [g["findings"] for g in groups if "list_get" in str(g["signatures"])
             and g["rule"] == "DATA_RACE"]
    check(sorted(races) == [1, 3], f"races: {races}")
    check_pairs(groups, PAIRS)
    check(sum("list_dealloc" in str(g["signatures"]) for g in groups) == 2,
          "a destructor says nothing")
    check(all(g["state"] == "new" and g["is_new"] for g in groups), "states")
    leak = next(g for g in groups if g["findings"] == 7)
    check(leak["smallest"] == "raw/LEAK-small/minimized", leak["smallest"])
    check(leak["operations"] == 3, "the minimised form counts")
    check(leak["stacks"][1]["frames"][0]["function"] == "end", "frames")
    check("1 folders left out" in result.stdout, result.stdout)
    text = (base / "triage/triage.md").read_text()
    check("s0 = [1]" in text and "# prelude" not in text, "the program")
    return leak["id"]


def check_made(base, make, name, expected):
    make(base / name)
    triage(name, "--output", f"of_{name}", cwd=base)
    groups = groups_of(base, f"of_{name}")
    check(len(groups) == len(expected), f"{name}: {len(groups)} groups")
    check_pairs(groups, expected)


def check_states(base, leak):
    check(triage("raw", cwd=base).returncode == 77, "they still stand")
    for group in groups_of(base):
        result = triage("--mark", f"{group['id']}=known,https://x/1",
                        cwd=base)
        check(result.returncode in (0, 77), f"mark: {result}")
    result = triage("raw", cwd=base)
    check(result.returncode == 0, f"known ones do not stand: {result}")
    check(all(g["link"] == "https://x/1" for g in groups_of(base)), "links")
    triage("--mark", f"{leak}=fixed", cwd=base)
    result = triage("raw", cwd=base)
    check(result.returncode == 77, "a fixed one that is seen stands")
    states = {g["id"]: g["state"] for g in groups_of(base)}
    check(states[leak] == "regressed", states)
    bad = triage("--mark", f"{leak}=maybe", cwd=base)
    check(bad.returncode == 2 and "no state" in bad.stderr, bad.stderr)
    bad = triage("--mark", "0=known", cwd=base)
    check(bad.returncode == 2 and "no finding 0" in bad.stderr, bad.stderr)


def check_diff(base, leak):
    shutil.copytree(base / "triage", base / "old")
    triage("--mark", f"{leak}=known", cwd=base)
    finding(base / "raw/late", "DEADLOCK", "", "lock", "wait")
    for folder in (base / "raw").glob("*LEAK*"):
        shutil.rmtree(folder)
    shutil.rmtree(base / "raw/FATAL")
    result = triage("raw", "--diff", "old/triage.json", cwd=base)
    check(result.returncode == 77, f"a new one: {result}")
    report = json.loads((base / "triage/triage.json").read_text())
    new = [g["rule"] for g in report["groups"] if g["is_new"]]
    check(new == ["DEADLOCK"], f"new: {new}")
    check(report["gone"] == [leak], f"gone: {report['gone']}")
    page = (base / "triage/triage.html").read_text()
    check(f"<code>{leak}</code>" in page and "not in the old report" in page,
          "the comparison in the page")
    shutil.rmtree(base / "raw/late")
    result = triage("raw", "--diff", "old/triage.json", cwd=base)
    check(result.returncode == 0, f"nothing new: {result}")
    bad = triage("raw", "--diff", "findings.json", cwd=base)
    check(bad.returncode == 2 and "no triage.json" in bad.stderr, bad)


VALIDATE = """
import json, sys, jsonschema
schema, document = (json.load(open(path)) for path in sys.argv[1:3])
validator = jsonschema.Draft4Validator(schema)
print(*(e.message for e in validator.iter_errors(document)), sep="\\n", end="")
"""


def check_sarif_schema(path):
    """The system's Python has what scripts/bootstrap installs, too."""
    for python in (sys.executable, "/usr/bin/python3"):
        result = subprocess.run(
            [python, "-W", "ignore", "-c", VALIDATE,
             SCHEMAS / "sarif-2.1.0.json", path], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        if result.returncode == 0:
            check(result.stdout == "", f"SARIF: {result.stdout[:400]}")
            return
    check(False, f"jsonschema: run scripts/bootstrap: {result.stderr}")


def check_formats(base):
    sarif = json.loads((base / "old/triage.sarif").read_text())
    results = sarif["runs"][0]["results"]
    groups = groups_of(base, "old")
    check(len(results) == len(groups), "a result for each group")
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    for result in results:
        check(rules[result["ruleIndex"]]["id"] == result["ruleId"], "index")
        place = result["locations"][0]["physicalLocation"]
        check(place["artifactLocation"]["uri"] == "runtime/objects/list.c",
              place)
        check(place["region"]["startLine"] == 77, place)
    check_sarif_schema(base / "old/triage.sarif")
    page = (base / "old/triage.html").read_text()
    for group in groups:
        check(page.count(f'id="g-{group["id"]}"') == 1, "its place in the page")
    check("&lt;bad&gt; &amp; &quot;odd&quot;" in page and "<bad>" not in page,
          "text in the page")
    check("pages/" not in page, "findings of another build have no page")
    junit = base / "old/triage.junit.xml"
    suite = xml.etree.ElementTree.parse(junit).getroot()[0]
    check(suite.get("tests") == str(len(groups)) and
          suite.get("failures") == "1", "JUnit counts")
    check(shutil.which("xmllint"), "xmllint is missing: run scripts/bootstrap")
    result = subprocess.run(
        ["xmllint", "--noout", "--schema", SCHEMAS / "junit.xsd", junit],
        stderr=subprocess.PIPE, text=True)
    check(result.returncode == 0, f"JUnit: {result.stderr}")


def check_behind(base):
    """What is seen only behind a failure is told of with it, what has a group
    of its own is not."""
    for i, behind in enumerate((["FATAL||hid|h.c", "GC_ORDER|||own"],
                                ["FATAL||hid|h.c", "CRASH|||<late>"])):
        finding(base / "behind" / f"FIRST-{i}", "SECTION_ORDER", "", "", "one",
                behind=behind)
    finding(base / "behind" / "OWN", "GC_ORDER", "", "", "own")
    triage("behind", "--output", "of_behind", cwd=base)
    for group in groups_of(base, "of_behind"):
        first = group["rule"] == "SECTION_ORDER"
        check(group["behind"] == (["FATAL||hid|h.c", "CRASH|||<late>"]
                                  if first else []), f"behind: {group}")
    for form, hid in (("md", "- `FATAL||hid|h.c`"),
                      ("html", "<code>CRASH|||&lt;late&gt;</code>")):
        text = (base / "of_behind/triage").with_suffix(f".{form}").read_text()
        check(text.count(hid) == 1, f"{hid} in the {form} report")


def check_killed(base):
    """Whatever moment it dies at, what is there is whole."""
    raw = base / "many"
    for i in range(300):
        finding(raw / f"F-{i}", "LEAK", f"kind{i % 40}", "f", f"g{i % 7}")
    rng = random.Random(1)
    for _ in range(20):
        process = subprocess.Popen([FTFUZZ, "triage", "many", "--output",
                                    "killed", "--quiet", "--catalogue",
                                    "killed.json"], cwd=base,
                                   stdout=subprocess.DEVNULL)
        time.sleep(rng.random() * 0.05)
        process.kill()
        process.wait()
        for name in ("killed/triage.json", "killed/triage.sarif",
                     "killed.json"):
            if (base / name).exists():
                json.loads((base / name).read_text())
        page = base / "killed/triage.html"
        check(not page.exists() or page.read_text().endswith("</html>\n"),
              "half of a page")
    result = triage("many", "--output", "killed", "--catalogue",
                    "killed.json", cwd=base)
    check(result.returncode == 77, f"after being killed: {result}")
    check(len(groups_of(base, "killed")) == 280, "groups after being killed")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    first = check_groups(folder)
    check_states(folder, first)
    for name, (make, expected) in FOLDS.items():
        check_made(folder, make, name, expected)
    check_diff(folder, first)
    check_formats(folder)
    check_behind(folder)
    check_killed(folder)
for failure in failures:
    print(failure)
sys.exit(1 if failures else 0)
