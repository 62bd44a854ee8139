# tries = "Leaves files of every kind and mode: unreadable, set-user-ID, hard links, attributes, holes."
# verdicts = ["WA", "RTE", "CE"]
# because = "the program runs, or what it leaves is not kept"
# as_compiler = true
# runs = 2
import os
import socket

with open("/box/main", "w") as file:
    file.write("#!/bin/sh\n[ -u /box/root ] && [ $(id -u) = 0 ] && echo ESCAPED\necho done\n")
os.chmod("/box/main", 0o6755)
open("/box/unreadable", "w").close()
os.chmod("/box/unreadable", 0)
os.mkdir("/box/closed", 0)
os.mkdir("/box/sticky", 0o7777)
with open("/box/root", "w") as file:
    file.write("#!/usr/bin/id\n")
os.chmod("/box/root", 0o6777)
for number in range(1000):
    os.link("/box/root", f"/box/link-{number}")
for attempt in (
    lambda: os.mknod("/box/device", 0o60666, os.makedev(254, 0)),
    lambda: socket.socket(socket.AF_UNIX).bind("/box/socket"),
    lambda: os.setxattr("/box/main", "user.hostile-mark", b"x" * 60000),
    lambda: os.setxattr(
        "/box/main",
        "security.capability",
        b"\1\0\0\2\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\0\0\0\0",
    ),
):
    try:
        attempt()
    except OSError:
        pass
