# Asks what the interpreter says of its GIL, as programs that must run anywhere do.
import sys

probe = getattr(sys, "_is_gil_enabled", None)
enabled = True if probe is None else probe()
print(enabled in (True, False), hasattr(sys, "getswitchinterval"))
