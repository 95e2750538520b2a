# The towers of Hanoi: moves by recursion, and by a generator.
def solve(n, source, target, spare, moves):
    if n == 0:
        return
    solve(n - 1, source, spare, target, moves)
    moves.append((source, target))
    solve(n - 1, spare, target, source, moves)


def lazy(n, source="A", target="C", spare="B"):
    if n:
        yield from lazy(n - 1, source, spare, target)
        yield source, target
        yield from lazy(n - 1, spare, target, source)


moves = []
solve(5, "A", "C", "B", moves)
print(len(moves), moves[:4], moves == list(lazy(5)))
