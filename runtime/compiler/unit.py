"""One code object while it is made: constants, names, variables, blocks."""

from assembler import Assembler
from symbols import CELL, FAST, FREE, NAME, NAME_OR_FREE, mangle

GENERATOR, TRACEBACK, VARARGS, VARKEYWORDS, COROUTINE = 1, 2, 4, 8, 16

# Kinds of blocks.
LOOP_WHILE, LOOP_FOR, TRY_EXCEPT, FINALLY_TRY, FINALLY_END, WITH, HANDLER, \
    POP_VALUE = range(8)


class Block:
    """What a jump out of it, or a return, has to undo."""

    def __init__(self, kind, outer, **fields):
        self.kind = kind
        self.outer = outer      # the exception handler around it
        self.exit = fields.get("exit")
        self.top = fields.get("top")
        self.body = fields.get("body")
        self.name = fields.get("name")


class Unit(Assembler):
    def __init__(self, scope, filename, qualname, outer):
        super().__init__()
        self.scope = scope
        self.filename = filename
        self.qualname = qualname
        self.outer = outer
        self.consts = []
        self.const_index = {}
        self.names = {}
        self.blocks = []
        self.flags = TRACEBACK
        self.argcount = 0
        self.posonlyargcount = 0
        self.kwonlyargcount = 0
        self.doc = None
        self.firstlineno = getattr(scope.node, "lineno", 1)
        self.locals = {name: i for i, name in enumerate(scope.locals)}
        self.derefs = {name: i for i, name in
                       enumerate(scope.cells + scope.frees)}
        if scope.is_generator:
            self.flags |= GENERATOR
        if scope.is_coroutine:
            self.flags |= COROUTINE | GENERATOR

    def mangle(self, name):
        return mangle(self.scope.private, name)

    # ---- Pools.

    def const(self, value):
        if isinstance(value, Unit):
            key = id(value)
        else:
            key = (type(value).__name__, repr(value))
        if key not in self.const_index:
            self.const_index[key] = len(self.consts)
            self.consts.append(value)
        return self.const_index[key]

    def name_index(self, name):
        return self.names.setdefault(name, len(self.names))

    def load_const(self, value):
        self.emit("LOAD_CONST", self.const(value))

    def emit_name(self, op, name):
        self.emit(op, self.name_index(name))

    # ---- Variables.

    def load(self, name):
        name = self.mangle(name)
        where = self.scope.where(name)
        if where == FAST:
            self.emit("LOAD_FAST", self.locals[name])
        elif where in (CELL, FREE):
            self.emit("LOAD_DEREF", self.derefs[name])
        elif where == NAME:
            self.emit("LOAD_FAST", 0)
            self.emit_name("LOAD_FROM_DICT_OR_GLOBALS", name)
        elif where == NAME_OR_FREE:
            self.emit("LOAD_FAST", 0)
            self.emit("LOAD_FROM_DICT_OR_DEREF", self.derefs[name])
        else:
            self.emit_name("LOAD_GLOBAL", name)

    def store(self, name):
        name = self.mangle(name)
        where = self.scope.where(name)
        if where == FAST:
            self.emit("STORE_FAST", self.locals[name])
        elif where in (CELL, FREE):
            self.emit("STORE_DEREF", self.derefs[name])
        elif where in (NAME, NAME_OR_FREE):
            self.emit("LOAD_FAST", 0)
            self.load_const(name)
            self.emit("STORE_SUBSCR")
        else:
            self.emit_name("STORE_GLOBAL", name)

    def delete(self, name):
        name = self.mangle(name)
        where = self.scope.where(name)
        if where == FAST:
            self.emit("DELETE_FAST", self.locals[name])
        elif where in (CELL, FREE):
            self.emit("DELETE_DEREF", self.derefs[name])
        elif where in (NAME, NAME_OR_FREE):
            self.emit("LOAD_FAST", 0)
            self.load_const(name)
            self.emit("DELETE_SUBSCR")
        else:
            self.emit_name("DELETE_GLOBAL", name)

    def make_cells(self):
        """The prologue: cells, and arguments that live in one."""
        if self.scope.frees:
            self.emit("COPY_FREE_VARS")
        for i, name in enumerate(self.scope.cells):
            self.emit("MAKE_CELL", i)
            if name in self.scope.params:
                self.emit("LOAD_FAST", self.locals[name])
                self.emit("STORE_DEREF", i)
                self.emit("DELETE_FAST", self.locals[name])

    # ---- Leaving blocks.

    def find_loop(self):
        for block in reversed(self.blocks):
            if block.kind in (LOOP_WHILE, LOOP_FOR):
                return block
        return None

    def leave_blocks(self, until, keep, compile_body, finish):
        """Undoes the blocks inside `until` (None: all), then calls finish().
        keep: the value on top of the stack survives."""
        blocks, handler = self.blocks, self.handler
        while self.blocks and self.blocks[-1] is not until:
            block = self.blocks[-1]
            self.blocks = self.blocks[:-1]
            self.leave_block(block, keep, compile_body)
        finish()
        self.blocks = blocks
        self.handler = handler

    def leave_block(self, block, keep, compile_body):
        self.handler = block.outer
        if block.kind in (LOOP_FOR, POP_VALUE):
            if keep:
                self.emit("SWAP")
            self.emit("POP_TOP")
        elif block.kind == FINALLY_TRY:
            if keep:
                self.blocks.append(Block(POP_VALUE, self.handler))
            compile_body(block.body)
            if keep:
                self.blocks.pop()
        elif block.kind == WITH:
            if keep:
                self.emit("SWAP")
            self.call_exit()
        elif block.kind in (FINALLY_END, HANDLER):
            self.emit("POP_EXCEPT_UNDER" if keep else "POP_EXCEPT")
            if block.name is not None:
                self.load_const(None)
                self.store(block.name)
                self.delete(block.name)

    def call_exit(self):
        """exit(None, None, None), for effect."""
        for _ in range(3):
            self.load_const(None)
        self.emit("CALL", 3)
        self.emit("POP_TOP")

    def varnames(self):
        """Names of the slots before the value stack."""
        names = [""] * len(self.locals)
        for name, i in self.locals.items():
            names[i] = name
        return names + self.scope.cells + self.scope.frees
