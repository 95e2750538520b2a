# sort by a key, reversed and stable; a comparison that changes the list it sorts.
words = ["pear", "fig", "apple", "kiwi", "date"]
print(sorted(words), sorted(words, key=len), sorted(words, key=len, reverse=True))
words.sort(key=lambda w: w[-1])
print(words)


class Odd:
    def __init__(self, n, items):
        self.n = n
        self.items = items

    def __lt__(self, other):
        self.items.append(1)
        return self.n < other.n


items = []
items.extend([Odd(n, items) for n in (3, 1, 2)])
try:
    items.sort()
except ValueError as error:
    print(error)
print(sorted([3, 1, 2]), sorted("bca"), sorted({"b": 1, "a": 2}))
try:
    sorted([1, "a"])
except TypeError as error:
    print(error)
