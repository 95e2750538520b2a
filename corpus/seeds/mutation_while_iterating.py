# Changing a dict or a set while it is iterated raises; a list goes on.
d = {1: "a", 2: "b"}
try:
    for key in d:
        d[key + 10] = "new"
except RuntimeError as error:
    print(error)
s = {1, 2, 3}
try:
    for item in s:
        s.add(item + 10)
except RuntimeError as error:
    print(str(error).lower())
items = [1, 2, 3]
for item in items:
    if len(items) < 6:
        items.append(item * 10)
print(items)
for item in list(items):
    items.remove(item)
print(items)
