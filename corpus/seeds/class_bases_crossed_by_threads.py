# Two threads make two classes each other's base: only one of them can.
import threading


class Root:
    pass


def cross(cls, base, made, barrier):
    barrier.wait()
    try:
        cls.__bases__ = (base,)
        made.append(cls)
    except TypeError:
        pass


for _ in range(3):
    left = type("Left", (Root,), {})
    right = type("Right", (Root,), {})
    made = []
    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=cross, args=args)
               for args in ((left, right, made, barrier), (right, left, made, barrier))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1, made
    assert [len(left.__mro__), len(right.__mro__)] in ([4, 3], [3, 4])
print("no cycle")
