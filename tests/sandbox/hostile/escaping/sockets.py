# tries = "Reaches the host and the world by every family of sockets."
# verdicts = ["WA"]
import socket

families = {
    "netlink": (16, socket.SOCK_RAW, 0),
    "packet": (17, socket.SOCK_RAW, 0x300),
    "raw": (socket.AF_INET, socket.SOCK_RAW, 1),
    "crypto": (38, socket.SOCK_SEQPACKET, 0),
    "virtual machine": (40, socket.SOCK_STREAM, 0),
    "bluetooth": (31, socket.SOCK_RAW, 0),
    "express data path": (44, socket.SOCK_RAW, 0),
    "can": (29, socket.SOCK_RAW, 1),
    "tipc": (30, socket.SOCK_STREAM, 0),
    "kernel control": (32, socket.SOCK_STREAM, 0),
    "key": (15, socket.SOCK_RAW, 2),
}
for name, (family, kind, protocol) in families.items():
    try:
        socket.socket(family, kind, protocol)
        print("ESCAPED to a socket of", name)
    except OSError:
        pass
for address in [
    ("127.0.0.1", int("@port@")),
    ("::1", int("@port@")),
    ("192.0.2.1", 80),
    ("169.254.169.254", 80),
]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            client = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, kind)
            client.settimeout(0.2)
            client.connect(address)
            if kind == socket.SOCK_STREAM:
                print("ESCAPED to", address, client.recv(64))
        except OSError:
            pass
for name in ("@socket@", "/tmp/.X11-unix/X0", "dbus"):
    try:
        client = socket.socket(socket.AF_UNIX)
        client.connect("\0" + name)
        print("ESCAPED to", name, client.recv(64))
    except OSError:
        pass
print("done")
