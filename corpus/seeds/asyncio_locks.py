# Locks, events and semaphores of an event loop: first come, first served.
import asyncio


async def locks():
    lock = asyncio.Lock()
    order = []

    async def use(name):
        async with lock:
            order.append(name)
            await asyncio.sleep(0.001)
            order.append(name)

    await asyncio.gather(*(use(i) for i in range(3)))
    print(order, lock.locked())
    event = asyncio.Event()

    async def wait():
        await event.wait()
        return "set"

    waiting = [asyncio.create_task(wait()) for _ in range(2)]
    await asyncio.sleep(0)
    event.set()
    print(await asyncio.gather(*waiting))
    semaphore = asyncio.Semaphore(2)
    inside = most = 0

    async def enter():
        nonlocal inside, most
        async with semaphore:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(5)))
    print("at most", most)


asyncio.run(locks())
