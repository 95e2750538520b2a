# Mutual recursion, and an unbounded one that ends in RecursionError.
def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def ackermann(m, n):
    if m == 0:
        return n + 1
    return ackermann(m - 1, 1 if n == 0 else ackermann(m, n - 1))


def forever(n):
    return forever(n + 1)


print(is_even(50), is_odd(51), ackermann(2, 3))
try:
    forever(0)
except RecursionError as error:
    print(str(error)[:32])
print("still fine", is_even(20))
