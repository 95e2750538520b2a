# A pool of processes counts primes: map, starmap, apply, imap, results in order, an error that crosses.
from multiprocessing import Pool, TimeoutError


class Range:
    """Plain data: its instances cross as pickles."""

    def __init__(self, start, stop):
        self.start = start
        self.stop = stop

    def __repr__(self):
        return f'Range({self.start}, {self.stop})'


def is_prime(n):
    return n > 1 and all(n % k for k in range(2, int(n ** 0.5) + 1))


def count_primes(numbers):
    return sum(map(is_prime, range(numbers.start, numbers.stop)))


def longest_gap(numbers):
    last = None
    gap = 0, None
    for n in filter(is_prime, range(numbers.start, numbers.stop)):
        if last is not None:
            gap = max(gap, (n - last, Range(last, n)), key=lambda g: g[0])
        last = n
    return gap


def power(base, exponent, *, modulus=None):
    return pow(base, exponent, modulus)


def fail(n):
    if n == 3:
        raise LookupError('no', n)
    return {'n': n, 'half': n / 2, 'text': str(n).encode()}


counter = 0


def count_up(n):
    global counter
    counter += n
    return counter


def main():
    parts = [Range(n, n + 50) for n in range(0, 300, 50)]
    with Pool(3) as pool:
        print('primes:', pool.map(count_primes, parts))
        print('gaps:', pool.map(longest_gap, parts[:2], chunksize=1))
        print('powers:', pool.starmap(power, [(2, 10), (3, 4), (10, 30)]))
        print('apply:', pool.apply(power, (7, 5), {'modulus': 13}))
        print('in order:', list(pool.imap(count_primes, parts)))
        print('as they come:',
              sorted(pool.imap_unordered(count_primes, parts, 2)))
        result = pool.apply_async(fail, (2,))
        print('later:', result.get(), result.ready(), result.successful())
        for call in (lambda: pool.map(fail, range(5)),
                     lambda: pool.apply(fail, (3,)),
                     lambda: list(pool.imap(fail, range(2, 5)))):
            try:
                call()
            except LookupError as error:
                print('failed:', error.args, type(error.__cause__).__name__)
        pool.map(count_up, [1, 2, 3])
        print('our own counter:', counter)
    pool.join()
    try:
        pool.map(is_prime, [2])
    except ValueError as error:
        print(error)


if __name__ == '__main__':
    main()
