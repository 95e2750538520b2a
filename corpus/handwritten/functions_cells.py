# A function whose defaults change while it is called, and a shared variable.
from rounds import ROUNDS, together

for _ in range(ROUNDS):
    cell = [0]

    def called(value=[0]):
        nonlocal_value = value
        return nonlocal_value

    def outer():
        variable = [0]

        def step(number):
            nonlocal variable
            variable = [number]
            return variable

        return step

    step = outer()

    def work(number):
        for i in range(10):
            if number == 0:
                called.__defaults__ = ([i],)
            assert len(called()) == 1
            assert len(step(i)) == 1

    together(work)
