# tries = "Sends every signal to everybody: its init, its parent, all numbers, all groups."
# verdicts = ["WA", "RTE"]
# because = "asking its own init to end may end the program itself"
# runs = 2
# beside = true
import os
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for target in [*range(1, 200), int("@pid@"), -1, 0, os.getppid()]:
    if target == os.getpid():
        continue
    for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
        try:
            os.kill(target, number)
        except OSError:
            pass
print("done", flush=True)
for target in [1, *range(3, 200)]:
    for number in (signal.SIGSTOP, signal.SIGKILL):
        try:
            if target != os.getpid():
                os.kill(target, number)
        except OSError:
            pass
