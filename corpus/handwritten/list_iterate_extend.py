# A list is read, copied, sorted and extended from another while both change.
from rounds import ROUNDS, together

for _ in range(ROUNDS):
    one = [1000 + i for i in range(10)]
    other = [2000 + i for i in range(10)]

    def work(number):
        for i in range(5):
            if number == 0:
                one.extend(other)
            elif number == 1:
                other.append(3000 + i)
                other.clear()
            elif number == 2:
                for item in one:
                    assert item >= 1000
            else:
                one.sort()
                assert len(one.copy()) >= 10

    together(work)
    assert len(one) >= 10
