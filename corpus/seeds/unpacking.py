# Unpacking with and without a star, nested, in loops, swaps, and its errors.
a, b = 1, 2
a, b = b, a
print(a, b)
first, *middle, last = range(6)
print(first, middle, last)
*start, end = "xyz"
print(start, end)
(p, (q, *r)), s = (1, (2, 3, 4)), 5
print(p, q, r, s)
for i, (k, v) in enumerate([("a", 1), ("b", 2)]):
    print(i, k, v)
x = [0, 1, 2]
i = 0
i, x[i] = 1, 9
print(i, x)
for bad in ((1,), (1, 2, 3)):
    try:
        a, b = bad
    except ValueError as error:
        print(error)
try:
    a, *b, c = (1,)
except ValueError as error:
    print(error)
print([*range(3), *"ab"], (*[1], 2), {**{"a": 1}, "b": 2}, {*[1, 1]})
