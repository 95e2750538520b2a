# assert with and without a message; del of names, attributes, items.
def check(x):
    assert x, "message " + str(x)
    assert x != 1
    return "fine"


for x in (0, 1, 2):
    try:
        print(check(x))
    except AssertionError as error:
        print(repr(error))


class C:
    pass


c = C()
c.a = 1
del c.a
try:
    c.a
except AttributeError as error:
    print(error)
d = {"a": 1, "b": 2}
items = [1, 2, 3, 4]
del d["a"], items[1]
print(d, items)
name = 1
del name
try:
    name
except NameError as error:
    print(error)
