# try inside loops inside generators inside with: values and exceptions find their way.
class Log:
    def __init__(self, lines):
        self.lines = lines

    def __enter__(self):
        self.lines.append("enter")
        return self

    def __exit__(self, kind, value, traceback):
        self.lines.append("exit " + ("-" if kind is None else kind.__name__))
        return kind is ZeroDivisionError


def values(items, lines):
    for item in items:
        with Log(lines):
            try:
                yield 12 // item
            except ValueError:
                lines.append("thrown")
                continue
            finally:
                lines.append("finally")
        lines.append("after")


lines = []
gen = values([1, 0, 3], lines)
print(next(gen), next(gen))
try:
    print(gen.throw(ValueError))
except StopIteration:
    print("ended")
print(lines)
print(list(values([], lines)), len(lines))
