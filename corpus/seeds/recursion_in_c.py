# What is not a function of the program may call itself, too: a class that is
# its own __new__, an instance that is its class's __call__, a property that
# asks for the length that it is. All of it ends in a RecursionError.


def attempt(what, action):
    try:
        action()
    except RecursionError:
        print(what, 'goes round in circles')
    else:
        print(what, 'ends')


class New:
    pass


New.__new__ = New
attempt('a class as its own __new__', New)


class Init:
    pass


Init.__init__ = Init
attempt('a class as its own __init__', Init)


class Call:
    pass


Call.__call__ = Call()
attempt('an instance as its own __call__', Call.__call__)


class Length:
    __len__ = property(len)


attempt('a property of its own length', lambda: len(Length()))


class Text:
    __repr__ = object.__str__


attempt('a repr that is the str that is the repr', lambda: repr(Text()))


class Descriptor:
    pass


class Owner:
    attribute = Descriptor()


Descriptor.__get__ = Descriptor()
Descriptor.__call__ = lambda self, *args: getattr(args[0], 'attribute', 5)
print('a descriptor whose __get__ is an instance:', end=' ')
try:
    print(Owner().attribute)
except RecursionError:
    print('in circles')


class Getattr:
    def __getattr__(self, name):
        return getattr(self, name)


attempt('a __getattr__ that asks again', lambda: Getattr().x)


class Compare:
    __eq__ = object.__ne__


attempt('equal unless different', lambda: Compare() == Compare())


# A chain that ends is none.
class Step:
    def __init__(self, depth):
        self.below = Step(depth - 1) if depth > 0 else None

    def depth(self):
        return 1 + (self.below.depth() if self.below else 0)


print('depth', Step(20).depth())
