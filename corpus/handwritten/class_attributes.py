# A class and its base change while instances are looked up.
from rounds import ROUNDS, together


class Base:
    x = 1000


class C(Base):
    pass


instance = C()
for _ in range(ROUNDS):

    def work(number):
        for i in range(20):
            if number == 0:
                Base.x = 1000 + i
            elif number == 1:
                C.y = [i]
                C.x = 2000 + i
                del C.x
            else:
                assert instance.x >= 1000
                assert C.x >= 1000

    together(work)
    assert Base.x == 1019
