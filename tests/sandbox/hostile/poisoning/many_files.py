# tries = "Leaves files until there are no inodes left, with names that are no text."
# verdicts = ["WA", "RTE", "CE"]
# because = "the program runs, or what it leaves is too much to keep"
# as_compiler = true
# runs = 2
import os

with open("/box/main", "w") as file:
    file.write("#!/bin/sh\necho done\n")
os.chmod("/box/main", 0o755)
try:
    for number in range(100_000):
        os.close(os.open(b"/box/\xff\n-%d" % number, os.O_CREAT))
except OSError:
    pass
