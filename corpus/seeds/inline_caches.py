# What a call site, a store or an operation has learned is forgotten in time.
class Animal:
    def speak(self):
        return "?"


class Dog(Animal):
    def speak(self):
        return "woof"


class Slots:
    __slots__ = ("value",)

    def speak(self):
        return "slots"


def ask(animal):
    return animal.speak()


dog = Dog()
print([ask(dog) for _ in range(6)])
dog.speak = lambda: "its own"
print([ask(dog) for _ in range(3)])
del dog.speak
print([ask(dog) for _ in range(3)])
other = Dog()
print(ask(other))
Dog.speak = lambda self: "bark"
print([ask(dog), ask(other)])
Dog.speak = property(lambda self: lambda: "property")
print([ask(dog) for _ in range(3)])
del Dog.speak
print([ask(dog) for _ in range(4)])
Animal.speak = staticmethod(lambda: "static")
print([ask(dog) for _ in range(4)])
dog.__class__ = Animal
print([ask(dog) for _ in range(4)])
other.__dict__ = {"speak": lambda: "dict"}
print([ask(other) for _ in range(4)])
print([ask(Slots()) for _ in range(4)])
Slots.speak = lambda self: "changed"
print([ask(Slots()) for _ in range(4)])
Dog.__getattribute__ = lambda self, name: lambda: "hook " + name
print([ask(Dog()) for _ in range(4)])


# Methods of built-in types, of what inherits from them, of both by turns.
class MyList(list):
    def append(self, item):
        super().append(item * 2)


def add(items, item):
    items.append(item)
    return items


for items in [[], [], [], MyList(), [], MyList()]:
    for i in range(4):
        add(items, i)
    print(items, type(items).__name__)
for value in ["a", "b", "c", b"d", b"e", "f"]:
    print(value.upper(), end=" ")
print()
try:
    add((), 1)
except AttributeError as error:
    print(error)


# Globals that are stored, deleted and stored again.
def count():
    global total
    total += 1
    return total


total = 0
print([count() for _ in range(5)])
del total
try:
    count()
except NameError as error:
    print(error)
total = 1 << 70
print([count() for _ in range(3)])
total = 0.5
print([count() for _ in range(3)])


# Ints: small, negative, large, and what only looks like ints.
def calculate(a, b):
    results = []
    for op in [lambda: a // b, lambda: a % b, lambda: a | b, lambda: a & b]:
        try:
            results.append(op())
        except Exception as error:
            results.append(type(error).__name__)
    c = a
    c += b
    c |= 1
    return results, c


for a in (7, -7, 0, True, 1 << 62, -(1 << 63), 1 << 64):
    for b in (2, 3, -3, 0, False, 1 << 62):
        print(a, b, *calculate(a, b))


# Items from the end, of lists that grow and shrink.
def last(items):
    items[-1] = items[-1] + 1
    return items[-1]


items = [0]
print([last(items) for _ in range(5)])
items.append(10)
print([last(items) for _ in range(3)], items)
items.clear()
try:
    last(items)
except IndexError as error:
    print(error)
items = {-1: 5}
print([last(items) for _ in range(4)])
