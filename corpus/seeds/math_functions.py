# math: roots, logarithms, trigonometry, integer functions, constants.
import math

print(math.sqrt(2), math.floor(2.7), math.ceil(2.1), math.gcd(12, 18), math.factorial(20))
print(round(math.sin(math.pi / 6), 12), math.log2(1024), math.isqrt(10 ** 12), math.hypot(3, 4))
print(math.inf > 1e308, math.isnan(math.nan), math.pow(2, 0.5) == 2 ** 0.5, math.trunc(-2.5))
