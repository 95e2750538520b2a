# global, nonlocal, class scope, default values taken once, unbound locals.
x = "module"


def reads():
    return x


def writes():
    global x
    x = "changed"


class C:
    x = "class"
    seen = x

    def method(self):
        return x

    items = [i for i in range(3)]


def outer():
    x = "outer"

    class Inner:
        y = x

        def get(self):
            return x

    def change():
        nonlocal x
        x = "rebound"

    before = Inner.y, Inner().get()
    change()
    return before, Inner().get()


print(reads())
writes()
print(reads(), C.seen, C().method(), C.items, outer())


def append(value, to=[]):
    to.append(value)
    return to


append(1)
print(append(2))


def unbound():
    print(later)
    later = 1


try:
    unbound()
except UnboundLocalError as error:
    print(error)
try:
    undefined
except NameError as error:
    print(error)
