# Roman numerals there and back for every number to 400.
PAIRS = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
         (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def to_roman(n):
    result = ""
    for value, text in PAIRS:
        while n >= value:
            result += text
            n -= value
    return result


def from_roman(text):
    values = {text: value for value, text in PAIRS if len(text) == 1}
    total = 0
    for i, c in enumerate(text):
        later = values[text[i + 1]] if i + 1 < len(text) else 0
        total += -values[c] if values[c] < later else values[c]
    return total


print([to_roman(n) for n in (1, 4, 9, 14, 40, 1994, 2024)])
print(all(from_roman(to_roman(n)) == n for n in range(1, 400)))
