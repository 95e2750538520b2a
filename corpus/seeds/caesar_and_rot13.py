# Caesar's cipher by ord and chr, and back.
def shift(text, by):
    result = []
    for c in text:
        if c.isalpha():
            base = ord("A") if c.isupper() else ord("a")
            c = chr((ord(c) - base + by) % 26 + base)
        result.append(c)
    return "".join(result)


message = "Attack at Dawn!"
print(shift(message, 3), shift(shift(message, 3), -3), shift(shift(message, 13), 13) == message)
