# Weak proxies: what they do the referent does, until it is gone.
import weakref


class Number:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return ('add', self.n, other)

    def __radd__(self, other):
        return ('radd', self.n, other)

    def __iadd__(self, other):
        self.n += other
        return self

    def __divmod__(self, other):
        return ('divmod', self.n, other)

    def __neg__(self):
        return -self.n

    def __abs__(self):
        return abs(self.n)

    def __len__(self):
        return self.n

    def __bool__(self):
        return self.n > 2

    def __getitem__(self, key):
        return (self.n, key)

    def __contains__(self, value):
        return value == self.n

    def __call__(self, *args, **names):
        return (self.n, args, names)

    def __str__(self):
        return f'number {self.n}'

    def __eq__(self, other):
        return isinstance(other, Number) and self.n == other.n

    def __iter__(self):
        return iter(range(self.n))

    def method(self):
        return self.n


class Plain:
    pass


def say(action):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)


number = Number(3)
proxy = weakref.proxy(number)
print(type(proxy), type(weakref.proxy(Plain)), weakref.proxy(number) is proxy)
print(weakref.ProxyTypes == (weakref.ProxyType, weakref.CallableProxyType))
print(proxy.n, proxy.method(), proxy + 1, 1 + proxy, 'a' + proxy, [1] + proxy)
print(divmod(proxy, 2), -proxy, abs(proxy), len(proxy), bool(proxy), proxy[4])
print(3 in proxy, proxy(1, x=2), str(proxy), list(proxy), proxy == Number(3))
print(proxy == proxy, Number(3) == proxy, proxy != Number(4))
print(isinstance(proxy, Number), isinstance(proxy, int), callable(proxy))
print(isinstance(proxy, weakref.ProxyType), proxy.__class__ is Number)
proxy.other = 5
print(number.other, hasattr(proxy, 'other'))
del proxy.other
print(hasattr(number, 'other'), getattr(proxy, 'other', 'none'))
say(lambda: hash(proxy))
say(lambda: {proxy: 1})
say(lambda: proxy - 1)
say(lambda: proxy.none)
say(lambda: next(proxy))
say(lambda: weakref.ref(proxy))
say(lambda: weakref.ProxyType())
proxy += 4
print(proxy is number, number.n)
del proxy

# What has no callback is shared; the list of a referent knows them all.
told = []
proxies = [weakref.proxy(number), weakref.proxy(number, told.append),
           weakref.proxy(number, told.append)]
reference = weakref.ref(number)
print(weakref.getweakrefcount(number), proxies[0] is weakref.proxy(number),
      weakref.getweakrefs(number) == [reference] + proxies,
      len(weakref.getweakrefs(number)), weakref.getweakrefs(5))
del number
print(len(told), reference(), told[0] is proxies[2], told[1] is proxies[1])
for ask in (lambda p: p.n, lambda p: p + 1, lambda p: 1 + p, lambda p: len(p),
            lambda p: str(p), lambda p: p(), lambda p: bool(p),
            lambda p: p == p, lambda p: iter(p), lambda p: 3 in p,
            lambda p: p[0], lambda p: setattr(p, 'n', 1), lambda p: -p):
    say(lambda: ask(proxies[0]))
print(repr(proxies[0]).startswith('<weakproxy at 0x'))


# A plain object's proxy, and a collection of cycles.
class Node:
    def __init__(self, parent=None):
        self.parent = weakref.proxy(parent) if parent is not None else None
        self.children = []


root = Node()
root.children.append(Node(root))
child = root.children[0]
print(child.parent.children[0] is child, callable(child.parent))
child.parent.children.append(Node(child))
print(len(root.children))
del root
say(lambda: child.parent.children)
collected = {'a': 1}
view = weakref.proxy({1, 2})
say(lambda: len(view))
numbers = {3, 4}
view = weakref.proxy(numbers)
view |= {5}
print(sorted(view), view is numbers, sorted({1} | weakref.proxy(numbers)))


# A mapping that is no dict, and a dict whose keys are hashed once.
class Mapping:
    def __init__(self, items):
        self.items = items

    def keys(self):
        return self.items.keys()

    def __getitem__(self, key):
        return self.items[key] * 2


d = {1: 0}
d.update(Mapping({1: 1, 2: 2}), three=3)
print(d, dict(Mapping({'x': 'y'})))
say(lambda: {}.update(Mapping(5)))


class Key:
    hashed = 0

    def __hash__(self):
        Key.hashed += 1
        return 1


keys = dict.fromkeys(Key() for _ in range(4))
print(Key.hashed, len(set(keys)), len(frozenset(keys)), Key.hashed)
