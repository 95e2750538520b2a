# __traceback__ lists the frames from the outermost to the place of the raise.
def a():
    b()


def b():
    raise ValueError("here")


try:
    a()
except ValueError as error:
    tb = error.__traceback__
    lines = []
    while tb is not None:
        lines.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
        tb = tb.tb_next
    print(lines)
