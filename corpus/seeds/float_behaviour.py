# Floats: shortest text, exact comparison with ints, rounding to even, infinities, what divides by zero.
values = [0.1, 1 / 3, 1e16, 1e15, 123456789.125, 5e-324, 1.7976931348623157e308,
          -0.0, 2.0 ** 0.5, 1e-5, 0.0001, float("inf"), 100.0, 2.5e-10]
for value in values:
    print(repr(value), float(repr(value)) == value)
print(2 ** 53 == 2.0 ** 53, 2 ** 53 + 1 == 2.0 ** 53, 10 ** 400 > 1e308,
      float("inf") > 10 ** 400, 1 == 1.0, hash(1) == hash(1.0), hash(0.5))
nan = float("nan")
print(nan == nan, nan != nan, nan < 1, nan in [nan], sorted([3.5, 1, 2.25]))
print([round(x) for x in (0.5, 1.5, 2.5, -0.5, 2.6)], round(2.675, 2),
      round(1234.5678, -2), round(5, -1), round(15, -1))
print(7.5 // 2, -7.5 // 2, 7.5 % 2, -7.5 % 2, divmod(-7.5, 2), 2 ** -2,
      10 ** 22 / 3, 1 / 3 * 3, int(-2.9), int(1e20))
for action in (lambda: 1 / 0, lambda: 1.0 / 0, lambda: 1 // 0, lambda: 1 % 0,
               lambda: int(nan), lambda: int(float("inf")),
               lambda: 0.0 ** -1, lambda: float("1.2.3"), lambda: 1.5 << 1,
               lambda: round(nan), lambda: 10.0 ** 400):
    try:
        print(action())
    except (ArithmeticError, ValueError, TypeError) as error:
        print(type(error).__name__, error)
print((0.75).as_integer_ratio(), (3.0).is_integer(), (0.5).hex(), float("-1_0.5e1"))
