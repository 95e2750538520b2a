"""Random calls of what the builtin types have: `scripts/fuzz_calls`.

A program is a list of statements on a few values that it keeps: methods,
operators, items, slices, attributes, classes and builtins, with operands that
mostly fit. Each statement prints what it gave, or which exception it raised, in
a form that does not depend on addresses, hashes or the order of sets.
"""

import random

HEADER = '''\
from collections import deque
from weakref import ref, getweakrefcount


class A:
    x = 1
    def __repr__(self):
        return type(self).__name__


class B(A):
    __slots__ = ('s',)
    def __eq__(self, other):
        return isinstance(other, A)
    def __hash__(self):
        return 7
    def __lt__(self, other):
        return self is not other
    def __len__(self):
        return 2
    def __index__(self):
        return 1


class C(A):
    def __getattr__(self, name):
        if name == 'z':
            return 'zed'
        raise AttributeError(name)
    def __iter__(self):
        yield 1
        yield 'a'
    def __getitem__(self, key):
        return [10, 20][key]
    def __bool__(self):
        raise ValueError
    def __contains__(self, item):
        return item == 1
    def __call__(self, *args):
        return len(args)


class D(B, C):
    y = property(lambda self: 'y', lambda self, value: None)
    def __add__(self, other):
        return NotImplemented if isinstance(other, str) else 'sum'
    def __radd__(self, other):
        return 'radd'


class E(Exception):
    pass


class Refusing:
    def __get__(self, instance, owner):
        raise ValueError


class Giving:
    def __get__(self, instance, owner):
        return lambda *args: 1


class K(A):
    __hash__ = __len__ = __add__ = __lt__ = Refusing()


class L(A):
    __hash__ = __len__ = __index__ = __add__ = __lt__ = __eq__ = Giving()
    __contains__ = Giving()


class Fails(A):
    def __iter__(self):
        yield 1
        raise E


class Maps(A):
    def keys(self):
        return ['a', 3]
    def __getitem__(self, key):
        return {'a': 1}[key]


def double(item):
    return item + item


CALLABLES = (type(len), type(double), type([].append), type(A().__repr__),
             type([].__add__), type(list.append), type(list.__add__))


def name_of(kind):
    name = kind.__name__
    return 'iterator' if 'iterator' in name or name == 'reversed' else name


def show(value, depth=3):
    kind = type(value)
    if kind is str and (' at 0x' in value or 'method' in value):
        return 'text'           # of an object
    if value is None or kind in (bool, float, str, bytes, range):
        return repr(value)[:80]
    if kind is int:
        return str(value % 1000003)
    if isinstance(value, type):
        return 'class ' + ('callable' if value in CALLABLES
                           else name_of(value))
    if kind is bytearray:
        return repr(value)[:80]
    if depth == 0 and not callable(value):
        return name_of(kind)
    if kind in (list, tuple, deque):
        return kind.__name__ + str([show(item, depth - 1)
                                    for item in list(value)[:12]])
    if kind in (set, frozenset):
        return kind.__name__ + str(sorted([show(item, depth - 1)
                                           for item in value]))
    if kind is dict:
        return 'dict' + str([(show(key, depth - 1), show(item, depth - 1))
                             for key, item in list(value.items())[:12]])
    if isinstance(value, A):
        return kind.__name__ + show(getattr(value, '__dict__', None),
                                    depth - 1)
    return 'callable' if callable(value) else name_of(kind)


def small(value):
    kind = type(value)
    if kind is str and show(value) == 'text':
        return False
    if kind is slice:
        return False            # hashable from 3.12 on
    if kind in (set, frozenset) and \
            len(value) > 1 and \
            [item for item in value if type(item) is not int]:
        return False            # in another order each time
    if kind is int:
        return -10 ** 9 < value < 10 ** 9
    if kind in (list, tuple, dict, set, frozenset, deque, str, bytes,
                bytearray, range):
        return len(value) < 40
    return True


def do(number, to, run):
    try:
        value = run()
    except Exception as error:
        print(number, '!', type(error).__name__)
        return
    try:
        print(number, show(value))
    except Exception as error:
        print(number, '?', type(error).__name__)
    if to >= 0 and small(value):
        v[to] = value
    for i in range(len(v)):
        if not small(v[i]):
            v[i] = i


def get(at, key):
    return at[key] if not isinstance(at, type) else None


def getitem(at, *parts):
    if type(at) is not dict and not isinstance(at, type):
        return at[slice(*parts)]


def setitem(at, value, *parts):
    if type(at) is not dict:
        at[slice(*parts)] = value


def delitem(at, *parts):
    if type(at) is not dict:
        del at[slice(*parts)]


def attributes(at, *new):
    if isinstance(at, A):
        for value in new:
            at.__dict__ = value
        return at.__dict__


def change_class(at, kind):
    """What it says: a class that may not be is refused for several reasons."""
    try:
        at.__class__ = kind
    except TypeError as error:
        return str(error)


def refer(at, *args):
    return ref(at, *args) if type(at) not in CALLABLES else None


def references(at):
    return getweakrefcount(at) if not isinstance(at, type) else None


def either(a, b):
    return a | b if type not in (type(a), type(b)) else None


def put(at, key, value):
    at[key] = value


def drop(at, key):
    del at[key]


def unpack(value):
    first, *rest = value
    return [first, rest]


def augment(value, other):
    value += other
    return value


def unite(value, other):
    if type not in (type(value), type(other)):
        value |= other
    return value


def during(at, make, change):
    it = make(at)
    first = [next(it)]
    change(at)
    return first + loop(it)


def loop(value):
    out = []
    for item in value:
        out.append(item)
        if len(out) > 5:
            break
    return out


'''

VALUES = {
    "list": ("[]", "[3, 1, 2]", "['b', 'a']", "[1, [2], (3,)]", "[A(), B()]",
             "[(1, 2), ('k', 3)]"),
    "dict": ("{}", "{'a': 1, 'b': [2]}", "{1: 'x', 2: 'y', 3: None}",
             "{B(): 1}", "{'x': 5}"),
    "set": ("set()", "{1, 2, 3}", "{'a'}", "{1, 4}"),
    "frozenset": ("frozenset()", "frozenset({1, 4})"),
    "tuple": ("()", "(1,)", "(1, 'a', None)", "((1, 2), (3, 4))"),
    "deque": ("deque()", "deque([1, 2, 3])", "deque('abc', 2)"),
    "str": ("''", "'a'", "'b a1'", "'Aa,b'", "'12'", "'\\u00e9'", "'x'"),
    "bytes": ("b''", "b'ab'", "b' 1x'", "b'\\xff'"),
    "bytearray": ("bytearray()", "bytearray(b'ab1')"),
    "int": ("0", "1", "-1", "2", "5", "True", "255", "-7", "1000"),
    "float": ("0.0", "1.5", "-2.0", "1e300"),
    "range": ("range(3)", "range(5, 0, -2)", "range(0)"),
    "instance": ("A()", "B()", "C()", "D()", "K()", "L()"),
    "source": ("Fails()", "Maps()", "[Fails()]", "[(1, 2), Fails()]",
               "(Fails(), 1)", "{1: Fails()}"),
    "class": ("A", "B", "C", "D", "K", "L", "type('F', (A,), {})",
              "type('J', (C, B), {})", "int", "list", "E"),
    "iterator": ("iter([1, 2, 3])", "iter({'a': 1, 'b': 2})", "iter('ab')",
                 "enumerate(['p', 'q'])", "zip([1, 2], 'ab')",
                 "reversed([1, 2])", "(n for n in range(3))",
                 "map(double, [1, 2])", "filter(None, [0, 1])",
                 "iter((1, 2))", "iter(range(4))", "reversed({1: 2})"),
    "view": ("{'a': 1}.keys()", "{'a': 1, 'b': 2}.values()",
             "{1: 2, 3: 4}.items()"),
    "other": ("None", "len", "NotImplemented",
              "A.x", "Exception('m')", "KeyError(1, 2)"),
}

METHODS = {
    "list": "append clear copy count extend index insert pop remove reverse "
            "sort __len__ __contains__ __iter__ __reversed__ __init__ "
            "__setitem__ __delitem__ __getitem__ __eq__",
    "dict": "clear copy get items keys pop popitem setdefault update values "
            "fromkeys __len__ __contains__ __iter__ __reversed__ __init__ "
            "__setitem__ __delitem__ __getitem__ __eq__",
    "set": "add clear copy difference difference_update discard intersection "
           "intersection_update isdisjoint issubset issuperset remove "
           "symmetric_difference symmetric_difference_update union update "
           "__len__ __contains__ __init__ __eq__ __and__ __sub__ __xor__",
    "frozenset": "copy difference intersection isdisjoint issubset "
                 "issuperset symmetric_difference union __le__",
    "tuple": "count index __len__ __contains__ __getitem__",
    "deque": "append appendleft clear copy count extend extendleft index "
             "insert pop popleft remove reverse rotate maxlen __len__ "
             "__contains__ __getitem__ __setitem__ __delitem__",
    "str": "capitalize casefold center count endswith expandtabs find index "
           "isalnum isalpha isascii isdecimal isdigit isidentifier islower "
           "isnumeric isprintable isspace istitle isupper join ljust lower "
           "lstrip partition removeprefix removesuffix replace rfind rindex "
           "rjust rpartition rsplit rstrip split startswith strip "
           "swapcase title upper zfill encode __contains__",
    "bytes": "capitalize center decode index isalnum "
             "isalpha isdigit islower isspace isupper join ljust lower lstrip "
             "partition replace rfind rjust rpartition rsplit rstrip split "
             "strip swapcase title upper zfill",
    "bytearray": "append clear copy decode "
                 "insert join pop remove replace reverse split "
                 "upper __setitem__ __delitem__ __getitem__",
    "int": "bit_length bit_count conjugate as_integer_ratio __eq__ "
           "__lt__ __floordiv__ __neg__ __index__",
    "float": "conjugate as_integer_ratio __eq__ "
             "__lt__ __floordiv__",
    "range": "count index start stop step __len__ __contains__ __getitem__",
    "instance": "x y z s __len__ __eq__ __lt__ "
                "__iter__ __getitem__ __index__",
    "source": "x __iter__ keys __getitem__",
    "class": "__name__ __bases__ __mro__ x",
    "iterator": "__next__ __iter__ send throw close",
    "view": "__len__ __contains__ __iter__ isdisjoint __and__ "
            "__sub__ __xor__ __eq__ __le__ __lt__ __reversed__",
    "other": "args",
}

BUILTINS = (
    "abs all any ascii bool bytearray bytes callable chr deque dict divmod "
    "enumerate filter float frozenset getattr hasattr int isinstance iter "
    "issubclass len list loop map max min next range reversed round set "
    "setattr delattr sorted str sum tuple type unpack zip "
    "dict.fromkeys augment unite put drop references "
    "object refer repr").split()
# What takes any iterable.
CONSUMERS = (
    "list tuple set frozenset dict deque bytes bytearray sum min max sorted "
    "any all enumerate unpack loop dict.fromkeys ''.join b','.join "
    "{1,2}.update {1}.union {1}.issuperset {'a':1}.update [0].extend "
    "deque('ab').extend deque('ab').extendleft").split()
ATTRIBUTES = ("x", "y", "z", "s", "__class__",
              "__bases__", "new")
KEYWORDS = ("key", "default", "reverse", "x", "start", "strict", "sep",
            "maxsplit", "maxlen", "end", "keepends")
BINARY = ("+ - & ^ // / < <= > >= == != in and or").split() + ["not in"]
OF_THE_KIND = ("__init__", "__name__", "__eq__", "__lt__", "__le__")
CHANGES = ("at.append({})", "at.add({})", "at.clear()", "at.pop()",
           "at.popleft()", "at.popitem()", "put(at, {}, 1)", "drop(at, {})",
           "at.remove({})", "at.update({})")
# What stands on one side of a comparison, for the other.
ALIKE = {"set": ("set", "frozenset", "view"), "frozenset": ("set", "view"),
         "view": ("view", "set"), "int": ("int", "float"),
         "list": ("list", "iterator"), "bytes": ("bytes", "bytearray")}
KEPT = 8
FAVOURITES = 3


class Writer:
    """Each program prefers a few kinds, so that these meet."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.favourites = self.rng.sample(list(VALUES), FAVOURITES)

    def one_in(self, n):
        return self.rng.randrange(n) == 0

    def value(self, kind=None):
        """An expression: something kept, or new."""
        if kind is None and not self.one_in(3):
            return f"v[{self.rng.randrange(KEPT)}]"
        return self.rng.choice(VALUES[kind or self.kind()])

    def kind(self):
        return self.rng.choice(list(VALUES) if self.one_in(3)
                               else self.favourites)

    def arguments(self, most=3):
        """Mostly one."""
        n = min(self.rng.choice((0, 1, 1, 1, 2, 2, 3)), most)
        out = [self.value(self.rng.choice((None, None, "int", self.kind())))
               for _ in range(n)]
        if self.one_in(12):
            out.append("*" + self.value("tuple"))
        if self.one_in(10):
            out.append(f"{self.rng.choice(KEYWORDS)}={self.value()}")
        if self.one_in(30):
            out.append("**" + self.value("dict"))
        return ", ".join(out)

    def method(self):
        kind = self.kind()
        name = self.rng.choice(METHODS[kind].split())
        # Of one that is kept, the kind is not known.
        kept = name not in OF_THE_KIND and self.one_in(2)
        on = self.value(None if kept else kind)
        return f"({on}).{name}" + (
            "" if self.one_in(12) else f"({self.arguments()})")

    def builtin(self):
        return f"{self.rng.choice(BUILTINS)}({self.arguments()})"

    def consume(self):
        """An iterable, which may fail on the way."""
        of = self.rng.choice((None, "source", "source", self.kind()))
        return f"{self.rng.choice(CONSUMERS)}({self.value(of)})"

    def binary(self):
        a, b = self.value(), self.value()
        if self.one_in(3):
            kind = self.kind()
            a = self.value(kind)
            b = self.value(self.rng.choice(ALIKE.get(kind, (kind,))))
        return f"{a} {self.rng.choice(BINARY)} {b}" if not self.one_in(15) \
            else f"either({a}, {b})"

    def product(self):
        return f"{self.value()} * {self.rng.randrange(-1, 4)}"

    def item(self):
        on = self.value(self.rng.choice((None, "list", "dict", "tuple")))
        if self.one_in(3):
            parts = ", ".join(self.rng.choice(("None", "-3", "-1", "0", "1",
                                               "2", "4")) for _ in range(3))
            return self.rng.choice((
                f"getitem({on}, {parts})", f"delitem({on}, {parts})",
                f"setitem({on}, {self.value()}, {parts})"))
        key = self.value(self.rng.choice((None, "int", "str")))
        return self.rng.choice((f"get({on}, {key})", f"drop({on}, {key})",
                                f"put({on}, {key}, {self.value()})"))

    def attribute(self):
        on = self.value(self.rng.choice((None, "instance", "class")))
        if on in ("A", "int", "list", "E"):
            on = "C"
        name = self.rng.choice(ATTRIBUTES)
        bases = ("(A,)", "(C,)", "(B, C)", "(A, C)", "(object,)", "()", "A")
        value = self.rng.choice(bases) if name == "__bases__" else \
            self.value("class" if name == "__class__" else None)
        return self.rng.choice((
            f"getattr({on}, '{name}')", f"setattr({on}, '{name}', {value})",
            f"setattr({on}, '{name}', {value})", f"delattr({on}, '{name}')",
            f"hasattr({on}, '{name}')", f"getattr({on}, '{name}', 4)",
            f"attributes({on})", f"attributes({on}, {value})",
            f"change_class({on}, {self.value('class')})",
            f"setattr(C, '__qualname__', {self.value('str')})",
            f"setattr(B, '__name__', {self.value('str')})"))

    def iterate(self):
        """What an iterator sees of a change."""
        on = self.value(self.rng.choice((None, "list", "dict", "set",
                                         "deque")))
        change = self.rng.choice(CHANGES).format(self.value())
        how = self.rng.choice(("iter", "reversed", "lambda at: "
                               "iter(at.items())", "enumerate"))
        return f"during({on}, {how}, lambda at: {change})"

    def make(self):
        a, b, c = (self.value() for _ in range(3))
        names = "'x', 'y'" if self.one_in(2) else "'x',"
        first, second = (self.rng.choice(VALUES["class"]) for _ in range(2))
        return self.rng.choice((
            f"[{a}, {b}]", f"({a}, {b}, {c})", f"{{{a}: {b}}}",
            f"{{{a}, {b}}}", f"[*{a}, {b}]", f"{{**{a}, 'k': {b}}}",
            f"[n for n in loop({a})]", f"{{n: {b} for n in loop({a})}}",
            f"type('G', ({first}, {second}), {{'x': {a}}})",
            f"type('H', (A,), {{'__slots__': ({names})}})",
            f"type('I', ({first},), {{}})()", f"{first}({self.arguments(1)})",
            f"{a} if {b} else {c}", f"not {a}", f"-{a}", f"~{a}",
            "f'{v[1]!r:.5}{v[2]:>3}' if type(v[2]) is type(v[1]) is str else 0",
            f"ref({self.value('instance')})",
            f"refer({self.value('instance')}, {b}, {c})"))

    def statement(self):
        return self.rng.choices(
            (self.method, self.builtin, self.binary, self.product, self.item,
             self.attribute, self.iterate, self.make, self.consume),
            (8, 6, 4, 1, 3, 3, 2, 4, 2))[0]()


def program(seed, statements):
    w = Writer(seed)
    lines = [f"v = [{', '.join(w.value(w.kind()) for _ in range(KEPT))}]"]
    for n in range(statements):
        to = w.rng.randrange(-1, KEPT)
        lines.append(f"do({n}, {to}, lambda: {w.statement()})")
    lines.append("print([show(value) for value in v])")
    return HEADER + "\n".join(lines) + "\n"
