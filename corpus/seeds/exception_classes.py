# Exception classes of a program: fields, hierarchy, matching by base and by tuple.
class AppError(Exception):
    def __init__(self, code, *, detail=None):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class NotFound(AppError):
    pass


class Denied(AppError):
    def __str__(self):
        return f"denied: {self.code}"


def act(n):
    if n == 0:
        raise NotFound(404, detail="nothing")
    if n == 1:
        raise Denied(403)
    if n == 2:
        raise ZeroDivisionError
    return 1 // 0


for n in range(4):
    try:
        act(n)
    except NotFound as error:
        print("not found", error.code, error.detail, error.args)
    except AppError as error:
        print("app", error, repr(error.code))
    except (OverflowError, ZeroDivisionError) as error:
        print(type(error).__name__)
try:
    raise 3
except TypeError as error:
    print(error)
