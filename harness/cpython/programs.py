# programs.py: programs for CPython as data: what is shared, what each thread
# does, and the script that they make. A script runs on any CPython from 3.13
# on; the interpreter under control runs the same text. Threads are those of
# _thread: starting one of threading.Thread is five times as many points as what
# most threads do.

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


class Program:
    """imports: names of modules; setup: statements NAME = VALUE that know of
    no other; threads: lists of expressions, each one operation."""

    def __init__(self, imports=(), setup=(), threads=(), rounds=1, copies=1):
        self.copies = copies
        self.imports = list(imports)
        self.setup = list(setup)
        self.threads = [list(ops) for ops in threads]
        self.rounds = rounds

    def copy(self):
        return Program(self.imports, self.setup, self.threads, self.rounds,
                       self.copies)

    def to_json(self):
        return {"imports": self.imports, "setup": self.setup,
                "threads": self.threads, "rounds": self.rounds,
                "copies": self.copies}

    @staticmethod
    def from_json(value):
        return Program(value["imports"], value["setup"], value["threads"],
                       value["rounds"], value.get("copies", 1))

    def operations(self):
        return sum(map(len, self.threads))

    def imports_used(self):
        used = " ".join(self.setup + [op for ops in self.threads
                                      for op in ops])
        return [name for name in self.imports
                if name.split(".")[0] + "." in used]

    def text(self):
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
