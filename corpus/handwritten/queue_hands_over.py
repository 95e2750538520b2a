# What is put into a queue is taken out once, in each producer's order.
from queue import Queue

from rounds import ROUNDS, together

for _ in range(ROUNDS // 2):
    queue = Queue(3)
    taken = [[], []]

    def work(number):
        for i in range(20):
            if number < 2:
                queue.put((number, i))
            else:
                taken[number - 2].append(queue.get())

    together(work)
    assert len(set(taken[0] + taken[1])) == 40
    for items in taken:
        for producer in (0, 1):
            order = [i for who, i in items if who == producer]
            assert order == sorted(order)
