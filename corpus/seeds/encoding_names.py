# What is no str is no name of an encoding, nor of a way to treat errors.
class Loud:
    def __str__(self):
        return "utf-8"


def attempt(call):
    try:
        print(call())
    except (TypeError, LookupError, AttributeError) as error:
        print(type(error).__name__, error)


for args in ((1,), ("utf-8", 2), ("latin-1",), ("nope",), (),
             ("utf8", "strict"), (b"utf-8",), ("ascii", []), (Loud(),)):
    attempt(lambda: bytes("é", *args))
    attempt(lambda: bytearray("é", *args))
    attempt(lambda: "é".encode(*args))
    attempt(lambda: bytes(b"a", *args))
    attempt(lambda: bytes(3, *args))
    attempt(lambda: b"a".decode(*args))
    attempt(lambda: bytearray(b"a").decode(*args))
    if args:
        attempt(lambda: str(b"a", *args))
        attempt(lambda: str("a", *args))
