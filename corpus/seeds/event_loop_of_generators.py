# A cooperative scheduler: generators that yield what they wait for.
from collections import deque


class Loop:
    def __init__(self):
        self.ready = deque()
        self.log = []

    def spawn(self, name, gen):
        self.ready.append((name, gen))

    def run(self):
        while self.ready:
            name, gen = self.ready.popleft()
            try:
                self.log.append((name, next(gen)))
            except StopIteration as stop:
                self.log.append((name, "done", stop.value))
            else:
                self.ready.append((name, gen))


def count(n):
    for i in range(n):
        yield i
    return n * 10


def chain(*gens):
    results = []
    for gen in gens:
        results.append((yield from gen))
    return results


loop = Loop()
loop.spawn("a", count(2))
loop.spawn("b", chain(count(1), count(2)))
loop.run()
for entry in loop.log:
    print(*entry)
