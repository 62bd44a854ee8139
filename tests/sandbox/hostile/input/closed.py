# tries = "Closes its input unread while a megabyte waits in it."
# verdicts = ["WA"]
# stdin_bytes = 1000000
# wall_factor = 0.8
import os

os.close(0)
print("done")
