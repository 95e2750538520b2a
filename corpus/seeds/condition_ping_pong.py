# Two threads take turns by a condition.
import threading

condition = threading.Condition()
turn = "ping"
log = []


def play(me, other):
    global turn
    for _ in range(5):
        with condition:
            condition.wait_for(lambda: turn == me)
            log.append(me)
            turn = other
            condition.notify_all()


threads = [threading.Thread(target=play, args=("ping", "pong")),
           threading.Thread(target=play, args=("pong", "ping"))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(log == ["ping", "pong"] * 5)
with condition:
    print(condition.wait(timeout=0.001), condition.wait_for(lambda: False, timeout=0.001))
try:
    condition.notify()
except RuntimeError as error:
    print(error)
