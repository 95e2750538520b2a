# bytes and bytearray: indexing, slices, methods, encoding, mutation.
data = b"hello"
print(data, data[0], data[1:3], list(data), len(data), b"ell" in data, data + b"!")
print("caf\u00e9".encode(), b"caf\xc3\xa9".decode(), bytes([1, 2, 255]), bytes(3))
buffer = bytearray(b"abc")
buffer[0] = 65
buffer.append(100)
print(buffer, bytes(buffer), data.upper(), data.find(b"l"), data.split(b"l"), data.hex())
try:
    data[0] = 1
except TypeError as error:
    print(error)


def attempt(call):
    try:
        print(call())
    except Exception as error:
        print(type(error).__name__, error)


# Where to look is read before what to look for.
attempt(lambda: data.index(1000, []))
attempt(lambda: data.rfind(1000, None, []))
attempt(lambda: data.count("", [1]))
attempt(lambda: data.startswith((), [1]))
attempt(lambda: data.endswith("", 0, [1]))
attempt(lambda: (data.endswith(b"l", 0, 4), data.find(108, -2)))
# Bytes are joined, not added.
attempt(lambda: sum([data], b""))
attempt(lambda: sum([], bytearray()))
attempt(lambda: sum(1, ""))
