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
for _ in range(5):  # 32 processes: at the very limit one may be refused
    os.fork()
    if os.getpid() % 2:
        os.setsid() if os.getpid() != os.getsid(0) else None
while True:
    time.sleep(600)
