# A class gets a finalizer from another one while all of them are garbage: whether it is called is open.
import gc


class Giver:
    def __del__(self):
        type(self.other).__del__ = lambda other: None
        print("gives")


def leave_behind():
    cls = type("Taker", (), {})
    one = cls()
    giver = Giver()
    one.giver = giver
    giver.other = one


gc.disable()
for _ in range(3):
    leave_behind()
    print(gc.collect() > 0)
print(gc.collect())
