# What a class statement and __bases__ refuse: cycles, orders that contradict each other.
class B:
    pass


class C:
    pass


class D(B, C):
    pass


class J(C, B):
    pass


def make(*bases):
    try:
        print(type("Made", bases, {}).__mro__)
    except TypeError as error:
        print(" ".join(str(error).split()))


def assign(cls, bases):
    before = cls.__mro__
    try:
        cls.__bases__ = bases
        print([c.__name__ for c in cls.__mro__])
    except TypeError as error:
        print(error, cls.__mro__ is before)


make(D, J)
make(B, D)
make(B, B)
make(object, B)
assign(B, (D,))
assign(B, (B,))
assign(C, (object, J))
assign(D, (C, B))
assign(D, (J,))
assign(D, (B, C))
assign(J, ())
assign(J, [B])
print([c.__name__ for c in J.__mro__], [c.__name__ for c in B.__subclasses__()])
