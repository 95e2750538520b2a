# finally runs on every way out: fall through, return, break, continue, exception.
def leave(how):
    for i in range(3):
        try:
            if how == "return":
                return "returned", i
            if how == "break" and i == 1:
                break
            if how == "continue":
                continue
            if how == "raise" and i == 2:
                raise ValueError(how)
        finally:
            print("finally", how, i)
    else:
        return "else"
    return "after"


for how in ("nothing", "return", "break", "continue", "raise"):
    try:
        print(leave(how))
    except ValueError as error:
        print("caught", error)


def override():
    try:
        return 1
    finally:
        return 2


def swallow():
    while True:
        try:
            raise KeyError("lost")
        finally:
            break
    return "swallowed"


print(override(), swallow())
