# vocabulary.py: run by the interpreter under test: which operations there are
# on which objects. Kinds of objects are listed here; what can be done with each
# is found by looking at its type, and the shapes of arguments by trial on a
# fresh object. Prints JSON: a list of {"name", "make", "ops"}, where an
# operation is an expression of the object o. Arguments: the kinds, else all.

import importlib
import json
import os
import re
import resource
import select
import signal
import sys
import time
import warnings

# name: expression that makes one.
KINDS = {
    "list": "[1, 2, 3, 'a', 4.5]",
    "list of lists": "[[i] for i in range(8)]",
    "big list": "list(range(100))",
    "dict": "{'a': 1, 'b': 2, 3: 'c'}",
    "big dict": "dict.fromkeys(range(64), 0)",
    "dict keys": "{'a': 1, 'b': 2}.keys()",
    "dict items": "{'a': 1, 'b': 2}.items()",
    "set": "{1, 2, 3, 'a'}",
    "big set": "set(range(64))",
    "frozenset": "frozenset((1, 2, 3))",
    "tuple": "(1, 2, [3], 'a')",
    "str": "'hello world'",
    "bytes": "b'hello world'",
    "bytearray": "bytearray(b'hello world')",
    "memoryview": "memoryview(bytearray(b'hello world'))",
    "int": "12345678901234567890",
    "float": "3.5",
    "complex": "(1 + 2j)",
    "slice": "slice(1, 5, 2)",
    "range": "range(10)",
    "object": "type('C', (), {})()",
    "object with slots":
        "type('S', (), {'__slots__': ('a', 'b', '__weakref__')})()",
    "class": "type('C', (), {'x': 1, 'f': lambda self: 1})",
    "subclass of list": "type('L', (list,), {})([1, 2, 3])",
    "subclass of dict": "type('D', (dict,), {})(a=1, b=2)",
    "function": "(lambda x=1, *, y=2: (x, y))",
    "code": "(lambda x: x + 1).__code__",
    "bound method": "[1, 2].append",
    "property": "property(lambda self: 1)",
    "classmethod": "classmethod(lambda cls: 1)",
    "staticmethod": "staticmethod(lambda: 1)",
    "super": "super(list, [1])",
    "cell": "(lambda a: (lambda: a))(1).__closure__[0]",
    "mappingproxy": "type('C', (), {'x': 1}).__dict__",
    "module": "types.ModuleType('m')",
    "namespace": "types.SimpleNamespace(a=1, b=2)",
    "generic alias": "list[int]",
    "union": "int | str",
    "exception": "ValueError('a', 1)",
    "exception group": "ExceptionGroup('g', [ValueError(1), TypeError(2)])",
    "os error": "OSError(2, 'no', 'file')",
    "weakref": "weakref.ref(threading.Thread)",
    "weak set": "weakref.WeakSet([list, dict])",
    "weak dict": "weakref.WeakValueDictionary({'a': list})",
    "weak key dict": "weakref.WeakKeyDictionary({list: 1})",
    "generator": "(x for x in range(20))",
    "list iterator": "iter(list(range(20)))",
    "reversed list": "reversed(list(range(20)))",
    "tuple iterator": "iter(tuple(range(20)))",
    "dict iterator": "iter(dict.fromkeys(range(20)))",
    "dict item iterator": "iter(dict.fromkeys(range(20)).items())",
    "set iterator": "iter(set(range(20)))",
    "str iterator": "iter('abcdefghijklmnop')",
    "str iterator wide": "iter('abc\\u0400\\u0401\\u0402def')",
    "bytes iterator": "iter(b'abcdefghijklmnop')",
    "bytearray iterator": "iter(bytearray(b'abcdefghijklmnop'))",
    "range iterator": "iter(range(20))",
    "long range iterator": "iter(range(10**20, 10**20 + 20))",
    "memoryview iterator": "iter(memoryview(b'abcdefghijkl'))",
    "callable iterator": "iter([1, 2, 3, 4, 5, 6].pop, 1)",
    "enumerate": "enumerate(list(range(20)))",
    "big enumerate": "enumerate(list(range(20)), 2**63 - 3)",
    "zip": "zip(range(20), list(range(20)))",
    "map": "map(str, range(20))",
    "filter": "filter(None, range(20))",
    "reversed": "reversed(range(20))",
    "sequence iterator":
        "iter(type('Q', (), {'__getitem__': lambda s, i: [1, 2, 3, 4][i]})())",
    "array iterator": "iter(array.array('i', range(20)))",
    "count": "itertools.count()",
    "count step": "itertools.count(0.5, 0.5)",
    "big count": "itertools.count(2**63 - 4)",
    "cycle": "itertools.cycle([1, 2, 3])",
    "repeat": "itertools.repeat('a', 40)",
    "chain": "itertools.chain([1, 2, 3], [4, 5], (6, 7))",
    "accumulate": "itertools.accumulate(range(20))",
    "batched": "itertools.batched(range(40), 3)",
    "combinations": "itertools.combinations(range(6), 3)",
    "combinations with replacement":
        "itertools.combinations_with_replacement(range(5), 3)",
    "permutations": "itertools.permutations(range(5), 3)",
    "product": "itertools.product(range(4), range(4))",
    "compress": "itertools.compress(range(20), [1, 0] * 10)",
    "dropwhile": "itertools.dropwhile(lambda x: x < 3, range(20))",
    "takewhile": "itertools.takewhile(lambda x: x < 15, range(20))",
    "filterfalse": "itertools.filterfalse(lambda x: x % 3, range(30))",
    "groupby": "itertools.groupby([1, 1, 2, 2, 3, 3, 4, 4])",
    "islice": "itertools.islice(range(40), 1, 30, 2)",
    "pairwise": "itertools.pairwise(range(20))",
    "starmap": "itertools.starmap(pow, [(2, i) for i in range(20)])",
    "tee": "itertools.tee(range(30))[0]",
    "zip longest": "itertools.zip_longest(range(10), range(20))",
    "deque": "collections.deque([1, 2, 3, 4], 10)",
    "deque iterator": "iter(collections.deque(range(20)))",
    "defaultdict": "collections.defaultdict(list, a=[1])",
    "OrderedDict": "collections.OrderedDict(a=1, b=2, c=3)",
    "ordered iterator": "iter(collections.OrderedDict(a=1, b=2, c=3))",
    "Counter": "collections.Counter('hello world')",
    "ChainMap": "collections.ChainMap({'a': 1}, {'b': 2})",
    "namedtuple": "collections.namedtuple('P', 'x y')(1, 2)",
    "UserDict": "collections.UserDict(a=1)",
    "partial": "functools.partial(max, 1, 2)",
    "lru cache": "functools.lru_cache(4)(lambda x=1: [x])",
    "unbounded cache": "functools.lru_cache(None)(lambda x=1: [x])",
    "cached property":
        "type('P', (), {'x': functools.cached_property(lambda s: [1])})()",
    "singledispatch": "functools.singledispatch(lambda x: x)",
    "cmp_to_key": "functools.cmp_to_key(lambda a, b: 0)(1)",
    "StringIO": "io.StringIO('line 1\\nline 2\\nline 3\\n')",
    "BytesIO": "io.BytesIO(b'line 1\\nline 2\\nline 3\\n')",
    "TextIOWrapper": "io.TextIOWrapper(io.BytesIO(b'line 1\\nline 2\\n'))",
    "BufferedReader": "io.BufferedReader(io.BytesIO(b'line 1\\nline 2\\n'))",
    "BufferedWriter": "io.BufferedWriter(io.BytesIO())",
    "BufferedRandom": "io.BufferedRandom(io.BytesIO(b'abcdef'))",
    "newline decoder": "io.IncrementalNewlineDecoder(None, True)",
    "Struct": "struct.Struct('<iq')",
    "unpack iterator": "struct.iter_unpack('<h', bytes(40))",
    "array": "array.array('i', [1, 2, 3, 4])",
    "array of double": "array.array('d', [1.0, 2.0])",
    "pattern": "re.compile('(l+)(o)')",
    "match": "re.match('(h)(e)', 'hello')",
    "scanner": "re.compile('l').scanner('hello lll world lll')",
    "finditer": "re.finditer('l', 'hello world lllll')",
    "json scanner": "json.decoder.JSONDecoder()",
    "json encoder": "json.encoder.JSONEncoder()",
    "Random": "random.Random(1)",
    "Decimal": "decimal.Decimal('1.5')",
    "decimal context": "decimal.Context()",
    "date": "datetime.date(2024, 1, 2)",
    "datetime": "datetime.datetime(2024, 1, 2, 3, 4)",
    "timedelta": "datetime.timedelta(1, 2)",
    "timezone": "datetime.timezone(datetime.timedelta(hours=1))",
    "Pickler": "pickle.Pickler(io.BytesIO())",
    "Unpickler": "pickle.Unpickler(io.BytesIO(pickle.dumps([1, 2, {}])))",
    "csv reader": "csv.reader(['a,b', 'c,d'] * 10)",
    "csv writer": "csv.writer(io.StringIO())",
    "expat parser": "pyexpat.ParserCreate()",
    "Element":
        "xml.etree.ElementTree.fromstring('<a x=\"1\"><b/><c>t</c></a>')",
    "TreeBuilder": "xml.etree.ElementTree.TreeBuilder()",
    "XMLParser": "xml.etree.ElementTree.XMLParser()",
    "element iterator":
        "xml.etree.ElementTree.fromstring('<a><b/><c/><d/><e/></a>').iter()",
    "md5": "hashlib.md5(b'a')",
    "sha256": "hashlib.sha256(b'a')",
    "sha3": "hashlib.sha3_256(b'a')",
    "blake2": "hashlib.blake2b(b'a')",
    "Context": "contextvars.copy_context()",
    "ContextVar": "contextvars.ContextVar('v', default=1)",
    "SimpleQueue": "queue.SimpleQueue()",
    "Queue": "queue.Queue()",
    "heap": "[1, 3, 5, 7, 9]",
    "Profiler": "_lsprof.Profiler()",
    "decoder": "codecs.getincrementaldecoder('utf-8')()",
    "local": "threading.local()",
    "Lock": "threading.Lock()",
    "RLock": "threading.RLock()",
    "Condition": "threading.Condition()",
    "Semaphore": "threading.Semaphore(1)",
    "Event": "threading.Event()",
    "enum": "enum.Enum('E', 'A B C')",
    "flag": "enum.Flag('F', 'A B C')",
    "dataclass": "dataclasses.make_dataclass('D', ['x', 'y'])(1, 2)",
    "TypeVar": "typing.TypeVar('T')",
    "attrgetter": "operator.attrgetter('real')",
    "itemgetter": "operator.itemgetter(1)",
    "methodcaller": "operator.methodcaller('upper')",
    "symtable": "symtable.symtable('x = 1', 'f', 'exec')",
    "ast": "ast.parse('x = 1 + y')",
    "tokens":
        "tokenize.generate_tokens(io.StringIO('x = 1\\ny = 2\\n' * "
        "5).readline)",
    "async generator": "(lambda: (x async for x in [1]))()",
    "ucd": "unicodedata.ucd_3_2_0",
    "zone": "zoneinfo.ZoneInfo.from_file(io.BytesIO(bytes.fromhex("
            "'545a6966320000000000000000000000000000000000000000000000000000"
            "0100000001000000040000000000005554430000545a696632000000000000"
            "00000000000000000000000000000000000001000000010000000400000000"
            "00005554430a5554433')))",
}

# Operations on any object, where they can be done.
COMMON = """len(o)
list(o)
tuple(o)
sorted(o, key=id)
set(o)
dict(o)
iter(o)
next(o)
next(iter(o))
repr(o)
str(o)
hash(o)
bool(o)
dir(o)
vars(o)
copy.copy(o)
copy.deepcopy(o)
pickle.dumps(o)
o == o
o < o
o + o
o * 2
o | o
o & o
o - o
o ^ o
o[0]
o[-1]
o['a']
o[1:3]
o[:]
o.__setitem__(0, 1)
o.__setitem__('a', 1)
o.__setitem__(slice(0, 2), [1, 2])
o.__setitem__(slice(None), [])
o.__delitem__(0)
o.__delitem__('a')
o.__delitem__(slice(0, 2))
o.__iadd__(o)
o.__iadd__([1])
o.__ior__(o)
o.__imul__(2)
o.__init__()
o.__init__(o)
o.__init__([1, 2])
o.__reduce__()
o.__reduce_ex__(4)
o.__setstate__(o.__reduce__()[2])
o.__getstate__()
o.__sizeof__()
o.__length_hint__()
o.__class__
o.__dict__
o.__dict__.clear()
o.__dict__.update(x=1)
o.__doc__
o()
o(1)
o('a')
o(o)
1 in o
setattr(o, 'x', 1)
setattr(o, 'f', lambda *a: 1)
getattr(o, 'x')
getattr(o, 'f')
delattr(o, 'x')
setattr(type(o), 'x', 1)
setattr(o, '__class__', type(o))
isinstance(1, o)
weakref.ref(o)
weakref.ref(o, print)
weakref.getweakrefs(o)
gc.get_referents(o)
gc.is_tracked(o)
sys.getsizeof(o)
memoryview(o)
bytes(o)
min(o)
max(o)
sum(o)
any(o)
all(o)
''.join(o)
b''.join(o)
zip(o, o)
list(zip(o, o))
enumerate(o)
list(map(str, o))
reversed(o)
[x for x in o]
{x: 1 for x in o}
[*o, *o]
itertools.tee(o)
list(itertools.islice(o, 3))
collections.deque(o, 3)
heapq.heapify(o)
heapq.heappush(o, 1)
heapq.heappop(o)
bisect.insort(o, 2)
random.shuffle(o)
json.dumps(o)
struct.pack_into('<h', o, 0, 1)
struct.unpack_from('<h', o)
array.array('i', o)
o.__subclasses__()
o.mro()
type('C', (o,), {})
setattr(o, '__bases__', o.__bases__)
setattr(o, '__name__', 'n')
setattr(o, '__qualname__', 'n')
setattr(o, '__code__', (lambda: 1).__code__)
setattr(o, '__defaults__', (1,))
setattr(o, '__kwdefaults__', {'y': 3})
setattr(o, '__annotations__', {})
setattr(o, 'default_factory', dict)
setattr(o, 'cell_contents', [1])
o.cell_contents
setattr(o, '__dict__', {'x': 2})
setattr(o, '__traceback__', None)
setattr(o, '__context__', ValueError())
setattr(o, '__cause__', None)
setattr(o, 'args', (1,))
gc.collect()""".splitlines()

ARGUMENTS = ["", "1", "0", "'a'", "b'a'", "o", "[1, 2]", "b'ab\\n'", "'a\\n'",
             "lambda *a: 1", "None", "2, 3", "'a', 1", "0, 1", "'a', 'b'",
             "b'a', b'b'", "{'a': 1}", "-1", "1.5", "list", "o, o",
             "bytearray(4)", "slice(0, 2)", "'<a/>'", "1, 2, 3",
             "io.BytesIO()", "'utf-8'"]
ARGUMENTS_KEPT = 4              # of a method

# They wait, end or leave the process, or are about all of it.
AVOIDED = {"acquire", "wait", "join", "__subclasshook__", "__class_getitem__",
           "__new__", "__init_subclass__", "__getattribute__", "fileno",
           "detach", "breakpoint", "run", "ParseFile", "__del__", "monitoring",
           "__dir__", "__format__", "fromfile", "tofile", "_wait", "get",
           "enter_context"}
# Whose "get" does not wait.
GET_IS_FAST = {"dict", "subclass of dict", "big dict", "defaultdict", "enum",
               "OrderedDict", "Counter", "mappingproxy", "Context", "weak dict",
               "weak key dict", "ContextVar", "Element", "UserDict", "ChainMap"}
SECONDS = 1                     # for one trial
KIND_SECONDS = 20               # for all of a kind
# All of these would take for ever: they are only stepped.
ENDLESS = {"count", "count step", "big count", "cycle"}
STEPS = """next(o)
repr(o)
copy.copy(o)
pickle.dumps(o)
o.__reduce__()
o.__next__()
o.__iter__()
o.__setstate__(o.__reduce__()[2])
list(itertools.islice(o, 3))
zip(o, [1, 2])
list(zip([1, 2], o))
itertools.tee(o)
gc.get_referents(o)
gc.collect()""".splitlines()
# Who waits for these is woken: a deadlock is not the program's. Not tried: some
# wait.
TAKEN = ["o.__enter__() and o.__exit__(None, None, None)",
         "o.acquire(False) and o.release()",
         "o.acquire(timeout=0.01) and o.release()", "repr(o)",
         "weakref.ref(o)", "gc.collect()"]
LOCKS = {
    "Lock": [*TAKEN, "o.locked()"],
    "RLock": [*TAKEN, "o._is_owned()"],
    "Semaphore": TAKEN,
    "Condition": [
        *TAKEN,
        "o.__enter__() and (o.wait(0.01), o.__exit__(None, None, None))",
        "o.__enter__() and (o.notify_all(), o.__exit__(None, None, None))"],
    "Event": ["o.set()", "o.clear()", "o.is_set()", "o.wait(0)",
              "o.wait(0.01)", "repr(o)", "weakref.ref(o)"],
}
MEMORY = 512 << 20              # some iterators have no end


class TooLong(BaseException):
    pass


def give_up(*_):
    raise TooLong


def names():
    out = {}
    for name in NAMES:
        try:
            module = importlib.import_module(name)
            out[name.split(".")[0]] = sys.modules[name.split(".")[0]]
        except ImportError:
            pass
    return out


NAMES = """types weakref threading itertools collections functools io struct
array re json json.decoder json.encoder random decimal datetime pickle csv
pyexpat xml.etree.ElementTree hashlib contextvars queue _lsprof codecs enum
dataclasses typing operator symtable ast tokenize unicodedata zoneinfo copy gc
sys heapq bisect""".split()


def works(make, op, scope):
    """Whether the operation can be done on a fresh object: what it raises for
    the object's state is fine, what it raises for its form is not."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        try:
            o = eval(make, scope)
            eval(op, dict(scope, o=o))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return True
    except (StopIteration, IndexError, KeyError, RuntimeError, EOFError):
        return True
    except (TooLong, Exception):
        return False


def operations(name, make, scope):
    """Yields what can be done."""
    if name in LOCKS:
        yield from LOCKS[name]
        return
    if name in ENDLESS:
        yield from (op for op in STEPS if works(make, op, scope))
        return
    for op in COMMON:
        if works(make, op, scope):
            yield op
    o = eval(make, scope)
    for method in dir(o):
        if method in AVOIDED and not (method == "get" and name in GET_IS_FAST):
            continue
        if method.startswith("__") and name in ("module", "enum", "flag"):
            continue
        try:
            value = getattr(o, method)
        except Exception:
            continue
        if not callable(value):
            if not method.startswith("__"):
                yield "o.%s" % method
            continue
        kept = 0
        for arguments in ARGUMENTS:
            op = "o.%s(%s)" % (method, arguments)
            if op not in COMMON and works(make, op, scope):
                yield op
                kept += 1
                if kept == ARGUMENTS_KEPT:
                    break


def try_kind(name, make, scope):
    """In a process of its own, which may crash or never come back: what it
    has found until then counts."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        for op in operations(name, make, scope):
            os.write(write, op.encode() + b"\n")
        os._exit(0)
    os.close(write)
    deadline = time.monotonic() + KIND_SECONDS
    data = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([read], [], [], left)[0]:
            os.kill(child, signal.SIGKILL)
            break
        part = os.read(read, 65536)
        if not part:
            break
        data += part
    os.close(read)
    os.waitpid(child, 0)
    return data.decode().split("\n")[:-1]


def limit_memory():
    """To what it has, which under ThreadSanitizer is terabytes, and MEMORY."""
    with open("/proc/self/status") as file:
        has = re.search(r"VmData:\s*(\d+) kB", file.read())
    most = int(has[1]) * 1024 + MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def main():
    warnings.simplefilter("ignore")
    limit_memory()
    signal.signal(signal.SIGALRM, give_up)
    answer = os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    scope = names()
    out = []
    for name, make in KINDS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        if works(make, "1", scope):
            out.append({"name": name, "make": make,
                        "ops": try_kind(name, make, scope)})
    with open(answer, "w") as file:
        json.dump({"version": sys.version, "imports": NAMES, "kinds": out},
                  file)


main()
