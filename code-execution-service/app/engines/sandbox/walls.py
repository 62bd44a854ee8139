"""The walls of a lane and its boxes, as arguments of bubblewrap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.engines.sandbox.prepared import PREPARED

BOX_USER_ID = 1000
"""Who programs are inside the box."""
FIRST_USER_ID = 62_000
USER_IDS = 1_024
"""Who lanes are outside if the service is root: ids that Debian and systemd leave to dynamic use.

A lane gets one of its own, so that what the kernel counts per user (pipe pages; before Linux 5.14
also processes) is not shared with the boxes beside it.
"""
PREPARER_USER_ID = FIRST_USER_ID + USER_IDS
"""Who prepares toolchains, if the service is root."""
KEEPER_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_SYS_PTRACE")
"""In the lane's own user namespace: mount, give up capabilities, read a process's memory counts."""
PYTHON = ("/usr/bin/python3", "-I", "-S", "-B")
"""In the box, where it runs a keeper that is a Python program."""

_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = (
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
    ("/tmp", "/dev/shm"),  # noqa: S108 - inside the box, fresh per command
)
PASSWD = f"box:x:{BOX_USER_ID}:{BOX_USER_ID}::/tmp:/usr/sbin/nologin\n".encode()
GROUP = f"box:x:{BOX_USER_ID}:\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """What a lane is built from on this host; see `host.survey_host`."""

    bwrap: str
    setpriv: str | None
    """Set if the service is root: bubblewrap must not be, or a box's user would be root too."""
    links: tuple[tuple[str, str], ...]
    read_only_paths: tuple[str, ...]
    hidden_paths: tuple[str, ...]
    """Folders inside the read-only ones that are empty in a box."""
    has_proc: bool
    """False in a container that masks /proc: boxes then have an empty one, no user namespace of
    their own, and without a cgroup memory is only known after the end of a run."""
    prepared_directory: str | None = None
    """Where preparations of toolchains lie, to be seen in every box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneDescriptors:
    """File descriptors that bubblewrap inherits; it reads and closes those of files in the box."""

    control: int
    keeper: int
    passwd: int
    group: int
    system_calls: int | None = None
    """The filter, for a keeper that is a Python program."""
    cpu_usage: int | None
    attach: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """Every one of them."""
        optional = (self.system_calls, self.cpu_usage)
        return (
            self.control,
            self.keeper,
            self.passwd,
            self.group,
            *(descriptor for descriptor in optional if descriptor is not None),
            *self.attach,
        )


def lane_command(
    walls: Walls,
    descriptors: LaneDescriptors,
    *,
    user_id: int,
    box_bytes: int,
    is_memory_watched: bool,
) -> list[str]:
    """Make the command that starts a lane with its keeper; `user_id` is used if we are root.

    `is_memory_watched` lets the keeper watch memory, because no cgroup does. Then programs have no
    /dev/zero, which makes memory that stays when no process maps it any more. With `system_calls`
    among the descriptors the keeper is run by the box's Python, and finds them in /filter.
    """
    data = [
        *_data_file(descriptors.passwd, "/etc/passwd", "0444"),
        *_data_file(descriptors.group, "/etc/group", "0444"),
        *_data_file(descriptors.keeper, "/keeper", "0555"),
    ]
    cpu_usage = -1 if descriptors.cpu_usage is None else descriptors.cpu_usage
    numbers = (
        descriptors.control,
        box_bytes,
        int(is_memory_watched),
        cpu_usage,
        *descriptors.attach,
    )
    keeper = ["/keeper", *(str(number) for number in numbers)]
    if descriptors.system_calls is not None:
        data += _data_file(descriptors.system_calls, "/filter", "0444")
        keeper = [*PYTHON, *keeper]
    devices = [name for name in _DEVICES if name != "zero" or not is_memory_watched]
    return _command(walls, user_id=user_id, data=data, program=keeper, devices=devices)


def probe_command(walls: Walls) -> list[str]:
    """Make a command that builds the same walls around nothing."""
    return _command(walls, user_id=FIRST_USER_ID, data=[], program=["/usr/bin/true"])


def preparation_command(
    walls: Walls, *, folder: str, path: str, program: Sequence[str], environment: dict[str, str]
) -> list[str]:
    """Make a command that runs a program of ours as in a box, with `folder` writable at `path`."""
    data = [
        *("--bind", folder, path),
        *("--tmpfs", "/tmp"),  # noqa: S108 - inside the walls
        *("--chdir", "/tmp"),  # noqa: S108 - as above
        *(word for name, value in environment.items() for word in ("--setenv", name, value)),
    ]
    bare = replace(walls, prepared_directory=None)  # else its mount would hide the folder's
    return _command(bare, user_id=PREPARER_USER_ID, data=data, program=program)


def _command(
    walls: Walls,
    *,
    user_id: int,
    data: Sequence[str],
    program: Sequence[str],
    devices: Sequence[str] = _DEVICES,
) -> list[str]:
    return [
        *_dropped_to(user_id, walls.setpriv),
        walls.bwrap,
        *_namespaces(),
        *_privileges(),
        *_files(walls),
        *_dev(devices),
        *data,
        *("--remount-ro", "/"),
        "--",
        *program,
    ]


def _dropped_to(user_id: int, setpriv: str | None) -> list[str]:
    if setpriv is None:
        return []
    user = ["--reuid", str(user_id), "--regid", str(user_id), "--clear-groups"]
    return [setpriv, *user, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]


def _namespaces() -> list[str]:
    """User namespaces below stay possible: each box gets one, and forbids more below itself."""
    return [
        "--unshare-user",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        *("--hostname", "box"),
        *("--uid", str(BOX_USER_ID)),
        *("--gid", str(BOX_USER_ID)),
    ]


def _privileges() -> list[str]:
    kept = [word for name in KEEPER_CAPABILITIES for word in ("--cap-add", name)]
    return [
        "--cap-drop",
        "ALL",
        *kept,
        "--clearenv",
        "--new-session",
        "--die-with-parent",
        "--as-pid-1",
    ]


def _files(walls: Walls) -> list[str]:
    binds = [word for path in walls.read_only_paths for word in ("--ro-bind", path, path)]
    hidden = [
        word for path in walls.hidden_paths for word in ("--tmpfs", path, "--remount-ro", path)
    ]
    links = [word for target, path in walls.links for word in ("--symlink", target, path)]
    proc = ["--proc", "/proc"] if walls.has_proc else [*_directory("/proc")]
    scratch = [*_directory("/tmp"), *_directory("/box")]  # noqa: S108 - inside the box
    prepared = _prepared(walls.prepared_directory)
    return [*_directory("/etc"), *binds, *hidden, *links, *proc, *scratch, *prepared]


def _prepared(directory: str | None) -> list[str]:
    return [] if directory is None else ["--ro-bind", directory, PREPARED]


def _dev(devices: Sequence[str]) -> list[str]:
    """Make a /dev with less in it than bubblewrap's own: no terminals, nothing writable."""
    nodes = [word for name in devices for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
    links = [word for target, path in _DEVICE_LINKS for word in ("--symlink", target, path)]
    return [*_directory("/dev"), *nodes, *links]


def _directory(path: str) -> list[str]:
    return ["--perms", "0755", "--dir", path]


def _data_file(descriptor: int, path: str, mode: str) -> list[str]:
    """Copy a file into the box by descriptor: the box's user may be unable to reach its path."""
    return ["--perms", mode, "--ro-bind-data", str(descriptor), path]
