# A state machine as a dict of functions.
def idle(event):
    return ("running", "started") if event == "start" else ("idle", None)


def running(event):
    if event == "pause":
        return "paused", "pausing"
    if event == "stop":
        return "idle", "stopped"
    return "running", None


def paused(event):
    return ("running", "resumed") if event == "start" else ("paused", None)


states = {"idle": idle, "running": running, "paused": paused}
state, log = "idle", []
for event in ["stop", "start", "pause", "stop", "start", "stop"]:
    state, message = states[state](event)
    log.append((event, state, message))
for entry in log:
    print(*entry)
