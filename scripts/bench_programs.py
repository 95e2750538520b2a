# Ten small programs, each timed: the same file runs on CPython and, compiled
# from source, on the runtime.
#
#   python3.11 scripts/bench_programs.py [ROUNDS [NAME…]]
#   build/release-ft/ftfuzz run scripts/bench_programs.py [ROUNDS [NAME…]]
#
# Prints a line for each: its name, nanoseconds of one turn of its loop. That is
# the least of many rounds of a few milliseconds, so that others who use the
# machine disturb only some of them.

import sys
import time

counter = 0


def count(n):
    global counter
    i = 0
    while i < n:
        counter += 1
        i += 1


def squares(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def nested(n):
    total = 0
    for i in range(n):
        for j in range(n):
            if i < j:
                total += j
            else:
                total -= i
    return total


def dicts(n):
    table = {}
    for i in range(n):
        key = i % 100
        table[key] = table.get(key, 0) + i
        if key in table:
            table["last"] = table[key]
    return len(table)


def lists(n):
    items = []
    for i in range(n):
        items.append(i)
        items[-1] = items[i // 2] + 1
    return sum([x for x in items if x > 3])


class Account:
    def __init__(self):
        self.total = 0

    def add(self, amount):
        self.total += amount

    def get(self):
        return self.total


def methods(n):
    account = Account()
    for i in range(n):
        account.add(i)
        account.get()
    return account.total


def strings(n):
    parts = []
    for i in range(n):
        parts.append("item " + str(i))
        parts.append(f"{i}: {parts[0]}")
    return len(", ".join(parts).upper())


def exceptions(n):
    caught = 0
    for i in range(n):
        try:
            if i % 2 == 0:
                raise ValueError(i)
            caught -= 1
        except ValueError as error:
            caught += 2
    return caught


def numbers(n):
    for i in range(n):
        yield i


def generators(n):
    total = 0
    for x in numbers(n):
        total += x
    return total


# Name, function, its argument, turns of the loop that this makes.
PROGRAMS = [
    ("counter", count, 20000, 20000),
    ("sum of squares", squares, 20000, 20000),
    ("fib (calls)", fib, 17, 5167),
    ("nested loops", nested, 120, 14400),
    ("dict", dicts, 6000, 6000),
    ("list", lists, 6000, 6000),
    ("method calls", methods, 6000, 12000),
    ("string building", strings, 2000, 4000),
    ("exceptions", exceptions, 4000, 4000),
    ("generator", generators, 10000, 10000),
]


def measure(function, argument, rounds):
    least = 1e9
    for _ in range(rounds):
        start = time.perf_counter()
        function(argument)
        elapsed = time.perf_counter() - start
        if elapsed < least:
            least = elapsed
    return least


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    wanted = sys.argv[2:]
    for name, function, argument, turns in PROGRAMS:
        if wanted and name not in wanted:
            continue
        seconds = measure(function, argument, rounds)
        print(f"{name}\t{1e9 * seconds / turns:.2f}")


main()
