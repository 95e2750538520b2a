"""What `ftfuzz cpython` does with any Python: programs of the vocabulary are
valid scripts, a generator's programs follow from its seed, the worker executes
many of them in one process and survives one that ends it, reports are read and
named, suppressions are honoured, findings come back from disk."""

import functools
import json
import operator
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "harness" / "cpython"))

import free  # noqa: E402
from engine import Schedule  # noqa: E402
from findings import Finding  # noqa: E402
from generate import FINDER, Generator, Vocabulary, rename  # noqa: E402
from groups import cause_of, fold, parties_of  # noqa: E402
from programs import Program  # noqa: E402
from reports import PLUMBING, Failure, Suppressions, failures_of  # noqa: E402

KINDS = ["list", "dict", "count", "deque"]
REPORT = """==================
WARNING: ThreadSanitizer: data race (pid=1)
  Write of size 8 at 0x7b1 by thread T2:
    #0 _Py_atomic_store_ptr Include/x.h:1:2 (python+0x1)
    #1 list_clear Objects/listobject.c:10:3 (python+0x2)

  Previous atomic read of size 8 at 0x7b1 by main thread:
    #0 list_pop Objects/listobject.c:20:3 (python+0x3)

  Location is heap block of size 64 at 0x7b1 allocated by thread T1:
    #0 malloc x.c:1 (python+0x4)
==================
"""
# What a Python before 3.13 lacks of what scripts use.
SHIM = """
import _thread, threading
if not hasattr(_thread, "start_joinable_thread"):
    def start(body):
        thread = threading.Thread(target=body)
        thread.start()
        return thread
    _thread.start_joinable_thread = start
"""


def vocabulary():
    """Asked for some kinds only: all take a minute."""
    done = subprocess.run([sys.executable, "-B", FINDER, *KINDS],
                          stdout=subprocess.PIPE, check=True)
    return Vocabulary(json.loads(done.stdout))


def check_vocabulary(known):
    assert [kind["name"] for kind in known.kinds] == KINDS
    ops = {kind["name"]: kind["ops"] for kind in known.kinds}
    # Found by trial: what fits is there, what does not is not.
    assert "o.append(1)" in ops["list"] and "o.append()" not in ops["list"]
    assert "o.rotate(1)" in ops["deque"] and "o.rotate('a')" not in ops["deque"]
    assert "o['a']" in ops["dict"] and "o['a']" not in ops["list"]
    assert "next(o)" in ops["count"] and "list(o)" not in ops["count"]


def check_cache(folder):
    """An interpreter is asked again when what asks it has changed."""
    finder, cache = folder / "finder.py", folder / "vocabulary.json"
    asked = folder / "asked"

    def ask(name):
        finder.write_text(f"""
import json
open({str(asked)!r}, "a").write("{name} ")
print(json.dumps({{"imports": [], "kinds": [
    {{"name": "{name}", "make": "[]", "ops": ["len(o)"]}}]}}))
""")
        known = Vocabulary.of(sys.executable, str(cache), str(finder))
        assert [kind["name"] for kind in known.kinds] == [name], known.kinds

    for name in ("one", "one", "two", "two", "one"):
        ask(name)
    assert asked.read_text() == "one two one ", asked.read_text()


def check_strange_interpreter():
    """What cannot be asked is named, with what to do."""
    result = subprocess.run(
        [sys.executable, "-B", ROOT / "harness" / "cpython" / "ftcpython.py",
         "free", "--interpreter", "/bin/false"], text=True, timeout=50,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = result.stderr.strip().split("\n")
    assert result.returncode == 2, result
    assert "does not tell what operations it has" in said[-1], said
    assert len(said) == 2, said


def check_programs(known):
    one, two = Generator(known, 7), Generator(known, 7)
    other = Generator(known, 8)
    texts = [one.next().text() for _ in range(20)]
    assert texts == [two.next().text() for _ in range(20)]
    assert texts != [other.next().text() for _ in range(20)]
    program = one.next()
    program.copies = 3
    for text in [*texts[:3], program.text()]:
        said_by(text)
        assert len(text.strip().split("\n")) <= 16, text
    assert rename("o.f(o, 'o', io.o)", "a") == "a.f(a, 'o', io.o)"


def said_by(text):
    done = subprocess.run([sys.executable, "-c", SHIM + text], timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, (text, done.stderr)
    return done.stdout


def check_outcomes(known):
    """What no order of the operations gives is said, and nothing else."""
    generator = Generator(known, 9, ["list", "deque"])
    for _ in range(5):
        program = Program.from_json(generator.next_outcome().to_json())
        text = program.text()
        assert len(text.strip().split("\n")) <= 15, text
        assert said_by(text) == "", text
    assert Generator(known, 9, ["dict"]).next_outcome() is not None
    program = Program(["time"], ["a = []"], [
        ["a.append(time.monotonic_ns())"], ["len(a)", "a.pop()"]],
        outcomes="a list")
    (failure,) = failures_of({"output": said_by(program.text())}, None)
    assert failure.signature == "WRONG_OUTCOME|a_list|append|len|pop", failure
    assert parties_of(failure, PLUMBING.match) == [
        ("append", "a_list"), ("len", "a_list"), ("pop", "a_list")]


def check_learning(known):
    """Operations of programs that failed come back with others."""
    def part(learns):
        generator = Generator(known, 5, ["list"])
        program = generator.next()
        drawn = {op for _, op in generator.drawn}
        if learns:
            generator.learn(program, 1)
        again = total = 0
        for _ in range(200):
            generator.next()
            again += sum(op in drawn for _, op in generator.drawn)
            total += len(generator.drawn)
        return again / total

    assert part(True) > part(False) + 0.15, (part(True), part(False))


def check_direct():
    """Calls without frames do what the operations do."""
    for op, value in (("a.append(7)", None), ("len(a)", 4), ("a[1:3]", [2, 3]),
                      ("a + a", [1, 2, 3, 7] * 2), ("a == a", True),
                      ("a[-1]", 7), ("[x for x in a]", [1, 2, 3, 7]),
                      ("a.count(x=1) if 0 else a[0]", 1),
                      ("sorted(a, key=lambda x: -x)", [7, 3, 2, 1]),
                      ("a.__class__", list), ("a.pop(a.index(7))", 7)):
        text = free.direct(op, frozenset("a"))
        assert text.startswith("lambda") == (
            op in ("[x for x in a]", "a.pop(a.index(7))") or " if " in op), text
        if op == "a.append(7)":
            shared = [1, 2, 3]
        scope = {"a": shared, "_partial": functools.partial,
                 "_operator": operator}
        assert eval(text, scope)() == value, text


def check_worker(known):
    generator = Generator(known, 3, longest=8)
    worker = free.Worker(sys.executable, prefix=())
    for _ in range(5):
        programs = [generator.next() for _ in range(8)]
        assert list(worker.run(programs, 5)) == [[]] * 8
    assert worker.starts == 1 and worker.done == 40
    check_runs(worker)
    check_settings(worker)
    # A program that ends the process is one finding; the next ones run.
    deadly = Program(["os"], ["a = 1"], [["__import__('os')._exit(3)"]])
    answers = list(worker.run([generator.next(), deadly, generator.next()], 1))
    assert [len(failures) for failures in answers] == [0, 1, 0], answers
    assert answers[1][0].rule == "CRASH", answers
    assert worker.starts == 3
    free.HANG_SECONDS = 1
    endless = Program([], ["a = 1"], [["[1 for _ in iter(int, 1)]"]])
    (failure,), none = worker.run([endless, generator.next()], 1)
    assert failure.rule == "HANG" and none == [], (failure, none)
    check_spinning_report(worker)
    worker.stop()


def check_spinning_report(worker):
    """Of a deadly signal, a report that has begun and spins is not awaited."""
    free.DEADLY_SECONDS = free.HANG_SECONDS = 100
    says = "__import__('os').write(2, b'ThreadSanitizer:DEADLYSIGNAL')"
    spins = Program([], ["a = 1"], [[says, "any(iter(int, 1))"]])
    before = time.monotonic()
    (failure,), = worker.run([spins], 1)
    assert failure.rule == "CRASH", failure
    assert failure.message == "a deadly signal", failure
    assert time.monotonic() - before < 50


def check_runs(worker):
    """A program is run with as many fresh objects as is said, each operation
    by each thread; what fails there is seen."""
    def program(times):
        return Program(["os"], ["a = []"], [["a.append(1)"], [
            "a.append(2)", "len(a) > %d and __import__('os')._exit(3)" %
            times]], rounds=3)

    for times, fails in ((6, False), (2, True)):
        answer, = worker.run([program(times)], 20)
        assert bool(answer) == fails, (times, answer)


def check_settings(worker):
    """What a program does to its interpreter ends with it."""
    rude = Program(["gc", "_lsprof"], ["a = _lsprof.Profiler(1)"], [
        ["a.enable()", "gc.callbacks.append(1)", "gc.set_debug(1)"],
        ["a.enable()", "gc.set_threshold(1)", "gc.disable()"]])
    look = ("(gc.callbacks or gc.get_debug() or gc.get_threshold()[0] == 1 or "
            "not gc.isenabled() or sys.getprofile()) and os._exit(3)")
    polite = Program(["gc", "os", "sys"], ["a = 1"], [[look], [look]])
    assert list(worker.run([rude, polite], 3)) == [[], []]


def check_reports(folder):
    found = list(free.reports_in("noise\n" + REPORT + REPORT))
    assert len(found) == 2
    assert found[0].signature == "DATA_RACE|list_clear|list_pop", \
        found[0].signature
    assert "atomically read" in found[0].parties[1][0]
    listed = folder / "suppressions.txt"
    listed.write_text("# list\nrace_top:list_pop\nrace:nothing\n")
    suppressions = Suppressions(str(listed))
    assert suppressions.suppress(found[0])
    # Only the innermost function counts there.
    outer = Failure("DATA_RACE", "", [
        ("a", [("f", ""), ("list_pop", "")]), ("b", [("g", "")])])
    assert not suppressions.suppress(outer)
    assert not suppressions.suppress(Failure("CRASH", "", found[0].parties))
    # Atomics are functions: who calls them is the one that is meant.
    assert suppressions.suppress(Failure("DATA_RACE", "", [
        ("a", [("_Py_atomic_load_ptr", ""), ("list_pop", "")]),
        ("b", [("g", "")])]))
    for died, output, rule in (
            ("exit", "x\nftfuzz: out of memory (1 bytes)\n", "MEMORY"),
            ("exit", "", "CRASH"), ("time", "", "HANG"),
            ("signal", "ftfuzz: ", "CRASH")):
        answer = {"died": died, "status": 9, "output": output}
        assert [failure.rule for failure in failures_of(answer, None)] == \
            [rule], (died, output)


def race(*parties):
    return Failure("DATA_RACE", "", [
        ("thread", [(name, "%s.c:1" % file) for name, file in stack])
        for stack in parties])


def check_groups():
    """One mistake, one group: by the functions that are at fault, not by what
    they ask for; what a race leads to is with it."""
    step = [("x_add", "longobject"), ("PyNumber_Add", "abstract"),
            ("enum_next_long", "enumobject")]
    found = {
        "step": [race(step, step)],
        "reduce": [race(step, [("enum_reduce", "enumobject")])],
        "crash": [Failure("CRASH", "", [("thread", [
            ("PyObject_Hash", "object.c:1")])]), race(step, step)],
        # Attribute look-up is anybody's: with the first of the run.
        "after": [race([("find_name", "typeobject"), step[2]],
                       [("find_name", "typeobject")]), race(step, step)],
        # Of two objects that race, the one that it was in is the cause.
        "inside": [Failure("CRASH", "", [("thread", [
            ("list_append", "listobject.c:1"), ("parse_field", "_csv.c:1")])]),
            race(step, step), race([("parse_reset", "_csv")],
                                   [("parse_field", "_csv")])],
        # What anybody sees of a dict that was put there by a plain store.
        "swap": [race([("PyObject_GenericSetDict", "object")],
                      [("get_method", "object")])],
        "seen": [race([("new_keys", "dictobject")],
                      [("lookup", "dictobject")]),
                 race([("PyObject_GenericSetDict", "object")],
                      [("get_attribute", "object")])],
        # Who iterates over a racing iterator is not at fault.
        "user": [race([("chain_next", "itertoolsmodule")],
                      [("enum_reduce", "enumobject")])],
        "chain": [race([("chain_next", "itertoolsmodule")],
                       [("chain_next", "itertoolsmodule")])],
        "no cause": [Failure("CRASH", "", [])],
        "nor here": [Failure("CRASH", "", [("t", [("f", "ceval.c:1")])])],
        "other": [race([("dictiter_reduce", "dictobject")],
                       [("meth_dealloc", "methodobject")])],
        "alike": [race([("dictiter_reduce", "dictobject")],
                       [("list_dealloc", "listobject")])],
        # An iterator whose functions lie with those that serve all.
        "bytes": [race([("striter_next", "bytesobject")],
                       [("striter_len", "bytesobject")])],
        "bytes, too": [race([("striter_next", "bytesobject")],
                            [("striter_next", "bytesobject")])],
        "begin": [race([("scanner_begin", "sre")], [("scanner_end", "sre")])],
        "state": [race([("state_reset", "sre")], [("state_reset", "sre")]),
                  race([("scanner_begin", "sre")], [("scanner_end", "sre")])],
    }

    def groups(minimized):
        items = []
        for key, failures in found.items():
            first = failures[0]
            cause = cause_of(failures[1:] or failures, PLUMBING.match, first)
            items.append((key, first.rule, first.signature,
                          parties_of(first, PLUMBING.match), cause, minimized))
        return sorted(sorted(group) for group in fold(items))

    assert groups(True) == [["after", "crash", "reduce", "step", "user"],
                            ["alike", "other"], ["begin", "state"],
                            ["bytes", "bytes, too"], ["chain"],
                            ["inside"], ["no cause"], ["nor here"],
                            ["seen", "swap"]], groups(True)
    # Programs that do many things may have two mistakes of one file.
    assert ["begin"] in groups(False) and ["state"] in groups(False)


def check_corpus():
    """Scripts of corpus/cpython are valid, and of 15 lines at most."""
    for script in (ROOT / "corpus" / "cpython").glob("*.py"):
        text = script.read_text()
        compile(text, str(script), "exec")
        lines = [line for line in text.split("\n")
                 if line and not line.startswith("#")]
        assert len(lines) <= 15, (script, len(lines))


def check_findings(folder):
    program = Program(["io"], ["a = io.StringIO()"], [["a.read()"], ["a.f()"]])
    failure = next(free.reports_in(REPORT))
    made = Finding.make(str(folder), program, program.text(),
                        Schedule("pct", 5, 2, b"\x01\x02"), {"races": True},
                        failure, {"trace": "12"})
    made.save()
    again = Finding.load(made.folder)
    assert again.text == program.text() and again.trace == "12"
    assert again.schedule.to_json() == made.schedule.to_json()
    assert again.program.to_json() == program.to_json()
    assert not [name for name in os.listdir(folder) if name.endswith(".new")]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        known = vocabulary()
        check_vocabulary(known)
        check_cache(folder)
        check_strange_interpreter()
        check_programs(known)
        check_outcomes(known)
        check_learning(known)
        check_direct()
        check_worker(known)
        check_reports(folder)
        check_groups()
        check_corpus()
        check_findings(folder)
    print("cpython: vocabulary, programs, learning, worker, reports, groups, "
          "findings")


main()
