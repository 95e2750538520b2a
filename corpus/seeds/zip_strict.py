# zip(strict=True) says which argument is too short or too long; enumerate(start=).
print(list(zip([1, 2], "ab", strict=True)), list(zip([1], "ab", strict=False)))
for items in ([[1, 2], "a"], [[1], "ab"], [[1, 2], "ab", ()],
              [[1], "a", (1, 2)], [[], [1]], [[]], []):
    try:
        print(list(zip(*items, strict=True)))
    except ValueError as error:
        print(error)


def failing():
    yield 1
    raise KeyError("inside")


try:
    list(zip([1, 2], failing(), strict=True))
except KeyError as error:
    print("passed on", error)
print(list(enumerate("ab", start=10)), list(enumerate(iterable="c")))
