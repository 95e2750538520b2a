# Generators in a row: numbers, a filter, running sums.
def numbers(limit):
    n = 1
    while n <= limit:
        yield n
        n += 1


def odd(items):
    for item in items:
        if item % 2:
            yield item


def sums(items):
    total = 0
    for item in items:
        total += item
        yield total


print(list(sums(odd(numbers(15)))))
print(list(x * x for x in odd(numbers(9)) if x > 3))
