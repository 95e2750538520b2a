# Slices are read, assigned and deleted, with steps and beyond the ends; extended slices keep their size.
def show(name, change):
    items = list(range(8))
    try:
        change(items)
        print(name, items)
    except (TypeError, ValueError) as error:
        print(name, type(error).__name__, error)


def put(key, value):
    def change(items):
        items[key] = value
    return change


def drop(key):
    def change(items):
        del items[key]
    return change


show("middle", put(slice(2, 5), ["a"]))
show("insert", put(slice(3, 3), "xyz"))
show("all", put(slice(None), ()))
show("backwards", put(slice(None, None, -1), range(8)))
show("every third", put(slice(None, None, 3), "abc"))
show("wrong size", put(slice(None, None, 3), "ab"))
show("beyond", put(slice(20, 30), [8, 9]))
show("crossed", put(slice(5, 2), ["in"]))
show("delete evens", drop(slice(None, None, 2)))
show("delete from the end", drop(slice(None, None, -3)))
show("delete none", drop(slice(4, 4)))
items = [1, 2, 3]
items[1:1] = items
print(items, items[::-1], items[-2:], items[:-2], items[10:], items[4:1:-1])
text, pair = "slices", (1, 2, 3, 4)
print(text[1:4], text[::2], text[::-1], text[-3:], pair[1:], pair[::-2])
print(range(20)[3:15:4], range(20)[::-5], list(range(10)[-3:]))
print(slice(1, None, 2).indices(6), slice(None, -2).indices(5))
