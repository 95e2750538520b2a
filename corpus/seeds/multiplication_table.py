# Formatting in columns with nested loops and format specifications.
for i in range(1, 6):
    print(" ".join(f"{i * j:3d}" for j in range(1, 6)))
print("-" * 20)
rows = [("apple", 3, 0.5), ("kiwi", 12, 0.25)]
for name, count, price in rows:
    print(f"{name:<10}|{count:>5}|{count * price:8.2f}|{price:.0%}")
print("{:>8} {:<8} {:^8}".format("r", "l", "c"), "%5d|%-5s|%05.1f" % (42, "ab", 3.14159))
