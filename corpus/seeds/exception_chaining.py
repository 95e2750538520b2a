# __cause__ and __context__: from, during handling, suppressed, and chains of several.
def chain(how):
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            if how == "from":
                raise ValueError("second") from error
            if how == "none":
                raise ValueError("second") from None
            raise ValueError("second")
    except ValueError as error:
        return repr(error.__cause__), repr(error.__context__), error.__suppress_context__


for how in ("from", "none", "implicit"):
    print(how, *chain(how))
try:
    raise TypeError from 3
except TypeError as error:
    print(error)
try:
    try:
        1 / 0
    finally:
        {}["x"]
except KeyError as error:
    print(type(error.__context__).__name__)
