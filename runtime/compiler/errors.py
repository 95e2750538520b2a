"""What the compiler refuses, and how it says so."""


class Unsupported(Exception):
    """A construct that the runtime does not have."""

    def __init__(self, node, what):
        super().__init__(what)
        self.lineno = getattr(node, "lineno", 1)
        self.col_offset = getattr(node, "col_offset", 0)
        self.what = what

    def describe(self, filename):
        return (f"{filename}:{self.lineno}:{self.col_offset + 1}: "
                f"{self.what} is not supported")
