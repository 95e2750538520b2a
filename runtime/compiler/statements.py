"""Statements to instructions."""

import ast

from assembler import Handler, Label
from errors import Unsupported
from expressions import BINARY
from unit import (FINALLY_END, FINALLY_TRY, HANDLER, LOOP_FOR, LOOP_WHILE,
                  TRY_EXCEPT, WITH, Block)

NEED_CODE = (FINALLY_TRY, FINALLY_END, WITH, HANDLER)


class Statements:
    """Mixed into Compiler; self.u is the unit in hand."""

    def body(self, statements):
        for node in statements:
            self.stmt(node)

    def stmt(self, node):
        u = self.u
        u.line = node.lineno
        depth = u.depth
        method = getattr(self, "stmt_" + type(node).__name__, None)
        if method is None:
            raise Unsupported(node, f"the statement {type(node).__name__}")
        method(node)
        assert u.dead or u.depth == depth, (type(node), node.lineno)
        u.depth = depth

    # ---- Simple ones.

    def stmt_Expr(self, node):
        if isinstance(node.value, ast.Constant):
            return
        self.expr(node.value)
        self.u.emit("POP_TOP")

    def stmt_Pass(self, node):
        pass

    def stmt_Global(self, node):
        pass

    stmt_Nonlocal = stmt_Global

    def stmt_Assign(self, node):
        self.expr(node.value)
        for target in node.targets[:-1]:
            self.u.emit("COPY")
            self.store_target(target)
        self.store_target(node.targets[-1])

    def stmt_AnnAssign(self, node):
        if node.value is not None:
            self.expr(node.value)
            self.store_target(node.target)

    def store_target(self, node):
        u = self.u
        if isinstance(node, ast.Name):
            u.store(node.id)
        elif isinstance(node, ast.Attribute):
            self.expr(node.value)
            u.emit_name("STORE_ATTR", u.mangle(node.attr))
        elif isinstance(node, ast.Subscript):
            self.expr(node.value)
            self.expr(node.slice)
            u.emit("STORE_SUBSCR")
        elif isinstance(node, (ast.Tuple, ast.List)):
            self.unpack(node)
        else:
            raise Unsupported(node, f"the target {type(node).__name__}")

    def unpack(self, node):
        stars = [i for i, item in enumerate(node.elts)
                 if isinstance(item, ast.Starred)]
        n = len(node.elts)
        if not stars:
            self.u.emit("UNPACK_SEQUENCE", n)
        else:
            before, after = stars[0], n - stars[0] - 1
            if before > 255 or after > 255:
                raise Unsupported(node, "unpacking to so many targets")
            self.u.emit("UNPACK_EX", before | after << 8)
        for item in node.elts:
            starred = isinstance(item, ast.Starred)
            self.store_target(item.value if starred else item)

    def stmt_AugAssign(self, node):
        u = self.u
        target, op = node.target, BINARY[type(node.op)]
        if isinstance(target, ast.Name):
            u.load(target.id)
            self.expr(node.value)
            u.emit("INPLACE_OP", op)
            u.store(target.id)
        elif isinstance(target, ast.Attribute):
            name = u.mangle(target.attr)
            self.expr(target.value)
            u.emit("COPY")
            u.emit_name("LOAD_ATTR", name)
            self.expr(node.value)
            u.emit("INPLACE_OP", op)
            u.emit("SWAP")
            u.emit_name("STORE_ATTR", name)
        else:
            self.expr(target.value)
            self.expr(target.slice)
            u.emit("COPY_AT", 2)
            u.emit("COPY_AT", 2)
            u.emit("BINARY_SUBSCR")
            self.expr(node.value)
            u.emit("INPLACE_OP", op)
            u.emit("SWAP_AT", 3)
            u.emit("SWAP")
            u.emit("STORE_SUBSCR")

    def stmt_Delete(self, node):
        for target in node.targets:
            self.delete_target(target)

    def delete_target(self, node):
        u = self.u
        if isinstance(node, ast.Name):
            u.delete(node.id)
        elif isinstance(node, ast.Attribute):
            self.expr(node.value)
            u.emit_name("DELETE_ATTR", u.mangle(node.attr))
        elif isinstance(node, ast.Subscript):
            self.expr(node.value)
            self.expr(node.slice)
            u.emit("DELETE_SUBSCR")
        else:
            for item in node.elts:
                self.delete_target(item)

    def stmt_Assert(self, node):
        u = self.u
        end = Label()
        self.condition(node.test, end, True)
        u.emit_name("LOAD_BUILTIN", "AssertionError")
        if node.msg is not None:
            self.expr(node.msg)
            u.emit("CALL", 1)
        u.emit("RAISE", 1)
        u.place(end)

    def stmt_Raise(self, node):
        n = 0
        for part in (node.exc, node.cause):
            if part is not None:
                self.expr(part)
                n += 1
        self.u.line = node.lineno
        self.u.emit("RAISE", n)

    # ---- Imports.

    def stmt_Import(self, node):
        u = self.u
        for alias in node.names:
            u.emit_name("IMPORT_NAME", alias.name)
            top = alias.name.split(".")[0]
            if alias.asname is None and top != alias.name:
                u.emit("POP_TOP")
                u.emit_name("IMPORT_NAME", top)
            u.store(alias.asname or top)

    def stmt_ImportFrom(self, node):
        u = self.u
        if node.level != 0:
            raise Unsupported(node, "a relative import")
        if node.module == "__future__":
            return
        u.emit_name("IMPORT_NAME", node.module)
        for alias in node.names:
            if alias.name == "*":
                raise Unsupported(node, "import *")
            u.emit_name("IMPORT_FROM", alias.name)
            u.store(alias.asname or alias.name)
        u.emit("POP_TOP")

    # ---- Control flow.

    def stmt_If(self, node):
        u = self.u
        other, end = Label(), Label()
        self.condition(node.test, other, False)
        self.body(node.body)
        if node.orelse:
            u.jump("JUMP_FORWARD", end)
            u.place(other)
            self.body(node.orelse)
            u.place(end)
        else:
            u.place(other)

    def stmt_While(self, node):
        u = self.u
        top, other, end = Label(), Label(), Label()
        u.place_here(top)
        self.condition(node.test, other, False)
        u.blocks.append(Block(LOOP_WHILE, u.handler, top=top, exit=end))
        self.body(node.body)
        u.blocks.pop()
        u.jump_back(top)
        u.place(other)
        self.body(node.orelse)
        u.place(end)

    def stmt_For(self, node):
        u = self.u
        top, other, end = Label(), Label(), Label()
        self.expr(node.iter)
        u.emit("GET_ITER")
        u.place_here(top)
        u.jump("FOR_ITER", other)
        self.store_target(node.target)
        u.blocks.append(Block(LOOP_FOR, u.handler, top=top, exit=end))
        self.body(node.body)
        u.blocks.pop()
        u.line = node.lineno
        u.jump_back(top)
        u.place(other)
        self.body(node.orelse)
        u.place(end)

    def stmt_Break(self, node):
        u = self.u
        loop = u.find_loop()

        def finish():
            u.line = node.lineno
            if loop.kind == LOOP_FOR:
                u.emit("POP_TOP")
            u.jump("JUMP_FORWARD", loop.exit)

        u.leave_blocks(loop, False, self.body, finish)

    def stmt_Continue(self, node):
        u = self.u
        loop = u.find_loop()

        def finish():
            u.line = node.lineno
            u.jump_back(loop.top)

        u.leave_blocks(loop, False, self.body, finish)

    def stmt_Return(self, node):
        u = self.u
        leave = any(block.kind in NEED_CODE for block in u.blocks)
        keep = node.value is not None and \
            not isinstance(node.value, ast.Constant)
        if keep:
            self.expr(node.value)

        def finish():
            u.line = node.lineno
            if node.value is None:
                u.load_const(None)
            elif not keep:
                self.expr(node.value)
            u.emit("RETURN_VALUE")

        if leave:
            u.leave_blocks(None, keep, self.body, finish)
        else:
            finish()

    # ---- Exceptions.

    def stmt_Try(self, node):
        if not node.finalbody:
            self.try_except(node)
            return
        u = self.u
        end = Label()
        handler = self.begin_region(FINALLY_TRY, 0, body=node.finalbody)
        if node.handlers:
            self.try_except(node)
        else:
            self.body(node.body)
        self.end_region()
        self.body(node.finalbody)
        u.jump("JUMP_FORWARD", end)
        u.place_handler(handler)
        u.emit("PUSH_EXC_INFO")
        u.blocks.append(Block(FINALLY_END, u.handler))
        self.body(node.finalbody)
        u.blocks.pop()
        u.emit("RERAISE")
        u.place(end)

    def begin_region(self, kind, extra, **fields):
        """Exceptions go to the new handler from here on; `extra` items of
        the stack belong to what is around."""
        u = self.u
        handler = Handler(u.depth - extra)
        u.blocks.append(Block(kind, u.handler, **fields))
        u.handler = handler
        return handler

    def end_region(self):
        self.u.handler = self.u.blocks.pop().outer

    def try_except(self, node):
        u = self.u
        end = Label()
        handler = self.begin_region(TRY_EXCEPT, 0)
        self.body(node.body)
        self.end_region()
        self.body(node.orelse)
        u.jump("JUMP_FORWARD", end)
        u.place_handler(handler)
        u.emit("PUSH_EXC_INFO")
        for part in node.handlers:
            self.except_clause(part, end)
        u.emit("RERAISE")
        u.place(end)

    def except_clause(self, node, end):
        u = self.u
        u.line = node.lineno
        after = Label()
        if node.type is not None:
            self.expr(node.type)
            u.emit("CHECK_EXC_MATCH")
            u.jump("POP_JUMP_IF_FALSE", after)
        if node.name is None:
            u.blocks.append(Block(HANDLER, u.handler))
            self.body(node.body)
            u.blocks.pop()
            u.emit("POP_EXCEPT")
        else:
            self.named_clause(node, end)
        u.jump("JUMP_FORWARD", end)
        u.place(after)

    def named_clause(self, node, end):
        """The name is unset in the end, whatever happens."""
        u = self.u
        u.emit("COPY")
        u.store(node.name)
        cleanup = self.begin_region(HANDLER, 0, name=node.name)
        self.body(node.body)
        self.end_region()
        u.emit("POP_EXCEPT")
        self.unset(node.name)
        u.jump("JUMP_FORWARD", end)
        u.place_handler(cleanup)
        self.unset(node.name)
        u.emit("RERAISE")

    def unset(self, name):
        self.u.load_const(None)
        self.u.store(name)
        self.u.delete(name)

    def stmt_With(self, node):
        self.with_item(node, 0)

    def with_item(self, node, i):
        if i == len(node.items):
            self.body(node.body)
            return
        u = self.u
        item = node.items[i]
        end, suppress = Label(), Label()
        self.expr(item.context_expr)
        u.emit("BEFORE_WITH")
        handler = self.begin_region(WITH, 1)
        if item.optional_vars is None:
            u.emit("POP_TOP")
        else:
            self.store_target(item.optional_vars)
        self.with_item(node, i + 1)
        self.end_region()
        u.line = node.lineno
        u.call_exit()
        u.jump("JUMP_FORWARD", end)
        u.place_handler(handler)
        u.emit("PUSH_EXC_INFO")
        u.emit("WITH_EXCEPT_START")
        u.jump("POP_JUMP_IF_TRUE", suppress)
        u.emit("RERAISE")
        u.place(suppress)
        u.emit("POP_EXCEPT")
        u.emit("POP_TOP")
        u.place(end)

    # ---- Functions and classes.

    def stmt_FunctionDef(self, node):
        self.exprs(node.decorator_list)
        self.function(node, node.name, node.body)
        for _ in node.decorator_list:
            self.u.emit("CALL", 1)
        self.u.store(node.name)

    stmt_AsyncFunctionDef = stmt_FunctionDef

    def stmt_ClassDef(self, node):
        u = self.u
        self.exprs(node.decorator_list)
        u.emit_name("LOAD_BUILTIN", "__build_class__")
        self.make_function(self.class_unit(node))
        u.load_const(node.name)
        if any(isinstance(b, ast.Starred) for b in node.bases) or \
                any(k.arg is None for k in node.keywords):
            raise Unsupported(node, "a starred base class")
        self.exprs(node.bases)
        n = 2 + len(node.bases)
        if node.keywords:
            self.call_keywords(n, node.keywords)
        else:
            u.emit("CALL", n)
        for _ in node.decorator_list:
            u.emit("CALL", 1)
        u.store(node.name)
