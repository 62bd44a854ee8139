# tries = "Leaves a folder in the place of the program, and a deep tree in it."
# verdicts = ["RTE", "CE"]
# because = "what is no program can't be started, and may not be kept"
# as_compiler = true
# runs = 2
import os

os.mkdir("/box/main")
os.chdir("/box/main")
for _ in range(2000):
    os.mkdir("hostile-mark")
    os.chdir("hostile-mark")
