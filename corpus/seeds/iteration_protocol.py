# Iterators written by hand: __iter__, __next__, two over one object, iter() with a sentinel.
class Countdown:
    def __init__(self, start):
        self.start = start

    def __iter__(self):
        return Steps(self.start)


class Steps:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n + 1


c = Countdown(3)
print(list(c), list(c), [(a, b) for a in c for b in c])
it = iter(c)
print(next(it), next(it), next(it), next(it, "end"))
numbers = [5, 4, 0, 3]
print(list(iter(lambda: numbers.pop(), 0)))


class OldStyle:
    def __getitem__(self, i):
        if i > 3:
            raise IndexError
        return i * i


print(list(OldStyle()))
