# generate.py: makes programs: some objects that threads share, and for each
# thread some of the operations that the vocabulary has for them. Which
# operations meet on which kind decides what is found: kinds that have brought
# new failures of late are taken more often, and operations that did meet others
# of their kind.

import json
import os
import random
import re
import subprocess
import sys
import zlib

from engine import library_path
from programs import Program

HERE = os.path.dirname(os.path.abspath(__file__))
FINDER = os.path.join(HERE, "vocabulary.py")
# Operations of these ways of ending are about the shape of an object.
WRITERS = """set del append pop clear update insert extend remove add next
__init__ write read seek send sort reverse rotate close feed move truncate
resize discard iadd ior imul throw seed enable""".split()
# Whose operations are meant to be one step each. What next() gives of other
# iterators may come twice: that is CPython's policy.
STEPWISE = """list|dict|set|bytearray|deque|defaultdict|OrderedDict|count|
count step|big count|lru cache|unbounded cache|SimpleQueue|StringIO|BytesIO|
array|big set|big dict|Event""".replace("\n", "").split("|")
# An operation of them that names the object once, and no other step of it. What
# some give is looked at later, or is an address.
STEP = re.compile(
    r"^(o\.(?!__|keys|values|items|buffer_info|getbuffer)\w+\([^o]*\)|"
    r"o\.__(getitem|setitem|delitem|len|contains|next|iadd|ior|isub|iand)__"
    r"\([^o]*\)|(next|len)\(o\)|o\[[^o]*\]|o\([^o]*\))$")
RACED = 0.25                    # of operations are such
RACED_KEPT = 24                 # of a kind, the latest


class Vocabulary:
    def __init__(self, value):
        self.imports = value["imports"]
        self.kinds = [kind for kind in value["kinds"] if kind["ops"]]

    @staticmethod
    def of(program, cache, finder=FINDER):
        """What the interpreter has; each text of the finder asks it once."""
        with open(finder, "rb") as file:
            by = zlib.crc32(file.read())
        value = {}
        if os.path.exists(cache):
            with open(cache) as file:
                value = json.load(file)
        if value.get("by") != by:
            print("asking %s for its operations, once: about a minute, more "
                  "under ThreadSanitizer" % program, file=sys.stderr)
            out = subprocess.run([program, "-S", "-B", finder],
                                 stdout=subprocess.PIPE, check=True,
                                 env=dict(os.environ, PYTHONHASHSEED="0",
                                          **library_path()))
            value = dict(json.loads(out.stdout), by=by)
            with open(cache + ".new", "w") as file:
                json.dump(value, file)
            os.replace(cache + ".new", cache)
        return Vocabulary(value)


class Generator:
    def __init__(self, vocabulary, seed, kinds=None, longest=4):
        """longest: most operations of a thread."""
        self.vocabulary = vocabulary
        self.longest = longest
        self.random = random.Random(seed)
        self.kinds = [kind for kind in vocabulary.kinds
                      if not kinds or kind["name"] in kinds]
        self.weights = [4.0] * len(self.kinds)
        self.drawn = []                 # [(kind, operation)] of the last
        self.raced = {}                 # kind: operations of what failed

    def operation(self, kind, name):
        op = self.draw(kind)
        self.drawn.append((kind["name"], op))
        return rename(op, name)

    def draw(self, kind):
        ops = kind["ops"]
        raced = self.raced.get(kind["name"])
        if raced and self.random.random() < RACED:
            return self.random.choice(raced)
        op = self.random.choice(ops)
        # A reader beside a reader shows nothing: half of the time, look again
        # for one that writes.
        if not any(word in op for word in WRITERS) and \
                self.random.random() < 0.5:
            op = self.random.choice(ops)
        return op

    def next(self):
        self.drawn = []
        count = 2 if self.random.random() < 0.25 else 1
        kinds = self.random.choices(range(len(self.kinds)), self.weights,
                                    k=count)
        setup, names = [], []
        for index, chosen in enumerate(kinds):
            name = "abc"[index]
            setup.append("%s = %s" % (name, self.kinds[chosen]["make"]))
            names.append((self.kinds[chosen], name))
        threads = []
        pool = [self.operation(*self.random.choice(names))
                for _ in range(self.random.randint(1, self.longest))]
        for _ in range(self.random.choice((2, 2, 2, 3))):
            ops = [self.random.choice(pool) if self.random.random() < 0.5
                   else self.operation(*self.random.choice(names))
                   for _ in range(self.random.randint(1, self.longest))]
            threads.append(ops)
        program = Program(self.vocabulary.imports, setup, threads,
                          self.random.choice((1, 1, 2, 3)))
        program.made_of = kinds, self.drawn
        return program

    def next_outcome(self):
        """A program of which what the operations give is looked at: a few, as
        all orders of them are tried. None where no kind is of use."""
        kinds = [kind for kind in self.kinds if kind["name"] in STEPWISE]
        if not kinds:
            return None
        kind = self.random.choice(kinds)
        ops = [op for op in kind["ops"] if STEP.match(op)]
        threads = [[rename(self.random.choice(ops), "a")
                    for _ in range(self.random.randint(1, 2))]
                   for _ in range(self.random.choice((2, 2, 3)))]
        return Program(self.vocabulary.imports, ["a = " + kind["make"]],
                       threads, outcomes=kind["name"])

    def learn(self, program, new):
        """How many new failures the program has shown."""
        kinds, drawn = program.made_of
        for chosen in kinds:
            weight = self.weights[chosen]
            self.weights[chosen] = min(16.0, weight + 4 * new) if new else \
                max(1.0, weight * 0.97)
        if new:
            for kind, op in drawn:
                raced = self.raced.setdefault(kind, [])
                if op not in raced:
                    raced.append(op)
                    del raced[:-RACED_KEPT]


def rename(op, name):
    """The operation on another name than o."""
    out, last = [], 0
    for at, char in enumerate(op):
        if char == "o" and not (op[at - 1:at].isalnum() or
                                op[at - 1:at] in ("_", ".", "'")) and \
                not (op[at + 1:at + 2].isalnum() or
                     op[at + 1:at + 2] in ("_", "'")):
            out.append(op[last:at])
            out.append(name)
            last = at + 1
    out.append(op[last:])
    return "".join(out)
