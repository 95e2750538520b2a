# Ints of any size: a pseudo-random walk through all operators, checked by identities and by printing.
state = 12345


def number(bits):
    global state
    value = 0
    for _ in range(bits // 16 + 1):
        state = (state * 1103515245 + 12345) % 2147483648
        value = value << 16 | state >> 15
    return -value if state & 64 else value


for bits in (10, 63, 64, 65, 120, 500, 2000):
    for _ in range(8):
        a, b = number(bits), number(bits // 2 + 3)
        if b == 0:
            continue
        q, r = divmod(a, b)
        assert q * b + r == a and (r == 0 or (r < 0) == (b < 0))
        assert (a + b) - b == a and (a * b) // b == a
        assert (a ^ b) ^ b == a and (a & b) + (a | b) == a + b
        assert ~a == -a - 1 and (a << 70) >> 70 == a
        assert int(str(a)) == a and int(hex(a), 16) == a
        assert (a < b) == (b - a > 0) and hash(a) == hash(int(str(a)))
        print(a % 1000003, q % 1000003, r % 1000003, (a >> 3) % 1000003,
              (a & b) % 1000003, (a | b) % 1000003, hash(a * b))
print(2 ** 200, -3 ** 50, pow(7, 10 ** 20, 10 ** 9 + 7), pow(3, -1, 11))
print(10 ** 30 / 10 ** 10, (2 ** 64 + 1) / 3, float(10 ** 25))
print((2 ** 100).bit_length(), (-2 ** 63).bit_length(), (255).bit_count())
print(int("zz", 36), int("-0b101", 0), int(" 12_3 "), bin(-5), oct(64))
for action in (lambda: 1 << -1, lambda: int("12x"), lambda: 10 ** 400 / 1,
               lambda: [1][2 ** 70], lambda: "a" * 2 ** 70,
               lambda: pow(2, -1, 4), lambda: int("1", 99)):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
