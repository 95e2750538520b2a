"""Generated expressions give what they give on CPython: numbers, text, bytes,
slices, formats, and the exceptions of all that.

expressions.py FTFUZZ [PROGRAMS [SEED [PYTHON]]]: each program has COUNT
expressions or statements of generated operands; each is a function of its own.
What exceptions say is compared, too, if PYTHON (default: python3) is 3.13. The
programs that differ are kept in the current folder, if KEEP is set. Left out is
what the runtime has not: % of bytes, ranges beyond 64 bits, digits that are not
ASCII, complex results. No operand is a size that memory might do for.
"""

import os
import random
import subprocess
import sys
import tempfile

COUNT = 1500
NAN = "nan"
ORDERS = ['"little"', '"big"']

INTS = ["0", "1", "-1", "2", "3", "7", "-5", "10", "100", "255", "256", "-256",
        "2**62 - 1", "2**63", "-2**63", "2**64 + 1", "10**30",
        "-3**50", "12345678901234567890", "True", "False"]
SMALL = ["0", "1", "-1", "2", "3", "4", "5", "-2", "-3", "7", "10", "-10"]
FLOATS = ["0.0", "-0.0", "1.0", "-1.5", "0.1", "2.5", "3.5", "1e16", "1e22",
          "123456789.125", "1e308", "5e-324", "1e-7", "inf", "-inf", NAN,
          "3.141592653589793", "2.675", "1e15", "0.5"]
TEXTS = ["''", "'a'", "'abc'", "'Hello, World'", "' pad '", "'a,b,,c'",
         "'123'", "'-42'", "'0x1f'", "'1_000'", "'3.25'", "'ÄÖÜß'", "'日本語'",
         "'a\\tb\\nc\\r\\nd'", "'aaaa'", "'{0}-{x!r:>5}'", "'%s and %d'",
         "'MiXed cAsE'", "'1e3'", "'nan'", "'\\u0130x'", "'x' * 20",
         "'\\x00\\x7f'", "'\"\\''", "'𝄞a'"]
BYTES = ["b''", "b'a'", "b'abc'", "b'a,b,,c'", "b' pad '", "b'\\x00\\xff'",
         "b'123'", "b'aaaa'", "b'MiXed'", "bytearray(b'')",
         "bytearray(b'xyz')", "bytearray(b'hello world')", "bytearray(5)"]
LISTS = ["[]", "[1]", "[3, 1, 2]", "[1, 2, 3, 4, 5]", "['b', 'a']", "[1, 'a']",
         "[[1], [2]]", "list(range(10))", "[0.5, 1]", "[None]"]
TUPLES = ["()", "(1,)", "(1, 2)", "(3, 1, 2)", "('a', 'b', 'c')", "((1,), 2)"]
RANGES = ["range(0)", "range(5)", "range(10, 0, -3)", "range(1, 100, 7)"]
OTHERS = ["None", "{}", "{1: 2}", "{'x': 1, 'a': 2}", "{1, 2}",
          "frozenset({3})",
          "NotImplemented", "int", "len"]
SEQUENCES = TEXTS + BYTES + LISTS + TUPLES + RANGES
ALL = INTS + FLOATS + SEQUENCES + OTHERS
SPECS = ["", "d", "5", "<8", ">8", "^9", "*^9", "08", "+", "+d", " d", ",", "_",
         ".3", ".3f", "e", ".2e", "g", "G", "x", "#x", "#o", "b", "#b", "c",
         "s", ".2s", "%", ".1%", "n", "=+8", "010.2f", "<<5", "z.1f", "5.",
         "_x", ",.2f", "é>4", "X", "#010x", "10d", "Q", "E", ".0f", "-5d"]
PERCENTS = ["%d", "%s", "%r", "%5d", "%-5d|", "%05d", "%+d", "%x", "%#x", "%o",
            "%e", "%.2f", "%g", "%c", "%%", "%5.1f", "%10s|", "%-10s|", "%i",
            "%u", "%a", "%.3s", "%X", "%q", "%", "%(x)s"]

STR_METHODS = {
    "upper": [], "lower": [], "title": [], "capitalize": [], "swapcase": [],
    "casefold": [], "strip": ["t?"], "lstrip": ["t?"], "rstrip": ["t?"],
    "split": ["t?", "i?"], "rsplit": ["t?", "i?"], "splitlines": ["b?"],
    "find": ["t", "i?", "i?"], "rfind": ["t", "i?"], "index": ["t", "i?"],
    "rindex": ["t"], "count": ["t", "i?"], "replace": ["t", "t", "i?"],
    "startswith": ["t", "i?"], "endswith": ["t", "i?"], "partition": ["t"],
    "rpartition": ["t"], "zfill": ["i"], "center": ["i", "c?"],
    "ljust": ["i", "c?"], "rjust": ["i", "c?"], "join": ["l"],
    "isdigit": [], "isalpha": [], "isalnum": [], "isspace": [], "isupper": [],
    "islower": [], "istitle": [], "isidentifier": [], "isdecimal": [],
    "isnumeric": [], "isprintable": [], "isascii": [], "encode": [],
    "expandtabs": ["i?"], "removeprefix": ["t"], "removesuffix": ["t"],
}
BYTES_METHODS = {
    "upper": [], "lower": [], "title": [], "capitalize": [], "swapcase": [],
    "strip": ["y?"], "lstrip": ["y?"], "rstrip": ["y?"], "split": ["y?", "i?"],
    "rsplit": ["y?"], "splitlines": [], "find": ["y", "i?"], "rfind": ["y"],
    "index": ["y"], "count": ["y"], "replace": ["y", "y", "i?"],
    "startswith": ["y"], "endswith": ["y"], "partition": ["y"],
    "rpartition": ["y"], "zfill": ["i"], "center": ["i"], "ljust": ["i"],
    "join": ["l"], "isdigit": [], "isalpha": [], "isspace": [], "hex": [],
    "decode": [], "isupper": [],
}
BYTEARRAY_CHANGES = {"append": ["i"], "extend": ["y"], "insert": ["i", "i"],
                     "pop": ["i?"], "remove": ["i"], "reverse": [],
                     "clear": []}
LIST_CHANGES = {"append": ["a"], "extend": ["a"], "insert": ["i", "a"],
                "pop": ["i?"], "remove": ["a"], "reverse": [], "clear": [],
                "sort": [], "index": ["a", "i?"], "count": ["a"], "copy": []}
NUMBER_METHODS = {"bit_length": [], "bit_count": [], "conjugate": [],
                  "as_integer_ratio": [], "hex": []}
UNARY = ["-{}", "+{}", "~{}", "not {}", "abs({})", "repr({})", "str({})",
         "len({})", "bool({})", "int({})", "float({})", "list({})", "tuple({})",
         "sorted({})", "min({})", "max({})", "sum({})", "bytes({})",
         "bytearray({})", "ascii({})", "round({})", "hex({})", "oct({})",
         "bin({})", "ord({})", "type({}).__name__",
         "list(iter({}))",
         "any({})", "all({})", "list(reversed({}))", "set({}) == set({})",
         "dict({})", "list(enumerate({}))", "callable({})", "f'{{{}!r}}'"]
BINARY = ["+", "-", "*", "/", "//", "%", "&", "|", "^", "==", "!=", "<", "<=",
          ">", ">=", "in", "not in", "and", "or"]


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def argument(self, kind):
        pools = {"t": TEXTS, "i": SMALL, "y": BYTES + SMALL,
                 "l": LISTS + TUPLES,
                 "c": ["'*'", "' '", "'é'", "'ab'"], "b": ["True", "False"],
                 "a": ALL}
        pool = pools[kind[0]]
        return self.rng.choice(ALL if self.rng.random() < 0.08 else pool)

    def arguments(self, kinds):
        given = []
        for kind in kinds:
            if kind.endswith("?") and self.rng.random() < 0.5:
                break
            given.append(self.argument(kind))
        return ", ".join(given)

    def bound(self):
        return self.rng.choice(SMALL + ["", "", "", "2**70", "-2**70", "None"])

    def slice(self):
        text = f"{self.bound()}:{self.bound()}"
        step = f":{self.rng.choice(SMALL)}"
        return text + (step if self.rng.random() < 0.5 else "")

    def method(self, pool, methods):
        name = self.rng.choice(list(methods))
        return f"({self.rng.choice(pool)}).{name}" \
               f"({self.arguments(methods[name])})"

    def change(self, pool, methods):
        name = self.rng.choice(list(methods))
        return [f"x = {self.rng.choice(pool)}",
                f"y = x.{name}({self.arguments(methods[name])})",
                "return x, y"]

    def binary(self):
        op = self.rng.choice(BINARY)
        a, b = self.rng.choice(ALL), self.rng.choice(ALL)
        if self.rng.random() < 0.5:
            pool = self.rng.choice([INTS + FLOATS, TEXTS, BYTES, LISTS, TUPLES])
            a, b = self.rng.choice(pool), self.rng.choice(pool)
        if op == "%" and a in BYTES:
            op = "+"
        if op == "*" and (a in SEQUENCES or b in SEQUENCES):
            a, b = (a, self.rng.choice(SMALL)) if a in SEQUENCES else \
                   (self.rng.choice(SMALL), b)
        return f"({a}) {op} ({b})"

    def power(self):
        a = self.rng.choice(INTS + FLOATS)
        return self.rng.choice([
            f"({a}) ** ({self.rng.choice(SMALL + FLOATS[:3])})",
            f"({a}) << ({self.rng.choice(SMALL)})",
            f"({a}) >> ({self.rng.choice(SMALL + ['64', '2**70'])})",
            f"pow({a}, {self.rng.choice(SMALL)}, {self.rng.choice(INTS)})",
            f"divmod({a}, {self.rng.choice(INTS + FLOATS)})",
            f"round({a}, {self.rng.choice(SMALL)})",
            f"hash({a}) == hash({self.rng.choice(INTS + FLOATS)})"])

    def convert(self):
        text = self.rng.choice(TEXTS + BYTES)
        base = self.rng.choice(["0", "2", "8", "10", "16", "36", "1", "37"])
        return self.rng.choice([
            f"int({text}, {base})", f"int({text})", f"float({text})",
            f"int.from_bytes({self.rng.choice(BYTES)}, 'big')",
            f"({self.rng.choice(INTS)}).to_bytes({self.rng.choice(SMALL)}, "
            f"{ORDERS[self.rng.random() < 0.5]})",
            f"str({self.rng.choice(BYTES)}, 'utf-8')",
            f"bytes({text}, 'latin-1')"])

    def formatted(self):
        value = self.rng.choice(INTS + FLOATS + TEXTS + LISTS)
        spec = self.rng.choice(SPECS)
        return self.rng.choice([
            f"format({value}, {spec!r})", f"f'{{{value}!r:{spec}}}'"
            if "'" not in value else f"format({value}, {spec!r})",
            f"'{{:{spec}}}'.format({value})",
            f"'{self.rng.choice(PERCENTS)}' % ({value},)",
            f"'{self.rng.choice(PERCENTS)}' % {self.rng.choice(ALL)}"])

    def sliced(self):
        pool = self.rng.choice([TEXTS, BYTES, LISTS, TUPLES, RANGES])
        key = self.slice() if self.rng.random() < 0.7 else self.bound() or "0"
        return f"({self.rng.choice(pool)})[{key}]"

    def assigned(self):
        pool = self.rng.choice([LISTS, BYTES[-4:]])
        key = self.slice() if self.rng.random() < 0.7 else self.bound() or "0"
        value = self.rng.choice(pool + BYTES + SMALL + ["range(3)"])
        action = self.rng.choice([f"x[{key}] = {value}", f"del x[{key}]",
                                  f"x += {value}", f"x *= "
                                  f"{self.rng.choice(SMALL)}"])
        return [f"x = {self.rng.choice(pool)}", action, "return x"]

    def raised(self):
        inner, outer = self.rng.choice(ALL), self.rng.choice(ALL)
        return ["try:", f"    return ({inner}) + ({outer}), {self.binary()}",
                "except TypeError as error:",
                f"    raise ValueError({self.rng.choice(ALL)}) from error",
                "except (ValueError, ArithmeticError) as error:",
                "    return type(error).__name__, error.args",
                "finally:", "    list()"]

    def body(self):
        make = self.rng.choice([
            self.binary, self.binary, self.power, self.convert, self.formatted,
            self.formatted, self.sliced, self.sliced, self.assigned,
            self.raised,
            lambda: self.rng.choice(UNARY).replace("{}", self.rng.choice(
                [v for v in ALL if "'" not in v])),
            lambda: self.method(TEXTS, STR_METHODS),
            lambda: self.method(TEXTS, STR_METHODS),
            lambda: self.method(BYTES, BYTES_METHODS),
            lambda: self.method(INTS + FLOATS, NUMBER_METHODS),
            lambda: self.change(BYTES[-4:], BYTEARRAY_CHANGES),
            lambda: self.change(LISTS, LIST_CHANGES)])
        text = make()
        return text if isinstance(text, list) else [f"return {text}"]

    def program(self):
        lines = ["inf = float('inf')", "nan = float('nan')", "found = []",
                 "def show(function):",
                 "    try:",
                 "        value = repr(function())",
                 "    except Exception as error:",
                 "        value = '! ' + type(error).__name__",
                 "        said = str(error)",
                 "    else:",
                 "        said = ''",
                 "    if ' at 0x' in value:",
                 "        value = value.split(' at 0x')[0]",
                 "    print(function.__name__, ascii(value), ascii(said))"]
        for number in range(COUNT):
            lines.append(f"def f{number}():")
            lines += ["    " + line for line in self.body()]
            lines.append(f"show(f{number})")
        return "\n".join(lines) + "\n"


def run(command, path):
    result = subprocess.run([*command, path], capture_output=True, text=True,
                            timeout=300)
    return result.stdout.split("\n"), result.stderr


def differences(path, ftfuzz, python, messages):
    theirs, error = run([python, "-S", "-W", "ignore"], path)
    ours, refused = run([ftfuzz, "run", "--no-cache"], path)
    if len(theirs) < COUNT or len(ours) != len(theirs):
        return [f"CPython: {error[-300:]}\nftfuzz: {refused[-300:]}"]
    source = open(path, encoding="utf-8").read()
    found = []
    for a, b in zip(theirs, ours):
        if not messages and a.split(" ")[1:2] == b.split(" ")[1:2] == ["'!"]:
            a, b = (line.rsplit("' ", 1)[0] for line in (a, b))
            a, b = a.split("' '")[0].split("' \"")[0], \
                b.split("' '")[0].split("' \"")[0]
        if a != b:
            name = a.split(" ")[0]
            body = source.split(f"def {name}():\n")[1].split("\nshow(")[0]
            found.append(f"{body}\n  CPython: {a}\n  ftfuzz:  {b}")
    return found


def main(ftfuzz, programs=2, seed=1, python="python3"):
    version = subprocess.run([python, "-V"], capture_output=True, text=True)
    messages = " 3.13." in version.stdout
    failed = 0
    for number in range(int(seed), int(seed) + int(programs)):
        text = Generator(random.Random(number)).program()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            found = differences(path, ftfuzz, python, messages)
        failed += len(found)
        for difference in found:
            print(f"seed {number}: {difference}")
        if found and "KEEP" in os.environ:
            with open(f"program-{number}.py", "w", encoding="utf-8") as file:
                file.write(text)
    print(int(programs) * COUNT, "expressions,", failed, "differences")
    sys.exit(failed != 0)


main(*sys.argv[1:])
