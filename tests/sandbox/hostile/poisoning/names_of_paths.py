# tries = "Leaves names that lead out of a folder for whoever joins them to its path."
# verdicts = ["WA", "RTE", "CE"]
# because = "the program runs, or what it leaves is not kept"
# as_compiler = true
# runs = 2
import os

with open("/box/main", "w") as file:
    file.write("#!/bin/sh\necho done\n")
os.chmod("/box/main", 0o755)
for name in (
    "..\\..\\hostile-mark",
    "C:hostile-mark",
    "-hostile-mark",
    "~",
    "\n../hostile-mark",
    "%2e%2e",
    "x" * 255,
):
    open(f"/box/{name}", "w").close()
os.mkdir("/box/folder")
os.symlink("/tmp", "/box/folder/out")
os.symlink("..", "/box/folder/up")
os.symlink("up/up/up/up/hostile-mark", "/box/folder/far")
