# tries = "Ignores what asks it to end, in every process, and never ends."
# verdicts = ["TLE"]
# limits = { wall_time_ms = 1000 }
import os
import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for _ in range(6):
    try:
        os.fork()
    except OSError:  # there may be 16, and whichever process is refused goes on all the same
        pass
    if os.getpid() % 2:
        os.setsid() if os.getpid() != os.getsid(0) else None
while True:
    time.sleep(600)
