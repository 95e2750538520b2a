# use_box.py: three threads share a Box; what they do with it must neither race
# nor crash, whoever runs when.
import threading
import MODULE

box = MODULE.Box()


def use():
    for _ in range(3):
        box.get().append(1)
        box.reset()


threads = [threading.Thread(target=use) for _ in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
