"""The code file: what runtime/vm/load.c reads; README.md has the format."""

import struct

from assembler import FINGERPRINT
from unit import Unit

MAGIC = b"RTBC"
VERSION = 1


class Writer:
    def __init__(self):
        self.out = bytearray()
        self.strings = {}

    def number(self, value):
        """Unsigned, seven bits a byte, the lowest first."""
        assert value >= 0
        while value >= 0x80:
            self.out.append(value & 0x7f | 0x80)
            value >>= 7
        self.out.append(value)

    def signed(self, value):
        self.number(value << 1 if value >= 0 else (-value << 1) - 1)

    def data(self, data):
        self.number(len(data))
        self.out += data

    def string(self, text):
        """The index of the text in the table of strings."""
        self.number(self.strings.setdefault(text, len(self.strings)))

    def tag(self, char):
        self.out.append(ord(char))

    # ---- Constants.

    def value(self, value):
        kind = type(value)
        if value is None or value is True or value is False:
            self.tag({None: "N", True: "T", False: "F"}[value])
        elif value is Ellipsis:
            self.tag(".")
        elif kind is int:
            self.integer(value)
        elif kind is float:
            self.tag("f")
            self.out += struct.pack("<d", value)
        elif kind is str:
            self.tag("s")
            self.string(value)
        elif kind is bytes:
            self.tag("b")
            self.data(value)
        elif kind is tuple:
            self.tag("(")
            self.number(len(value))
            for item in value:
                self.value(item)
        elif kind is Unit:
            self.tag("c")
            self.code(value)
        else:
            raise TypeError(f"no constant: {kind.__name__}")

    def integer(self, value):
        if -1 << 63 <= value < 1 << 63:
            self.tag("i")
            self.signed(value)
        else:
            self.tag("l")
            self.data(f"{value:x}".encode() if value >= 0
                      else f"-{-value:x}".encode())

    # ---- Code.

    def code(self, unit):
        self.string(unit.scope.name)
        self.string(unit.qualname)
        self.string(unit.filename)
        for number in (unit.flags, unit.argcount, unit.posonlyargcount,
                       unit.kwonlyargcount, len(unit.locals),
                       len(unit.scope.cells), len(unit.scope.frees),
                       unit.firstlineno):
            self.number(number)
        for name in unit.varnames():
            self.string(name)
        self.value(unit.doc)
        self.number(len(unit.consts))
        for value in unit.consts:
            self.value(value)
        self.number(len(unit.names))
        for name in unit.names:
            self.string(name)
        self.number(len(unit.instructions))
        for op, arg in unit.code():
            self.out.append(op)
            self.number(arg)
        self.lines(unit)
        table = unit.exceptions()
        self.number(len(table))
        for entry in table:
            for number in entry:
                self.number(number)

    def lines(self, unit):
        """Runs of instructions of one line: length, change of the line."""
        runs = []
        for instruction in unit.instructions:
            if runs and runs[-1][1] == instruction.line:
                runs[-1][0] += 1
            else:
                runs.append([1, instruction.line])
        last = unit.firstlineno
        self.number(len(runs))
        for length, line in runs:
            self.number(length)
            self.signed(line - last)
            last = line


def encode(unit):
    writer = Writer()
    writer.code(unit)
    body = writer.out
    table = Writer()
    table.number(len(writer.strings))
    for text in writer.strings:
        table.data(text.encode("utf-8", "surrogatepass"))
    head = MAGIC + struct.pack("<II", VERSION, FINGERPRINT)
    return head + bytes(table.out) + bytes(body)
