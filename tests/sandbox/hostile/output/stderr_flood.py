# tries = "Floods stderr, where output limits are forgotten."
# verdicts = ["OLE"]
import sys

while True:
    sys.stderr.write("x" * 4096)
