# tries = "Lets a grandchild burn that its own parent waits for, while the main process sleeps."
# verdicts = ["TLE"]
# limits = { cpu_time_ms = 500, wall_time_ms = 6000 }
import os
import time

if os.fork() == 0:
    while True:
        if os.fork() == 0:
            while time.process_time() < 0.05:
                pass
            os._exit(0)
        os.wait()
time.sleep(600)
