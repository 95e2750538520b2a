# direct.py: an operation as a call that is made once and called often, with no
# frame in between. A frame that loads a shared object counts a reference to it,
# by an atomic operation that orders this thread after all who did so before:
# ThreadSanitizer then sees a race only where two threads are inside of their
# operations at once. A call that holds its arguments orders nothing.

import ast
import functools

OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.BitOr: "or_",
    ast.BitAnd: "and_", ast.BitXor: "xor", ast.Eq: "eq", ast.Lt: "lt",
    ast.Gt: "gt", ast.LtE: "le", ast.GtE: "ge", ast.NotEq: "ne",
}
HARMLESS = {"type", "slice"}    # calls that may be made before


def is_ready(node, names):
    """Whether its value is the same before the operation: it makes no call
    with an object that is shared."""
    return not any(
        isinstance(call, ast.Call) and ast.unparse(call.func) not in HARMLESS
        and any(isinstance(part, ast.Name) and part.id in names
                for part in ast.walk(call))
        for call in ast.walk(node) if not inside_lambda(call, node))


def inside_lambda(inner, outer):
    return any(inner is not part and inner in ast.walk(part)
               for part in ast.walk(outer) if isinstance(part, ast.Lambda))


def arguments_of(tree):
    """[function, argument, …] of what can be said as a call, else None."""
    if isinstance(tree, ast.Call):
        return [tree.func, *tree.args, *tree.keywords]
    if isinstance(tree, ast.Subscript):
        return ["_operator.getitem", tree.value, tree.slice]
    if isinstance(tree, ast.Attribute):
        return ["getattr", tree.value, ast.Constant(tree.attr)]
    if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS:
        return ["_operator." + OPERATORS[type(tree.op)], tree.left, tree.right]
    if isinstance(tree, ast.Compare) and type(tree.ops[0]) in OPERATORS:
        return ["_operator." + OPERATORS[type(tree.ops[0])], tree.left,
                tree.comparators[0]]
    return None


def text_of(node):
    if isinstance(node, ast.Slice):
        return "slice(%s)" % ", ".join(
            ast.unparse(part) if part else "None"
            for part in (node.lower, node.upper, node.step))
    return node if isinstance(node, str) else ast.unparse(node)


@functools.cache
def direct(op, names):
    """An expression whose value does the operation when it is called; names, a
    frozenset, are those of shared objects."""
    parts = arguments_of(ast.parse(op, mode="eval").body)
    if parts is None or not all(isinstance(part, str) or is_ready(part, names)
                                for part in parts):
        return "lambda: (%s)" % op
    return "_partial(%s)" % ", ".join(map(text_of, parts))
