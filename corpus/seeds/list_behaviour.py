# lists: methods, errors, aliasing, nested, comparison.
a = [3, 1, 2]
b = a
b.append(4)
c = a[:]
c.remove(1)
print(a, b is a, c, a.index(2), a.count(3), a + c, a * 2)
a.insert(1, "x")
a.extend("yz")
print(a, a.pop(), a.pop(0), a)
a.reverse()
print(a, [1, 2] < [1, 3], [1] == [1.0], [] < [0])
grid = [[0] * 3 for _ in range(2)]
grid[0][1] = 5
print(grid, [1, [2, [3]]][1][1][0])
for bad in (lambda: [][0], lambda: [].pop(), lambda: [1].remove(2), lambda: [1].index(5), lambda: [1][1:2][0]):
    try:
        bad()
    except (IndexError, ValueError) as error:
        print(type(error).__name__, error)
a.clear()
print(a, bool(a))
