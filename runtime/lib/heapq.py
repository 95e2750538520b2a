"""heapq: a list as a binary heap, the smallest item first."""


def heappush(heap, item):
    heap.append(item)
    _rise(heap, 0, len(heap) - 1)


def heappop(heap):
    last = heap.pop()
    if not heap:
        return last
    first = heap[0]
    heap[0] = last
    _sink(heap, 0)
    return first


def heapreplace(heap, item):
    first = heap[0]
    heap[0] = item
    _sink(heap, 0)
    return first


def heappushpop(heap, item):
    if heap and heap[0] < item:
        item, heap[0] = heap[0], item
        _sink(heap, 0)
    return item


def heapify(items):
    for position in range(len(items) // 2 - 1, -1, -1):
        _sink(items, position)


def _rise(heap, start, position):
    """The item at `position` is the only one that may stand too low."""
    item = heap[position]
    while position > start:
        parent = (position - 1) >> 1
        if not item < heap[parent]:
            break
        heap[position] = heap[parent]
        position = parent
    heap[position] = item


def _sink(heap, position):
    """To a leaf by the smaller child, then up again: fewer comparisons."""
    end = len(heap)
    start = position
    item = heap[position]
    child = 2 * position + 1
    while child < end:
        other = child + 1
        if other < end and not heap[child] < heap[other]:
            child = other
        heap[position] = heap[child]
        position = child
        child = 2 * position + 1
    heap[position] = item
    _rise(heap, start, position)


def nlargest(n, iterable, key=None):
    return sorted(iterable, key=key, reverse=True)[:n]


def nsmallest(n, iterable, key=None):
    return sorted(iterable, key=key)[:n]


def merge(*iterables, key=None, reverse=False):
    rows = []
    for order, iterable in enumerate(iterables):
        it = iter(iterable)
        for value in it:
            rows.append([value, order, it])
            break
    while rows:
        best = 0
        for i in range(1, len(rows)):
            if _before(rows[i][0], rows[best][0], key, reverse):
                best = i
        row = rows[best]
        yield row[0]
        for value in row[2]:
            row[0] = value
            break
        else:
            del rows[best]


def _before(a, b, key, reverse):
    if key is not None:
        a, b = key(a), key(b)
    return b < a if reverse else a < b
