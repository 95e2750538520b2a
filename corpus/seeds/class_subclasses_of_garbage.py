# Classes that are garbage are in no list of subclasses any more when finalizers run.
import gc


class Base:
    pass


def names():
    return [c.__name__ for c in Base.__subclasses__()]


seen = []
saved = []


def leave_behind(name, keep):
    def finalize(self):
        seen.append((name, names()))
        if keep:
            saved.append(self)

    cls = type(name, (Base,), {"__del__": finalize})
    one = cls()
    one.cycle = one


gc.disable()
leave_behind("Gone", False)
print(names())
gc.collect()
print(seen, names())
leave_behind("Saved", True)
gc.collect()
print(seen, names(), [type(one).__name__ for one in saved])
# Who is entered again is listed again.
type(saved[0]).__bases__ = (Base,)
print(names())
saved.clear()
gc.collect()
print(seen, names())
