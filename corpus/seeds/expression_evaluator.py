# A recursive-descent parser of arithmetic, with errors that say where.
def tokenize(text):
    i = 0
    while i < len(text):
        if text[i].isspace():
            i += 1
        elif text[i].isdigit():
            start = i
            while i < len(text) and text[i].isdigit():
                i += 1
            yield int(text[start:i])
        else:
            yield text[i]
            i += 1
    yield None


class Parser:
    def __init__(self, text):
        self.tokens = list(tokenize(text))
        self.at = 0

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def sum(self):
        value = self.product()
        while self.tokens[self.at] in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self):
        value = self.atom()
        while self.tokens[self.at] in ("*", "/"):
            value = value * self.atom() if self.take() == "*" else value // self.atom()
        return value

    def atom(self):
        token = self.take()
        if token == "(":
            value = self.sum()
            if self.take() != ")":
                raise ValueError(f"expected ) at {self.at}")
            return value
        if token == "-":
            return -self.atom()
        if isinstance(token, int):
            return token
        raise ValueError(f"unexpected {token!r}")


for text in ("1 + 2 * 3", "(1 + 2) * 3", "-4 * (2 - 10) / 3", "2 * (3", "5 +"):
    try:
        print(text, "=", Parser(text).sum())
    except Exception as error:
        print(text, "->", error)
