# tries = "Floods stderr, where output limits are forgotten."
# verdicts = ["OLE"]
# limits = { wall_time_ms = 5000 }
import sys

while True:
    sys.stderr.write("x" * 4096)
