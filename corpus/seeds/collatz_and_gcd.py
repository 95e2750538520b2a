# Collatz lengths, greatest common divisors, digits and integer roots.
def collatz(n):
    length = 1
    while n != 1:
        n = 3 * n + 1 if n % 2 else n // 2
        length += 1
    return length


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def isqrt(n):
    x = n
    while x * x > n:
        x = (x + n // x) // 2
    return x


print([collatz(n) for n in range(1, 20)], max(range(1, 500), key=collatz))
print(gcd(1071, 462), gcd(2 ** 40, 6 ** 20), gcd(0, 5))
print([isqrt(n) for n in (0, 1, 15, 16, 17, 10 ** 20)])
print([divmod(a, b) for a in (7, -7) for b in (3, -3)])
