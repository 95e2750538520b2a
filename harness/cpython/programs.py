# programs.py: programs for CPython as data: what is shared, what each thread
# does, and the script that they make. A script runs on any CPython from 3.13
# on; the interpreter under control runs the same text. Threads are those of
# _thread: starting one of threading.Thread is five times as many points as what
# most threads do.

import re

HEAD = """\
import {imports}
def work(*ops):
    for op in ops{rounds}:
        try: op()
        except Exception: pass
{setup}
bodies = [
{threads}
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
"""


# The same on several sets of the shared objects, one after the other.
MANY = """\
import {imports}
shared = [({values},) for _ in range({copies})]
def work(*ops):
    for objects in shared:
        for op in ops{rounds}:
            try: op(*objects)
            except Exception: pass
bodies = [
{threads}
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
"""


# What the operations gave and left is compared with what they give and leave
# one after the other, in any order that each thread's own is part of. What an
# object is called by default has its address in it. Lines that are cut here are
# one line each.
OUTCOMES = """\
import {imports}
threads = [{threads}]
def said(op, a):
    try: return "itself" if (value := op(a)) is a else \
repr(value).split(" at 0x")[0]
    except Exception as error: return type(error).__name__
def outcome(step):
    a, said_by, rest = {value}, [[] for _ in threads], \
[iter(ops) for ops in threads]
    step(lambda n: said_by[n].append(said(next(rest[n]), a)))
    return said_by, said(repr, a)
def at_once(do):
    started = [_thread.start_joinable_thread(lambda n=n: \
[do(n) for _ in threads[n]]) for n in range(len(threads))]
    for thread in started: thread.join()
got = outcome(at_once)
orders = set(itertools.permutations([n for n, ops in enumerate(threads) \
for _ in ops]))
if all(outcome(lambda do: [do(n) for n in order]) != got for order in orders): \
print("WRONG_OUTCOME {name}: %r" % (got,))
"""
METHOD = re.compile(r"\ba\.(\w+)|^(\w+)\(")


class Program:
    """imports: names of modules; setup: statements NAME = VALUE that know of
    no other; threads: lists of expressions, each one operation; rounds: of each
    thread's operations; copies: of the objects; outcomes: whether what the
    operations give is looked at."""

    def __init__(self, imports=(), setup=(), threads=(), rounds=1, copies=1,
                 outcomes=None):
        self.copies = copies
        self.outcomes = outcomes        # the name of the kind of object
        self.imports = list(imports)
        self.setup = list(setup)
        self.threads = [list(ops) for ops in threads]
        self.rounds = rounds

    def copy(self):
        return Program(self.imports, self.setup, self.threads, self.rounds,
                       self.copies, self.outcomes)

    def to_json(self):
        return {"imports": self.imports, "setup": self.setup,
                "threads": self.threads, "rounds": self.rounds,
                "copies": self.copies, "outcomes": self.outcomes}

    @staticmethod
    def from_json(value):
        return Program(value["imports"], value["setup"], value["threads"],
                       value["rounds"], value.get("copies", 1),
                       value.get("outcomes"))

    def operations(self):
        return sum(map(len, self.threads))

    def imports_used(self):
        used = " ".join(self.setup + [op for ops in self.threads
                                      for op in ops])
        return [name for name in self.imports
                if name.split(".")[0] + "." in used]

    def text_of_outcomes(self):
        names = {next(filter(None, match.groups()))
                 for ops in self.threads for op in ops
                 if (match := METHOD.search(op))}
        imports = ["_thread", "itertools", *self.imports_used()]
        return OUTCOMES.format(
            imports=", ".join(dict.fromkeys(imports)),
            value=self.setup[0].split(" = ", 1)[1],
            name=" ".join([self.outcomes.replace(" ", "_"), *sorted(names)]),
            threads=", ".join("[%s]" % ", ".join(
                "lambda a: " + op for op in ops) for ops in self.threads))

    def text(self):
        if self.outcomes:
            return self.text_of_outcomes()
        imports = self.imports_used()
        names, values = zip(*(line.split(" = ", 1) for line in self.setup))
        names = ", ".join(names)
        many = self.copies > 1
        return (MANY if many else HEAD).format(
            imports=", ".join(dict.fromkeys(["_thread"] + imports)),
            rounds=" * %d" % self.rounds if self.rounds > 1 else "",
            setup="\n".join(self.setup), values=", ".join(values),
            copies=self.copies,
            threads="\n".join(
                "    lambda: work(%s)," % ", ".join(
                    "lambda %s: %s" % (names, op) if many else "lambda: " + op
                    for op in ops)
                for ops in self.threads if ops))
