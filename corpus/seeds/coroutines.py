# Coroutines as objects: what can be awaited, and how often.
import asyncio


async def worker(name):
    await asyncio.sleep(0)
    return name.upper()


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaited"


async def odd():
    print(await Awaitable())
    coroutine = worker("h")
    print(await coroutine)
    for broken in (coroutine, 1):
        try:
            await broken
        except (RuntimeError, TypeError) as error:
            print(type(error).__name__, error)


asyncio.run(odd())
coroutine = odd()
print(type(coroutine).__name__, coroutine.cr_running)
try:
    coroutine.send(1)
except TypeError as error:
    print(error)
coroutine.close()
try:
    asyncio.run(1)
except (ValueError, TypeError) as error:
    print("a coroutine was expected")
