"""Instructions, labels, the exception table, and the depth of the stack.

The depth is kept while instructions are emitted: the exception table needs it.
What follows a jump is not emitted until a label is placed.
"""

import pathlib
import re

OPCODES_DEF = pathlib.Path(__file__).resolve().parent.parent / "vm" / \
    "opcodes.def"
FINAL = {"RETURN_VALUE", "RAISE", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD",
         "JUMP_BACKWARD_NO_INTERRUPT"}


class Opcode:
    def __init__(self, number, name, argument, pops, pushes):
        self.number = number
        self.name = name
        self.argument = argument
        self.pops = pops
        self.pushes = pushes


def read_opcodes(text):
    pattern = r'RT_OPCODE\((\w+), (\w+), (-?\d+), (-?\d+), "'
    table = {}
    for match in re.finditer(pattern, text):
        name, argument, pops, pushes = match.groups()
        table[name] = Opcode(len(table), name, argument, int(pops),
                             int(pushes))
    return table


def fingerprint(table):
    """FNV-1a over names and kinds of arguments; the loader has the same."""
    value = 0x811c9dc5
    for op in table.values():
        for byte in f"{op.name} {op.argument}\n".encode():
            value = (value ^ byte) * 0x01000193 & 0xffffffff
    return value


OPCODES = read_opcodes(OPCODES_DEF.read_text(encoding="utf-8"))
FINGERPRINT = fingerprint(OPCODES)


def effect(op, arg):
    """Items popped and pushed."""
    name = op.name
    if name == "BUILD_MAP":
        return 2 * arg, 1
    if name == "CALL":
        return arg + 1, 1
    if name in ("CALL_METHOD", "CALL_METHOD_NO_INTERRUPT", "CALL_KW"):
        return arg + 2, 1
    if name == "COPY_AT":
        return arg, arg + 1
    if name == "SWAP_AT":
        return arg, arg
    if name in ("LIST_APPEND", "SET_ADD"):
        return arg + 1, arg
    if name == "MAP_ADD":
        return arg + 2, arg
    if name == "UNPACK_EX":
        return 1, (arg & 0xff) + 1 + (arg >> 8)
    pops = arg if op.pops < 0 else op.pops
    pushes = arg if op.pushes < 0 else op.pushes
    return pops, pushes


class Label:
    def __init__(self):
        self.position = None
        self.used = False
        self.depth = None


class Handler:
    """Where exceptions go; `depth` items stay on the stack."""

    def __init__(self, depth):
        self.label = Label()
        self.depth = depth
        self.used = False


class Instruction:
    __slots__ = ("op", "arg", "line", "handler")

    def __init__(self, op, arg, line, handler):
        self.op = op
        self.arg = arg
        self.line = line
        self.handler = handler


class Assembler:
    def __init__(self):
        self.instructions = []
        self.depth = 0
        self.dead = False
        self.handler = None
        self.line = 1

    def emit(self, name, arg=0):
        if self.dead:
            return
        op = OPCODES[name]
        number = 0 if isinstance(arg, Label) else arg
        if not 0 <= number < 1 << 24:
            raise OverflowError("the argument of an instruction is too large")
        pops, pushes = effect(op, number)
        self.instructions.append(
            Instruction(op, arg, self.line, self.handler))
        if self.handler is not None:
            self.handler.used = True
        self.depth += pushes - pops
        assert self.depth >= 0, (name, self.line)
        if name in FINAL:
            self.dead = True

    def jump(self, name, label):
        if self.dead:
            return
        label.used = True
        self.emit(name, label)
        depth = self.depth - 2 if name == "FOR_ITER" else self.depth
        if label.position is None:
            assert label.depth in (None, depth), (name, self.line)
            label.depth = depth

    def jump_back(self, label):
        self.emit("JUMP_BACKWARD", label)

    def place(self, label):
        """Forward jumps to the label arrive here."""
        label.position = len(self.instructions)
        if label.used:
            assert self.dead or self.depth == label.depth, self.line
            self.depth = label.depth
            self.dead = False

    def place_here(self, label):
        """The label that later jumps go back to."""
        label.position = len(self.instructions)
        label.depth = self.depth

    def place_handler(self, handler):
        """The exception is on top. What covers nothing is not emitted."""
        handler.label.position = len(self.instructions)
        self.depth = handler.depth + 1
        self.dead = not handler.used

    # ---- The end.

    def code(self):
        """(opcode, argument) of each instruction."""
        result = []
        for i in self.instructions:
            arg = i.arg.position if isinstance(i.arg, Label) else i.arg
            result.append((i.op.number, arg))
        return result

    def exceptions(self):
        """(start, end, handler, depth), each instruction in at most one."""
        table = []
        start = 0
        instructions = self.instructions
        for end in range(1, len(instructions) + 1):
            handler = instructions[start].handler
            if end < len(instructions) and \
                    instructions[end].handler is handler:
                continue
            if handler is not None:
                table.append((start, end, handler.label.position,
                              handler.depth))
            start = end
        return table
