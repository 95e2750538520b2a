# contextlib: a generator as context manager, suppress, closing, ExitStack.
from contextlib import ExitStack, closing, contextmanager, suppress


@contextmanager
def tag(name):
    print("<" + name + ">")
    try:
        yield name.upper()
    except ValueError as error:
        print("saw", error)
    finally:
        print("</" + name + ">")


with tag("a") as a, tag("b"):
    print(a)
with tag("c"):
    raise ValueError("inside")
with suppress(KeyError, IndexError):
    {}["missing"]
print("suppressed")


class Thing:
    def close(self):
        print("closed")


with closing(Thing()):
    print("open")
with ExitStack() as stack:
    for name in "xy":
        stack.enter_context(tag(name))
    stack.callback(print, "callback")
    print("in the stack")
