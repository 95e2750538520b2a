# async for with break, continue and else; async with that swallows or not.
import asyncio


class Countdown:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n == 0:
            raise StopAsyncIteration
        self.n -= 1
        await asyncio.sleep(0)
        return self.n


async def loops():
    async for i in Countdown(3):
        if i == 1:
            continue
        print(i)
    else:
        print("else")
    async for i in Countdown(3):
        break
    else:
        print("never")
    print("last", i)


class Manager:
    async def __aenter__(self):
        print("enter")
        return self

    async def __aexit__(self, kind, error, traceback):
        print("exit", kind and kind.__name__, error)
        return kind is KeyError


async def managers():
    async with Manager() as m, Manager():
        print(type(m).__name__)
    async with Manager():
        raise KeyError("swallowed")
    try:
        async with Manager():
            raise ValueError("passed on")
    except ValueError as error:
        print(error)

    async def leave():
        async with Manager():
            return "returned"

    print(await leave())


asyncio.run(loops())
asyncio.run(managers())
