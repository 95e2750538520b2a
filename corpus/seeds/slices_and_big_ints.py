# Slices of sequences, ints beyond 64 bits, floats.
items = list(range(10))
print(items[2:5], items[:3], items[-3:], items[::3], items[::-1], items[8:2:-2])
items[2:5] = ["x"]
del items[-2:]
print(items, "abcdef"[1:4], (1, 2, 3)[::-1])
f = 1
for n in range(1, 31):
    f *= n
print(f, -f // 7, f % 1000007, 2 ** 100, (1 << 70) - 1)
print(1 / 4, 2.5 * 2, 7 // 2.0, -7 // 2, -7 % 3, 10 ** -2, 0.1 + 0.2)
print(123456789012345678901234567890 == 123456789012345678901234567890, 1e100)
