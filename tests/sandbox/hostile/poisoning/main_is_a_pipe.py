# tries = "Leaves a pipe in the place of the program, which blocks whoever opens it."
# verdicts = ["RTE", "CE"]
# because = "what is no program can't be started, and may not be kept"
# as_compiler = true
# runs = 2
import os

os.mkfifo("/box/main", 0o777)
