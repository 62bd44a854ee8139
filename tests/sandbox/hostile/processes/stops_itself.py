# tries = "Stops itself and its children, so that they answer to nothing."
# verdicts = ["TLE"]
# limits = { wall_time_ms = 800 }
import os
import signal

for _ in range(3):
    if os.fork() == 0:
        break
while True:
    os.kill(os.getpid(), signal.SIGSTOP)
