# Sets: algebra, subsets, frozensets as keys.
a, b = {1, 2, 3, 4}, {3, 4, 5}
print(a | b, a & b, a - b, a ^ b, a <= a | b, {1} < a, a.isdisjoint({9}))
a.add(10)
a.discard(99)
a.remove(1)
print(sorted(a), len(a), 10 in a)
frozen = frozenset("abca")
print(sorted(frozen), {frozen: "value"}[frozenset("cab")])
try:
    a.remove(1)
except KeyError as error:
    print(error)
a |= {7}
a &= {7, 10}
print(sorted(a))

# An item that is missing decides, whatever comes after it.
print({1, 4}.issuperset((b"x", {1})), {1, 4}.issuperset([4, 1, 4]))
try:
    {1, 4}.issuperset((1, []))
except TypeError as error:
    print("TypeError")
