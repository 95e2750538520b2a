# Names, liveness, daemon flags and identities of threads.
import threading

main = threading.current_thread()
print(main.name, main is threading.main_thread(), main.is_alive(), main.daemon)
gate = threading.Event()
seen = []


def work():
    seen.append(threading.current_thread().name)
    gate.wait()


thread = threading.Thread(target=work, name="worker", daemon=True)
print(thread.is_alive(), thread.ident, thread.daemon)
thread.start()
print(thread.is_alive(), thread.ident is not None, threading.active_count())
gate.set()
thread.join()
print(thread.is_alive(), seen, threading.active_count())
try:
    thread.start()
except RuntimeError as error:
    print(error)
try:
    threading.Thread().join()
except RuntimeError as error:
    print(error)
try:
    main.join()
except RuntimeError as error:
    print(error)
