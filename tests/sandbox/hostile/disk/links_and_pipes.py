# tries = "Leaves links to everything, loops of links, pipes and sockets where files are expected."
# verdicts = ["WA"]
# runs = 2
import os
import socket

for number, target in enumerate([
    "/",
    "/proc/1/root",
    "/proc/self/fd/0",
    "/box/main.py",
    "/keeper",
    "/dev/zero",
    "@secret_file@",
]):
    os.symlink(target, f"/tmp/hostile-mark-{number}")
os.symlink("loop", "/tmp/loop")
for name in ("stdout", "stderr", "main", "source"):
    os.mkfifo(f"/tmp/{name}")
try:
    socket.socket(socket.AF_UNIX).bind("/tmp/socket")
except OSError as error:
    print(error.strerror)
print(len(os.listdir("/tmp")))
try:
    print("ESCAPED", open("/tmp/hostile-mark-6").read())
except OSError:
    print("no such file")
