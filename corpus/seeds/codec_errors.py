# Text and bytes: encodings, what cannot be encoded or decoded, and how errors are handled.
text = "na\u00efve \u20ac \U0001f600"
for encoding in ("utf-8", "ascii", "latin-1", "UTF8", "nothing"):
    for errors in ("strict", "ignore", "replace", "backslashreplace"):
        try:
            print(encoding, errors, text.encode(encoding, errors))
        except (UnicodeError, LookupError) as error:
            print(encoding, errors, type(error).__name__)
for data in (b"caf\xc3\xa9", b"\xff\xfe", b"\xe2\x82", b"a\xc3(", b"\xed\xa0\x80"):
    for errors in ("strict", "ignore", "replace", "backslashreplace"):
        try:
            print(data, errors, data.decode("utf-8", errors))
        except UnicodeDecodeError as error:
            print(data, errors, type(error).__name__)
print(len(text), len(text.encode()), text[::-1], text.upper(), ascii(text))
print([ord(c) for c in text[-3:]], chr(0x20ac), repr("\x00\t\u200b\u00a0"))
data = bytearray(b"abcdef")
data[1:3] = b"XYZ"
data.extend(range(3))
data.insert(0, 255)
print(data, data.pop(), data.find(b"XY"), bytes(data[::2]), data.hex())
del data[::2]
print(data, data == bytes(data), data * 2, data + b"!", 88 in data)
for arguments in ({"encoding": 1}, {"errors": 1}, {"encoding": b"ascii"}):
    try:
        print(str(b"x", **arguments))
    except TypeError as error:
        print(error)
