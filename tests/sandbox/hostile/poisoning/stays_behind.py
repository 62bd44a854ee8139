# tries = "Leaves a process that rewrites the program between two runs."
# verdicts = ["WA"]
# as_compiler = true
# runs = 2
import os
import time

# The run looks for what was left, however long that still waits: nobody else may be there.
program = """#!/bin/sh
for process in /proc/[0-9]*; do
    case $process in
        /proc/1 | /proc/$$) ;;
        *) echo ESCAPED the end of compiling as $process ;;
    esac
done
echo done
"""
with open("/box/main", "w") as file:
    file.write(program)
os.chmod("/box/main", 0o755)
kept = os.open("/box/main.py", os.O_RDWR)
compiler = os.getpid()
if os.fork() == 0:
    os.setsid()
    os.closerange(0, kept)
    while os.getppid() == compiler:
        time.sleep(0.001)
    time.sleep(5)
    while True:
        with open("/box/new", "w") as file:
            file.write("#!/bin/sh\necho ESCAPED the end of compiling\n")
        os.chmod("/box/new", 0o755)
        os.replace("/box/new", "/box/main")
