# heapq: a heap by pushes and by heapify, merging sorted inputs.
import heapq

items = [(i * 37) % 101 for i in range(30)]
heap = []
for item in items:
    heapq.heappush(heap, item)
print([heapq.heappop(heap) for _ in range(30)] == sorted(items))
heap = list(items)
heapq.heapify(heap)
print(heap[0], heapq.heapreplace(heap, 1000), heapq.heappushpop(heap, -1))
print(heapq.nsmallest(3, items), heapq.nlargest(3, items))
print(list(heapq.merge([1, 4, 7], [2, 5], [0, 9])))
