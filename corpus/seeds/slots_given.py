# __slots__ from whatever gives names: once each, identifiers only.
class Names:
    def __iter__(self):
        return iter(["p", "q"])


for value in ("a b", "", "1", ["x y"], {"p": 1}, iter(["q", "r"]), Names(), 3, None, (1,), "one", ["a", "a", "b"]):
    try:
        C = type("C", (), {"__slots__": value})
        print(sorted(name for name in dir(C) if not name.startswith("__")))
    except TypeError as error:
        print(error)


class Pair:
    __slots__ = {"left": "one side", "right": "the other", "left": "again"}


pair = Pair()
pair.left = pair.right = 1
try:
    pair.middle = 2
except AttributeError:
    print(pair.left, pair.right)


def names():
    yield "a"
    raise KeyError("while it gives names")


try:
    type("C", (), {"__slots__": names()})
except KeyError as error:
    print(error)
try:
    type("C", (), {"__slots__": "a", "a": 1})
except ValueError as error:
    print(error)
