# dicts keep their order; methods; equality; views follow changes.
d = {"b": 1, "a": 2}
d["c"] = 3
d["b"] = 10
print(d, list(d), d.get("x"), d.get("x", 0), d.setdefault("y", []), d.pop("y"))
keys, items = d.keys(), d.items()
d["new"] = 4
print(list(keys), ("new", 4) in items, len(d))
del d["b"]
d["b"] = "again"
print(list(d), d == {"a": 2, "b": "again", "c": 3, "new": 4})
d.update({"a": 0}, z=26)
print(d, dict(zip("xy", (1, 2))), dict([("p", 1)]), {**d, "a": "over"}["a"])
print(d.popitem(), {1: "int", 1.0: "float", True: "bool"})
try:
    d["missing"]
except KeyError as error:
    print(error, error.args)
try:
    {[]: 1}
except TypeError as error:
    print(error)
