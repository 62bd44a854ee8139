# tries = "Leaves a daemon that holds both outputs open, so that their end never comes."
# verdicts = ["WA"]
# wall_factor = 0.5
# runs = 2
import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(600)
print("the parent ends")
