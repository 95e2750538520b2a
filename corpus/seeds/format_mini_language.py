# The small language of format specifications, for ints, floats and text, beside what it refuses.
rows = [
    (42, ["", "5", "<5", "^5", "05", "+", " d", "x", "#X", "b", "#010b", "o",
          "c", ",", "_", "e", ".1f", "%", ".2", "s"]),
    (-1234567.891, ["", ".2f", ",.1f", "015.3f", "e", "g", ".3g", "+.0f",
                    "%", "_", "^20.2f", "d", "#.0f", "z.1f"]),
    ("text", ["", "8", ">8", "*^9", ".2", "5.1", "s", "d", "+", "=8"]),
    (2 ** 70, ["", ",", "x", "_x", "#o", "30", "e"]),
    (True, ["", "d", "5"]),
    (float("nan"), ["", "08", "F"]),
]
for value, specs in rows:
    for spec in specs:
        try:
            print(repr(spec), repr(format(value, spec)))
        except (ValueError, TypeError) as error:
            print(repr(spec), type(error).__name__, error)


class Money:
    def __init__(self, cents):
        self.cents = cents

    def __format__(self, spec):
        return format(self.cents / 100, spec or ".2f") + " EUR"


width = 12
print(f"{Money(1999)}|{Money(5):>8.3f}|{'x':{'*'}^{width}}|{3.14159:.{2}f}")
print("{0!r:>8} {1[0]} {2.cents} {name}".format("q", [7], Money(1), name="n"))
print("{:>{}} {{}} {}".format("a", 4, "b"))
for template in ("{", "}", "{0} {}", "{x}", "{2}", "{!z}", "{0.nothing}"):
    try:
        print(template.format(1))
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        print(template, type(error).__name__, error)
