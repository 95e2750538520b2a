# match: values, captures, alternatives, sequences with a star, mappings, classes, guards.
class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def describe(value):
    match value:
        case 0:
            return "zero"
        case None | True | False:
            return "singleton"
        case "a" | "b" as letter:
            return "letter " + letter
        case int(n) if n > 100:
            return f"large {n}"
        case int():
            return "int"
        case []:
            return "empty"
        case [x]:
            return f"one {x}"
        case [1, *rest]:
            return f"one and {rest}"
        case [a, [b, c], *_]:
            return f"nested {a} {b} {c}"
        case {"kind": "circle", "r": r}:
            return f"circle {r}"
        case {"kind": kind}:
            return f"kind {kind}"
        case Point(0, y):
            return f"on the axis at {y}"
        case Point(x=x, y=y) if x == y:
            return f"diagonal {x}"
        case Point(x, y):
            return f"point {x} {y}"
        case str(s):
            return f"str {s!r}"
        case _:
            return "something else"


values = [0, None, True, "a", "b", "c", 101, 7, [], [5], [1, 2, 3], [2, [3, 4], 5], [2, 3], (9,), {"kind": "circle", "r": 2},
          {"kind": "box"}, {}, Point(0, 3), Point(2, 2), Point(1, 2), 2.5]
for value in values:
    print(describe(value))


def loop(items):
    found = []
    for item in items:
        match item:
            case ("skip", _):
                continue
            case ("stop",):
                break
            case ("add", n):
                found.append(n)
    return found


print(loop([("add", 1), ("skip", 2), ("add", 3), ("stop",), ("add", 4)]))
