# Bits: population count, Gray code, reversal, subsets as masks, XOR tricks.
def popcount(n):
    count = 0
    while n:
        n &= n - 1
        count += 1
    return count


def reverse(n, width):
    result = 0
    for _ in range(width):
        result = result << 1 | n & 1
        n >>= 1
    return result


print([popcount(n) for n in (0, 1, 7, 255, 2 ** 100 - 1)])
print([n ^ n >> 1 for n in range(8)], reverse(0b1011, 4), reverse(1, 70) == 1 << 69)
items = "abc"
print(["".join(items[i] for i in range(3) if mask >> i & 1) for mask in range(8)])
x, y = 12, 34
x ^= y
y ^= x
x ^= y
print(x, y, 5 & ~1, -1 >> 100, ~0)
