# groups.py: which findings are one mistake. Races are folded where they share a
# function of the code that is at fault: what one writes without a lock, all
# read. Functions that serve any type (attribute look-up, calls, the collector)
# fold nothing; neither does a name that is all that two findings share if it
# stands in another file.

import re

# Files of functions that work for objects of any type.
GENERIC = re.compile(r"^(object|typeobject|dictobject|call|abstract|ceval|"
                     r"generated_cases|gc_free_threading|brc|descrobject|"
                     r"pystate|weakrefobject|critical_section|object_stack|"
                     r"pycore_\w+|refcount|listobject|tupleobject|longobject|"
                     r"unicodeobject|methodobject|classobject|errors|"
                     r"obmalloc|lock|parking_lot|genericaliasobject)\.")


def party_of(stack, is_plumbing):
    """(function, file) of the innermost function that says something."""
    for function, line in stack:
        if not is_plumbing(function):
            return function, line.rsplit("/", 1)[-1].split(":")[0]
    return None


def fold(items):
    """items: [(key, rule, signature, [(function, file)])]. Yields lists of
    keys, one for each mistake."""
    leader = {}

    def find(node):
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    def join(a, b):
        leader[find(a)] = find(b)

    for key, rule, signature, parties in items:
        join(("finding", key), ("signature", signature))
        if rule != "DATA_RACE":
            continue
        for function, file in parties:
            if not GENERIC.match(file):
                join(("finding", key), ("function", function, file))
    groups = {}
    for key, *_ in items:
        groups.setdefault(find(("finding", key)), []).append(key)
    yield from groups.values()
