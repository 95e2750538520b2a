# Permutations, combinations and partitions by recursive generators.
def permutations(items):
    if not items:
        yield ()
    for i, item in enumerate(items):
        for rest in permutations(items[:i] + items[i + 1:]):
            yield (item,) + rest


def combinations(items, k):
    if k == 0:
        yield []
    elif items:
        first, *rest = items
        for combination in combinations(rest, k - 1):
            yield [first] + combination
        yield from combinations(rest, k)


def partitions(n, most):
    if n == 0:
        yield []
    for first in range(min(n, most), 0, -1):
        for rest in partitions(n - first, first):
            yield [first] + rest


print(["".join(p) for p in permutations("abc")], sum(1 for _ in permutations([1, 2, 3, 4, 5])))
print(list(combinations([1, 2, 3, 4], 2)), list(partitions(5, 5)))
