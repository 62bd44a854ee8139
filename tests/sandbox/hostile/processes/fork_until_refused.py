# tries = "Starts as many sleepers as it can, and ends while they sleep."
# verdicts = ["WA"]
# wall_factor = 0.6
# runs = 2
import os
import time

count = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(600)
        count += 1
except OSError:
    print("started", count)
if count > 16:
    print("ESCAPED the limit on processes")
