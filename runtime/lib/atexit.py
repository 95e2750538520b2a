"""atexit: register."""


def register(func, /, *args, **kwargs):
    def call():
        func(*args, **kwargs)
    atexit_register(call)
    return func
