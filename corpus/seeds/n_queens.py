# Eight queens by backtracking: the number of solutions, and the first.
def queens(n, row=0, columns=(), rising=(), falling=()):
    if row == n:
        yield columns
        return
    for c in range(n):
        if c not in columns and row + c not in rising and row - c not in falling:
            yield from queens(n, row + 1, columns + (c,), rising + (row + c,), falling + (row - c,))


print([sum(1 for _ in queens(n)) for n in range(1, 7)])
print(next(queens(8)))
