# tries = "Says that it compiled, and leaves nothing."
# verdicts = ["RTE", "CE"]
# because = "what is not there can't be started"
# as_compiler = true
# runs = 2
import os

os.unlink("/box/main.py")
