# pickle writes what it writes in CPython, and reads it back: data that refers to itself, classes, exceptions.
import pickle


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __eq__(self, other):
        return isinstance(other, Point) and vars(self) == vars(other)

    def __repr__(self):
        return f'Point({self.x!r}, {self.y!r})'


class Slotted:
    __slots__ = 'a', 'b'


class Celsius(float):
    pass


class Stack(list):
    pass


class Connection:
    def __init__(self, name):
        self.name = name
        self.socket = object()

    def __getstate__(self):
        return {'name': self.name}

    def __setstate__(self, state):
        self.name = state['name']
        self.socket = 'opened again'


class Money:
    def __init__(self, amount, currency):
        self.amount = amount
        self.currency = currency

    def __reduce__(self):
        return Money, (self.amount, self.currency)


class Problem(Exception):
    pass


def function():
    return 'called'


values = [
    None, True, 7, 300, -1, 2 ** 31, 2 ** 63, -2 ** 63, 10 ** 40, -10 ** 40,
    1.5, -0.0, 1e-310, float('inf'), 'text', 'zäöü', '', b'bytes', b'',
    bytearray(b'array'), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [],
    [1, [2, [3]]], {}, {'a': 1, 'b': [2]}, {3}, frozenset({'x'}),
    range(1, 10, 3), Point(1, 'y'), Point, function, len, Problem('no', 3),
    ValueError('wrong'),
]
for value in values:
    data = pickle.dumps(value)
    back = pickle.loads(data)
    print(repr(value)[:40] if '<' not in repr(value) else type(value).__name__,
          len(data), data[:24], type(back) is type(value))
    if not isinstance(value, Exception):
        assert back == value, value

item = ['shared']
pair = pickle.loads(pickle.dumps([item, item]))
print('shared:', pair[0] is pair[1])
item.append(item)
back = pickle.loads(pickle.dumps(item))
print('in itself:', back[1] is back, back)
slotted = Slotted()
slotted.a = 5
back = pickle.loads(pickle.dumps(slotted))
print('slots:', back.a, hasattr(back, 'b'))
stack = Stack('abc')
stack.name = 'letters'
back = pickle.loads(pickle.dumps(stack))
print('subclasses:', type(back).__name__, back, back.name,
      pickle.loads(pickle.dumps(Celsius(36.6))))
back = pickle.loads(pickle.dumps(Connection('db')))
print('state:', back.name, back.socket)
back = pickle.loads(pickle.dumps(Money(5, 'EUR')))
print('reduce:', back.amount, back.currency)
back = pickle.loads(pickle.dumps(Problem('a', 1)))
print('exception:', repr(back))
for value in (lambda: 0, (n for n in ())):
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, TypeError) as error:
        print(type(error).__name__)
for data in (b'', b'\x80\x04K', b'\x80\x04]\x94(K\x01'):
    try:
        pickle.loads(data)
    except (EOFError, pickle.UnpicklingError) as error:
        print('not whole:', error)
