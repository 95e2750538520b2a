"""itertools: those of the runtime, and the others as generators."""

from _itertools import chain, count, cycle, islice, tee

_end = object()


def repeat(object, times=None):
    if times is None:
        while True:
            yield object
    for _ in range(times):
        yield object


def accumulate(iterable, func=None, *, initial=None):
    it = iter(iterable)
    total = initial
    if initial is None:
        total = next(it, _end)
        if total is _end:
            return
    yield total
    for item in it:
        total = total + item if func is None else func(total, item)
        yield total


def zip_longest(*iterables, fillvalue=None):
    iterators = [iter(iterable) for iterable in iterables]
    left = len(iterators)
    while left:
        row = []
        for i, it in enumerate(iterators):
            item = fillvalue if it is None else next(it, _end)
            if item is _end:
                iterators[i] = None
                left -= 1
                item = fillvalue
            row.append(item)
        if left:
            yield tuple(row)


def takewhile(predicate, iterable):
    for item in iterable:
        if not predicate(item):
            return
        yield item


def dropwhile(predicate, iterable):
    it = iter(iterable)
    for item in it:
        if not predicate(item):
            yield item
            break
    yield from it


def filterfalse(predicate, iterable):
    for item in iterable:
        if not (item if predicate is None else predicate(item)):
            yield item


def compress(data, selectors):
    for item, selected in zip(data, selectors):
        if selected:
            yield item


def starmap(function, iterable):
    for args in iterable:
        yield function(*args)


def pairwise(iterable):
    it = iter(iterable)
    before = next(it, _end)
    for item in it:
        yield before, item
        before = item


def batched(iterable, n):
    if n < 1:
        raise ValueError("n must be at least one")
    it = iter(iterable)
    while batch := tuple(islice(it, n)):
        yield batch


def groupby(iterable, key=None):
    """Unlike CPython's, a group is read before the next one is given."""
    group, current = [], _end
    for item in iterable:
        value = item if key is None else key(item)
        if current is not _end and value != current:
            yield current, iter(group)
            group = []
        current = value
        group.append(item)
    if current is not _end:
        yield current, iter(group)


def product(*iterables, repeat=1):
    pools = [tuple(iterable) for iterable in iterables] * repeat
    rows = [()]
    for pool in pools:
        rows = [row + (item,) for row in rows for item in pool]
    yield from rows


def _indices(n, r, follow):
    """Tuples of r indices below n; follow(chosen) are those that may come."""
    def extend(chosen):
        if len(chosen) == r:
            yield chosen
            return
        for i in follow(chosen):
            yield from extend(chosen + (i,))
    return extend(())


def _pick(iterable, r, follow):
    pool = tuple(iterable)
    n = len(pool)
    for chosen in _indices(n, r, lambda chosen: follow(chosen, n)):
        yield tuple([pool[i] for i in chosen])


def permutations(iterable, r=None):
    pool = tuple(iterable)
    r = len(pool) if r is None else r
    return _pick(pool, r, lambda chosen, n:
                 [i for i in range(n) if i not in chosen])


def combinations(iterable, r):
    return _pick(iterable, r, lambda chosen, n:
                 range(chosen[-1] + 1 if chosen else 0, n))


def combinations_with_replacement(iterable, r):
    return _pick(iterable, r, lambda chosen, n:
                 range(chosen[-1] if chosen else 0, n))
