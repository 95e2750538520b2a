# Generators: laziness, send, a return value, yield from, closing.
def count(n):
    try:
        for i in range(n):
            sent = yield i
            if sent is not None:
                print("sent", sent)
        return "end"
    finally:
        print("closed", n)


def both(a, b):
    x = yield from a
    y = yield from b
    return x, y


def run(gen):
    result = yield from gen
    print("result", result)


print(list(run(both(count(2), count(3)))))
g = count(5)
print(next(g), g.send("hello"), next(g))
g.close()
try:
    next(g)
except StopIteration as stop:
    print("stopped", stop.value)
