# tries = "Makes folders in folders, far deeper than any path can name."
# verdicts = ["WA"]
# runs = 2
import os

try:
    for depth in range(6000):
        os.mkdir("hostile-mark")
        os.chdir("hostile-mark")
except OSError as error:
    print(depth, error.strerror)
print("done")
