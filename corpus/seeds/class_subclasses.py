# __subclasses__: in the order in which they came; what is gone or moved away is not listed.
import gc


class Base:
    pass


class Other:
    pass


classes = [type(name, (Base,), {}) for name in "ABCDEF"]
print([c.__name__ for c in Base.__subclasses__()], Other.__subclasses__())
classes[1].__bases__ = (Other,)
classes[2].__bases__ = (Other, Base)
print([c.__name__ for c in Base.__subclasses__()], [c.__name__ for c in Other.__subclasses__()])
classes[1].__bases__ = (Base,)
print([c.__name__ for c in Base.__subclasses__()], [c.__name__ for c in Other.__subclasses__()])


class Deep(classes[0]):
    pass


print([c.__name__ for c in Base.__subclasses__()], classes[0].__subclasses__()[0] is Deep)
del classes[3]
gc.collect()
names = [c.__name__ for c in Base.__subclasses__()]
print(names)
known = Base.__subclasses__()
known.clear()
print(len(Base.__subclasses__()))

try:
    Base.__subclasses__(1)
except TypeError:
    print("no arguments")
try:
    type.__subclasses__()
except TypeError:
    print("of which class?")
try:
    Base().__subclasses__
except AttributeError as error:
    print(error)
