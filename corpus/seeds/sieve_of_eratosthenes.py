# Primes by the sieve, by trial division, and their agreement.
def sieve(limit):
    flags = [True] * (limit + 1)
    flags[0] = flags[1] = False
    for p in range(2, int(limit ** 0.5) + 1):
        if flags[p]:
            for multiple in range(p * p, limit + 1, p):
                flags[multiple] = False
    return [n for n, flag in enumerate(flags) if flag]


def trial(limit):
    primes = []
    for n in range(2, limit + 1):
        if all(n % p for p in primes if p * p <= n):
            primes.append(n)
    return primes


print(sieve(100), sieve(500) == trial(500), len(sieve(2000)))
