# List, set, dict and generator comprehensions, nested, with conditions and outer variables.
n = 4
print([x for x in range(n)])
print([x * y for x in range(n) for y in range(x) if (x + y) % 2])
print({x % 3 for x in range(10)})
print({x: [y for y in range(x)] for x in range(n)})
print(list((a, b) for a, b in zip("abc", range(3))))
x = "kept"
print([x for x in range(2)], x)


def f(k):
    return [k * i for i in range(3)], [lambda: k + i for i in range(3)][1]()


print(f(10))
print([y := 5, y * 2], y)
print([last := i for i in range(4)], last)
