# Methods of bytes and bytearray that treat them as text; ints as bytes.
for kind in (bytes, bytearray):
    text = kind(b"hello World\tmcmxc")
    print(text.title(), text.capitalize(), text.swapcase())
    print(text.center(21, b"*"), text.ljust(20), text.rjust(20, b"."))
    print(kind(b"-42").zfill(6), kind(b"+7").zfill(1), kind(b"x").zfill(3))
    print(text.expandtabs(), kind(b"a\tb\n\tc").expandtabs(4))
    print(text.partition(b"o"), text.rpartition(b"o"), text.partition(b"?"))
    print(text.rpartition(b"?"), text.removeprefix(b"hello "))
    print(text.removesuffix(b"mcmxc"), text.removesuffix(b"nothing"))
    print(kind(b"a\nb\r\nc\rd\n\n").splitlines())
    print(kind(b"a\nb\r\nc").splitlines(keepends=True))
    print(text.translate(bytes.maketrans(b"lo", b"01"), delete=b"W"))
    print(text.translate(None, b"lo"), text.rindex(b"o"))
    print([getattr(kind(item), test)()
           for test in ("isalnum", "isascii", "islower", "isupper", "istitle")
           for item in (b"", b"Ab", b"ab1", b"AB", b"A b", b"\xff")])

for call in (lambda: b"a".center(3, b"ab"), lambda: b"a".partition(b""),
             lambda: b"a".translate(b"short"), lambda: b"a".rindex(b"b"),
             lambda: bytes.maketrans(b"a", b"bc"), lambda: b"a".ljust("3")):
    try:
        call()
    except (TypeError, ValueError) as error:
        print(type(error).__name__)

for number in (0, 1, 255, 256, -1, -128, -129, 2 ** 63, -2 ** 63, 3 ** 50,
               -3 ** 50):
    size = (number.bit_length() + 8) // 8
    for order in ("big", "little"):
        data = number.to_bytes(size, order, signed=True)
        assert int.from_bytes(data, order, signed=True) == number
        print(data, int.from_bytes(data, order))
print((258).to_bytes(2), int.from_bytes([1, 2]), bool.from_bytes(b"\x01"))
for call in (lambda: (256).to_bytes(1), lambda: (-1).to_bytes(4),
             lambda: (128).to_bytes(1, signed=True),
             lambda: (1).to_bytes(1, "middle"), lambda: (1).to_bytes(-1)):
    try:
        call()
    except (OverflowError, ValueError) as error:
        print(type(error).__name__, error)
