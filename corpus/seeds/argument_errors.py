# The messages of calls that do not fit, as CPython words them.
def two(a, b):
    return a + b


def some(a, b=1, c=2):
    return a


def only(*, key):
    return key


calls = [
    lambda: two(1),
    lambda: two(),
    lambda: two(1, 2, 3),
    lambda: two(1, 2, c=3),
    lambda: two(1, a=2),
    lambda: some(),
    lambda: some(1, 2, 3, 4),
    lambda: only(1),
    lambda: only(),
]
for call in calls:
    try:
        call()
    except TypeError as error:
        print(error)
