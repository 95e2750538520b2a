# Imports in functions, aliases, missing modules and names.
def late():
    import functools as tools
    from collections import deque as d
    return tools.reduce(lambda a, b: a + b, d([1, 2, 3]))


print(late())
try:
    import no_such_module
except ImportError as error:
    print(type(error).__mro__[-4].__name__, error)
try:
    from functools import no_such_name
except ImportError as error:
    print(str(error)[:41])
import concurrent.futures
import concurrent.futures as futures
print(concurrent.futures.Future is futures.Future, futures.__name__)
