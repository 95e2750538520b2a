# Full collections while other threads make cycles, with finalizers.
import gc

from rounds import ROUNDS, together

finalized = []


class C:
    def __del__(self):
        finalized.append(1)


for _ in range(ROUNDS // 10):
    finalized.clear()

    def work(number):
        for i in range(10):
            if number == 0:
                gc.collect()
            else:
                cycle = C()
                cycle.me = cycle

    together(work)
    cycle = None
    gc.collect()
    assert len(finalized) == 30, len(finalized)
