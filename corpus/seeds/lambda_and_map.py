# map, filter, zip, enumerate, reversed, any, all, min and max with keys.
numbers = [5, 3, 8, 1]
print(list(map(lambda x: x * x, numbers)), list(filter(lambda x: x > 2, numbers)), list(filter(None, [0, 1, "", "a"])))
print(list(zip(numbers, "abcd", range(10))), list(enumerate("xy", 5)), list(reversed(numbers)))
print(any(x > 7 for x in numbers), all(x > 0 for x in numbers), any([]), all([]))
print(min(numbers, key=lambda x: -x), max("aBc", key=str.lower), min([], default="none"), sum(numbers, 100))
print(list(map(lambda a, b: a + b, [1, 2], [10, 20])), sorted(numbers, key=lambda x: x % 5))
print((lambda *a, **k: (a, k))(1, 2, z=3))
