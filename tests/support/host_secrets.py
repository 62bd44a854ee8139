"""A secret in every place of the host that a program might reach."""

import contextlib
import ctypes
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT_VARIABLE = "BACKEND_WEBHOOK_SECRET"
"""One that a real service has in its environment."""
_IPC_PRIVATE, _IPC_RMID = 0, 0
_ADD_KEY, _KEYCTL, _KEYCTL_INVALIDATE, _SESSION_KEYRING = 248, 250, 21, -3
"""System calls and constants of keyrings(7) on x86-64; elsewhere the key is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSecrets:
    """The secret itself, and its places by the names that stand for them in a hostile source."""

    token: str
    places: dict[str, str]

    def in_source(self, source: str) -> str:
        """Put the real places into a source text."""
        for name, place in self.places.items():
            source = source.replace(f"@{name}@", place)
        return source


@contextlib.contextmanager
def secrets_on_the_host() -> Iterator[HostSecrets]:
    """Hide one secret in files, memory, sockets, descriptors and environment of this process.

    Only the walls of a box keep it: every place is open to every user of the host.
    """
    token = secrets.token_hex(16)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_file_with(token, tempfile.gettempdir()))
        memory = stack.enter_context(_file_with(token, "/dev/shm"))  # noqa: S108 - what is tested
        stack.enter_context(_environment_with(token))
        stack.enter_context(_key_with(token))
        yield HostSecrets(
            token=token,
            places={
                "secret_file": str(file),
                "secret_memory": str(memory),
                "descriptor": str(stack.enter_context(_descriptor_of(file))),
                "segment": str(stack.enter_context(_segment_with(token))),
                "port": str(stack.enter_context(_port_with(token))),
                "socket": stack.enter_context(_abstract_socket_with(token)),
                "pid": str(os.getpid()),
            },
        )


@contextlib.contextmanager
def _file_with(token: str, directory: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="host-secret-", dir=directory) as name:
        folder = Path(name)
        folder.chmod(0o755)
        file = folder / "secret"
        file.write_text(token)
        file.chmod(0o644)
        yield file


@contextlib.contextmanager
def _environment_with(token: str) -> Iterator[None]:
    before = os.environ.get(ENVIRONMENT_VARIABLE)
    os.environ[ENVIRONMENT_VARIABLE] = token
    try:
        yield
    finally:
        del os.environ[ENVIRONMENT_VARIABLE]
        if before is not None:
            os.environ[ENVIRONMENT_VARIABLE] = before


@contextlib.contextmanager
def _key_with(token: str) -> Iterator[None]:
    """Where the host allows no keys there is nothing to find."""
    libc = ctypes.CDLL(None)
    name = f"host-secret-{token}".encode()
    key = libc.syscall(_ADD_KEY, b"user", name, token.encode(), len(token), _SESSION_KEYRING)
    try:
        yield
    finally:
        if key > 0:
            libc.syscall(_KEYCTL, _KEYCTL_INVALIDATE, key)


@contextlib.contextmanager
def _descriptor_of(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDONLY)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - by position only
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _segment_with(token: str) -> Iterator[int]:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    segment = libc.shmget(_IPC_PRIVATE, 4096, 0o666)
    if segment < 0:
        raise OSError(ctypes.get_errno(), "shmget")
    address = libc.shmat(segment, None, 0)
    ctypes.memmove(address, token.encode(), len(token))
    try:
        yield segment
    finally:
        libc.shmdt(ctypes.c_void_p(address))
        libc.shmctl(segment, _IPC_RMID, None)


@contextlib.contextmanager
def _port_with(token: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server, _told_to_everybody(server, token):
        yield server.getsockname()[1]


@contextlib.contextmanager
def _abstract_socket_with(token: str) -> Iterator[str]:
    name = f"host-secret-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        with _told_to_everybody(server, token):
            yield name


@contextlib.contextmanager
def _told_to_everybody(server: socket.socket, token: str) -> Iterator[None]:
    def tell() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(token.encode())

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
