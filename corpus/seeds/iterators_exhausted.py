# Exhausted iterators stay exhausted; iter of an iterator is itself; next with a default.
for make in (lambda: iter([1]), lambda: (x for x in "a"), lambda: zip([1], [2]), lambda: map(str, [5]),
             lambda: enumerate("q"), lambda: reversed([3]), lambda: iter({"k": 1}), lambda: iter(range(1))):
    it = make()
    print(iter(it) is it, next(it), next(it, "end"), next(it, "still"), list(it))

# An intersection asks for no more than can be found.
numbers = iter([2, 1, 3, 4])
print({1, 2} & set([1]), {1, 2}.intersection(numbers), list(numbers))
