# Several threads use one deque from both ends: each item is taken once.
import threading
from collections import deque

shared = deque(range(600))
taken = []


def left():
    while True:
        try:
            taken.append(shared.popleft())
        except IndexError:
            return


def right():
    while True:
        try:
            taken.append(shared.pop())
        except IndexError:
            return


threads = [threading.Thread(target=f) for f in (left, right, left)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(taken) == list(range(600)), len(shared))
