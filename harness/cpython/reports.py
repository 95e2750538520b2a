# reports.py: what an answer of the engine says was found: one Failure for each
# race, crash, deadlock or fatal error, with a signature that tells mistakes
# apart; names of functions and lines; suppressions that CPython ships.

import os
import re
import shutil
import subprocess

# Parties are named by the innermost function that is not one of these: they do
# what others ask them for, to any object.
PLUMBING = re.compile(r"""^(
    _?Py_(IN|DE|X|New|Set)?(INC|DEC|Clear|X?SETREF|XDECREF|XINCREF).* |
    _Py_(Dealloc|DecRef\w*|IncRef|MergeZeroLocalRefcount|atomic_\w+|
        TryIncref\w*|TryXGetRef|ExplicitMergeRefcount|NewReference|
        ForgetReference) |
    _?PyObject_(Free|Malloc|Realloc|Calloc|GC_\w+|Init|InitVar) |
    _?PyMem_\w+ | _mi_\w+ | mi_\w+ | _PyMem_\w+ | _Py_qsbr\w* |
    _?PyMutex_\w+ | _PyParkingLot_\w+ | _PySemaphore_\w+ | PyEvent_\w+ |
    _PyCriticalSection\w* | _PyRecursiveMutex_\w+ | _PyRWMutex_\w+ |
    mem(cpy|move|set|cmp) | sem_\w+ | pthread_\w+ | raise | abort |
    _?Py_X?NewRef | Py_TYPE | Py_SIZE | Py_SET_(SIZE|TYPE) | Py_IS_TYPE |
    PyObject_TypeCheck | _?PyType_(AllocNoTrack|GenericAlloc) |
    _PyFrame_\w+ | _PyEval_EvalFrame\w* | _PyEval_Vector |
    FzEngine_\w+ | FzRace_\w+ | Fz\w+ | __tsan_\w+ | __libc_\w+ |
    fatal_error\w* | _?Py_FatalError\w* | _PyObject_Assert\w+
    )$""", re.VERBOSE)


WRONG = re.compile(r"^WRONG_OUTCOME ([^:]+): (.*)$", re.MULTILINE)


class Failure:
    """parties: [(what it did, [(function, "file:line")])], innermost first."""

    def __init__(self, rule, message, parties, line=None):
        self.rule = rule
        self.message = message
        self.parties = parties
        self.line = line
        names = [name_of(stack) for _, stack in parties]
        if rule in ("DATA_RACE", "DEADLOCK", "LOST_WAKEUP"):
            names.sort()
        self.names = names
        self.signature = "|".join([rule, *names])


def name_of(stack):
    for function, _ in stack:
        if not PLUMBING.match(function):
            return function
    return stack[0][0] if stack else "?"


def accesses_of(race, stack_of):
    for when in ("before", "now"):
        access = race[when]
        yield ("thread %d %s %s %d bytes" % (
            access["thread"], "atomically" if access["atomic"] else "plainly",
            "wrote" if access["write"] else "read", access["size"]),
            stack_of(access["stack"]))


def failure_of(violation, stack_of):
    rule = violation["rule"]
    parties = [("thread %d" % violation["thread"],
                stack_of(violation["stack"]))]
    if violation["other_stack"] and rule != "CRASH":
        parties.append(("the other", stack_of(violation["other_stack"])))
    failure = Failure(rule, violation["message"], parties)
    if rule in ("DEADLOCK", "LOST_WAKEUP"):
        # Who ran last is chance: what they wait for is not.
        waits = re.findall(r"waits for the (\w+)", violation["message"])
        failure.signature = "|".join([rule, *sorted(set(failure.names)),
                                      *sorted(waits)])
    elif rule == "STEP_BUDGET":
        failure.signature = rule        # where it stood then is chance
    return failure


def death_of(answer):
    """Of a process that has not answered. The library itself ends one only
    where it cannot have more memory: it is allowed what programs are."""
    said = re.search("^ftfuzz: .*", answer["output"], re.MULTILINE)
    if answer["died"] == "exit" and said:
        return Failure("MEMORY", "no memory is left: " + said[0], [])
    return Failure("HANG" if answer["died"] == "time" else "CRASH",
                   "the process ended: %s, status %d" % (
                       answer["died"], answer["status"]), [])


def wrong_outcome(match):
    """Of a script that says so: of which object, by which operations."""
    kind, *names = match[1].split()
    failure = Failure("WRONG_OUTCOME", "no order of the operations gives " +
                      match[2], [("", [(name, kind)]) for name in names])
    failure.signature = "|".join(["WRONG_OUTCOME", kind, *names])
    return failure


def failures_of(answer, symbolizer):
    """All that an execution shows, in the order in which it came."""
    def stack_of(places):
        return symbolizer.frames([tuple(place) for place in places])

    out = [Failure("DATA_RACE", "on %s" % race["address"],
                   list(accesses_of(race, stack_of)), race.get("line"))
           for race in answer.get("races", ())]
    out += [failure_of(violation, stack_of)
            for violation in answer.get("violations", ())]
    out += map(wrong_outcome, WRONG.finditer(answer.get("output", "")))
    if "died" in answer:
        out.append(death_of(answer))
    return out


class Suppressions:
    """race:NAME is for any frame, race_top:NAME for the innermost, or the
    innermost that says something: atomics are functions of their own."""

    def __init__(self, path=None):
        self.any, self.top = [], []
        if path is None or not os.path.exists(path):
            return
        with open(path) as file:
            for line in file:
                kind, _, name = line.strip().partition(":")
                if kind == "race":
                    self.any.append(name)
                elif kind == "race_top":
                    self.top.append(name)

    def suppress(self, failure):
        if failure.rule != "DATA_RACE":
            return False
        for _, stack in failure.parties:
            functions = [function for function, _ in stack]
            tops = functions[:1] + [name_of(stack)]
            if any(name in top for name in self.top for top in tops):
                return True
            if any(name in function for name in self.any
                   for function in functions):
                return True
        return False


class Symbolizer:
    """Functions and lines, inlined ones as well, for code addresses of the
    interpreter. Asks one process of the tool, for each address once."""

    def __init__(self, program):
        self.program = program
        self.tool = (shutil.which("llvm-symbolizer-19") or
                     shutil.which("llvm-symbolizer"))
        self.child = None
        self.known = {}

    def ask(self, address, file):
        if self.tool is None:
            return []
        if self.child is None:
            self.child = subprocess.Popen(
                [self.tool, "-s", "-i"], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
                stderr=subprocess.DEVNULL)
        self.child.stdin.write('"%s" %s\n' % (file or self.program, address))
        self.child.stdin.flush()
        lines = []
        while line := self.child.stdout.readline().strip():
            lines.append(line)
        return [pair for pair in zip(lines[::2], lines[1::2])
                if pair[0] != "??"]

    def frames(self, places):
        """[(address, function, file)] to [(function, line)]."""
        out = []
        for address, function, file in places:
            key = address, file
            if key not in self.known:
                self.known[key] = self.ask(address, file)
            out += self.known[key] or [(function, address)]
        return out


def describe(failure):
    out = ["%s: %s" % (failure.rule, failure.message)]
    if failure.line:
        out.append("  line of the program: %s" % failure.line)
    for what, stack in failure.parties:
        out.append("  %s" % what)
        out += ["    %s  %s" % frame for frame in stack]
    return "\n".join(out) + "\n"
