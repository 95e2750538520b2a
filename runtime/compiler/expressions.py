"""Expressions to instructions."""

import ast

from assembler import Label
from errors import Unsupported

BINARY = {ast.Add: 0, ast.Sub: 1, ast.Mult: 2, ast.FloorDiv: 3, ast.Mod: 4,
          ast.BitAnd: 5, ast.BitOr: 6, ast.BitXor: 7, ast.Div: 8, ast.Pow: 9,
          ast.LShift: 10, ast.RShift: 11, ast.MatMult: 12}
COMPARE = {ast.Lt: 0, ast.LtE: 1, ast.Eq: 2, ast.NotEq: 3, ast.Gt: 4,
           ast.GtE: 5}
UNARY = {ast.USub: "UNARY_NEGATIVE", ast.UAdd: "UNARY_POSITIVE",
         ast.Invert: "UNARY_INVERT", ast.Not: "UNARY_NOT"}
MAX_ITEMS = 30                  # of a display, on the stack at once


def constant_of(node):
    """(True, value) of a constant expression."""
    if isinstance(node, ast.Constant):
        return True, node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        known, value = constant_of(node.operand)
        if known and type(value) in (int, float):
            return True, -value
    if isinstance(node, ast.Tuple):
        values = [constant_of(item) for item in node.elts]
        if all(known for known, _ in values):
            return True, tuple(value for _, value in values)
    return False, None


def has_star(nodes):
    return any(isinstance(node, ast.Starred) for node in nodes)


class Expressions:
    """Mixed into Compiler; self.u is the unit in hand."""

    def expr(self, node):
        u = self.u
        line, u.line = u.line, getattr(node, "lineno", u.line)
        known, value = constant_of(node)
        if known:
            self.check_constant(node, value)
            u.load_const(value)
        else:
            method = getattr(self, "expr_" + type(node).__name__, None)
            if method is None:
                raise Unsupported(node, f"the expression "
                                        f"{type(node).__name__}")
            method(node)
        u.line = line

    def check_constant(self, node, value):
        if isinstance(value, complex):
            raise Unsupported(node, "a complex number")
        if value is Ellipsis:
            raise Unsupported(node, "the value ...")
        if isinstance(value, tuple):
            for item in value:
                self.check_constant(node, item)

    def exprs(self, nodes):
        for node in nodes:
            self.expr(node)

    # ---- Names, attributes, items.

    def expr_Name(self, node):
        self.u.load(node.id)

    def expr_Attribute(self, node):
        self.expr(node.value)
        self.u.line = node.lineno
        self.u.emit_name("LOAD_ATTR", self.u.mangle(node.attr))

    def expr_Subscript(self, node):
        self.expr(node.value)
        self.expr(node.slice)
        self.u.emit("BINARY_SUBSCR")

    def expr_Index(self, node):         # 3.8 and before
        self.expr(node.value)

    def expr_Slice(self, node):
        for part in (node.lower, node.upper):
            if part is None:
                self.u.load_const(None)
            else:
                self.expr(part)
        if node.step is not None:
            self.expr(node.step)
        self.u.emit("BUILD_SLICE", 2 if node.step is None else 3)

    def expr_NamedExpr(self, node):
        self.expr(node.value)
        self.u.emit("COPY")
        self.u.store(node.target.id)

    # ---- Operators.

    def expr_BinOp(self, node):
        self.expr(node.left)
        self.expr(node.right)
        self.u.emit("BINARY_OP", BINARY[type(node.op)])

    def expr_UnaryOp(self, node):
        self.expr(node.operand)
        self.u.emit(UNARY[type(node.op)])

    def expr_BoolOp(self, node):
        u = self.u
        end = Label()
        jump = "POP_JUMP_IF_FALSE" if isinstance(node.op, ast.And) \
            else "POP_JUMP_IF_TRUE"
        for value in node.values[:-1]:
            self.expr(value)
            u.emit("COPY")
            u.jump(jump, end)
            u.emit("POP_TOP")
        self.expr(node.values[-1])
        u.place(end)

    def expr_IfExp(self, node):
        u = self.u
        other, end = Label(), Label()
        self.condition(node.test, other, False)
        self.expr(node.body)
        u.jump("JUMP_FORWARD", end)
        u.place(other)
        self.expr(node.orelse)
        u.place(end)

    def compare_op(self, op):
        u = self.u
        if isinstance(op, (ast.Is, ast.IsNot)):
            u.emit("IS_OP", int(isinstance(op, ast.IsNot)))
        elif isinstance(op, (ast.In, ast.NotIn)):
            u.emit("CONTAINS_OP", int(isinstance(op, ast.NotIn)))
        else:
            u.emit("COMPARE_OP", COMPARE[type(op)])

    def expr_Compare(self, node):
        u = self.u
        self.expr(node.left)
        if len(node.ops) == 1:
            self.expr(node.comparators[0])
            self.compare_op(node.ops[0])
            return
        cleanup, end = Label(), Label()
        last = len(node.ops) - 1
        for i, (op, right) in enumerate(zip(node.ops, node.comparators)):
            self.expr(right)
            if i < last:
                u.emit("SWAP")
                u.emit("COPY_AT", 2)
            self.compare_op(op)
            if i < last:
                u.emit("COPY")
                u.jump("POP_JUMP_IF_FALSE", cleanup)
                u.emit("POP_TOP")
        u.jump("JUMP_FORWARD", end)
        u.place(cleanup)
        u.emit("SWAP")
        u.emit("POP_TOP")
        u.place(end)

    def condition(self, node, target, jump_if):
        """Jumps forward to `target` if the truth of node is jump_if."""
        u = self.u
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.condition(node.operand, target, not jump_if)
            return
        if isinstance(node, ast.BoolOp):
            self.bool_condition(node, target, jump_if)
            return
        known, value = constant_of(node)
        if known:
            if bool(value) == jump_if:
                u.jump("JUMP_FORWARD", target)
            return
        self.expr(node)
        u.jump("POP_JUMP_IF_TRUE" if jump_if else "POP_JUMP_IF_FALSE", target)

    def bool_condition(self, node, target, jump_if):
        is_or = isinstance(node.op, ast.Or)
        if is_or == jump_if:
            for value in node.values:
                self.condition(value, target, jump_if)
            return
        out = Label()
        for value in node.values[:-1]:
            self.condition(value, out, not jump_if)
        self.condition(node.values[-1], target, jump_if)
        self.u.place(out)

    # ---- Displays.

    def sequence(self, nodes, build, add, extend):
        """Items, some of them starred or very many."""
        u = self.u
        if not has_star(nodes) and len(nodes) <= MAX_ITEMS:
            self.exprs(nodes)
            u.emit(build, len(nodes))
            return
        u.emit(build, 0)
        for node in nodes:
            if isinstance(node, ast.Starred):
                self.expr(node.value)
                u.emit(extend)
            else:
                self.expr(node)
                u.emit(add, 1)

    def expr_List(self, node):
        self.sequence(node.elts, "BUILD_LIST", "LIST_APPEND", "LIST_EXTEND")

    def expr_Set(self, node):
        self.sequence(node.elts, "BUILD_SET", "SET_ADD", "SET_UPDATE")

    def expr_Tuple(self, node):
        self.tuple(node.elts)

    def tuple(self, nodes):
        if not has_star(nodes) and len(nodes) <= MAX_ITEMS:
            self.exprs(nodes)
            self.u.emit("BUILD_TUPLE", len(nodes))
            return
        self.sequence(nodes, "BUILD_LIST", "LIST_APPEND", "LIST_EXTEND")
        self.u.emit("LIST_TO_TUPLE")

    def expr_Dict(self, node):
        u = self.u
        pairs = list(zip(node.keys, node.values))
        if all(key is not None for key in node.keys) and \
                len(pairs) <= MAX_ITEMS:
            for key, value in pairs:
                self.expr(key)
                self.expr(value)
            u.emit("BUILD_MAP", len(pairs))
            return
        u.emit("BUILD_MAP", 0)
        for key, value in pairs:
            if key is None:
                self.expr(value)
                u.emit("DICT_UPDATE")
            else:
                self.expr(key)
                self.expr(value)
                u.emit("MAP_ADD", 1)

    def expr_Starred(self, node):
        raise Unsupported(node, "a starred expression here")

    # ---- Strings.

    def expr_JoinedStr(self, node):
        u = self.u
        for part in node.values:
            if isinstance(part, ast.Constant):
                u.load_const(part.value)
            else:
                self.formatted(part)
        if len(node.values) != 1:
            u.emit("BUILD_STRING", len(node.values))

    def formatted(self, node):
        u = self.u
        self.expr(node.value)
        if node.conversion != -1:
            u.emit("CONVERT_VALUE", {115: 1, 114: 2, 97: 3}[node.conversion])
        if node.format_spec is None:
            u.load_const(None)
        else:
            self.expr(node.format_spec)
        u.emit("FORMAT_VALUE")

    expr_FormattedValue = formatted

    # ---- Calls.

    def expr_Call(self, node):
        u = self.u
        if self.is_plain_super(node):
            self.call_super(node)
            return
        starred = has_star(node.args) or len(node.args) > MAX_ITEMS or \
            any(k.arg is None for k in node.keywords)
        if starred:
            self.expr(node.func)
            self.call_star(node.args, node.keywords)
        elif node.keywords:
            self.expr(node.func)
            self.exprs(node.args)
            self.call_keywords(len(node.args), node.keywords)
        elif isinstance(node.func, ast.Attribute):
            self.expr(node.func.value)
            u.line = node.func.lineno
            u.emit_name("LOAD_METHOD", u.mangle(node.func.attr))
            self.exprs(node.args)
            u.line = node.lineno
            u.emit("CALL_METHOD", len(node.args))
        else:
            self.expr(node.func)
            self.exprs(node.args)
            u.line = node.lineno
            u.emit("CALL", len(node.args))

    def call_keywords(self, nargs, keywords):
        """The callable and nargs arguments are on the stack."""
        u = self.u
        for keyword in keywords:
            self.expr(keyword.value)
        u.load_const(tuple(u.mangle(k.arg) for k in keywords))
        u.emit("CALL_KW", nargs + len(keywords))

    def call_star(self, args, keywords):
        u = self.u
        if len(args) == 1 and isinstance(args[0], ast.Starred):
            self.expr(args[0].value)
        else:
            self.tuple(args)
        if not keywords:
            u.load_const(None)
        else:
            u.emit("BUILD_MAP", 0)
            for keyword in keywords:
                if keyword.arg is None:
                    self.expr(keyword.value)
                else:
                    u.load_const(u.mangle(keyword.arg))
                    self.expr(keyword.value)
                    u.emit("BUILD_MAP", 1)
                u.emit("DICT_MERGE")
        u.emit("CALL_EX")

    def is_plain_super(self, node):
        return isinstance(node.func, ast.Name) and node.func.id == "super" \
            and not node.args and not node.keywords and \
            "__class__" in self.u.scope.frees and self.u.scope.params

    def call_super(self, node):
        u = self.u
        u.load("super")
        u.load("__class__")
        u.load(u.scope.params[0])
        u.emit("CALL", 2)

    # ---- Functions, generators.

    def expr_Lambda(self, node):
        self.function(node, "<lambda>", node.body)

    def expr_Yield(self, node):
        if node.value is None:
            self.u.load_const(None)
        else:
            self.expr(node.value)
        self.u.emit("YIELD_VALUE")

    def expr_YieldFrom(self, node):
        self.expr(node.value)
        self.u.emit("GET_ITER")
        self.u.load_const(None)
        self.u.emit("YIELD_FROM")

    def expr_Await(self, node):
        self.u.emit_name("LOAD_BUILTIN", "_get_awaitable")
        self.expr(node.value)
        self.u.emit("CALL", 1)
        self.u.load_const(None)
        self.u.emit("YIELD_FROM")

    def comprehension(self, node):
        inner = self.begin_unit(node, self.scopes[node].name)
        outer, self.u = self.u, inner
        kind = type(node)
        start = {ast.ListComp: "BUILD_LIST", ast.SetComp: "BUILD_SET",
                 ast.DictComp: "BUILD_MAP"}.get(kind)
        inner.argcount = 1
        inner.make_cells()
        if start is not None:
            inner.emit(start, 0)
        inner.load(".0")
        self.comprehension_loop(node, 0)
        if start is None:
            inner.load_const(None)
        inner.emit("RETURN_VALUE")
        self.u = outer
        self.make_function(inner)
        self.expr(node.generators[0].iter)
        outer.emit("GET_ITER")
        outer.emit("CALL", 1)

    expr_ListComp = expr_SetComp = comprehension
    expr_DictComp = expr_GeneratorExp = comprehension

    def comprehension_loop(self, node, depth):
        """The iterator is on top."""
        u = self.u
        generator = node.generators[depth]
        top, end, skip = Label(), Label(), Label()
        u.place_here(top)
        u.jump("FOR_ITER", end)
        self.store_target(generator.target)
        for test in generator.ifs:
            self.condition(test, skip, False)
        if depth + 1 < len(node.generators):
            self.expr(node.generators[depth + 1].iter)
            u.emit("GET_ITER")
            self.comprehension_loop(node, depth + 1)
        else:
            self.comprehension_item(node)
        u.place(skip)
        u.jump_back(top)
        u.place(end)

    def comprehension_item(self, node):
        u = self.u
        below = len(node.generators) + 1
        if isinstance(node, ast.DictComp):
            self.expr(node.key)
            self.expr(node.value)
            u.emit("MAP_ADD", below)
        elif isinstance(node, ast.GeneratorExp):
            self.expr(node.elt)
            u.emit("YIELD_VALUE")
            u.emit("POP_TOP")
        else:
            self.expr(node.elt)
            u.emit("LIST_APPEND" if isinstance(node, ast.ListComp)
                   else "SET_ADD", below)
