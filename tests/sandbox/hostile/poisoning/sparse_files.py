# tries = "Leaves sparse files as large as the limit allows, which grow when they are copied."
# verdicts = ["WA", "RTE", "CE"]
# because = "the program runs, or what it leaves is too much to keep"
# as_compiler = true
# runs = 2
import os

with open("/box/main", "w") as file:
    file.write("#!/bin/sh\necho done\n")
os.chmod("/box/main", 0o755)
try:
    for number in range(64):
        with open(f"/box/hostile-mark-{number}", "wb") as file:
            file.truncate(120 << 20)
except OSError:
    pass
