# deque: both ends, rotation, a bounded one.
from collections import deque

d = deque([1, 2, 3])
d.append(4)
d.appendleft(0)
print(list(d), d.pop(), d.popleft(), len(d))
d.rotate(1)
print(list(d), 2 in d)
last = deque(maxlen=3)
for i in range(6):
    last.append(i)
print(list(last))
d.extend([7, 8])
print(list(reversed(d)))
