# Chained comparisons evaluate each operand once; and/or give operands; conditional expressions.
def show(x):
    print("eval", x)
    return x


print(show(1) < show(2) < show(3))
print(show(3) < show(2) < show(1))
print(0 or "x", 1 and "y", [] or 0, not [], 1 and 0 or 5)
print(1 < 2 == 2 != 3 > 2 >= 2, 1 in [1] in [[1]], None is None is not False)
for a in (0, 1):
    for b in (0, 1):
        print(a, b, "both" if a and b else "one" if a or b else "none", not (a or b))
