# Ints and floats: conversion, rounding, division, bit operations, special values.
print(int("42"), int("ff", 16), int(3.99), int(-3.99), float("1.5"), str(1e16), 1e22, 1.0)
print(round(2.5), round(3.5), round(2.675, 2), round(-1.5), abs(-7), abs(-0.5))
print(7 / 2, 7 // 2, -7 // 2, 7 % -3, 2 ** 10, 2 ** -1, 0.1 + 0.2, 1 / 3)
print(6 & 3, 6 | 3, 6 ^ 3, ~6, 1 << 10, -17 >> 2)
print(float("inf") > 10 ** 100, float("nan") == float("nan"), min(3, 1, 2), sum([0.1] * 3), pow(3, 4, 5))
for bad in (lambda: 1 / 0, lambda: 1 // 0, lambda: int("x"), lambda: 0 ** -1):
    try:
        bad()
    except (ZeroDivisionError, ValueError) as error:
        print(type(error).__name__, error)
print(hex(255), bin(10), oct(8), (255).bit_length(), True + True, isinstance(True, int))
