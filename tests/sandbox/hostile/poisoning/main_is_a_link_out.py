# tries = "Leaves links to programs outside the box in the place of the program and beside it."
# verdicts = ["WA", "RTE", "CE"]
# because = "a link to a program that every box has is no harm; it may be refused, too"
# as_compiler = true
# runs = 2
import os

os.symlink("/usr/bin/env", "/box/main")
os.symlink("/", "/box/hostile-mark")
os.symlink("../../../../../../@secret_file@", "/box/secret")
os.symlink("/proc/self/fd", "/box/fd")
