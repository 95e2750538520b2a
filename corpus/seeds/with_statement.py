# Context managers: order of entering and leaving, suppression, return out of a body.
class Manager:
    def __init__(self, name, suppress=False):
        self.name = name
        self.suppress = suppress

    def __enter__(self):
        print("enter", self.name)
        return self.name

    def __exit__(self, kind, value, traceback):
        what = None if kind is None else kind.__name__
        print("exit", self.name, what)
        return self.suppress


with Manager("a") as a, Manager("b") as b:
    print("body", a, b)
with Manager("outer", True):
    with Manager("inner"):
        raise KeyError("x")
print("suppressed")


def leave():
    for i in range(3):
        with Manager(i):
            if i == 1:
                return "returned"


print(leave())
try:
    with Manager("not"):
        raise ValueError("passes")
except ValueError as error:
    print(error)
try:
    with 3:
        pass
except TypeError as error:
    print(error)
