# A queue between tasks; the first and the last of several that are awaited.
import asyncio


async def queues():
    queue = asyncio.Queue(2)
    got = []

    async def produce():
        for i in range(5):
            await queue.put(i)

    async def consume():
        while True:
            got.append(await queue.get())
            queue.task_done()

    consumer = asyncio.create_task(consume())
    await produce()
    await queue.join()
    consumer.cancel()
    print(got)
    done, pending = await asyncio.wait(
        [asyncio.create_task(asyncio.sleep(d, d)) for d in (0.001, 5)],
        return_when=asyncio.FIRST_COMPLETED)
    print(len(done), len(pending))
    for task in pending:
        task.cancel()
    for future in asyncio.as_completed([asyncio.sleep(0.3, "late"),
                                        asyncio.sleep(0.1, "early")]):
        print(await future)
    print(await asyncio.to_thread(sum, [1, 2, 3]))


asyncio.run(queues())
