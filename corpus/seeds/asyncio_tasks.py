# Tasks of an event loop: gather, sleep, cancel, timeouts.
import asyncio


async def worker(name, delay, log):
    log.append(f"{name} starts")
    await asyncio.sleep(delay)
    log.append(f"{name} ends")
    return name.upper()


async def fail(delay):
    await asyncio.sleep(delay)
    raise ValueError("failed")


async def main():
    log = []
    print(await asyncio.gather(worker("a", 0.3, log), worker("b", 0.1, log),
                               worker("c", 0.2, log)))
    print(log)
    try:
        await asyncio.gather(fail(0.1), worker("d", 0.2, log))
    except ValueError as error:
        print("gather:", error)
    print(await asyncio.gather(fail(0), worker("e", 0, log),
                               return_exceptions=True))
    task = asyncio.create_task(worker("f", 10, log), name="slow")
    await asyncio.sleep(0)
    print(task.get_name(), task.done(), task.cancel())
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", task.cancelled())
    try:
        await asyncio.wait_for(worker("g", 10, log), 0.1)
    except asyncio.TimeoutError:
        print("timeout")
    try:
        async with asyncio.timeout(0.1):
            await asyncio.sleep(10)
    except TimeoutError:
        print("timeout, too")


asyncio.run(main())
