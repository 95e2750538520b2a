# Exceptions thrown into generators, through a delegation too.
def inner():
    while True:
        try:
            yield "waiting"
        except ValueError as error:
            print("inner handles", error)
            yield "handled"
        except KeyError:
            return "inner ends"


def outer():
    result = yield from inner()
    print("got", result)
    yield "outer goes on"


g = outer()
print(next(g))
print(g.throw(ValueError("v")))
print(next(g))
print(g.throw(KeyError("k")))
try:
    g.throw(RuntimeError("r"))
except RuntimeError as error:
    print("out", error)


def bad():
    yield 1
    raise StopIteration


try:
    list(bad())
except RuntimeError as error:
    print(error)
