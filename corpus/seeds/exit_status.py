# SystemExit with a number ends the program with that status; finally still runs.
try:
    raise SystemExit(3)
finally:
    print("cleaning up")
