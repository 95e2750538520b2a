# Each thread sees its own values of a threading.local.
from threading import local

from rounds import ROUNDS, together

for _ in range(ROUNDS):
    own = local()

    def work(number):
        own.x = [number]
        for i in range(10):
            assert own.x == [number]
            own.y = [i]
            del own.y

    together(work)
    assert not hasattr(own, "x")
