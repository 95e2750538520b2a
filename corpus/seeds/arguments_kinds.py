# Every kind of parameter at once: positional-only, defaults, *args, keyword-only, **kwargs.
def f(a, b=2, /, c=3, *rest, d, e=5, **more):
    return a, b, c, rest, d, e, more


print(f(1, d=4))
print(f(1, 20, 30, 40, 50, d=4, z=9))
print(f(1, *(2, 3), **{"d": 4, "x": 1}))
for call in (lambda: f(), lambda: f(1), lambda: f(1, 2, 3, d=1, c=4)):
    try:
        call()
    except TypeError as error:
        print(error)
