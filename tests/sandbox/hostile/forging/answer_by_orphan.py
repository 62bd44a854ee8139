# tries = "Ends well at once and lets an orphan compute the answer in its own time."
# verdicts = ["WA"]
# answer = "42"
# wall_factor = 0.8
import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(5)
    print(42, flush=True)
    time.sleep(600)
os._exit(0)
