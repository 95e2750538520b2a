# Which operand is asked first: the left one, unless the right one's class derives from its own.
class Base:
    def __init__(self, name):
        self.name = name

    def __add__(self, other):
        print("  add", self.name)
        return NotImplemented

    def __radd__(self, other):
        print("  radd", self.name)
        return NotImplemented


class Same(Base):
    pass


class Other(Base):
    def __radd__(self, other):
        print("  own radd", self.name)
        return "sum"


class Left:
    def __add__(self, other):
        print("  add of the left alone")
        return NotImplemented


def add(a, b):
    print(type(a).__name__, type(b).__name__)
    try:
        print(" ", a + b)
    except TypeError as error:
        print(" ", error)


add(Base("a"), Base("b"))
add(Base("a"), Same("b"))
add(Same("a"), Base("b"))
add(Base("a"), Other("b"))
add(Other("a"), Base("b"))
add(Other("a"), Other("b"))
add(Left(), Base("b"))
add(Left(), Other("b"))
add(Base("a"), Left())
add(1, Other("b"))
add(Other("a"), 1)
