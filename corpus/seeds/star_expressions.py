# Stars in calls, displays, targets and parameters together.
def f(*args, **kwargs):
    return args, sorted(kwargs.items())


a, b = [1, 2], {"x": 1}
print(f(*a, *range(2), 9, **b, y=2, **{"z": 3}))
print([*a, *[*a]], (*a, 0), {*a, 5}, {**b, **{"x": 2}})
*head, tail = a
first, *rest = "s"
print(head, tail, first, rest)
for x, *y in [(1, 2, 3), "ab"]:
    print(x, y)
for bad in (lambda: f(*3), lambda: f(**3), lambda: f(**{1: 2}), lambda: f(**b, **b)):
    try:
        print(bad())
    except TypeError as error:
        print(str(error).split(" argument")[0][-20:])
