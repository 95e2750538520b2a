# __init_subclass__, __set_name__, type() with three arguments, class attributes in order.
class Field:
    def __set_name__(self, owner, name):
        self.name = name
        self.owner = owner.__name__


class Base:
    known = []

    def __init_subclass__(cls):
        cls.known.append(cls.__name__)


class A(Base):
    first = Field()
    second = Field()


class B(A):
    pass


print(Base.known, A.first.name, A.second.owner)
C = type("C", (A,), {"value": 7, "get": lambda self: self.value})
print(C.__name__, C().get(), C.__bases__, isinstance(C(), Base), issubclass(C, A), Base.known)
print(A.__name__, A.__qualname__, A.__module__)
