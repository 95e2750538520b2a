# Fibonacci numbers: recursion, a loop, a generator, memory, matrix powers.
def recursive(n):
    return n if n < 2 else recursive(n - 1) + recursive(n - 2)


def loop(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def generator():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


memory = {0: 0, 1: 1}


def remembered(n):
    if n not in memory:
        memory[n] = remembered(n - 1) + remembered(n - 2)
    return memory[n]


def power(n):
    def multiply(x, y):
        (a, b), (c, d) = x
        (e, f), (g, h) = y
        return (a * e + b * g, a * f + b * h), (c * e + d * g, c * f + d * h)
    result, base = ((1, 0), (0, 1)), ((1, 1), (1, 0))
    while n:
        if n & 1:
            result = multiply(result, base)
        base = multiply(base, base)
        n >>= 1
    return result[0][1]


stream = generator()
ways = [[f(n) for n in range(15)] for f in (recursive, loop, remembered, power)]
ways.append([next(stream) for _ in range(15)])
print(all(way == ways[0] for way in ways), ways[0])
print(power(200) == loop(200), loop(200))
