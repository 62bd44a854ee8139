# tries = "Lets a child end well with the right answer while the main process crashes."
# verdicts = ["RTE"]
# answer = "42"
import os

if os.fork() == 0:
    print(42, flush=True)
    os._exit(0)
os.wait()
os.abort()
