# tries = "Leaves notes in every place it can write to, and looks for those of runs before it."
# verdicts = ["WA"]
# runs = 3
# beside = true
import ctypes
import os
import socket

places = [
    "/tmp",
    "/dev/shm",
    "/box",
    ".",
    "/",
    "/var/tmp",
    "/run",
    "/proc/self",
    os.path.expanduser("~"),
]
written = []
for place in places:
    path = f"{place}/hostile-mark"
    if os.path.realpath(path) not in written and os.path.exists(path):
        print("ESCAPED: an earlier run left", path)
    try:
        with open(path, "w") as file:
            file.write("x")
        written.append(os.path.realpath(path))
    except OSError:
        pass
try:
    server = socket.socket(socket.AF_UNIX)
    if server.connect_ex("\0hostile-mark") == 0:
        print("ESCAPED: an earlier run listens")
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0hostile-mark")
    server.listen()
except OSError:
    pass
libc = ctypes.CDLL(None)
for ring in (-1, -2, -3, -4, -5):
    if (
        libc.syscall(250, 10, ring, b"user", b"hostile-mark", 0) > 0
        and os.uname().machine == "x86_64"
    ):
        print("ESCAPED: an earlier run left a key")
for ring in (-3, -4, -5):
    if os.uname().machine == "x86_64":
        libc.syscall(248, b"user", b"hostile-mark", b"x", 1, ring)
if os.fork() == 0:
    import time

    time.sleep(600)
print("done")
