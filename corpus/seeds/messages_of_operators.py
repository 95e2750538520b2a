# What operators and descriptors say that cannot do it; what a generator deals with is the context of what is thrown.
class C:
    pass


class Adds:
    def __radd__(self, other):
        return NotImplemented


class Hold:
    def __set__(self, instance, value):
        pass


class Box:
    def __setitem__(self, key, value):
        pass


C.x = Hold()


def say(action):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)


def delete(op):
    del op.x


def delete_item(op):
    del op[0]


def lengthen(a, b):
    a += b
    return a


for a in ('a', (1,), [1], b'a', 1, {}):
    for b in (C(), Adds(), 'b', (2,), [2], 2, None):
        say(lambda: a + b)
        say(lambda: lengthen(a[:] if type(a) is list else a, b))
say(lambda: delete(C()))
say(lambda: delete_item(Box()))


def chain_of(error):
    names = []
    while error is not None:
        names.append(f'{type(error).__name__}({error})')
        error = error.__context__
    return ' after '.join(names)


def handles():
    try:
        yield 1
    except ValueError:
        yield 2


def delegates(other):
    try:
        raise LookupError('held')
    except LookupError:
        yield from other


def throw(generator, error):
    try:
        print(generator.throw(error))
    except Exception as raised:
        print(chain_of(raised))


for make in (handles, lambda: delegates(handles())):
    generator = make()
    print(next(generator))
    throw(generator, ValueError('first'))
    throw(generator, ValueError('second'))
    throw(generator, ValueError('third'))
try:
    raise KeyError('outside')
except KeyError:
    generator = handles()
    next(generator)
    throw(generator, TypeError('not handled'))
    generator = delegates([1, 2])
    next(generator)
    throw(generator, TypeError('into an iterator'))
    generator = handles()
    next(generator)
    throw(generator, ValueError)
    print(generator.close())


class Broken(Exception):
    def __init__(self):
        raise LookupError('not made')


generator = handles()
next(generator)
throw(generator, Broken)
generator = handles()
next(generator)
throw(generator, 5)
print(next(generator, 'over'))
