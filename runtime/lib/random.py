"""random: CPython's generator and methods: equal seeds give equal numbers.

Seeds are ints, floats or None; strings would need SHA-512.
"""

from _random import Twister
from math import cos as _cos, exp as _exp, log as _log, pi as _pi
from math import sin as _sin, sqrt as _sqrt
from time import time_ns

_NORMAL = 4 * _exp(-0.5) / _sqrt(2.0)


def _words(number):
    """Of 32 bits each, the lowest first."""
    words = [number & 0xffffffff]
    number >>= 32
    while number:
        words.append(number & 0xffffffff)
        number >>= 32
    return tuple(words)


class Random:
    VERSION = 3

    def __init__(self, x=None):
        self._twister = Twister()
        self.gauss_next = None
        self.seed(x)

    def seed(self, a=None, version=2):
        if a is None:
            a = time_ns()
        elif isinstance(a, float):
            a = hash(a)
        elif not isinstance(a, int):
            raise TypeError("The only supported seed types are: None,\n"
                            "int and float.")
        words = _words(abs(a))
        if len(words) > 624:
            raise OverflowError("the seed is too large")
        self._twister.seed(words)
        self.random = self._twister.random
        self.gauss_next = None

    def getstate(self):
        return self.VERSION, self._twister.getstate(), self.gauss_next

    def setstate(self, state):
        if state[0] != self.VERSION:
            raise ValueError(f"state with version {state[0]} passed to "
                             f"Random.setstate() of version {self.VERSION}")
        self._twister.setstate(state[1])
        self.gauss_next = state[2]

    def getrandbits(self, k):
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        number = shift = 0
        while k > 0:
            number |= self._twister.getrandbits(k if k < 32 else 32) << shift
            shift += 32
            k -= 32
        return number

    def _randbelow(self, n):
        k = n.bit_length()
        r = self.getrandbits(k)
        while r >= n:
            r = self.getrandbits(k)
        return r

    def randrange(self, start, stop=None, step=1):
        if stop is None:
            if start > 0:
                return self._randbelow(start)
            raise ValueError("empty range for randrange()")
        width = stop - start
        if step == 1:
            if width > 0:
                return start + self._randbelow(width)
            raise ValueError(f"empty range in randrange({start}, {stop})")
        if step > 0:
            n = (width + step - 1) // step
        elif step < 0:
            n = (width + step + 1) // step
        else:
            raise ValueError("zero step for randrange()")
        if n <= 0:
            raise ValueError(
                f"empty range in randrange({start}, {stop}, {step})")
        return start + step * self._randbelow(n)

    def randint(self, a, b):
        return self.randrange(a, b + 1)

    def choice(self, seq):
        if not len(seq):
            raise IndexError("Cannot choose from an empty sequence")
        return seq[self._randbelow(len(seq))]

    def shuffle(self, x):
        for i in reversed(range(1, len(x))):
            j = self._randbelow(i + 1)
            x[i], x[j] = x[j], x[i]

    def sample(self, population, k):
        n = len(population)
        if not 0 <= k <= n:
            raise ValueError("Sample larger than population or is negative")
        result = [None] * k
        # A set of what was taken, or a pool that shrinks: which is smaller.
        setsize = 21
        if k > 5:
            power = 1
            while power < 3 * k:
                power *= 4
            setsize += power
        if n <= setsize:
            pool = list(population)
            for i in range(k):
                j = self._randbelow(n - i)
                result[i] = pool[j]
                pool[j] = pool[n - i - 1]
        else:
            selected = set()
            for i in range(k):
                j = self._randbelow(n)
                while j in selected:
                    j = self._randbelow(n)
                selected.add(j)
                result[i] = population[j]
        return result

    def choices(self, population, weights=None, *, cum_weights=None, k=1):
        n = len(population)
        if weights is not None:
            cum_weights = []
            total = 0
            for weight in weights:
                total += weight
                cum_weights.append(total)
        if cum_weights is None:
            return [population[int(self.random() * n)] for _ in range(k)]
        if len(cum_weights) != n:
            raise ValueError(
                "The number of weights does not match the population")
        total = cum_weights[-1] + 0.0
        return [population[_bisect(cum_weights, self.random() * total, n - 1)]
                for _ in range(k)]

    def uniform(self, a, b):
        return a + (b - a) * self.random()

    def gauss(self, mu=0.0, sigma=1.0):
        """Two at a time: one is kept for the next call."""
        z = self.gauss_next
        self.gauss_next = None
        if z is None:
            angle = self.random() * 2 * _pi
            radius = _sqrt(-2.0 * _log(1.0 - self.random()))
            z = _cos(angle) * radius
            self.gauss_next = _sin(angle) * radius
        return mu + z * sigma

    def normalvariate(self, mu=0.0, sigma=1.0):
        while True:
            u1 = self.random()
            u2 = 1.0 - self.random()
            z = _NORMAL * (u1 - 0.5) / u2
            if z * z / 4.0 <= -_log(u2):
                return mu + z * sigma

    def expovariate(self, lambd=1.0):
        return -_log(1.0 - self.random()) / lambd

    def triangular(self, low=0.0, high=1.0, mode=None):
        u = self.random()
        c = 0.5 if mode is None else (mode - low) / (high - low)
        if u > c:
            u = 1.0 - u
            c = 1.0 - c
            low, high = high, low
        return low + (high - low) * (u * c) ** 0.5


def _bisect(items, value, high):
    low = 0
    while low < high:
        middle = (low + high) // 2
        if value < items[middle]:
            high = middle
        else:
            low = middle + 1
    return low


_shared = Random()
seed = _shared.seed
getrandbits = _shared.getrandbits
randrange = _shared.randrange
randint = _shared.randint
choice = _shared.choice
choices = _shared.choices
shuffle = _shared.shuffle
sample = _shared.sample
uniform = _shared.uniform
gauss = _shared.gauss
normalvariate = _shared.normalvariate
expovariate = _shared.expovariate
triangular = _shared.triangular
getstate = _shared.getstate
setstate = _shared.setstate
random = _shared._twister.random
