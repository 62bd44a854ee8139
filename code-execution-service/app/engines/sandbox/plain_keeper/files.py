"""The files of the box, of the command, and those that it leaves, as in `keeper/archive.c`."""

import marshal
import os
import resource
import stat

from app.engines.sandbox.plain_keeper import kernel
from app.engines.sandbox.plain_keeper.wire import NO_FILE, SIZE

BOX = "/box"
SCRATCH = "/tmp"  # noqa: S108 - fresh, for this command alone
FEEDBACK = f"{SCRATCH}/feedback"
_MAX_FILES = 16_384
_MAX_ARCHIVE_BYTES = 64 << 20


def mount_folders(box_bytes: int) -> None:
    """Make the folders of the submission and of the command, both empty."""
    flags, inodes = kernel.NOSUID | kernel.NODEV, f"nr_inodes={_MAX_FILES}"
    kernel.mount("tmpfs", BOX, flags, f"mode=0755,size={box_bytes},{inodes}")
    kernel.mount("tmpfs", SCRATCH, flags, f"mode=0700,{inodes}")


def put_file(directory: str, payload: bytes) -> int:
    """Put a file in its place; how much memory it takes."""
    name, _, content = payload.partition(b"\0")
    path = os.path.join(directory.encode(), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as file:
        file.write(content)
    page_bytes = resource.getpagesize()
    return -(-len(content) // page_bytes) * page_bytes


def unpack(archive: int) -> None:
    """Fill the box, which is empty; several boxes may read the archive at once."""
    packed = os.pread(archive, os.fstat(archive).st_size, 0)
    os.close(archive)
    entries = marshal.loads(packed)  # noqa: S302 - of our own making
    for path, mode, content in entries:
        if content is None:
            os.mkdir(path)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(path, flags, mode & 0o777), "wb") as file:
                file.write(content)


def pack() -> bytes | None:
    """Pack the folders and regular files of the box; `None` if they are too large or too deep."""
    entries: list[tuple[bytes, int, bytes | None]] = []
    size_bytes = 0
    folders = [BOX.encode()]
    try:
        for folder in folders:
            os.chmod(folder, 0o755)
            for entry in os.scandir(folder):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    folders.append(entry.path)
                    entries.append((entry.path, status.st_mode, None))
                elif stat.S_ISREG(status.st_mode):
                    size_bytes += status.st_size
                    if size_bytes > _MAX_ARCHIVE_BYTES:
                        return None
                    entries.append((entry.path, status.st_mode, _content(entry.path, status)))
    except OSError:
        return None
    return marshal.dumps(entries)


def _content(path: bytes, status: os.stat_result) -> bytes:
    os.chmod(path, status.st_mode | stat.S_IRUSR)
    with open(path, "rb") as file:
        return file.read()


def result_file(name: bytes, wanted_bytes: int) -> bytes:
    """Tell the size of the file, if it is one, and as much of it as is wanted.

    Nothing lives that could change it. No link is followed: we may see what it may not.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        folder = os.open(FEEDBACK, flags | os.O_DIRECTORY)
        descriptor = os.open(name, flags, dir_fd=folder)
    except OSError:
        return SIZE.pack(NO_FILE)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return SIZE.pack(NO_FILE)
    with os.fdopen(descriptor, "rb") as file:
        return SIZE.pack(status.st_size) + file.read(wanted_bytes)
