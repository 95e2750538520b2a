# LIFO and priority queues, non-blocking calls, timeouts.
import queue

lifo = queue.LifoQueue()
for i in range(3):
    lifo.put(i)
print([lifo.get() for _ in range(3)])
priority = queue.PriorityQueue()
for item in (3, 1, 2, 5, 4):
    priority.put(item)
print([priority.get() for _ in range(5)])
q = queue.Queue(1)
q.put("x")
print(q.full())
try:
    q.put_nowait("y")
except queue.Full:
    print("full")
print(q.get_nowait())
try:
    q.get(timeout=0.001)
except queue.Empty:
    print("empty")
simple = queue.SimpleQueue()
simple.put(1)
print(simple.get(), simple.empty())
try:
    q.task_done()
    q.task_done()
except ValueError as error:
    print(error)
