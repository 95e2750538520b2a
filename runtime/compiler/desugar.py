"""`async for` and `async with` as the statements that PEP 492 says they are.

Names with a dot are no program's. Special methods are looked up on the object,
not on its type.
"""

import ast


def load(name):
    return ast.Name(name, ast.Load())


def assign(name, value):
    return ast.Assign([ast.Name(name, ast.Store())], value)


def call(obj, method, *args):
    return ast.Call(ast.Attribute(load(obj), method, ast.Load()),
                    list(args), [])


class Desugar(ast.NodeTransformer):
    def __init__(self):
        self.count = 0

    def names(self, *stems):
        self.count += 1
        return [f".{stem}{self.count}" for stem in stems]

    def located(self, node, statements):
        for statement in statements:
            ast.copy_location(statement, node)
            ast.fix_missing_locations(statement)
        return statements

    def visit_AsyncFor(self, node):
        self.generic_visit(node)
        iterator, running = self.names("iterator", "running")
        step = ast.Assign([node.target],
                          ast.Await(call(iterator, "__anext__")))
        stop = ast.ExceptHandler(
            load("StopAsyncIteration"), None,
            [assign(running, ast.Constant(False))])
        return self.located(node, [
            assign(iterator, node.iter),
            assign(iterator, call(iterator, "__aiter__")),
            assign(running, ast.Constant(True)),
            ast.While(load(running),
                      [ast.Try([step], [stop], node.body, [])], node.orelse),
        ])

    def visit_AsyncWith(self, node):
        self.generic_visit(node)
        body = node.body
        for item in reversed(node.items):
            body = self.one_with(node, item, body)
        return body

    def one_with(self, node, item, body):
        manager, leave, value, failed, error = self.names(
            "manager", "leave", "value", "failed", "error")
        if item.optional_vars is not None:
            body = [ast.Assign([item.optional_vars], load(value)), *body]
        none = ast.Constant(None)
        leave_failed = ast.Await(ast.Call(load(leave), [
            ast.Attribute(load(error), "__class__", ast.Load()), load(error),
            ast.Attribute(load(error), "__traceback__", ast.Load())], []))
        handler = ast.ExceptHandler(load("BaseException"), error, [
            assign(failed, ast.Constant(True)),
            ast.If(ast.UnaryOp(ast.Not(), leave_failed),
                   [ast.Raise(None, None)], []),
        ])
        leave_well = ast.Await(ast.Call(load(leave), [none, none, none], []))
        return self.located(node, [
            assign(manager, item.context_expr),
            assign(leave, ast.Attribute(load(manager), "__aexit__",
                                        ast.Load())),
            assign(value, ast.Await(call(manager, "__aenter__"))),
            assign(failed, ast.Constant(False)),
            ast.Try(body, [handler], [], [
                ast.If(ast.UnaryOp(ast.Not(), load(failed)),
                       [ast.Expr(leave_well)], [])]),
        ])
