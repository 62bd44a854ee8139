# tries = "Spreads what it takes over children that each stay within the limit."
# verdicts = ["MLE"]
import os
import time

for _ in range(8):
    if os.fork() == 0:
        data = b"x" * (20 << 20)
        time.sleep(600)
os.wait()  # until the first of them has had too much
