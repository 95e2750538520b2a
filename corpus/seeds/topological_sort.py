# Topological order by depth-first search; a cycle is an error.
def order(graph):
    done, active, result = set(), set(), []

    def visit(node):
        if node in done:
            return
        if node in active:
            raise ValueError("cycle at " + node)
        active.add(node)
        for other in graph.get(node, ()):
            visit(other)
        active.discard(node)
        done.add(node)
        result.append(node)

    for node in sorted(graph):
        visit(node)
    return result


print(order({"shirt": ["tie"], "tie": ["jacket"], "trousers": ["shoes", "belt"], "belt": ["jacket"]}))
try:
    order({"a": ["b"], "b": ["a"]})
except ValueError as error:
    print(error)
