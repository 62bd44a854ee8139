# tries = "Fills the box to its last byte."
# verdicts = ["WA", "RTE", "CE"]
# because = "the program runs, or what it leaves is too much to keep"
# as_compiler = true
# runs = 2
import os

with open("/box/main", "w") as file:
    file.write("#!/bin/sh\necho done\n")
os.chmod("/box/main", 0o755)
try:
    for number in range(1000):
        with open(f"/box/hostile-mark-{number}", "wb") as file:
            for _ in range(20):
                file.write(os.urandom(1 << 20))
except OSError:
    pass
