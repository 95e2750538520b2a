# Handlers inside handlers, re-raising, else, and the name that is unset afterwards.
def inner(n):
    try:
        if n == 0:
            raise ValueError("zero")
        if n == 1:
            raise KeyError("one")
        if n == 2:
            return "no exception"
    except ValueError as error:
        try:
            raise TypeError("from zero")
        except TypeError as second:
            return "nested", str(error), str(second)
    except (KeyError, IndexError):
        raise
    else:
        return "else"
    finally:
        print("leaving", n)


for n in range(4):
    try:
        print(inner(n))
    except KeyError as error:
        print("outer", repr(error))


def unset():
    error = "before"
    try:
        raise ValueError
    except ValueError as error:
        pass
    try:
        return error
    except UnboundLocalError as gone:
        return str(gone)


print(unset())
