# A Timer that fires, and one that is cancelled before.
import threading

fired = []
quick = threading.Timer(0.001, fired.append, args=["quick"])
slow = threading.Timer(60, fired.append, ["slow"])
quick.start()
slow.start()
slow.cancel()
quick.join()
slow.join()
print(fired)
