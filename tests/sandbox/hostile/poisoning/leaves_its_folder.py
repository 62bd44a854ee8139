# tries = "Turns its folder into a link while it compiles."
# verdicts = ["WA", "RTE", "CE"]
# because = "the folder can't be moved, or what is there then is not kept"
# as_compiler = true
# runs = 2
import os

with open("/box/main", "w") as file:
    file.write("#!/bin/sh\necho done\n")
os.chmod("/box/main", 0o755)
for attempt in (
    lambda: os.rename("/box", "/tmp/hostile-mark"),
    lambda: os.rmdir("/box"),
    lambda: os.symlink("/etc", "/box"),
    lambda: os.chmod("/box", 0),
):
    try:
        attempt()
    except OSError:
        pass
