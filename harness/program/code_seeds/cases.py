# Functions to damage: each form of statement and expression once, in functions
# of a few dozen instructions. Not executed as they are.


def loops(n, items):
    total = 0
    while n > 0:
        n -= 1
        if n == 7:
            continue
        for i, x in enumerate(items):
            if i > 3:
                break
            total += i
        else:
            total -= 1
    return total


def raising(items, key, error):
    try:
        try:
            items[key] = error
            del items[key]
        except (KeyError, IndexError) as e:
            raise ValueError("x") from e
        except TypeError:
            raise
        finally:
            items = None
    except ValueError as outer:
        return outer.__cause__
    else:
        return key
    return items


def managing(thing, other):
    with thing as a, other as b:
        a.value = b
        with thing:
            raise KeyError(a)
    return a


def closures(n, *args):
    count = 0

    def inner(step=1, *, key=None):
        nonlocal count
        count += step
        return lambda: (count, n, key)

    del args
    return inner(2, key=n)()


def comprehensions(items, table):
    a = [x for x in items if x]
    b = {x: y for x, y in table.items()}
    c = {x for x in a}
    d = (x for y in (a, b, c) for x in y)
    return [*a, *c], {**b, "k": a}, tuple(d)


def generator(n):
    sent = yield n
    try:
        while sent:
            sent = yield [sent]
        result = yield from generator(n - 1) if n > 0 else ()
    except GeneratorExit:
        return n
    finally:
        n = None
    return result


def unpacking(pair, items):
    a, b = pair
    (a, *c), d = items, b
    first, *rest, last = items
    return a, b, c, d, first, rest, last


def strings(x, width):
    return f"{x!r:>{width}} {x} {width:04}" + "%s" % (x,) + str(x)[1:-1:2]


def calls(function, args, kwargs, thing):
    function(*args, **kwargs)
    function(1, 2, key=args)
    thing.method(args)
    thing.a.b = thing.c(kwargs)
    return function(*args, key=1, **kwargs)


def arithmetic(a, b):
    c = a + b * a - b // 3 ** 2 % 7
    c |= a & ~b ^ -a << 2 >> 1
    return c if a < b <= c != a else not (a is b or a in (b, c))


def importing(name):
    import functools
    from collections import deque
    global imported
    imported = functools
    del name
    return deque, imported


def matching(subject):
    match subject:
        case [1, x, *rest] if x:
            return rest
        case {"a": y}:
            return y
        case Thing(value=z) | (z, _):
            return z
        case None | True | 3 | "abc":
            return subject
    assert subject, "no match"


def classes(base, value):
    class Local(base):
        attribute = value

        def method(self):
            return super().method(), __class__

        @staticmethod
        def static(x=value):
            return x

    one = Local()
    one.attribute += 1
    return one.method


def small(a, b=2, /, c=3, *, d=4, **rest):
    return [a, b, c, d, rest]


def walrus(items):
    while (x := next(items, None)) is not None:
        items.send(x) if x else items.close()
    return x
