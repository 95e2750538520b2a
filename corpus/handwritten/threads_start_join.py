# Threads that start threads, and one joined by several.
from threading import Thread

from rounds import ROUNDS, together

for _ in range(ROUNDS // 4):
    ran = []
    one = Thread(target=ran.append, args=(1,))
    one.start()

    def work(number):
        mine = Thread(target=ran.append, args=(number,), daemon=number == 0)
        mine.start()
        one.join()
        mine.join()

    together(work)
    assert len(ran) == 5
