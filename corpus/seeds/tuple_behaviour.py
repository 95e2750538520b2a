# Tuples are immutable, hashable, comparable, and hold what changes.
t = (1, "a", [2])
t[2].append(3)
print(t, len(t), t + (4,), t * 2, t.index("a"), t.count(1), ("x",), ())
try:
    t[0] = 5
except TypeError as error:
    print(error)
print(hash((1, 2)) == hash((1, 2)), (1, 2) < (1, 3), max([(1, "b"), (1, "a"), (0, "z")]))
try:
    hash(t)
except TypeError as error:
    print(error)
point = x, y = 3, 4
print(point, x * y)
