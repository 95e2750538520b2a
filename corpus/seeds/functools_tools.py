# reduce and partial.
from functools import partial, reduce

print(reduce(lambda a, b: a * b, range(1, 11)))
print(reduce(lambda a, b: a + [b], "abc", []))
try:
    reduce(lambda a, b: a, [])
except TypeError as error:
    print(error)


def power(base, exponent=2, *, scale=1):
    result = 1
    for _ in range(exponent):
        result *= base
    return result * scale


cube = partial(power, exponent=3)
twice = partial(cube, scale=2)
print(cube(3), twice(3), twice(2, exponent=1), partial(power, 5)())
