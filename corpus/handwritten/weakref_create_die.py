# References to what other threads let die, and callbacks.
from weakref import ref

from rounds import ROUNDS, together


class C:
    pass


for _ in range(ROUNDS):
    box = [C()]
    called = []

    def work(number):
        for i in range(10):
            try:
                referent = box[0]
                weak = ref(referent)
                watched = ref(referent, called.append)
            except IndexError:
                continue
            box[0] = C()
            assert weak() is referent
            del referent
            weak()
            watched()

    together(work)
