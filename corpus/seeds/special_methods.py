# Special methods: arithmetic and its reflections, comparison, containers, calling, truth.
from collections import deque


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"Vector({self.x}, {self.y})"

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __bool__(self):
        return self.x != 0 or self.y != 0

    def __call__(self, *args, **kwargs):
        return args, kwargs

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return (self.x, self.y)[i]

    def __contains__(self, v):
        return v == self.x or v == self.y


a = Vector(1, 2)
b = Vector(3, 4)
print(a + b, a * 3, 3 * a, -a, a == Vector(1, 2), a != b)
c = a
c += b
print(a is c, a, bool(Vector(0, 0)), len(a), a[1], 6 in a, a(1, k=2))
print({Vector(1, 1): "v"}[Vector(1, 1)])
try:
    a + 1
except AttributeError as error:
    print(error)


# A sequence that cannot add the other asks it, in place, too.
class Right:
    def __radd__(self, left):
        return type(left).__name__

    def __index__(self):
        return 1

    def __iter__(self):
        return iter((1, 2))


for left in ([1], (1,), "a", b"a", bytearray(b"a"), deque("ab")):
    before = left
    print(left + Right(), end=" ")
    left += Right()
    print(left, before)
try:
    print(b"a" + 1)
except TypeError as error:
    print(error)
try:
    deque([], Right())
except TypeError:
    print("TypeError")
print(issubclass(1, ()))
