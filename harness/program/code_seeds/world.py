# What damaged code finds: its globals, and its arguments. Executed before each
# code object, so it is short.


class Thing:
    def __init__(self, value=1):
        self.value = value

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return True

    def __iter__(self):
        yield self
        yield self.value

    def __lt__(self, other):
        return self.value < other

    def __getitem__(self, key):
        return [key, self.value]

    def __setitem__(self, key, value):
        self.value = value

    def __call__(self, *args, **kwargs):
        return args or kwargs

    def __del__(self):
        self.value = None


class Slots(Thing):
    __slots__ = ("x", "y")

    @property
    def both(self):
        return self.x, self.y


def call(function=len, *args, key=None, **kwargs):
    return function(*args)


def numbers(n=3):
    for i in range(n):
        got = yield i
        if got:
            yield got


thing = Thing()
slots = Slots(2)
items = [1, 2, [3]]
table = {"a": 1, 2: items, "key": thing}
group = {1, 2, "b"}
pair = (1, "two")
text = "abc"
data = b"abc"
number = 5
big = 1 << 70
real = 0.5
error = ValueError("no")
generator = numbers(4)
nothing = None

# The names of parameters.
n = step = width = index = c = d = 2
a = b = x = y = number
self = thing
other = slots
key = item = "a"
value = subject = items
kwargs = {"key": 3}
args = (items, 2)
function = call
base = cls = Thing
iterable = it = numbers(9)
