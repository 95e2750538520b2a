# Multiple inheritance: the C3 order, super() along it, attributes of classes and instances.
class Base:
    kind = "base"

    def __init__(self):
        self.trail = ["Base"]

    def who(self):
        return "Base"


class Left(Base):
    def __init__(self):
        super().__init__()
        self.trail.append("Left")

    def who(self):
        return "Left>" + super().who()


class Right(Base):
    kind = "right"

    def __init__(self):
        super().__init__()
        self.trail.append("Right")

    def who(self):
        return "Right>" + super().who()


class Both(Left, Right):
    def __init__(self):
        super().__init__()
        self.trail.append("Both")

    def who(self):
        return "Both>" + super().who()


both = Both()
print(both.who(), both.trail, both.kind)
print([c.__name__ for c in Both.__mro__])
both.kind = "mine"
print(both.kind, Both.kind, Base.kind)
del both.kind
print(both.kind)
try:
    class Impossible(Base, Left):
        pass
except TypeError:
    print("no consistent order")
