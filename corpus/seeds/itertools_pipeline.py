# itertools: count, cycle, chain, islice, tee together.
from itertools import chain, count, cycle, islice, tee

print(list(islice(count(5, 3), 4)), list(islice(cycle("ab"), 5)), list(chain([1], (2, 3), "x")))
a, b = tee(iter(range(5)))
print(next(a), next(a), list(b), list(a))
print(list(islice(range(20), 2, 15, 4)), sum(islice(count(1), 100)))


def pairs(items):
    first, second = tee(items)
    next(second, None)
    return zip(first, second)


print(list(pairs([1, 4, 9, 16])))
