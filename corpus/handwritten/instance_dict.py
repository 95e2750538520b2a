# The attributes of one instance, by name and by its dict, which is replaced.
from rounds import ROUNDS, together


class C:
    pass


for _ in range(ROUNDS):
    instance = C()
    instance.x = [0]

    def work(number):
        for i in range(10):
            if number == 0:
                instance.__dict__ = {"x": [i]}
            elif number == 1:
                instance.y = [i]
                instance.__dict__["z"] = [i]
            else:
                assert len(instance.x) == 1
                assert instance.__dict__["x"] is not None

    together(work)
