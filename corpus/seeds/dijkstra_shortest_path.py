# Shortest paths in a graph by Dijkstra with heapq.
import heapq

graph = {"a": {"b": 7, "c": 9, "f": 14}, "b": {"c": 10, "d": 15}, "c": {"d": 11, "f": 2}, "d": {"e": 6},
         "e": {}, "f": {"e": 9}}


def shortest(start):
    distance, before, heap = {start: 0}, {}, [(0, start)]
    while heap:
        d, node = heapq.heappop(heap)
        if d > distance[node]:
            continue
        for other, length in graph[node].items():
            if d + length < distance.get(other, 10 ** 9):
                distance[other] = d + length
                before[other] = node
                heapq.heappush(heap, (d + length, other))
    return distance, before


distance, before = shortest("a")
print(sorted(distance.items()))
path = ["e"]
while path[-1] in before:
    path.append(before[path[-1]])
print(" -> ".join(reversed(path)))
