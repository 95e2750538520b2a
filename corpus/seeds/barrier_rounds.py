# A barrier with an action keeps threads in step; breaking it.
import threading

rounds = []
barrier = threading.Barrier(3, action=lambda: rounds.append(len(rounds)))
indices = []


def work():
    for _ in range(4):
        indices.append(barrier.wait())


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(rounds, sorted(indices) == sorted([0, 1, 2] * 4), barrier.parties, barrier.n_waiting)
broken = threading.Barrier(2)
try:
    broken.wait(timeout=0.001)
except threading.BrokenBarrierError:
    print("broken", broken.broken)
broken.reset()
print(broken.broken)
