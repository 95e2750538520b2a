# Strings built by +, join, formatting and repetition agree.
parts = [str(i) for i in range(50)]
a = ""
for part in parts:
    a += part + ","
b = ",".join(parts) + ","
c = "".join(f"{part}," for part in parts)
d = "".join(["%s," % part for part in parts])
print(a == b == c == d, len(a), "ab" * 3, "-" * 0 == "")
print("{0} {1} {0} {name}".format("x", "y", name="z"), f"{3.14159:.2f} {255:x} {255:#b} {7:03d} {1234567:,}")
width = 6
print(f"[{'left':<{width}}] [{'mid':^{width}}] [{'right':>{width}}] {'q'!r} {1 + 1 = }")
