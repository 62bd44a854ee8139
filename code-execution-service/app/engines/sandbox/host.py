"""What this host gives to build lanes and boxes with."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.engines.sandbox.walls import Walls, probe_command
from app.errors import EngineUnavailableError

_PROBE_TIMEOUT_S = 20
_ROOT_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("alternatives", "ld.so.cache", "java-*", "mono")
"""What toolchains read in /etc: links to the chosen tools, the linker's cache, two runtimes."""

_SWITCHES = (
    ("user/max_user_namespaces", "0", "15000"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
)
"""Under /proc/sys: what can forbid user namespaces, the value that does, one that allows."""

_HIDDEN = ("/usr/local",)
"""What the host's administrator put beside the distribution is no toolchain of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that the engine needs, and the Debian package that brings it."""

    name: str
    debian_packages: tuple[str, ...]
    purpose: str


BWRAP = Tool(name="bwrap", debian_packages=("bubblewrap",), purpose="builds the box")
SETPRIV = Tool(
    name="setpriv", debian_packages=("util-linux",), purpose="drops root before the box is built"
)
COMPILER = Tool(name="cc", debian_packages=("gcc", "libc6-dev"), purpose="builds the keeper, once")


def find_tool(tool: Tool) -> str:
    """Get the path of a tool.

    Raises:
        EngineUnavailableError: it is not installed.
    """
    path = shutil.which(tool.name)
    if path is None:
        packages = " ".join(tool.debian_packages)
        raise EngineUnavailableError(
            f"{tool.name} is missing ({tool.purpose}): apt-get install {packages}"
        )
    return path


def is_root() -> bool:
    """Tell whether boxes have to be built by another user than the present one."""
    return os.geteuid() == 0


def needed_tools() -> list[Tool]:
    """List what every box is built with."""
    return [BWRAP, *([SETPRIV] if is_root() else [])]


def survey_host() -> Walls:
    """Find the strongest walls that this host can build, by building them.

    Raises:
        EngineUnavailableError: a tool is missing, or no walls can be built at all.
    """
    best = Walls(
        bwrap=find_tool(BWRAP),
        setpriv=find_tool(SETPRIV) if is_root() else None,
        links=tuple(_links()),
        read_only_paths=tuple(_read_only_paths()),
        hidden_paths=tuple(path for path in _HIDDEN if Path(path).is_dir()),
        has_proc=True,
    )
    complaints = []
    for walls in (best, replace(best, has_proc=False)):  # an outer container may mask /proc
        complaint = complaint_about(walls)
        if complaint is None:
            return walls
        complaints.append(complaint)
    raise EngineUnavailableError(f"No box can be built on this host: {complaints[0]}. {_advice()}")


def complaint_about(walls: Walls) -> str | None:
    """Build the walls around nothing; what bubblewrap says if it can't, `None` if it can."""
    done = subprocess.run(
        probe_command(walls),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",
        env={},
        timeout=_PROBE_TIMEOUT_S,
        check=False,
    )
    if done.returncode == 0:
        return None
    return done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"


def _advice() -> str:
    """Say which switch of this host forbids unprivileged user namespaces, as far as that shows."""
    for switch, forbidding, allowing in _SWITCHES:
        path = Path("/proc/sys", switch)
        if path.exists() and path.read_text().strip() == forbidding:
            return f"Allow user namespaces: sysctl -w {switch.replace('/', '.')}={allowing}"
    return (
        "In a container, its seccomp profile has to allow clone, unshare, mount, umount2 and "
        "pivot_root, and AppArmor has to allow mounts"
    )


def _links() -> Iterator[tuple[str, str]]:
    """Links from the root into /usr, as merged-/usr systems have them: (target, path)."""
    for name in _ROOT_DIRECTORIES:
        path = Path("/", name)
        if path.is_symlink():
            yield str(path.readlink()), str(path)


def _read_only_paths() -> Iterator[str]:
    yield "/usr"
    for name in _ROOT_DIRECTORIES:
        path = Path("/", name)
        if path.is_dir() and not path.is_symlink():
            yield str(path)
    for pattern in _ETC:
        yield from (str(path) for path in sorted(Path("/etc").glob(pattern)))
